"""Which jobs fail together by their own fault."""

import hashlib
from typing import Final

from dtf.domain.specs import JobSpec
from dtf.domain.work import BenchmarkWork, BrowserWork, PytestWork

#: Longer names are shortened, and told apart by the beginning of a digest.
_LONGEST: Final = 120


def job_group(job: JobSpec) -> str:
    """The name of a job's group: the same for what is the same suite, program or model in another run.

    A commit that breaks a suite breaks it on every device; by the group a breaker tells that from a bad device. All
    modules of a suite are one group, as what breaks one of them often breaks the next.
    """
    work = job.work
    if isinstance(work, BenchmarkWork):
        name = f"{work.model} {work.runtime} {work.precision}"
    elif isinstance(work, BrowserWork):
        name = f"{work.check} {work.target} {work.provider}"
    else:
        name = f"{job.name} {' '.join(work.paths)}" if isinstance(work, PytestWork) else job.name
    return _short(f"{job.kind}:{' '.join(name.split())}")


def _short(name: str) -> str:
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
