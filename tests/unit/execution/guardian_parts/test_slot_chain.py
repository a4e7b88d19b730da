import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dtf.breakers.config import BreakerPolicy
from dtf.breakers.permit import Permit
from dtf.domain.shard import ClaimedShard, ShardKind
from dtf.domain.slot import Slot
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import CommandWork
from dtf.domain.worker import WorkerInfo
from dtf.execution.guardian.interruption import Cause, Interruption
from dtf.execution.guardian.lease_keeper import LeaseKeeper
from dtf.execution.guardian.refunds import Refunds
from dtf.execution.guardian.slot_chain import SlotChain
from dtf.resilience.recovery import Circumstances

_JOB = JobSpec(name="c", work=CommandWork(argv=("true",)), source=Source(kind=SourceKind.PATH, location="/"))
_SHARD = ClaimedShard(shard_id="s1", attempt=1, run_id="r", job_id="j", job=_JOB, kind=ShardKind.RUN, queue="cpu")
_WORKER = WorkerInfo(worker_id="w", name="celery@here", host="h", fingerprint="f", pid=1, queues=("cpu",), slots=1)


class Ledger:
    """One shard to claim."""

    def __init__(self) -> None:
        self.refunded: list[str] = []

    def claim(self, _shard_id: str, **_: Any) -> ClaimedShard:
        return _SHARD

    def refund(self, shard_ids: Sequence[str]) -> int:
        self.refunded += shard_ids
        return len(shard_ids)


class Guardian:
    """What the attempts of one slot share, of which a named part breaks; leases and refunds are real."""

    def __init__(self, place: Path, broken: str) -> None:
        self.ledger, self._broken = Ledger(), broken
        database = cast("Any", SimpleNamespace(call=_call))
        shards = cast("Any", self.ledger)
        self.leases = LeaseKeeper(shards, database, worker_id="w", lease_s=30.0, interval_s=1.0)
        self.refunds = Refunds(shards, database)
        ward = SimpleNamespace(
            enter=_enter,
            healthiest=lambda devices, _permitted=(): tuple(devices),
            spares=self._spares,
            occupied=lambda _slots: nullcontext(),
            breakers=SimpleNamespace(config=SimpleNamespace(policy=BreakerPolicy.OFF)),
            refunds=self.refunds,
        )
        self.services = SimpleNamespace(
            config=SimpleNamespace(worker=_WORKER, lease_s=30.0, log_cap=100),
            worker_id="w",
            shards=shards,
            database=database,
            draining=False,
            home=SimpleNamespace(scratch=place),
            leases=self.leases,
            tallies={},
            ward=ward,
            witness=SimpleNamespace(testify=self._testify),
            experience=SimpleNamespace(refresh=self._refresh),
        )

    def run(self) -> None:
        """Run the shard for a worker that stops."""
        chain = SlotChain((Slot(number=0, tags=("cpu",)),), "cpu", cast("Any", self.services))
        chain.interrupt(Interruption(cause=Cause.STOPPING, reason="the worker stopped"))
        asyncio.run(chain.run("s1"))

    async def _spares(self, *_: object) -> bool:
        if self._broken == "the ward":
            raise RuntimeError(self._broken)
        return False

    async def _testify(self, *_: object) -> Circumstances:
        self.refunds.expect("s1")
        return Circumstances()

    async def _refresh(self) -> None:
        raise RuntimeError(self._broken)


async def _call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    return function(*arguments, **named)


async def _enter(_targets: object) -> Permit:
    return Permit()


def test_an_error_between_attempts_lets_the_claims_go(tmp_path: Path) -> None:
    """Nobody renews a claim that nobody runs: its lease ends, and the coordinator takes it back."""
    guardian = Guardian(tmp_path, "the ward")
    with pytest.raises(RuntimeError, match="the ward"):
        guardian.run()
    assert guardian.leases.shard_ids() == []


def test_a_result_that_cannot_be_told_leaves_no_refund_owed_for_ever(tmp_path: Path) -> None:
    """Its failure will not be in the ledger, and what the shard is owed is paid."""
    guardian = Guardian(tmp_path, "the history")
    with pytest.raises(RuntimeError, match="the history"):
        guardian.run()
    assert guardian.leases.shard_ids() == []
    guardian.refunds.owe(["s1"])
    asyncio.run(guardian.refunds.pay())
    assert guardian.ledger.refunded == ["s1"]
