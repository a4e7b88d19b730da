"""Tells every page what changed, encoded once for all; a page that does not keep up is told anew and slows nobody."""

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from dtf.dashboard.live.patch import patch_of

#: So many messages wait for a page; then they are dropped, and it is told everything anew.
MOST_WAITING: Final = 64


@dataclass(slots=True, kw_only=True)
class _Topic:
    version: int = 0
    as_of: float = 0.0
    value: Any = field(default_factory=dict)
    whole: str = ""


class Listener:
    """A page, as the hub knows it. All calls are made in one thread.

    Attributes:
        topics: What it wants to hear of.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        """Build one.

        Args:
            wake: Is called when there is something to be taken.
        """
        self.topics: frozenset[str] = frozenset()
        self._wake = wake
        self._waiting: deque[tuple[str, str]] = deque()
        self._anew: set[str] = set()

    def tell(self, topic: str, message: str) -> None:
        """Have a message wait for it."""
        if topic in self._anew:
            return  # it will be told the whole, which has this in it
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self._anew = set(self.topics)
        else:
            self._waiting.append((topic, message))
        self._wake()

    def tell_anew(self, topics: Iterable[str]) -> None:
        """Have the whole of some topics wait for it, in place of their changes."""
        self._anew.update(topics)
        self._waiting = deque(one for one in self._waiting if one[0] not in self._anew)
        self._wake()

    def take(self, hub: "Hub") -> str | None:
        """The next message; None: there is none."""
        if self._anew:
            return hub.whole(self._anew.pop())
        return self._waiting.popleft()[1] if self._waiting else None


class Hub:
    """Keeps what is known, by topic, and tells listeners what changed."""

    def __init__(self) -> None:
        self._topics: dict[str, _Topic] = {}
        self._listeners: set[Listener] = set()

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def publish(self, topic: str, value: Any, as_of: float) -> bool:  # noqa: ANN401  # JSON
        """Take what is known of a topic now; whether something changed."""
        known = self._topics.setdefault(topic, _Topic())
        known.as_of = as_of
        patch = patch_of(known.value, value)
        if known.version and patch == {}:
            return False
        known.value, known.version, known.whole = value, known.version + 1, ""
        wanting = [one for one in self._listeners if topic in one.topics]
        if wanting:
            message = _encoded(topic, known, {"from": known.version - 1, "patch": patch})
            for listener in wanting:
                listener.tell(topic, message)
        return True

    def tick(self, as_of: float) -> None:
        """Tell every page that all that it knows is as of now."""
        self._tell_all({"type": "monitoring_update", "as_of": as_of})

    def notify(self, level: str, text: str) -> None:
        """Tell every page something for people.

        Args:
            level: ``info`` or ``error``.
            text: What it is.
        """
        self._tell_all({"type": "notification", "level": level, "text": text})

    def value(self, topic: str) -> tuple[Any, float]:
        """What is known of a topic, and as of when (0: nothing yet)."""
        known = self._topics.get(topic)
        return ({}, 0.0) if known is None else (known.value, known.as_of)

    def _tell_all(self, message: dict[str, Any]) -> None:
        told = json.dumps(message, separators=(",", ":"))
        for listener in self._listeners:
            listener.tell("", told)

    def listen(self, listener: Listener, topics: Iterable[str]) -> None:
        """Have a page hear of some topics: first all that is known, then what changes."""
        fresh = frozenset(topics) - listener.topics
        listener.topics |= fresh
        self._listeners.add(listener)
        listener.tell_anew(fresh)

    def leave(self, listener: Listener) -> None:
        """Forget a page."""
        self._listeners.discard(listener)

    def whole(self, topic: str) -> str:
        """All that is known of a topic, as a message."""
        known = self._topics.setdefault(topic, _Topic())
        if not known.whole:
            known.whole = _encoded(topic, known, {"value": known.value})
        return known.whole


def _encoded(topic: str, known: _Topic, told: dict[str, Any]) -> str:
    message = {"type": "monitoring_update", "topic": topic, "version": known.version, "as_of": known.as_of, **told}
    return json.dumps(message, separators=(",", ":"))
