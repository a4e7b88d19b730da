import sys

from dtf.domain.outcome import Outcome
from tests.integration.guardian.laboratory import Laboratory


def test_a_command_runs_and_is_recorded(lab: Laboratory) -> None:
    """A claimed command runs, and its outcome, output and place are in the ledger."""
    guardian = lab.guardian()
    shard = lab.submit("sh", "-c", "echo out; echo err >&2; pwd")
    reply = lab.run(guardian, shard)
    assert (reply.claimed, reply.outcome, reply.attempts) == (True, Outcome.PASSED, 1)
    assert lab.shard(shard).outcome is Outcome.PASSED
    assert lab.log(shard).decode().splitlines() == ["out", "err", str(lab.work)]


def test_an_exit_status_is_a_failure(lab: Laboratory) -> None:
    """Exit status 3 is failed, and says so."""
    shard = lab.submit("sh", "-c", "exit 3")
    lab.run(lab.guardian(), shard)
    found = lab.shard(shard)
    assert (found.outcome, found.reason) == (Outcome.FAILED, "exit status 3")
    assert lab.attempts(shard)[0].exit_code == 3


def test_a_hint_for_a_finished_shard_is_dropped(lab: Laboratory) -> None:
    """What is not to be had is not run again."""
    guardian = lab.guardian()
    shard = lab.submit("true")
    assert lab.run(guardian, shard).claimed
    assert not lab.run(guardian, shard).claimed
    assert len(lab.attempts(shard)) == 1


def test_no_secret_reaches_the_test(lab: Laboratory) -> None:
    """Test code sees the worker's environment without dtf's settings, and who it is."""
    shard = lab.submit("env", environment={"OWN": "1"})
    lab.run(lab.guardian(), shard)
    found = dict(line.split("=", 1) for line in lab.log(shard).decode().splitlines() if "=" in line)
    assert "DTF_DATABASE_URL" not in found
    assert (found["KEPT"], found["OWN"], found["DTF_SHARD_ID"]) == ("yes", "1", shard)
    assert found["DTF_OWNER"].startswith("w1:")


def test_what_cannot_be_started_is_an_error(lab: Laboratory) -> None:
    """A program that is missing, not executable or no program at all is named; a missing directory too."""
    guardian = lab.guardian()
    (lab.work / "text").write_text("x")
    (lab.work / "junk").write_bytes(b"\x00\x01")
    (lab.work / "junk").chmod(0o755)
    for program, said in (("no-such", "not found on the PATH"), ("./text", "not an executable"), ("./junk", "Exec")):
        shard = lab.submit(program)
        lab.run(guardian, shard)
        found = lab.shard(shard)
        assert found.outcome is Outcome.ERROR
        assert said in found.reason
        assert program in found.reason


def test_the_time_limit_ends_a_command_that_ignores_term(lab: Laboratory) -> None:
    """A command over its limit is timed out, with SIGKILL where it does not hear SIGTERM."""
    code = (
        "import os,signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "open('pid','w').write(str(os.getpid())); time.sleep(600)"
    )
    shard = lab.python(code, timeout_s=1.0)
    lab.run(lab.guardian(), shard)
    found = lab.shard(shard)
    assert found.outcome is Outcome.TIMEOUT
    assert lab.attempts(shard)[0].signal == 9


def test_crashes_are_told_from_kills(lab: Laboratory) -> None:
    """SEGV is the program's own error; a SIGKILL that dtf did not send is the infrastructure's."""
    guardian = lab.guardian()
    crash = lab.python("import os; os.kill(os.getpid(), 11)")
    lab.run(guardian, crash)
    assert (lab.shard(crash).outcome, lab.shard(crash).reason) == (Outcome.ERROR, "it crashed with SIGSEGV")
    killed = lab.python("import os; os.kill(os.getpid(), 9)", max_retries=0)
    lab.run(guardian, killed)
    assert lab.shard(killed).outcome is Outcome.INFRA


def test_a_flood_of_output_is_cut_and_marked(lab: Laboratory) -> None:
    """100 MB of output, invalid UTF-8 included, do not grow the guardian, and the cut is marked in the log."""
    guardian = lab.guardian(log_cap=1_000_000)
    shard = lab.submit("sh", "-c", "head -c 100000000 /dev/urandom; exit 4")
    lab.run(guardian, shard)
    assert lab.shard(shard).reason == "exit status 4"
    log = lab.log(shard)
    assert 1_000_000 < len(log) < 1_001_000
    assert b"[dtf] the log ends here" in log[-100:]
    with open(f"/proc/{guardian.popen.pid}/status") as status:  # noqa: PTH123  # a file of the kernel's
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert peak < 200_000  # KB; an idle guardian has about 70,000


def test_artifacts_come_back(lab: Laboratory) -> None:
    """Files below DTF_ARTIFACTS_DIR and those that the patterns name are kept; what is too large is told in the log."""
    code = (
        "import os; d=os.environ['DTF_ARTIFACTS_DIR']; os.mkdir(d+'/sub'); open(d+'/sub/a','w').write('A');"
        "open('b.txt','w').write('B'); open('c.txt','w').write('C'*5000); os.mkfifo(d+'/fifo')"
    )
    shard = lab.submit(sys.executable, "-c", code, artifacts=("*.txt", "/etc/*"))
    lab.run(lab.guardian(artifact_cap=1000), shard)
    assert lab.shard(shard).outcome is Outcome.PASSED
    kept = {artifact.name: artifact for _, _, artifact in lab.ledger.views.artifacts(lab.run_id(shard))}
    assert set(kept) == {"sub/a", "b.txt"}
    lab.ledger.blobs.fetch(kept["b.txt"].digest, lab.place / "fetched")
    assert (lab.place / "fetched").read_text() == "B"
    log = lab.log(shard).decode()
    assert "'c.txt' (5000 bytes) is left out" in log
    assert "'fifo' is left out" in log
    assert "'/etc/*' leads out" in log


def test_nothing_is_left_on_disk(lab: Laboratory) -> None:
    """After an attempt its scratch directory is gone and the spool is empty."""
    lab.run(lab.guardian(), lab.submit("sh", "-c", "mkdir -p $DTF_ARTIFACTS_DIR/x; chmod 0 $DTF_ARTIFACTS_DIR/x"))
    assert list((lab.place / "root/scratch/w1").iterdir()) == []
    assert [path.name for path in (lab.place / "root/spool/w1").iterdir()] == ["lock"]
