"""Records that could not be dealt with, and are left alone for a while."""

import logging
from collections.abc import Callable
from typing import Final

from dtf.domain.clock import Clock
from dtf.domain.errors import LedgerUnavailableError, TermOverError

log = logging.getLogger(__name__)

#: How long a record is left alone, in seconds.
REST_S: Final = 30.0


class Sickbay:
    """Keeps one record that makes a loop fail from keeping the loop from all the others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def attend(self, record_id: str, what: str, work: Callable[[], None]) -> None:
        """Do the work on a record, unless it rests; a failure is logged and sends it to rest.

        Raises:
            TermOverError: Another coordinator leads.
            LedgerUnavailableError: The database cannot be reached; that is not the record's fault.
        """
        now = self._clock.monotonic()
        if now < self._until.get(record_id, 0.0):
            return
        try:
            work()
        except (TermOverError, LedgerUnavailableError):
            raise
        except Exception:
            log.exception("%s %s failed; it is tried again in %.0f s, the others go on", what, record_id, REST_S)
            self._until = {held: until for held, until in self._until.items() if until > now}
            self._until[record_id] = now + REST_S
