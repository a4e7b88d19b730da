"""The loop that keeps how the laboratory's figures go."""

import logging
import math
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from dtf.analysis.sampled import sampled
from dtf.breakers.errors import StoreUnavailableError
from dtf.coordination.outage import Outage
from dtf.domain.breaker import Target
from dtf.domain.clock import Clock
from dtf.domain.ports.breakers import Breaker, refuses
from dtf.domain.ports.control import Term
from dtf.domain.ports.monitor import Monitor
from dtf.domain.ports.samples import FINEST, Samples

log = logging.getLogger(__name__)

#: A broker that is away is asked again after so long at most, in seconds.
_PAUSE_S: Final = 30.0


class Breakers(Protocol):
    """Where breakers are looked at."""

    def all(self) -> Mapping[Target, Breaker]:
        """Every breaker, by its target; raises ``StoreUnavailableError`` where the store does not answer."""
        ...


class Sampler:
    """Writes the figures of each ten seconds once, and thins what is older.

    The ten seconds are those of the database's clock, so that a leader that takes over in the midst of them adds
    nothing twice. While nobody leads there are no figures, and none are made up.
    """

    name = "sampler"
    interval_s = 0.5

    def __init__(
        self, monitor: Monitor, samples: Samples, clock: Clock, open_breakers: Callable[[], Breakers] | None
    ) -> None:
        """Build one.

        Args:
            monitor: Gives the figures.
            samples: Keeps them.
            clock: The time.
            open_breakers: Gives the breakers, when they are first looked at; None: they are off.
        """
        self._monitor = monitor
        self._samples = samples
        self._clock = clock
        self._open_breakers = open_breakers
        self._breakers: Breakers | None = None
        self._outage = Outage("The breakers' store", "the health score counts them as unknown", clock, _PAUSE_S)
        self._next = 0.0

    def reset(self) -> None:
        """Begin a new term with a sample."""
        self._next = 0.0

    def close(self) -> None:
        """There is nothing to keep: all is in the ledger."""

    def tick(self, term: Term) -> None:
        """Write the figures, once in each ten seconds."""
        begin = self._clock.monotonic()
        if begin < self._next:
            return
        moment = self._monitor.moment()
        found = self._found()
        refusing = None if found is None else {target for target, breaker in found.items() if refuses(breaker)}
        self._samples.write(term, moment.as_of, sampled(moment, refusing, len(found or ())))
        self._samples.thin(term, moment.as_of)
        step = FINEST.step_s
        self._next = begin + (math.floor(moment.as_of / step) + 1) * step - moment.as_of

    def _found(self) -> Mapping[Target, Breaker] | None:
        """The breakers; None: they do not answer."""
        if self._open_breakers is None:
            return {}
        if self._outage.pausing:
            return None
        try:
            self._breakers = self._breakers or self._open_breakers()
            found = self._breakers.all()
        except StoreUnavailableError as error:
            self._outage.failed(error)
            return None
        self._outage.succeeded()
        return found
