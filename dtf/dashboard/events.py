"""Flower's events, from whatever broker there is now."""

import logging
import threading
from typing import Any

from celery.events import EventReceiver
from flower.events import Events
from kombu.exceptions import OperationalError

from dtf.dashboard.cluster_link import LinkedCelery, NoBrokerError
from dtf.dashboard.hints.truth import HintState

log = logging.getLogger(__name__)

#: So often it is looked for a broker where there is none, in seconds; after an error twice as long each time, at most.
_LOOK_S, _LONGEST_S = 1.0, 8.0


class PatientEvents(Events):  # type: ignore[misc]  # Flower has no types
    """Flower's thread of events: it waits for a broker without a word, and finds the next one."""

    capp: LinkedCelery

    def __init__(self, *arguments: Any, max_tasks_in_memory: int, max_workers_in_memory: int, **options: Any) -> None:  # noqa: ANN401  # Flower's
        super().__init__(*arguments, max_tasks_in_memory=max_tasks_in_memory, **options)
        self.state = HintState(max_tasks_in_memory=max_tasks_in_memory, max_workers_in_memory=max_workers_in_memory)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End with the dashboard."""
        self._stopped.set()
        super().stop()

    def run(self) -> None:
        """Take events until the process ends."""
        pause_s, is_away = _LOOK_S, False
        while not self._stopped.wait(pause_s):
            if not self.capp.relink():
                pause_s = _LOOK_S
                continue
            try:
                with self.capp.connection_for_read() as connection:
                    receiver = EventReceiver(connection, handlers={"*": self.on_event}, app=self.capp)
                    connection.ensure_connection(max_retries=1)
                    pause_s, is_away = _LOOK_S, False
                    receiver.capture(limit=None, timeout=None, wakeup=True)
            except NoBrokerError:
                pause_s = _LOOK_S
            except Exception as error:  # noqa: BLE001  # whatever a broker's client raises: it is tried again
                pause_s = min(2 * pause_s, _LONGEST_S)
                # once for each time that it is away
                log.log(logging.DEBUG if is_away else logging.WARNING, "the broker sends no events: %s", error)
                is_away = True

    async def on_enable_events(self) -> None:
        """Have workers that came later send theirs."""
        try:
            await self.io_loop.run_in_executor(None, self.capp.control.enable_events)
        except (NoBrokerError, OperationalError, OSError) as error:  # that the broker is away is told once, by run()
            log.debug("workers cannot be asked for events: %s", error)
