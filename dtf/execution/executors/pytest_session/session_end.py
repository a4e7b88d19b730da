"""How a session of pytest ended, and whether that is an error of its own."""

from dataclasses import dataclass

from dtf.execution.executors.pytest_session.death import Death

#: pytest's exit statuses that its tests account for: all passed, some failed, none ran.
_OF_TESTS = (0, 1, 5)

#: pytest's status for an internal error; the agent's, where a hook raised at the session's end.
_INTERNAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnd:
    """The end of a process whose session was told to end.

    Attributes:
        death: How the process ended.
        grace_s: After how many seconds it was killed because it had not ended; None: it ended by itself.
    """

    death: Death
    grace_s: float | None = None

    @property
    def complaint(self) -> str:
        """What is wrong with it; empty when nothing is, or nothing that the suite has done."""
        if self.grace_s is not None:
            return f"the session did not end within {self.grace_s:g} s after its last test"
        if self.death.signal is not None:
            return f"the interpreter ended {self.death.how} while the session ended" if self.death.own_fault else ""
        if self.death.code in _OF_TESTS:
            return ""
        whose = "an error at its end, see the log" if self.death.code == _INTERNAL else "set by its own hooks"
        return f"the session ended with status {self.death.code} ({whose})"
