import subprocess
import sys

from dtf.embedded.processes import holders_of


def test_token_holders_are_found() -> None:
    """A process is found by the token in its environment, not by a longer or shorter one."""
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; print('ready', flush=True); sys.stdin.read()"],
        env={"DTF_CLUSTER_TOKEN": "abc"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        child.stdout.readline()

        assert holders_of("abc") == [child.pid]
        assert holders_of("ab") == []

        assert child.stdin is not None
        child.stdin.close()
