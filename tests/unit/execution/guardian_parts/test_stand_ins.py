"""Which shards stand in for canaries; a real guardian does it in tests/integration/guardian/test_stand_ins.py."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dtf.breakers.config import BreakerConfig
from dtf.breakers.permit import Permit
from dtf.domain.breaker import Target
from dtf.domain.failure import FailureType, Intensity
from dtf.domain.injection import InjectionSpec
from dtf.domain.outcome import Outcome
from dtf.domain.shard import AttemptResult
from dtf.domain.slot import Slot
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import CommandWork, PytestWork
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.guardian.guard import Guard
from dtf.execution.guardian.probe import Probe
from dtf.execution.guardian.stand_ins import StandIns

_TARGET = Target(hardware="cuda", name="G0")
_SLOT = Slot(number=0, tags=("cuda",), devices=("G0",))
_COMMAND = JobSpec(
    name="c", work=CommandWork(argv=("true",)), source=Source(kind=SourceKind.PATH, location="/"), hardware="cuda"
)


class House:
    """A worker with one GPU, whose breaker is open."""

    def __init__(self, job: JobSpec = _COMMAND, expected_s: float | None = 1.0) -> None:
        device = Device(kind="cuda", name="g", uuid="G0")
        self.guard = Guard(target=_TARGET, device=device, slots=(0,), refused=True)
        self.ran: list[Probe] = []
        self.passes = True
        self.outcome: Outcome | None = None
        self.bound: Callable[[], Sequence[tuple[str, str, JobSpec]]] = lambda: [("s1", "cuda", job)]
        worker = WorkerInfo(
            worker_id="w",
            name="celery@here",
            host="here",
            fingerprint="f",
            pid=1,
            queues=("cuda",),
            slots=1,
            devices=(device,),
            slot_table=(_SLOT,),
        )
        numbers = SimpleNamespace(is_learned=lambda _target: True, expected_s=lambda _target, _group: expected_s)
        self.services = SimpleNamespace(
            draining=False,
            config=SimpleNamespace(worker=worker),
            open_queues=frozenset({"cuda"}),
            worker_id="w",
            shards=SimpleNamespace(bound_to=lambda *_arguments: self.bound()),
            database=SimpleNamespace(call=self._call),
            ward=SimpleNamespace(
                breakers=SimpleNamespace(numbers=numbers, config=BreakerConfig(probe_every_s=5.0)),
                refusing=self._refusing,
                healthiest=lambda devices: devices,
            ),
        )
        slots = SimpleNamespace(serves=lambda _queue: True, holds=lambda _queue: True)
        self.stand_ins = StandIns(cast("Any", self.services), cast("Any", slots), self._run)

    def serve(self) -> bool:
        """Whether a shard was the probe."""
        return asyncio.run(self.stand_ins.serve(self.guard, _SLOT, Permit()))

    async def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        return function(*arguments)

    async def _refusing(self) -> frozenset[Target]:
        return frozenset()

    async def _run(self, slot: Slot, queue: str, shard_id: str, probe: Probe) -> bool:
        assert (slot, queue, shard_id) == (_SLOT, "cuda", "s1")
        self.ran.append(probe)
        probe.outcome = self.outcome
        return self.passes


def test_short_work_stands_in_again_and_again_while_it_passes() -> None:
    """For as long as the canary of the device takes five times, and within bounds."""
    house = House()
    assert [house.serve() for _ in range(4)] == [True] * 4
    house.guard.canary_s = 3.0
    house.serve()
    house.guard.canary_s = 60.0
    house.serve()
    assert [probe.limit_s for probe in house.ran] == [10.0] * 4 + [15.0, 20.0]


def test_a_canary_follows_what_did_not_pass_and_nothing_is_tried_for_ever() -> None:
    """Each second probe is a canary then, and after two tries all are."""
    house = House()
    house.passes = False
    assert [house.serve() for _ in range(7)] == [True, False, True, False, False, False, False]


@pytest.mark.parametrize(
    ("outcome", "rest_s"),
    [(Outcome.INFRA, 5.0), (Outcome.TIMEOUT, 5.0), (Outcome.FAILED, 0.0), (Outcome.ERROR, 0.0), (None, 0.0)],
)
def test_a_canary_rests_where_the_infrastructure_failed_the_work(outcome: Outcome | None, rest_s: float) -> None:
    """It would find what the work just met; what failed by itself, or did not begin, says nothing about the device."""
    house = House()
    house.passes, house.outcome = False, outcome
    assert house.serve()
    assert house.guard.rest_s == rest_s


@pytest.mark.parametrize(
    ("job", "expected_s"),
    [
        (_COMMAND, 3.0),
        (_COMMAND, None),
        (replace(_COMMAND, inject=InjectionSpec(failure=FailureType.CRASH, intensity=Intensity.MILD)), 1.0),
        (replace(_COMMAND, work=PytestWork(paths=("tests",))), 1.0),
    ],
)
def test_other_work_waits(job: JobSpec, expected_s: float | None) -> None:
    """What is long, or nobody knows; what is to meet a failure that open breakers forbid; suites, which have cases."""
    house = House(job, expected_s)
    assert not house.serve()
    assert not house.ran


def test_what_cannot_be_looked_at_leaves_the_probe_to_the_canary() -> None:
    """Whatever the ledger says; and nothing begins on a worker that drains."""
    house = House()

    def broken() -> Sequence[tuple[str, str, JobSpec]]:
        raise ValueError("a job of another version")

    house.bound, bound = broken, house.bound
    assert not house.serve()
    house.bound = bound
    house.services.draining = True
    assert not house.serve()
    assert not house.ran


@pytest.mark.parametrize("outcome", Outcome)
def test_only_a_pass_is_a_verdict_from_a_device_in_doubt(outcome: Outcome) -> None:
    """All else is given back without loss; what was called off stays so."""
    result = AttemptResult(shard_id="s1", attempt=1, worker_id="w", slot=0, outcome=outcome, reason="why", crashed=True)
    judged = Probe(target=_TARGET, permit=Permit(), limit_s=10.0).judged(result)
    if outcome in (Outcome.PASSED, Outcome.CANCELLED):
        assert judged == result
    else:
        assert (judged.outcome, judged.crashed) == (Outcome.INFRA, False)
        assert judged.reason == f"it was tried on cuda/G0, which is in doubt, and was {outcome}: why"
