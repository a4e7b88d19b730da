"""What identifies a warm session, and how its processes are started."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.injection import INJECTED_VARIABLE
from dtf.domain.work import PytestWork
from dtf.execution.executors.pytest_session.interpreter import Interpreter

LAUNCH = Path(__file__).parents[2] / "agent" / "launch.py"

#: Variables that differ from shard to shard or from slot to slot: a runner gets them, its parent does not.
_OF_SHARD = ("DTF_SHARD", "DTF_SLOT", "DTF_ARTIFACTS", "DTF_ATTEMPT")
#: Variables of dtf's that tell warm parents apart: one that was started for a device must never serve another, for
#: whatever its modules loaded has taken hold of that device.
_PINNED = frozenset({"DTF_HARDWARE", "DTF_DEVICES", INJECTED_VARIABLE})
#: What an outer pytest has set is not this suite's.
_OF_OUTER = ("PYTEST_XDIST_", "PYTEST_CURRENT_TEST")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite as one interpreter runs it in one directory.

    Attributes:
        job_id: The job; another job starts anew, because the source may have changed.
        work: What to run.
        interpreter: What runs it.
        workdir: Where it runs.
        environment: The environment of its warm parent.
        requirements: What the job asks of the hardware, to which its tests' marks add.
    """

    job_id: str
    work: PytestWork
    interpreter: Interpreter
    workdir: Path
    environment: Mapping[str, str]
    requirements: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Equal keys share a warm parent: slots of the CPU do, each GPU has its own."""
        stable = sorted((k, v) for k, v in self.environment.items() if k in _PINNED or not k.startswith("DTF_"))
        state = repr((self.job_id, self.work, self.interpreter.path, str(self.workdir), stable))
        return hashlib.sha256(state.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    @property
    def arguments(self) -> list[str]:
        """The arguments for pytest."""
        work = self.work
        keyword = ["-k", work.keyword] if work.keyword else []
        marker = ["-m", work.marker] if work.marker else []
        return [*work.args, *keyword, *marker, *work.paths]

    @property
    def testrun_uid(self) -> str:
        """The same on every worker that takes part."""
        return hashlib.sha256(self.job_id.encode()).hexdigest()[:32]


def runner_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that runs tests."""
    return {name: value for name, value in environment.items() if not name.startswith(_OF_OUTER)}


def parent_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a warm parent: without what belongs to one shard."""
    return {k: v for k, v in runner_environment(environment).items() if not k.startswith(_OF_SHARD)}
