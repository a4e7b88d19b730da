"""Connections that fail: for clients that use a proxy, to other machines, or all."""

import asyncio
import socket
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.error import URLError

from dtf.domain.failure import FailureType, Intensity
from dtf.execution.injector.injection import Seen
from dtf.execution.injector.look_server import served
from dtf.execution.injector.processes.effect import JobEffect
from dtf.execution.injector.processes.mechanisms.launching import LaunchedEffect
from dtf.processes.process_table import read_environment

_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
_NAMES: Final = (*_PROXIES, *(name.upper() for name in _PROXIES))
_WITHOUT: Final = ("no_proxy", "NO_PROXY")
_LOOK_S: Final = 5.0
_EVERY_S: Final = 0.02


class NoProxy(JobEffect):
    """The clients of the job that heed the variables of proxies are sent to one that refuses them."""

    _port: socket.socket | None = None

    @property
    def mechanism(self) -> str:
        """How it is done."""
        return "the variables of proxies name a port that refuses"

    def environment(self) -> Mapping[str, str]:
        """The variables; the port is kept, and nobody listens on it."""
        self._port = socket.socket()
        self._port.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{self._port.getsockname()[1]}"
        return {**dict.fromkeys(_NAMES, address), **dict.fromkeys(_WITHOUT, "")}

    async def look(self) -> Seen | None:
        """See what a client gets that uses what the kernel says the job's process was given."""
        process = self.subject.begun[-1]
        given = read_environment(process.pid, frozenset(_NAMES)).get("http_proxy", "")
        if not given:
            return None
        async with served() as address:
            without, through = (
                await asyncio.to_thread(_fetch, address, ""),
                await asyncio.to_thread(_fetch, address, given),
            )
        if without or not through:
            return None
        return Seen(kind=FailureType.CONNECTION_FAILURE, words=f"through {given}, as process {process.pid}: {through}")

    async def clear(self) -> str:
        """Let go of the port; the variables go with the processes that have them."""
        if self._port is not None:
            self._port.close()
        return "the port was let go of; the variables went with the processes"


class NetworkCut(LaunchedEffect):
    """The job's processes have a network of their own: without a way out (moderate), or without anything (severe)."""

    @property
    def mechanism(self) -> str:
        """How it is done."""
        inside = "the loopback only" if self._has_loopback else "nothing, not even a loopback"
        return f"a network namespace of its own with {inside}"

    @property
    def options(self) -> tuple[str, ...]:
        """How much of the network is left."""
        return ("--loopback" if self._has_loopback else "--cut",)

    async def look(self) -> Seen | None:
        """See which network the kernel says the process has, and what is in it."""
        process = self.subject.begun[-1]
        for _ in range(round(_LOOK_S / _EVERY_S)):
            if not process.alive:
                return None
            if told := await asyncio.to_thread(_network, process.pid, has_loopback=self._has_loopback):
                return Seen(kind=FailureType.CONNECTION_FAILURE, words=told)
            await asyncio.sleep(_EVERY_S)
        return None

    async def clear(self) -> str:
        """It goes with the processes that are in it: another process never gets there."""
        return "the namespace ends with the processes in it"

    @property
    def _has_loopback(self) -> bool:
        return self.spec.intensity is Intensity.MODERATE


def _network(pid: int, *, has_loopback: bool) -> str:
    """What network a process has where it is one of its own, as it should be; empty: it is not."""
    place = Path(f"/proc/{pid}")
    try:
        theirs, ours = (place / "ns/net").readlink(), Path("/proc/self/ns/net").readlink()
        lines = (place / "net/dev").read_text().splitlines()[2:]
        routes = (place / "net/fib_trie").read_text().strip()
    except OSError:  # it has ended
        return ""
    devices = [line.partition(":")[0].strip() for line in lines]
    if theirs == ours or devices != ["lo"] or bool(routes) != has_loopback:
        return ""
    inside = "its loopback only" if has_loopback else "a loopback that is down"
    return f"/proc: process {pid} has {theirs} in place of {ours}, with {inside}"


def _fetch(address: str, proxy: str) -> str:
    """Why a page does not come; empty: it does."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy} if proxy else {}))
    try:
        with opener.open(address, timeout=_LOOK_S):
            return ""
    except (URLError, OSError) as error:
        return str(getattr(error, "reason", error))
