import os
import signal
import subprocess
import sys

import pytest

from dtf.execution.injector.injection import InjectorError
from dtf.execution.injector.own_process import OwnProcess, below

_WAITS = "import sys; print('up', flush=True); sys.stdin.read()"


def test_what_is_not_ours_is_left_alone() -> None:
    """Neither this process, nor its parent, nor the first one of the machine can be claimed."""
    for pid in (os.getpid(), os.getppid(), 1):
        with pytest.raises(InjectorError, match="left alone"):
            OwnProcess.claim(pid)


def test_a_child_is_stopped_and_killed() -> None:
    """A child can be claimed, stopped and killed, as /proc tells; a signal after its end reaches nobody."""
    with subprocess.Popen([sys.executable, "-c", _WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        own = OwnProcess.claim(child.pid)
        assert own.alive
        assert not own.stopped
        assert own.send(signal.SIGSTOP)
        assert os.waitpid(child.pid, os.WUNTRACED)[1] != 0
        assert own.stopped
        before = own.limit_data(own.data_bytes + 2**30)
        assert own.limit_data(before) == own.data_bytes + 2**30
        assert own.send(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not own.alive
        assert not own.send(signal.SIGCONT)
        assert below(own) == ()
        child.wait()
    assert not own.send(signal.SIGCONT)
