"""The real effect of one failure on the processes of a job."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from dtf.domain.injection import InjectionSpec
from dtf.execution.injector.injection import Scope, Seen
from dtf.execution.injector.own_process import OwnProcess
from dtf.execution.injector.processes.subject import JobSubject


class JobEffect(ABC):
    """The real effect of one failure on the processes of a job; what is not overridden does nothing.

    What has to be there when a process begins is in its environment and in front of its arguments; the rest is done to
    it once it runs.

    Attributes:
        scope: What it sits in.
        stays_stopped: Whether a process that was stopped to be hit is not let go on after that.
    """

    scope = Scope.PROCESS
    stays_stopped = False

    def __init__(self, subject: JobSubject, spec: InjectionSpec) -> None:
        self.subject = subject
        self.spec = spec

    @property
    @abstractmethod
    def mechanism(self) -> str:
        """How it is done, in a few words."""

    @property
    def waits(self) -> bool:
        """Whether a process is stopped while it is hit and looked at, so that it does not get past that."""
        return True

    async def unavailable(self) -> str:
        """Why it cannot be done here; empty: it can."""
        return ""

    def environment(self) -> Mapping[str, str]:
        """Variables that the job's processes get; what they point to is made."""
        return {}

    def argv(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """What is started in place of a program."""
        return argv

    async def strike(self, process: OwnProcess) -> None:  # noqa: B027  # for some all is done before it begins
        """Do it to a process that begins to work for the job."""

    async def apply(self) -> None:
        """Do it to what works for the job now."""
        if self.subject.begun:
            await self.strike(self.subject.begun[-1])

    @abstractmethod
    async def look(self) -> Seen | None:
        """See whether it is in force, by what the kernel or a process beside the job tells; None: it is not."""

    async def clear(self) -> str:
        """Take it back, or see that it is gone with the processes; say how."""
        return _GONE if not self.subject.tree() else ""


_GONE = "it ended with the job's processes"
