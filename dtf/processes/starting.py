"""Starting programs in a thread of a process that forks in another."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Held while a program starts and while this process forks. The thread that forks may be the one that starts.
_one_of_both = threading.RLock()
os.register_at_fork(
    before=_one_of_both.acquire, after_in_parent=_one_of_both.release, after_in_child=_one_of_both.release
)


@contextmanager
def no_fork_meanwhile() -> Iterator[None]:
    """Hold back this process's forks for the milliseconds in which ``subprocess.Popen`` starts a program.

    Popen waits until the program has closed its end of a pipe. A child forked just then, as Celery's pool forks them,
    would inherit that end and keep it for as long as it lives, and Popen would wait as long.
    """
    with _one_of_both:
        yield
