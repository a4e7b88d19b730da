"""How much memory a process takes with all below it."""

import psutil


def tree_memory(pid: int) -> int:
    """The resident memory of a process and its descendants, in bytes; pages that they share count in each."""
    try:
        root = psutil.Process(pid)
        members = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return sum(map(_resident, members))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it ended meanwhile
        return 0
