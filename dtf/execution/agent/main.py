"""What the agent's process does from its start to its end."""

from __future__ import annotations

import gc
import os
import sys
import traceback

from .channel import Channel, Message
from .process import adopt_orphans


def main(descriptor: int) -> int:
    """Serve one suite.

    Args:
        descriptor: The socket to the executor; its first message is the order.

    Returns:
        pytest's exit status.
    """
    channel = Channel(descriptor)
    order = channel.receive()
    if order is None:
        return 3
    adopt_orphans()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.argv = [os.path.join(os.path.dirname(sys.executable), "pytest"), *order["args"]]  # noqa: PTH118, PTH120
    return _serve(channel, order)


def _serve(channel: Channel, order: Message) -> int:
    try:
        import pytest  # noqa: PLC0415  # whether it is there is for the answer
    except ImportError as error:
        channel.send({"event": "no_pytest", "error": str(error), "executable": sys.executable})
        return 3
    from . import xdist_shim  # noqa: PLC0415  # these need pytest
    from .plugin import AgentPlugin  # noqa: PLC0415

    if not {"--version", "-V"}.isdisjoint(order["args"]):  # pytest answers before it asks any plugin
        channel.send({"event": "uncollected", "text": "ERROR: --version runs no test; use pytest itself for it"})
        return 4
    gc.disable()  # a collection makes few cycles and many objects; runners turn it on again
    plugin = AgentPlugin(channel, order)
    try:
        status = int(pytest.main(list(order["args"]), plugins=[plugin, xdist_shim.XdistShim()]))
    except BaseException:
        if plugin.runner is None:
            raise
        traceback.print_exc()  # a forked process must not come out of here
        status = 3
    if plugin.runner is not None:
        plugin.runner.leave(status)
    return status
