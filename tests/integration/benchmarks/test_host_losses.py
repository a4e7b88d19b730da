import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from dtf.domain.outcome import Outcome
from dtf.execution.host import process
from tests.integration.benchmarks.harness import Bed, with_bed

_FOR_LONG: dict[str, Any] = {"model": "mlp", "iterations": 100_000_000}


async def lose(bed: Bed, number: signal.Signals) -> tuple[Outcome, str]:
    """Send a signal to the host while it measures."""
    await bed.measure(model="mlp")
    running = asyncio.create_task(bed.measure(**_FOR_LONG))
    await asyncio.sleep(0.3)
    os.kill(bed.hosts[-1], number)
    result = await running
    return result.outcome, result.reason


@pytest.mark.parametrize(
    ("number", "outcome", "reason"),
    [
        (signal.SIGKILL, Outcome.INFRA, "killed by SIGKILL, which dtf did not send"),
        (signal.SIGSEGV, Outcome.ERROR, "the model host crashed by SIGSEGV"),
    ],
)
def test_who_is_to_blame_for_a_host_that_dies(
    tmp_path: Path, number: signal.Signals, outcome: Outcome, reason: str
) -> None:
    """A kill from outside is the infrastructure's, a crash the job's; the next job has a new host."""

    async def work(bed: Bed) -> None:
        found = await lose(bed, number)
        assert found[0] is outcome
        assert reason in found[1]
        assert (await bed.measure(model="mlp")).outcome is Outcome.PASSED
        assert len(bed.hosts) == 2

    with_bed(tmp_path, work)


def test_a_frozen_host_is_killed_at_the_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not answer is ended from outside, and the attempt is a timeout."""
    monkeypatch.setattr(process, "PATIENCE_S", 0.5)

    async def work(bed: Bed) -> None:
        await bed.measure(model="mlp")
        os.kill(bed.hosts[0], signal.SIGSTOP)
        result = await bed.measure(model="mlp", timeout_s=1.0)
        assert (result.outcome, result.reason) == (Outcome.TIMEOUT, "it took longer than 1 s")
        assert (await bed.measure(model="mlp")).outcome is Outcome.PASSED

    with_bed(tmp_path, work)


def test_a_long_measurement_ends_at_the_time_limit_and_keeps_the_host(tmp_path: Path) -> None:
    """The host gives up by itself, so the loaded model stays."""

    async def work(bed: Bed) -> None:
        await bed.measure(model="mlp")
        result = await bed.measure(timeout_s=0.5, **_FOR_LONG)
        assert (result.outcome, result.reason) == (Outcome.TIMEOUT, "it took longer than 0.5 s")
        assert not result.metrics
        assert (await bed.measure(model="mlp")).proof["model_loaded"] == "no"

    with_bed(tmp_path, work)


def test_a_cancelled_job_ends_at_once_and_claims_nothing(tmp_path: Path) -> None:
    """The host goes with it, and no job is taken after it."""

    async def work(bed: Bed) -> None:
        shard, context = bed.begin(**_FOR_LONG)
        running = asyncio.create_task(bed.executor.run(shard, context))
        await asyncio.sleep(0.3)
        context.cancel_reason = "somebody called it off"
        context.cancelled.set()
        result = await asyncio.wait_for(running, 60)
        assert (result.outcome, result.reason) == (Outcome.CANCELLED, "somebody called it off")
        assert bed.asked == 0

    with_bed(tmp_path, work)


def test_the_end_of_a_slot_ends_its_host(tmp_path: Path) -> None:
    """A slot whose Celery child is gone gives its job back."""

    async def work(bed: Bed) -> None:
        await bed.measure(model="mlp")
        running = asyncio.create_task(bed.measure(**_FOR_LONG))
        await asyncio.sleep(0.3)
        await bed.executor.end_slot(0)
        result = await asyncio.wait_for(running, 60)
        assert (result.outcome, result.reason) == (Outcome.INFRA, "the slot's Celery process is gone")

    with_bed(tmp_path, work)


def test_an_interpreter_that_is_not_there_or_is_none_is_told(tmp_path: Path) -> None:
    """Each way in which the interpreter does not work has its sentence."""
    (tmp_path / "text").write_text("no program")
    (tmp_path / "text").chmod(0o755)

    async def work(bed: Bed) -> None:
        absent = await bed.measure(model="mlp", python="./absent")
        assert (absent.outcome, absent.reason) == (Outcome.ERROR, "there is no interpreter ./absent")
        text = await bed.measure(model="mlp", python="./text")
        assert text.outcome is Outcome.ERROR
        assert "cannot be started" in text.reason
        other = await bed.measure(model="mlp", python="/bin/false")
        assert (other.outcome, other.reason) == (Outcome.ERROR, "the model host ended with status 1")

    with_bed(tmp_path, work)
