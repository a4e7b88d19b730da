"""What ``docker/`` says: the Dockerfile's stages, and the compose file with its variables filled in."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "docker" / "Dockerfile"
COMPOSE = ROOT / "docker" / "compose.yaml"

#: A variable in the compose file: ``$$`` for a dollar, ``${NAME}``, ``${NAME:-default}`` or ``${NAME:?message}``.
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<how>[-?])(?P<text>[^}]*))?\})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A COPY instruction.

    Attributes:
        stage: The stage that it copies from; empty: the build's context.
        sources: What it copies.
        target: Where to.
    """

    stage: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of the Dockerfile.

    Attributes:
        name: What it is called.
        image: What it begins with: an image, or the name of an earlier stage.
        instructions: Its own, as (name, value), in their order.
        before: The stage that it begins with, where it is one of these.
    """

    name: str
    image: str
    instructions: list[tuple[str, str]]
    before: "Stage | None"

    def values(self, instruction: str) -> list[str]:
        """The values of one kind of instruction, those of the stages before first."""
        own = [value for name, value in self.instructions if name == instruction]
        return [*(self.before.values(instruction) if self.before else ()), *own]

    @property
    def command(self) -> list[str]:
        """What a container of it runs; both parts must be in exec form, which is JSON."""
        parts: list[list[str]] = [json.loads(self.values(name)[-1]) for name in ("ENTRYPOINT", "CMD")]
        return [word for part in parts for word in part]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets."""
        words = [word for value in self.values("ENV") for word in shlex.split(value)]
        return {name: text for name, _, text in (word.partition("=") for word in words)}

    @property
    def runs(self) -> list[str]:
        """The shell lines of its own RUN instructions, without what mounts things for them."""
        own = [value for name, value in self.instructions if name == "RUN"]
        return [re.sub(r"^(?:--mount=\S+\s+)+", "", value) for value in own]

    @property
    def copies(self) -> list[Copy]:
        """Its own COPY instructions."""
        return [_copy(value) for name, value in self.instructions if name == "COPY"]


def _copy(value: str) -> Copy:
    words = shlex.split(value)
    flags = dict(word.removeprefix("--").partition("=")[::2] for word in words if word.startswith("--"))
    *sources, target = [word for word in words if not word.startswith("--")]
    return Copy(stage=flags.get("from", ""), sources=tuple(sources), target=target)


def stages() -> dict[str, Stage]:
    """The Dockerfile's stages by their names."""
    parsed = DockerfileParser(fileobj=BytesIO(DOCKERFILE.read_bytes())).structure
    steps = [(one["instruction"], one["value"]) for one in parsed if one["instruction"] != "COMMENT"]
    first = next(number for number, (name, _) in enumerate(steps) if name == "FROM")
    arguments = dict(value.split("=", 1) for _, value in steps[:first])
    found: dict[str, Stage] = {}
    for name, value in steps[first:]:
        if name == "FROM":
            image, _, called = value.partition(" AS ")
            image = _VARIABLE.sub(partial(_text, given=arguments), image)
            found[called] = Stage(name=called, image=image, instructions=[], before=found.get(image))
        else:
            found[called].instructions.append((name, value))
    return found


def targets(all_stages: Mapping[str, Stage]) -> list[str]:
    """The stages that say what runs in them."""
    return [name for name, stage in all_stages.items() if stage.values("CMD")]


def compose(given: Mapping[str, str]) -> dict[str, Any]:
    """The compose file with its variables filled in.

    Args:
        given: Their values.

    Raises:
        KeyError: One that must be given is not.
    """
    read: dict[str, Any] = _filled(yaml.safe_load(COMPOSE.read_text()), given)
    return read


def variables() -> dict[str, set[str]]:
    """The compose file's variables, each with the defaults that it has; the empty set: it must be given."""
    found: dict[str, set[str]] = {}
    for match in _VARIABLE.finditer(COMPOSE.read_text()):
        if match["name"]:
            found.setdefault(match["name"], set()).update({match["text"]} if match["how"] == "-" else ())
    return found


def _filled(value: Any, given: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, given) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, given) for item in value]
    return _VARIABLE.sub(partial(_text, given=given), value) if isinstance(value, str) else value


def _text(match: "re.Match[str]", given: Mapping[str, str]) -> str:
    name = match["name"]
    if name is None:
        return "$"
    return given.get(name, match["text"]) if match["how"] == "-" else given[name]


def command_of(service: Mapping[str, Any], all_stages: Mapping[str, Stage]) -> list[str]:
    """What a service of dtf's own runs: its image's, where it does not say otherwise."""
    stage = all_stages[service["build"]["target"]]
    entry: list[str] = json.loads(stage.values("ENTRYPOINT")[-1])
    own: list[str] = service.get("command") or json.loads(stage.values("CMD")[-1])
    return [*entry, *own]


def own_services(read: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The services whose images are built here."""
    return ((name, service) for name, service in read["services"].items() if "build" in service)


def seconds(text: str) -> float:
    """A compose file's duration, such as ``10m`` or ``1m30s``, in seconds."""
    units = {"s": 1, "m": 60, "h": 3600}
    parts = re.findall(r"(\d+)([smh])", text)
    assert "".join(number + unit for number, unit in parts) == text, text
    return float(sum(int(number) * units[unit] for number, unit in parts))
