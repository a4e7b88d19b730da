"""One failure in one browser, from the injection to its end: what was seen, what helped, what is left."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_recovery.recover import Memory, Recovery, recover
from dtf.execution.browser_recovery.workplace import Workplace
from dtf.execution.injector.inject import inject
from dtf.execution.injector.injection import Injection, Seen
from dtf.resilience.injection import Fault

#: How long all of it may take, in seconds.
_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One failure in one browser that was started for it.

    Attributes:
        injection: What was done and seen.
        recovery: How the browser was brought back.
        cleared: Whether nothing of it is left.
        after: What is still wrong after that; None: nothing.
    """

    injection: Injection
    recovery: Recovery
    cleared: bool
    after: Seen | None

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is not as it should be."""
        problems = (
            (self.injection.confirmed, "it was not confirmed"),
            (self.recovery.noticed is not None, "no job would notice it"),
            (self.recovery.action is not None, str(self.recovery.because)),
            (self.cleared, "it was not cleared"),
            (self.after is None, f"after clearing: {self.after.words if self.after else ''}"),
        )
        return tuple(words for is_well, words in problems if not is_well)

    def record(self) -> Mapping[str, object]:
        """All of it, in JSON's types."""
        recovery = self.recovery
        return {
            **self.injection.record(),
            "noticed": f"{recovery.noticed.kind}: {recovery.noticed.words}" if recovery.noticed else "",
            "did_not_help": [str(tried.action) for tried in recovery.tried if tried.seen],
            "recovered_by": str(recovery.action or ""),
            "recovery_s": round(sum(tried.seconds for tried in recovery.tried), 3),
            "because": str(recovery.because),
            "wrong": list(self.wrong),
        }


async def try_out(choice: BrowserChoice, fault: Fault, memory: Memory | None = None) -> Trial:
    """Start a browser, inject a failure, bring it back, take the failure back, and end the browser.

    Args:
        choice: Which browser.
        fault: The failure.
        memory: What chooses the actions, and is told what came of each; None: the cheapest go first.

    Raises:
        InjectorError: It could not be applied.
        TimeoutError: All of it took too long.
    """
    async with asyncio.timeout(_LIMIT_S), Workplace(choice) as place:
        injection = await inject(place.subject, fault.failure, fault.intensity)
        try:
            recovery = await recover(place, injection, memory=memory)
            await place.tidy()
        finally:
            cleared = await injection.clear()
        after = await place.probe.look(place.subject.page)
    return Trial(injection=injection, recovery=recovery, cleared=cleared, after=after)
