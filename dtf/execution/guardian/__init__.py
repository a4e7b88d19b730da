"""The process beside a worker that claims, executes, renews and records; see ``docs/how-it-works.md``."""

from dtf.execution.guardian.config import GuardianConfig
from dtf.execution.guardian.main import run_guardian

__all__ = ["GuardianConfig", "run_guardian"]
