"""Injects failures into suites and programs: into the processes that a guardian started for one slot."""

from dtf.execution.injector.processes.job_injection import JobInjection
from dtf.execution.injector.processes.subject import JobSubject

__all__ = ["JobInjection", "JobSubject"]
