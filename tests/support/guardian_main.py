"""A real guardian as a process, over a real ledger, with executors for programs."""

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any, cast

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.stores import open_store
from dtf.domain.codec import from_json
from dtf.domain.errors import DtfError, LedgerUnavailableError
from dtf.domain.outcome import Outcome
from dtf.domain.worker import WorkerInfo
from dtf.execution.executors.command import CommandExecutor
from dtf.execution.guardian import GuardianConfig, run_guardian
from dtf.storage.ledger import open_ledger
from tests.support.chain_executor import ChainExecutor, ModelExecutor


class Troubled:
    """A port of the ledger that fails while a file says how.

    ``away``, ``slow to record``, ``records nothing``, or ``refuses`` what is not an error.
    """

    def __init__(self, port: object, trouble: Path) -> None:
        self._port = port
        self._trouble = trouble

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)

        def troubled(*arguments: Any, **named: Any) -> Any:
            kind = self._trouble.read_text() if self._trouble.exists() else ""
            if kind == "away":
                raise LedgerUnavailableError
            if kind == "refuses" and name == "record" and arguments[0].outcome is not Outcome.ERROR:
                raise DtfError("a number is out of range")
            if kind == "slow to record" and name == "record":
                time.sleep(1.0)
            if kind == "records nothing" and name == "record":
                raise LedgerUnavailableError
            return call(*arguments, **named)

        return troubled


def main() -> int:
    """Run with what standard input says."""
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(name)s %(message)s")
    told = json.loads(sys.stdin.readline())
    ledger = open_ledger(told["url"])
    trouble = Path(told["trouble"])
    config = GuardianConfig(
        socket=Path(told["socket"]),
        worker=from_json(WorkerInfo, told["worker"]),
        worker_pid=told["worker_pid"],
        root=Path(told["root"]),
        **told["settings"],
    )
    return run_guardian(
        config,
        shards=cast("Any", Troubled(ledger.shards, trouble)),
        workers=cast("Any", Troubled(ledger.workers, trouble)),
        blobs=cast("Any", Troubled(ledger.blobs, trouble)),
        executors=(CommandExecutor(), ChainExecutor(), ModelExecutor()),
        breakers=Breakers(
            open_store(told["store"]), BreakerConfig(policy=BreakerPolicy(told["breaker"]), probe_every_s=0.5)
        ),
        recoveries=cast("Any", Troubled(ledger.recoveries, trouble)),
        base_environment=dict(os.environ),
    )


if __name__ == "__main__":
    sys.exit(main())
