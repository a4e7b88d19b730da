"""Looks at the laboratory."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dtf.analysis.health import LATELY_S
from dtf.bootstrap.monitoring import Laboratory
from dtf.breakers.config import BreakerPolicy
from dtf.breakers.status import BreakerStatus, statuses
from dtf.dashboard.live.seen import Seen
from dtf.domain.errors import DtfError
from dtf.domain.learned import Learned
from dtf.domain.ports.samples import FINEST

log = logging.getLogger(__name__)

_SCORE: Final = "health/score"


@dataclass(slots=True)
class Eye:
    """Looks at the laboratory; a broker that does not answer hides nothing of the ledger.

    Attributes:
        laboratory: What is looked at.
    """

    laboratory: Laboratory
    _earlier: tuple[float, float | None] = field(default=(0.0, None), init=False)
    _injected: tuple[tuple[int, int], Sequence[Mapping[str, object]]] = field(default=((0, 0), ()), init=False)

    def look(self) -> Seen:
        """See what there is now.

        Raises:
            LedgerUnavailableError: The database cannot be reached.
        """
        moment = self.laboratory.ledger.monitor.moment()
        broker = self.laboratory.broker()
        breakers, learned, problem = self._breakers()
        return Seen(
            moment=moment,
            runs_cluster=broker is not None,
            place=self.laboratory.place,
            breakers=breakers,
            breaker_problem=problem,
            policy=str(self.laboratory.breaker_config.policy),
            learned=learned,
            earlier_score=self._earlier_score(moment.as_of),
            injections=self._injections(),
        )

    def _injections(self) -> Sequence[Mapping[str, object]]:
        """What jobs met on purpose, read again only when there are others."""
        mark = self.laboratory.ledger.injections.mark()
        if mark != self._injected[0]:
            self._injected = mark, self.laboratory.ledger.injections.told()
        return self._injected[1]

    def _earlier_score(self, now: float) -> float | None:
        """The mean score of the last 15 minutes, looked up as often as there is a new sample."""
        known_until, mean = self._earlier
        if now >= known_until:
            read = self.laboratory.ledger.samples.read([_SCORE], now - LATELY_S, now, int(LATELY_S / FINEST.step_s))
            samples = read[_SCORE].samples
            count = sum(sample.count for sample in samples)
            mean = sum(sample.mean * sample.count for sample in samples) / count if count else None
            self._earlier = now + FINEST.step_s, mean
        return mean

    def _breakers(self) -> tuple[list[BreakerStatus] | None, Learned | None, str]:
        config = self.laboratory.breaker_config
        if config.policy is BreakerPolicy.OFF:
            return [], None, ""
        try:
            store = self.laboratory.breakers()
            if store is None:
                return None, None, ""
            return statuses(store, config, self.laboratory.ledger.breakers), store.learned(), ""
        except DtfError as error:
            log.debug("breakers cannot be had: %s", error)
            return None, None, str(error)
