"""What the death of a process that ran tests means."""

import signal
from dataclasses import dataclass

#: Signals that the code under test brings on itself.
OWN_FAULT = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGTRAP,
        signal.SIGSYS,
    }
)

#: So often a test runs again after its process was killed from outside.
RETRIES_AFTER_KILL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """How a process ended.

    Attributes:
        code: Its exit status; None when a signal ended it.
        signal: The signal; None otherwise.
        cpu_s: Its CPU time in seconds.
        max_rss_bytes: Its largest resident set.
    """

    code: int | None
    signal: int | None
    cpu_s: float = 0.0
    max_rss_bytes: int = 0

    @property
    def how(self) -> str:
        """The end in words: ``by SIGSEGV``, ``with status 3``."""
        if self.signal is None:
            return f"with status {self.code}"
        try:
            return f"by {signal.Signals(self.signal).name}"
        except ValueError:
            return f"by signal {self.signal}"

    @property
    def own_fault(self) -> bool:
        """Whether the code that ran brought it on itself: a crash, or an exit; not a kill from outside."""
        return self.signal is None or self.signal in OWN_FAULT


def charge(death: Death, kills: int) -> str | None:
    """What to say of the test that was running; None: nothing yet, it runs again.

    Args:
        death: How its process ended.
        kills: How often its process was killed from outside while it ran, this time included.
    """
    if death.own_fault:
        return f"the interpreter ended {death.how} while this test ran"
    if kills > RETRIES_AFTER_KILL:
        return f"the interpreter was ended {death.how} {kills} times while this test ran"
    return None
