"""Looks at the laboratory."""

import logging
from dataclasses import dataclass

from dtf.bootstrap.monitoring import Laboratory
from dtf.breakers.config import BreakerPolicy
from dtf.breakers.status import BreakerStatus, statuses
from dtf.dashboard.live.seen import Seen
from dtf.domain.errors import DtfError
from dtf.domain.learned import Learned

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Eye:
    """Looks at the laboratory; a broker that does not answer hides nothing of the ledger.

    Attributes:
        laboratory: What is looked at.
    """

    laboratory: Laboratory

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
        )

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
