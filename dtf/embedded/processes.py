"""Which processes belong to a state directory."""

import os
import signal

from dtf.processes.process_table import read_environment, read_table

#: In the environment of everything that a supervisor starts: which state directory it belongs to.
TOKEN_VARIABLE = "DTF_CLUSTER_TOKEN"  # noqa: S105  # a name, and it names a directory, not a secret


def holders_of(token: str) -> list[int]:
    """The processes of this user that carry the token in their environment, without this one."""
    names = frozenset((TOKEN_VARIABLE,))
    others = (pid for pid in read_table() if pid != os.getpid())
    return [pid for pid in others if read_environment(pid, names).get(TOKEN_VARIABLE) == token]


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
