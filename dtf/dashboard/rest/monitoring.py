"""``/api/monitoring/TOPIC`` and ``/api/live/TOPIC``: the last look at the laboratory, for programs and for pages."""

from typing import Any

from tornado.web import HTTPError

from dtf.dashboard.rest.problems import JsonHandler
from dtf.dashboard.rest.shapes import listed


class Live(JsonHandler):
    """The last look at a topic, as pages are told it over their sockets."""

    application: Any

    def get(self, topic: str) -> None:
        """The topic's value, with ``as_of`` in seconds since the epoch."""
        value, as_of = self.application.hub.value(topic)
        if not as_of:
            raise HTTPError(503, "nothing has been seen yet; ask again in a second")
        self.answer({**self.shaped(topic, value), "as_of": as_of})

    def shaped(self, topic: str, value: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002  # for others
        """The value as it is told here."""
        return value


class Monitoring(Live):
    """The same for programs, which are told that nothing can be seen in place of what was seen before."""

    def get(self, topic: str) -> None:
        """The topic's value, with ``as_of`` in seconds since the epoch; 503: the last look saw nothing."""
        if reason := self.application.unseen:
            raise HTTPError(503, f"nothing can be seen: {reason}")
        super().get(topic)

    def shaped(self, topic: str, value: dict[str, Any]) -> dict[str, Any]:
        """With lists."""
        return listed(topic, value)
