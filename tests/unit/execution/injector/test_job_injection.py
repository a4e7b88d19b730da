import asyncio
import subprocess
from pathlib import Path
from typing import Any, cast

from dtf.domain.injection import read_injection
from dtf.domain.work import CommandWork
from dtf.execution.injector.own_process import OwnProcess
from dtf.execution.injector.processes.job_injection import JobInjection
from dtf.execution.injector.processes.subject import JobSubject


def test_who_comes_after_the_one_that_hangs_goes_on(tmp_path: Path) -> None:
    """Only the first process that works for a job is stopped: a second one was held to be looked at, and is let go."""
    with (
        subprocess.Popen(["/bin/sleep", "60"]) as first,
        subprocess.Popen(["/bin/sleep", "60"]) as second,
    ):
        pids = (first.pid, second.pid)
        subject = JobSubject(
            work=CommandWork(argv=("sleep", "60")),
            hardware="cpu",
            devices=(),
            python="python3",
            scratch=tmp_path,
            environment={},
            spawner=cast("Any", None),
            slot=0,
            pids=lambda: pids,
        )
        injection = JobInjection(read_injection("timeout severe"), subject)

        async def begin() -> list[bool]:
            for pid in pids:
                await injection.begin(pid)
            return [OwnProcess.claim(pid).stopped for pid in pids]

        try:
            assert asyncio.run(begin()) == [True, False]
            assert asyncio.run(injection.leave())
            assert not OwnProcess.claim(first.pid).stopped
        finally:
            first.kill()
            second.kill()
