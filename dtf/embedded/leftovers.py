"""What a supervisor that was killed has left behind."""

import asyncio
import logging
import signal

from dtf.embedded.processes import holders_of, send
from dtf.processes.process_table import is_alive, read_entry

_LOG = logging.getLogger(__name__)

_GRACE_S = 5.0
_INTERVAL_S = 0.1


async def sweep(token: str) -> None:
    """End the processes of a dead predecessor.

    Most die with it. Guardians live on for a moment to end what they watch over and to give their claims back, so they
    get the time for that before they are killed.

    Args:
        token: What the predecessor's processes carry in their environment. Call before own ones are started.
    """
    left = {entry.identity for pid in holders_of(token) if (entry := read_entry(pid)) is not None}
    deadline = asyncio.get_running_loop().time() + _GRACE_S
    while left and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_INTERVAL_S)
        left = set(filter(is_alive, left))
    for identity in left:
        _LOG.warning("leftover-killed pid=%d", identity.pid)
        send(identity.pid, signal.SIGKILL)
