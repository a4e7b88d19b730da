"""Starts the private message broker and finds it a port."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from dtf.domain.errors import ClusterError
from dtf.embedded.child import Child, ChildSpec
from dtf.embedded.log_files import LogFiles
from dtf.embedded.restart import RestartPolicy
from dtf.embedded.valkey import ValkeyAddress, free_port, valkey_argv, valkey_environment
from dtf.processes.reaper import Reaper

_LOG = logging.getLogger(__name__)

NAME = "valkey"
_PORTS_TO_TRY = 5
_READY_WITHIN_S = 10.0


async def start_broker(
    program: Path, directory: Path, environment: Mapping[str, str], *, reaper: Reaper, logs: LogFiles
) -> tuple[Child, ValkeyAddress]:
    """Start the broker on a free port and wait until it answers.

    Args:
        program: The server.
        directory: Its working directory.
        environment: Variables to choose from.
        reaper: Waits for it.
        logs: Where it writes.

    Returns:
        The running broker, not kept yet, and its address. Restarted, it comes back on the same port.

    Raises:
        ClusterError: It does not start; the message has its last words.
    """
    for _ in range(_PORTS_TO_TRY):
        address = ValkeyAddress(port=free_port())
        spec = ChildSpec(
            name=NAME,
            argv=valkey_argv(program),
            environment=valkey_environment(environment),
            directory=directory,
            stdin=address.configuration(),
        )
        # a port that is taken for a moment must not be given up soon: the workers know no other
        child = Child(spec=spec, reaper=reaper, logs=logs, policy=RestartPolicy(limit=20, longest_delay_s=1.0))
        child.start()
        if await _answers(child, address):
            return child, address
        _LOG.warning("broker-not-started port=%d", address.port)
        if "already in use" not in logs.tail(NAME):
            break
    raise ClusterError(f"the message broker does not start: {child.epitaph()}")


async def _answers(child: Child, address: ValkeyAddress) -> bool:
    """Wait for the first of: it answers, it ends, time is up."""
    ready = asyncio.ensure_future(address.wait_until_ready())
    ended = asyncio.ensure_future(child.wait())
    try:
        done, _ = await asyncio.wait({ready, ended}, timeout=_READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ready.cancel()
        ended.cancel()
    if ended in done:
        return False
    if ready not in done:
        child.kill()
        await child.wait()
        return False
    return True
