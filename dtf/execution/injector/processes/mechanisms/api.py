"""A module or a program on which the job builds, broken."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dtf.domain.failure import FailureType, Intensity
from dtf.domain.injection import COMMAND, InjectionSpec
from dtf.execution.injector.injection import Seen
from dtf.execution.injector.processes.effect import JobEffect
from dtf.execution.injector.processes.mechanisms.shims import command_shim, module_shim
from dtf.execution.injector.processes.subject import JobSubject
from dtf.processes.process_table import read_environment

_LOOK_S: Final = 20.0


class PartBroken(JobEffect):
    """What the job imports or calls by its name is not what it was: a file ahead of it in the path stands for it.

    Mild: the first use fails, and what comes after it works. Moderate: a program fails each time, and a module's
    functions raise. Severe: it is as if it was not there.
    """

    def __init__(self, subject: JobSubject, spec: InjectionSpec) -> None:
        super().__init__(subject, spec)
        self._kind, _, self._name = spec.what.partition("=")
        self._directory = subject.scratch / "injected"
        self._variable = "PATH" if self._kind == COMMAND else "PYTHONPATH"

    @property
    def mechanism(self) -> str:
        """How it is done."""
        effect = {Intensity.MILD: "the first use fails", Intensity.MODERATE: "each call fails"}
        told = effect.get(self.spec.intensity, "it is not there")
        return f"a file ahead of {self._name} in {self._variable}: {told}"

    def environment(self) -> Mapping[str, str]:
        """The path with the file in front."""
        self._directory.mkdir(parents=True, exist_ok=True)
        before = self.subject.environment.get(self._variable, os.defpath if self._kind == COMMAND else "")
        if self._kind == COMMAND:
            real = shutil.which(self._name, path=before) or ""
            file = self._directory / self._name
            file.write_text(command_shim(self._name, real, self.spec.intensity, self._spent))
            file.chmod(0o755)
        else:
            shim = module_shim(self._name, self.spec.intensity, str(self._directory), self._spent)
            (self._directory / f"{self._name}.py").write_text(shim)
        return {self._variable: os.pathsep.join(filter(None, (str(self._directory), before)))}

    async def look(self) -> Seen | None:
        """See what a process gets that uses it with the path that the kernel says the job's process was given."""
        process = self.subject.begun[-1]
        given = read_environment(process.pid, frozenset((self._variable,))).get(self._variable, "")
        if not given.startswith(str(self._directory)):
            return None
        told = await self._use(given)
        if not told:
            return None
        return Seen(kind=FailureType.API_ERROR, words=f"{self._name}, as process {process.pid} finds it: {told}")

    async def clear(self) -> str:
        """Remove the file."""
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)
        return "" if self._directory.exists() else f"the file ahead of {self._name} was removed"

    @property
    def _spent(self) -> str:
        """A directory for the uses that failed; the first is that of the look, the second that of the job."""
        return str(self._directory / "spent")

    async def _use(self, given: str) -> str:
        """How using it fails; empty: it works."""
        if self._kind == COMMAND:
            program = shutil.which(self._name, path=given)
            if program is None or Path(program).parent != self._directory:
                return ""
            argv: tuple[str, ...] = (program,)
        else:
            argv = (self.subject.python, "-c", _CHECK.format(name=self._name))
        ran = await self.subject.run(argv, {**self.subject.environment, self._variable: given}, within_s=_LOOK_S)
        return (ran.last or f"exit status {ran.status}") if ran.status else ""


#: Imports a module, and calls one of its functions where it has one that is broken.
_CHECK: Final = (
    "import {name} as module\n"
    "broken = [f for f in vars(module).values() if getattr(f, '__name__', '') == 'injected_failure']\n"
    "broken and broken[0]()\n"
)
