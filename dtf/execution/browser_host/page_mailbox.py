"""What a page says through ``window.dtf``."""

import asyncio
import json
import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from dtf.domain.outcome import Outcome
from dtf.domain.shard import Metric
from dtf.execution.browser_host.http_message import BadRequestError, Request, Response

#: The longest message; the most bytes of artifacts, all together; how many there may be of each.
MESSAGE_LIMIT = 512 * 1024
ARTIFACT_LIMIT = 64 * 2**20
MOST_ARTIFACTS, MOST_METRICS, MOST_CASES, MOST_LINES = 200, 1000, 10_000, 5000
_MOST_SEEN = 100_000
_OUTCOMES = {"passed": Outcome.PASSED, "failed": Outcome.FAILED, "skipped": Outcome.SKIPPED, "error": Outcome.ERROR}
#: Where a message stands among all.
Place = tuple[float, ...]
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCase:
    """One of the page's own tests."""

    name: str
    outcome: Outcome
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the page says in the end.

    Attributes:
        outcome: PASSED or FAILED; None: that follows from its cases.
        message: Why.
        details: More of that.
        uncaught: Errors that nobody in the page caught before it said so.
    """

    outcome: Outcome | None
    message: str = ""
    details: str = ""
    uncaught: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class PageMailbox:
    """Collects what a page says. The first verdict counts; what contradicts it is told and changes nothing.

    Messages overtake each other on their way: each carries its number, and what they say is put in their order.

    Attributes:
        folder: Where artifacts are put.
        said: The first verdict.
        complete: Set once all that was on its way before it has come too.
        notes: What was not taken, for people; each sentence once.
    """

    folder: Path
    said: asyncio.Future[Verdict] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    notes: list[str] = field(default_factory=list)
    _pending: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _metrics: dict[str, tuple[Place, Metric]] = field(default_factory=dict)
    _cases: list[tuple[Place, PageCase]] = field(default_factory=list)
    _lines: list[tuple[Place, str]] = field(default_factory=list)
    _artifacts: list[tuple[Place, str, Path]] = field(default_factory=list)
    _room: int = ARTIFACT_LIMIT

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The page's measures, by name; of a name the last one."""
        return tuple(self._metrics[name][1] for name in sorted(self._metrics))

    @property
    def cases(self) -> tuple[PageCase, ...]:
        """The page's own tests, in the order in which it reported them."""
        return tuple(case for _, case in sorted(self._cases, key=_place))

    @property
    def lines(self) -> tuple[str, ...]:
        """What it logged, in order."""
        return tuple(line for _, line in sorted(self._lines, key=_place))

    def name_artifacts(self) -> None:
        """Give the files their names, in the order in which the page sent them."""
        used: set[str] = set()
        for _, wished, path in sorted(self._artifacts, key=_place):
            name = _fresh(wished, used)
            used.add(name)
            if path.is_file():  # else the page ended while it came
                path.rename(self.folder / name)
        self._artifacts.clear()

    def admit(self, request: Request) -> int:
        """Messages are short; artifacts may have what is left of their common room, which is theirs from now on."""
        is_artifact = request.path.endswith("/artifact")
        limit = self._room if is_artifact else MESSAGE_LIMIT
        if request.length > limit:
            what = "an artifact" if is_artifact else "a message"
            self._note(f"{what} of {request.length} bytes was not taken: there is room for {limit}")
            self._arrived(request.query.get("id", ""))
        elif is_artifact:
            self._room -= request.length
        return limit

    async def receive(self, request: Request, body: bytes) -> Response:
        """Take one message."""
        place = _read_place(request.query.get("id", ""))
        try:
            if request.path.endswith("/artifact"):
                await self._artifact(place, request.query.get("name", ""), body)
            elif request.path.endswith("/messages"):
                self._take(place, _parsed(body))
            else:
                raise BadRequestError(HTTPStatus.NOT_FOUND)
        finally:
            self._arrived(request.query.get("id", ""))
        return Response()

    def _take(self, place: Place, said: dict[str, Any]) -> None:
        messages = said.get("messages")
        if not isinstance(messages, list):
            raise BadRequestError(HTTPStatus.BAD_REQUEST)
        pending = _texts(said, "pending")[:1000]
        for number, message in enumerate(messages):
            if isinstance(message, dict):
                self._message((*place, number), message, pending)

    def _message(self, place: Place, said: dict[str, Any], pending: Sequence[str]) -> None:
        kind = said.get("kind")
        if kind in ("pass", "fail", "done"):
            self._verdict(str(kind), said, pending)
        elif kind == "late":
            self._late(_text(said, "late"), _text(said, "message"))
        elif kind == "metric":
            self._metric(place, _text(said, "name"), said.get("value"), _text(said, "unit"))
        elif kind == "case":
            self._case(place, _text(said, "name"), _text(said, "outcome"), _text(said, "message"))
        elif kind == "log":
            self._line(place, _text(said, "message"))

    def _verdict(self, kind: str, said: dict[str, Any], pending: Sequence[str]) -> None:
        outcome = {"pass": Outcome.PASSED, "fail": Outcome.FAILED}.get(kind)
        message = _text(said, "message")
        if self.said.done():  # by another document: a frame, or a page that was loaded again
            if self.said.result().outcome != outcome:
                self._late(kind, message)
            return
        self._pending = set(pending)
        uncaught = tuple(_texts(said, "uncaught")[:5])
        verdict = Verdict(outcome=outcome, message=message, details=_text(said, "details"), uncaught=uncaught)
        self.said.set_result(verdict)
        self._settle()

    def _late(self, kind: str, message: str) -> None:
        self._note(f"a later dtf.{kind[:10]}() contradicts the first report and does not count: {message}"[:300])

    def _metric(self, place: Place, name: str, value: object, unit: str) -> None:
        usable = isinstance(value, int | float) and math.isfinite(value)
        if not name or not usable:
            self._note(f"the metric {name[:80]!r} is no finite number and was not taken")
        elif name not in self._metrics and len(self._metrics) >= MOST_METRICS:
            self._note(f"more than {MOST_METRICS} metrics were reported: the rest was not taken")
        elif name not in self._metrics or place > self._metrics[name][0]:
            self._metrics[name] = (place, Metric(name=name, value=float(value), unit=unit))  # type: ignore[arg-type]  # checked

    def _case(self, place: Place, name: str, outcome: str, message: str) -> None:
        if not name or outcome not in _OUTCOMES:
            self._note(f"dtf.case({name[:80]!r}) needs an outcome of {', '.join(_OUTCOMES)}, not {outcome[:20]!r}")
        elif len(self._cases) >= MOST_CASES:
            self._note(f"more than {MOST_CASES} cases were reported: the rest was not taken")
        else:
            self._cases.append((place, PageCase(name=name, outcome=_OUTCOMES[outcome], message=message)))

    def _line(self, place: Place, line: str) -> None:
        if len(self._lines) < MOST_LINES:
            self._lines.append((place, line))
        else:
            self._note(f"more than {MOST_LINES} lines were logged: the rest was not taken")

    async def _artifact(self, place: Place, name: str, body: bytes) -> None:
        if len(self._artifacts) >= MOST_ARTIFACTS:
            self._note(f"more than {MOST_ARTIFACTS} artifacts were sent: the rest was not taken")
            return
        path = self.folder / f".{len(self._artifacts)}.partial"
        self._artifacts.append((place, name, path))
        try:
            await asyncio.to_thread(_write, path, body)
        except OSError as error:
            self._note(f"the artifact {name[:80]!r} could not be written: {error.strerror}")
            raise BadRequestError(HTTPStatus.INSUFFICIENT_STORAGE) from error

    def _arrived(self, message: str) -> None:
        if len(self._seen) < _MOST_SEEN:
            self._seen.add(message)
        self._settle()

    def _settle(self) -> None:
        if self.said.done() and self._pending <= self._seen:
            self.complete.set()

    def _note(self, note: str) -> None:
        if note not in self.notes and len(self.notes) < 20:
            self.notes.append(note)


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def _fresh(wished: str, used: Container[str]) -> str:
    """A name without anything that means something to a file system; a second of the same gets a number."""
    base = "".join(letter if letter in _SAFE else "_" for letter in wished.strip())[:100].lstrip(".") or "artifact"
    stem, dot, suffix = base.rpartition(".")
    name, number = base, 1
    while name in used:
        number += 1
        name = f"{stem}-{number}.{suffix}" if dot and stem else f"{base}-{number}"
    return name


def _read_place(number: str) -> Place:
    """When the document began that sent it, and the how manieth of its messages it is; zeros if it does not say."""
    began, _, count = number.partition("-")
    try:
        place = float(began), float(count)
    except ValueError:
        return 0.0, 0.0
    return place if all(map(math.isfinite, place)) else (0.0, 0.0)


def _place(entry: tuple[Any, ...]) -> Any:  # noqa: ANN401  # a key to sort by
    return entry[0]


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequestError(HTTPStatus.BAD_REQUEST) from None
    if not isinstance(said, dict):
        raise BadRequestError(HTTPStatus.BAD_REQUEST)
    return said


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name, "")
    return value if isinstance(value, str) else ""


def _texts(said: dict[str, Any], name: str) -> list[str]:
    values = said.get(name)
    return [value[:2000] for value in values if isinstance(value, str)] if isinstance(values, list) else []
