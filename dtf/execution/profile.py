"""What a worker of a kind of hardware is like: ``workers/<tag>.toml``."""

import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dtf.domain.errors import BadInputError
from dtf.domain.specs import HARDWARE_TAGS
from dtf.domain.suggestion import did_you_mean

_LARGEST_BYTES = 65536
_POOLS = ("prefork", "solo")

#: The largest share of a device's memory, in units of 10**9 bytes.
_LARGEST_SHARE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerProfile:
    """A worker profile.

    Attributes:
        name: The file's name without its ending.
        queue: The hardware tag whose queue the worker serves.
        devices: The UUIDs of the devices it may use; empty: all of its kind.
        share_gb: How much of a device's memory one slot has, in units of 10**9 bytes; 0: all of it.
        concurrency: Its slots, where devices are served so many at most; 0: one for each device, or share of one, and
            one for a CPU.
        pool: Celery's pool: prefork or solo.
        tags: Free tags that the worker offers to requirements.
        environment: Variables added to the worker's, and so to its tests'.
    """

    name: str
    queue: str
    devices: tuple[str, ...] = ()
    share_gb: float = 0.0
    concurrency: int = 0
    pool: str = "prefork"
    tags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """What is added to the worker's variables: the profile's own, and its settings about devices."""
        found = dict(self.environment)
        if self.devices:
            found["DTF_WORKER_DEVICES"] = ",".join(self.devices)
        if self.share_gb:
            found["DTF_DEVICE_SHARE_GB"] = f"{self.share_gb:g}"
        return found


def load_profile(path: Path) -> WorkerProfile:
    """Read a profile.

    Args:
        path: A TOML file.

    Raises:
        BadInputError: It cannot be read, or something in it is wrong; the message names everything that is.
    """
    return parse_profile(_read(path), name=path.stem, origin=str(path))


def parse_profile(text: str, *, name: str, origin: str) -> WorkerProfile:
    """Build a profile from TOML.

    Args:
        text: The TOML.
        name: The profile's name.
        origin: Where the text comes from, for messages.

    Raises:
        BadInputError: Something is wrong; the message names everything that is.
    """
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInputError(f"{origin}: not TOML: {str(error) or 'nested too deep'}") from error
    problems = [problem for key, value in data.items() for problem in _check(key, value)]
    if "queue" not in data:
        problems.append(f"queue: missing; one of {', '.join(HARDWARE_TAGS)}")
    if problems:
        raise BadInputError("\n".join(f"{origin}: {problem}" for problem in problems))
    lists = {key: tuple(data.get(key, ())) for key in ("devices", "tags")}
    return WorkerProfile(name=name, **{**data, **lists})


def _read(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadInputError(f"{path}: not a file")
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BadInputError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > _LARGEST_BYTES:
        raise BadInputError(f"{path}: larger than {_LARGEST_BYTES} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from error


def _check(key: str, value: Any) -> list[str]:  # noqa: ANN401  # whatever TOML holds
    check = _CHECKS.get(key)
    if check is None:
        return [f"{key:.60}: unknown key{_hint(key, tuple(_CHECKS))}"]
    return [f"{key}{problem}" for problem in check(value)]


def _hint(word: str, known: tuple[str, ...]) -> str:
    return did_you_mean(word, known) or f"; known: {', '.join(known)}"


def _queue(value: Any) -> list[str]:  # noqa: ANN401  # as above
    if not isinstance(value, str):
        return [f": must be a text, not {value!r:.60}"]
    return [] if value in HARDWARE_TAGS else [f": unknown hardware {value!r:.60}{_hint(value, HARDWARE_TAGS)}"]


def _texts(value: Any) -> list[str]:  # noqa: ANN401  # as above
    fits = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
    return [] if fits else [f": must be a list of texts, not {value!r:.60}"]


def _concurrency(value: Any) -> list[str]:  # noqa: ANN401  # as above
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1024
    return [] if fits else [f": must be a whole number from 0 to 1024, not {value!r:.60}"]


def _share(value: Any) -> list[str]:  # noqa: ANN401  # as above
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LARGEST_SHARE
    return [] if fits else [f": must be a number from 0 to {_LARGEST_SHARE}, not {value!r:.60}"]


def _pool(value: Any) -> list[str]:  # noqa: ANN401  # as above
    return [] if value in _POOLS else [f": must be {' or '.join(_POOLS)}, not {value!r:.60}"]


def _environment(value: Any) -> list[str]:  # noqa: ANN401  # as above
    if not isinstance(value, dict):
        return [f": must be a table, not {value!r:.60}"]
    return [f".{name:.60}{problem}" for name, item in value.items() for problem in _variable(name, item)]


def _variable(name: str, value: Any) -> list[str]:  # noqa: ANN401  # as above
    problems = []
    if not name or "=" in name or "\0" in name:
        problems.append(": not a variable's name")
    if name.startswith("DTF_"):
        problems.append(": dtf's own settings do not belong into a profile")
    if not isinstance(value, str) or "\0" in value:
        problems.append(f": must be a text, not {value!r:.60}")
    return problems


_CHECKS: dict[str, Callable[[Any], list[str]]] = {
    "queue": _queue,
    "devices": _texts,
    "share_gb": _share,
    "concurrency": _concurrency,
    "pool": _pool,
    "tags": _texts,
    "environment": _environment,
}
