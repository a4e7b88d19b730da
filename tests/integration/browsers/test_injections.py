import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from dtf.cli.main import run
from dtf.domain.errors import BadInputError
from dtf.domain.failure import FailureType, Intensity
from dtf.domain.outcome import Outcome
from dtf.domain.recovery import RecoveryAction
from dtf.execution.browser_recovery.catalogue import cheapest
from dtf.execution.browser_recovery.recover import Because, recover
from dtf.execution.browser_recovery.workplace import Workplace
from dtf.execution.injector import inject
from tests.integration.browsers.host_in_process import open_host
from tests.support.browsers import need_browser

MILD, MODERATE, SEVERE = Intensity


def at_workplace(work: Callable[[Workplace], Awaitable[None]], browser: str = "headless-shell") -> None:
    """Do something with a browser; no process is left after it."""
    choice = need_browser(browser)

    async def go() -> None:
        async with Workplace(choice) as place:
            await work(place)

    before = _below()  # other tests' servers
    asyncio.run(go())
    assert _below() <= before


def _below() -> set[int]:
    """The processes below this one."""
    return {process.pid for process in psutil.Process(os.getpid()).children(recursive=True)}


@pytest.mark.parametrize(
    ("failure", "intensity", "observed", "cheaper"),
    [
        (FailureType.CONNECTION_FAILURE, MODERATE, FailureType.CONNECTION_FAILURE, RecoveryAction.NEW_PAGE),
        (FailureType.API_ERROR, SEVERE, FailureType.API_ERROR, RecoveryAction.NEW_PAGE),
        (FailureType.CRASH, MODERATE, FailureType.CRASH, RecoveryAction.RELOAD_PAGE),
        (FailureType.GPU_ERROR, SEVERE, FailureType.TIMEOUT, RecoveryAction.RETRY),
    ],
)
def test_a_failure_is_injected_and_recovered(
    failure: FailureType, intensity: Intensity, observed: FailureType, cheaper: RecoveryAction
) -> None:
    """It is confirmed from outside; a cheaper action does not help; the catalogue's does, and not as it was dropped."""

    async def work(place: Workplace) -> None:
        assert await place.probe.look(place.subject.page) is None
        injection = await inject(place.subject, failure, intensity)
        assert injection.seen
        assert injection.seen.kind is observed, injection.seen.words
        action = cheapest(place.choice.browser, failure, intensity)
        told = await recover(place, injection, (cheaper, action))
        assert [(tried.action, tried.seen is None) for tried in told.tried] == [(cheaper, False), (action, True)], told
        assert told.action is action
        assert told.because in (Because.LEFT_BEHIND, Because.REPLACED)
        assert await injection.clear()
        assert injection.record()["cleared"]
        await place.tidy()
        assert await place.probe.look(place.subject.page) is None

    at_workplace(work)


def test_dropped_and_spent_are_told_apart() -> None:
    """What works only because the failure was taken back was not recovered; what was spent is, by a retry."""

    async def work(place: Workplace) -> None:
        dropped = await inject(place.subject, FailureType.API_ERROR, MILD)
        assert dropped.confirmed
        assert await dropped.clear()
        assert (await recover(place, dropped)).action is None
        assert await dropped.holds() is None
        spent = await inject(place.subject, FailureType.GPU_ERROR, MODERATE)
        assert spent.seen
        assert "in its place" in spent.seen.words
        assert not spent.recorded
        told = await recover(place, spent)
        assert told.noticed
        assert (told.action, told.because) == (RecoveryAction.RETRY, Because.SPENT)
        assert await spent.clear()

    at_workplace(work)


def test_a_job_runs_under_an_injected_failure(tmp_path: Path) -> None:
    """A check whose order asks for a failure meets it, says so in its proof, and the next check meets none."""
    with open_host(need_browser("headless-shell")) as host:
        hit = host.order("wgsl", tmp_path, inject="gpu_error mild", seed=1)
        assert hit.outcome is not Outcome.PASSED
        assert "destroyed" in hit.reason
        assert hit.proof["injected"] == "gpu_error mild"
        assert hit.proof["injected_seen"].startswith("gpu_error: the device was lost")
        assert hit.proof["injected_cleared"]
        crashed = host.order("wgsl", tmp_path, inject="crash moderate", seed=1)
        assert crashed.outcome is Outcome.INFRA
        assert crashed.proof["injected"] == "crash moderate"
        after = host.order("wgsl", tmp_path, seed=1)
        assert after.outcome is Outcome.PASSED, after.reason
        assert "injected" not in after.proof
        with pytest.raises(BadInputError, match="a failure to inject"):
            host.order("wgsl", tmp_path, inject="nonsense", seed=1)
        lost = host.order("wgsl", tmp_path, inject="connection_failure severe", seed=1)
        assert (lost.outcome, lost.healthy) == (Outcome.INFRA, False)
        assert "no driver" in lost.proof["injected_seen"]


def test_the_command_breaks_a_browser_and_brings_it_back(capsys: pytest.CaptureFixture[str]) -> None:
    """`dtf inject`: confirmed, recovered by the cheapest action, taken back, and all of it printed."""
    need_browser("chromium")
    assert run(["inject", "crash", "moderate", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)["injections"]
    assert (record["confirmed"], record["recorded"], record["recovered_by"]) == (True, True, "new_page")
    assert (record["cleared"], record["wrong"]) == ("nothing is left of it", [])


def test_a_browser_that_does_not_start_is_told_for_each_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`dtf inject` goes on with the next one, keeps what it has to tell, and exits with 1."""
    need_browser("chromium")
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert run(["inject", "--seed", "7", "--count", "2", "--json"]) == 1
    records = json.loads(capsys.readouterr().out)["injections"]
    told = [words for record in records for words in record["wrong"]]
    assert len(told) == 2
    assert all(words.startswith("chromium does not start: ") and "\n" not in words for words in told), told
