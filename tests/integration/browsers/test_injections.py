import asyncio
import os
from collections.abc import Awaitable, Callable

import psutil
import pytest

from dtf.domain.errors import BadInputError
from dtf.domain.failure import FailureType, Intensity
from dtf.domain.recovery import RecoveryAction
from dtf.execution.browser_recovery.catalogue import cheapest
from dtf.execution.browser_recovery.recover import Because, recover
from dtf.execution.browser_recovery.workplace import Workplace
from dtf.execution.injector import inject
from tests.support.browsers import need_browser

MILD, MODERATE, SEVERE = Intensity


def at_workplace(work: Callable[[Workplace], Awaitable[None]], browser: str = "headless-shell") -> None:
    """Do something with a browser; no process is left after it."""
    choice = need_browser(browser)

    async def go() -> None:
        async with Workplace(choice) as place:
            await work(place)

    asyncio.run(go())
    assert psutil.Process(os.getpid()).children(recursive=True) == []


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


def test_a_spent_failure_is_told_apart() -> None:
    """A GPU process that is killed under two devices is another one after it; a retry helps as the failure is spent."""

    async def work(place: Workplace) -> None:
        injection = await inject(place.subject, FailureType.GPU_ERROR, MODERATE)
        assert injection.seen
        assert "in its place" in injection.seen.words
        assert not injection.recorded
        told = await recover(place, injection)
        assert told.noticed
        assert (told.action, told.because) == (RecoveryAction.RETRY, Because.SPENT)
        assert await injection.clear()

    at_workplace(work)


def test_a_dropped_failure_is_no_recovery() -> None:
    """What works only because the failure was taken back has not been recovered."""

    async def work(place: Workplace) -> None:
        injection = await inject(place.subject, FailureType.API_ERROR, MILD)
        assert injection.confirmed
        assert await injection.clear()
        assert (await recover(place, injection)).action is None
        assert await injection.holds() is None

    at_workplace(work)


def test_what_firefox_does_not_have() -> None:
    """A failure that does not exist in Firefox is refused with its reason; one that does is confirmed there."""

    async def work(place: Workplace) -> None:
        with pytest.raises(BadInputError, match="DevTools"):
            await inject(place.subject, FailureType.CRASH, MILD)
        injection = await inject(place.subject, FailureType.API_ERROR, MODERATE)
        assert injection.seen
        assert injection.seen.kind is FailureType.API_ERROR
        assert await injection.clear()

    at_workplace(work, "firefox")
