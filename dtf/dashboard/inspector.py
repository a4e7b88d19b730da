"""Asks workers what they are, where there is a broker to ask them over."""

import asyncio
import logging
import threading
from typing import Any

from flower.inspector import Inspector
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from dtf.dashboard.cluster_link import NoBrokerError

log = logging.getLogger(__name__)


class PatientInspector(Inspector):  # type: ignore[misc]  # Flower has no types
    """Flower's inspector, which says once that nobody can be asked, and not at each question."""

    _is_silent = False
    #: Questions are asked in threads of their own, several at a time.
    _saying = threading.Lock()

    def inspect(self, workername: str | None = None) -> Any:  # noqa: ANN401  # Flower has no types
        """Ask one worker, or all; without a broker nobody is asked."""
        try:
            self.capp.present_broker()
        except NoBrokerError as error:
            self._say(str(error))
            return asyncio.ensure_future(asyncio.sleep(0))
        return super().inspect(workername)

    def _inspect(self, method: str, workername: str | None) -> None:
        """Ask one question, in a thread of its own."""
        asked = self.capp.control.inspect(timeout=self.timeout, destination=[workername] if workername else None)
        try:
            told = asked.active(safe=True) if method == "active" else getattr(asked, method)()
        except (NoBrokerError, OperationalError, RedisError, OSError) as error:
            self._say(f"the broker does not answer: {error}")
            return
        self._is_silent = False
        for worker, response in (told or {}).items():
            if response is not None:
                self.io_loop.add_callback(self._on_update, worker, method, response)

    def _say(self, reason: str) -> None:
        with self._saying:
            was_silent, self._is_silent = self._is_silent, True
        if not was_silent:
            log.info("workers are not asked: %s", reason)
