"""One browser of the benchmark: a slot of its own, kept warm, and replaced after each failure of the infrastructure."""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from dtf.benchmarks.browsers.cpu_meter import CpuMeter
from dtf.domain.breaker import Sign
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import Spawner
from dtf.execution.browser_host.adapter import Adapter, read_adapter
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.executors.browser_pool.profile_directory import ProfileDirectory
from dtf.execution.host.lost import HostDiedError, HostLostError
from dtf.execution.host.messages import Order, Report
from dtf.execution.host.process import HostProcess

_HOST = (sys.executable, "-P", "-m", "dtf.benchmarks.browsers.host")
#: How long a browser may take to come up, in seconds.
_OPEN_S = 30.0
#: How long the injector may take beside a work's own limit, in seconds.
_INJECTOR_S = 25.0
#: What an answer may take beside that, in seconds.
_SPARE_S = 2.0
_VERDICTS = (Outcome.PASSED, Outcome.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of one thing that a browser was to do.

    Attributes:
        sign: What it says about the browser.
        outcome: The verdict; INFRA where there is none.
        reason: Why, for people; empty when passed.
        confirmed: Whether the fault that was asked for was seen; True where none was asked for.
        seconds: How long the slot was busy, a browser's start and end included, the injector's part left out.
        cpu_s: The processor time of all its processes meanwhile, the injector's part left out.
        injector_s: The injector's part.
        started: Whether a browser had to be started for it.
    """

    sign: Sign
    outcome: Outcome
    reason: str
    confirmed: bool
    seconds: float
    cpu_s: float
    injector_s: float
    started: bool


class Station:
    """One browser of the benchmark, in a slot of its own.

    As in a worker, it is started when it is needed, kept over many jobs, and ended after a failure of the
    infrastructure: the next one finds a new browser.

    Attributes:
        choice: Which browser.
        version: Its version and the adapter that it gives, once it was started.

    Args:
        slot: The slot's number.
        choice: Which browser.
        spawner: Starts its host process.
        environment: The host's whole environment.
    """

    def __init__(self, slot: int, choice: BrowserChoice, spawner: Spawner, environment: Mapping[str, str]) -> None:
        self.choice = choice
        self.version = ""
        self._slot = slot
        self._spawner = spawner
        self._environment = environment
        self._host: HostProcess | None = None
        self._directory: ProfileDirectory | None = None
        self._meter: CpuMeter | None = None
        self._used_s = 0.0

    @property
    def name(self) -> str:
        """The browser's name."""
        return self.choice.browser

    async def do(self, work: str, *, seed: int, limit_s: float, fault: str = "") -> Done:
        """Have something done in the browser; whatever it does, it is bounded.

        Args:
            work: What.
            seed: Decides its numbers.
            limit_s: How long it may take, in seconds.
            fault: The fault that it meets, as type and intensity; empty: none.
        """
        began, used_s, started = time.monotonic(), await self.measure(), self._host is None
        try:
            report = await self._asked(work, seed, limit_s, fault)
        except HostDiedError as error:
            report = Report(number=0, outcome=Outcome.INFRA, reason=f"{error}: the host crashed", healthy=False)
        except HostLostError as error:
            report = Report(number=0, outcome=Outcome.INFRA, reason=str(error), healthy=False)
        data = report.data
        injector_s = float(str(data.get("injector_s", 0.0)))
        if report.outcome not in _VERDICTS or not report.healthy:
            await self.end()
        cpu_s = await self.measure() - used_s - float(str(data.get("injector_cpu_s", 0.0)))
        return Done(
            sign=_sign(report),
            outcome=report.outcome if report.outcome in _VERDICTS else Outcome.INFRA,
            reason=report.reason[:300],
            # a driver or browser that is gone with the answer shows the fault by itself
            confirmed=bool(data.get("confirmed", True)),
            seconds=max(time.monotonic() - began - injector_s, 0.0),
            cpu_s=max(cpu_s, 0.0),
            injector_s=injector_s,
            started=started,
        )

    async def measure(self) -> float:
        """The processor time of this station's processes until now, in seconds."""
        meter = self._meter
        return self._used_s + (await asyncio.to_thread(meter.read) if meter else 0.0)

    async def end(self) -> None:
        """End the browser with all its processes."""
        host, directory, meter = self._host, self._directory, self._meter
        if host is not None:
            if meter is not None:
                self._used_s += await asyncio.to_thread(meter.read)
                self._meter = None
            self._host = self._directory = None
            await host.kill()
        if directory is not None:
            await asyncio.to_thread(directory.remove)

    async def _asked(self, work: str, seed: int, limit_s: float, fault: str) -> Report:
        host = self._host
        if host is None or not host.alive:
            await self.end()
            host = await self._started()
            opening = Order(number=0, do="open", arguments=asdict(self.choice), time_limit_s=_OPEN_S)
            opened = await host.ask(opening)
            if opened.outcome is not Outcome.PASSED:
                return opened
            self.version = _version(opened)
        arguments = {"seed": seed, "limit_s": limit_s, "fault": fault, "browser": self.name, "hardware": "webgpu"}
        whole_s = limit_s + _SPARE_S + (_INJECTOR_S if fault else 0.0)
        # dtf's own host ends a check at nine tenths of its limit
        return await host.ask(Order(number=0, do=work, arguments=arguments, time_limit_s=whole_s * 1.15))

    async def _started(self) -> HostProcess:
        directory = self._directory = await asyncio.to_thread(ProfileDirectory)
        environment = {**self._environment, "TMPDIR": str(directory.path)}
        self._host = await HostProcess.start(
            _HOST, cwd=directory.path, environment=environment, spawner=self._spawner, slot=self._slot
        )
        self._meter = CpuMeter(self._host.pid)
        return self._host


def _version(opened: Report) -> str:
    """The version and the adapter of a browser that was opened."""
    adapter = opened.data.get("adapter")
    told = read_adapter(adapter) if isinstance(adapter, Mapping) else Adapter(available=False)
    software = " (software)" if told.software else ""
    return f"{opened.data.get('version', '')} on {told.title}{software}"


def _sign(report: Report) -> Sign:
    """What a report says about the browser: the works are known to end, so one that does not is no fault of theirs."""
    if report.outcome in _VERDICTS:
        return Sign.WORKED
    return Sign.CRASH if report.reason.endswith("crashed") else Sign.INFRA
