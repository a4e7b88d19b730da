"""Looks at the laboratory about once a second, and hands on what was seen."""

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from dtf.dashboard.live.eye import Eye
from dtf.dashboard.live.topics import TOPICS
from dtf.domain.errors import DtfError

log = logging.getLogger(__name__)

#: It looks so often, in seconds, so that pages hear of a change within a second, the way to them included; and it rests
#: at least so many times what a look took: it must not burden the ledger.
_EVERY_S: Final = 0.8
_RESTS: Final = 1.0

#: Takes what was seen: the topics' values, and as of when.
Told = Callable[[dict[str, dict[str, Any]], float], None]


class Observer(threading.Thread):
    """A thread of the dashboard's.

    Args:
        eye: Looks.
        told: Is given what was seen, in this thread.
        failed: Is given why nothing could be seen.
    """

    def __init__(self, eye: Eye, told: Told, failed: Callable[[str], None]) -> None:
        super().__init__(name="observer", daemon=True)
        self._eye, self._told, self._failed = eye, told, failed
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End soon."""
        self._stopped.set()

    def run(self) -> None:
        """Look until it is stopped."""
        was_trouble = False
        while not self._stopped.is_set():
            began = monotonic()
            try:
                seen = self._eye.look()
            except DtfError as error:
                if not was_trouble:
                    log.warning("nothing can be seen: %s", error)
                self._failed(str(error))
                was_trouble = True
            except Exception:
                # a defect in one look must not end all looks: pages would show the last one for ever
                if not was_trouble:
                    log.exception("nothing can be seen")
                self._failed("an error of the dashboard's own; its log has it")
                was_trouble = True
            else:
                was_trouble = False
                self._told({name: fact(seen) for name, fact in TOPICS.items()}, seen.moment.as_of)
            took = monotonic() - began
            self._stopped.wait(max(_EVERY_S - took, _RESTS * took))
