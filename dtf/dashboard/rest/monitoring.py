"""``/api/monitoring/TOPIC``: what the pages are told, for whoever asks."""

from typing import Any

from tornado.web import HTTPError

from dtf.dashboard.rest.problems import JsonHandler


class Monitoring(JsonHandler):
    """The last look at a topic."""

    application: Any

    def get(self, topic: str) -> None:
        """The topic's value, with ``as_of`` in seconds since the epoch."""
        hub = self.application.hub
        value, as_of = hub.value(topic)
        if not as_of:
            raise HTTPError(503, "nothing has been seen yet; ask again in a second")
        self.answer({**value, "as_of": as_of})
