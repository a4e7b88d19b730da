"""Flower's events, from whatever broker there is now."""

import logging
import threading

from celery.events import EventReceiver
from flower.events import Events
from kombu.exceptions import OperationalError

from dtf.dashboard.cluster_link import LinkedCelery, NoBrokerError

log = logging.getLogger(__name__)

#: So often it is looked for a broker where there is none, in seconds; after an error twice as long each time, at most.
_LOOK_S, _LONGEST_S = 1.0, 30.0


class PatientEvents(Events):  # type: ignore[misc]  # Flower has no types
    """Flower's thread of events: it waits for a broker without a word, and finds the next one."""

    capp: LinkedCelery

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End with the dashboard."""
        self._stopped.set()
        super().stop()

    def run(self) -> None:
        """Take events until the process ends."""
        pause_s = _LOOK_S
        while not self._stopped.wait(pause_s):
            if not self.capp.relink():
                pause_s = _LOOK_S
                continue
            try:
                with self.capp.connection_for_read() as connection:
                    receiver = EventReceiver(connection, handlers={"*": self.on_event}, app=self.capp)
                    pause_s = _LOOK_S
                    receiver.capture(limit=None, timeout=None, wakeup=True)
            except NoBrokerError:
                pause_s = _LOOK_S
            except Exception as error:  # noqa: BLE001  # whatever a broker's client raises: it is tried again
                pause_s = min(2 * pause_s, _LONGEST_S)
                log.warning("events cannot be had (%s); tried again in %.0f s", error, pause_s)

    async def on_enable_events(self) -> None:
        """Have workers that came later send theirs."""
        try:
            await super().on_enable_events()
        except (NoBrokerError, OperationalError, OSError) as error:
            log.debug("workers cannot be asked for events: %s", error)
