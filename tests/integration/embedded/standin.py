"""Real small programs in the places of the real commands: python -m tests.integration.embedded.standin ROLE ..."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from dtf.embedded.client import JoinConfig, join
from dtf.embedded.supervisor import Supervisor, SupervisorConfig, WorkerPlan


def supervisor(state_dir: Path, options: dict[str, str]) -> int:
    """A supervisor composed as bootstrap composes it, of stand-ins."""
    me = (sys.executable, "-m", "tests.integration.embedded.standin")
    facts = Path(options["facts"])

    def prepare() -> None:
        if options.get("prepare") == "fails":
            raise RuntimeError("the disk is made of cheese")
        with (facts / "prepared").open("a") as file:
            file.write(f"{os.getpid()}\n")

    def cancel_run(run_id: str, reason: str) -> None:
        (facts / f"cancelled-{run_id}").write_text(reason)

    def worker_command(plan: WorkerPlan) -> tuple[str, ...]:
        return (*me, "worker", str(facts), plan.name, options.get("worker", ""))

    config = SupervisorConfig(
        state_dir=state_dir,
        database_url=f"sqlite:///{state_dir}/ledger.db",
        coordinator_command=(*me, "coordinator", str(facts)),
        worker_command=worker_command,
        cancel_run=cancel_run,
        prepare=prepare,
        environment=dict(os.environ),
        valkey=Path(options["valkey"]) if "valkey" in options else None,
        idle_s=float(options.get("idle_s", "10")),
        teardown_s=float(options.get("teardown_s", "5")),
        version=options.get("version", "1"),
    )
    return Supervisor(config).run()


def coordinator(facts: Path) -> int:
    """Waits for SIGTERM and writes down that it gave its lease back."""

    def end(_number: int, _frame: FrameType | None) -> None:
        (facts / "lease-released").write_text(str(os.getpid()))
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    (facts / "coordinator").write_text(str(os.getpid()))
    while True:
        signal.pause()


def worker(facts: Path, name: str, manner: str) -> int:
    """Starts a guardian beside itself; ends at SIGTERM; may be made to crash at once or to be stubborn."""
    if manner == "crashes":
        sys.stderr.write("no numpy, no cry\n")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if os.fork() == 0:
        return guardian(facts, name, os.getppid(), manner)
    (facts / name).write_text(str(os.getpid()))
    while True:
        signal.pause()


def guardian(facts: Path, name: str, worker_pid: int, manner: str) -> int:
    """Outlives its worker to clean up, as the real one does; a stubborn one never ends."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    (facts / f"{name}-guardian").write_text(str(os.getpid()))
    while manner == "stubborn" or os.getppid() == worker_pid:
        time.sleep(0.05)
    (facts / f"{name}-cleaned").write_text("")
    return 0


def user(state_dir: Path, facts: Path, options: dict[str, str]) -> int:
    """A command: joins, says so, attaches a run if told, and waits for its standard input to close."""
    with join(join_config(state_dir, facts, options)) as membership:
        if "run" in options:
            membership.attach(options["run"])
        sys.stdout.write(json.dumps({"broker": membership.broker_url, "pid": membership.supervisor_pid}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


def join_config(state_dir: Path, facts: Path, options: dict[str, str] | None = None) -> JoinConfig:
    """How to join a cluster of stand-ins."""
    given = {"facts": str(facts), **(options or {})}
    command = (sys.executable, "-m", "tests.integration.embedded.standin", "supervisor", str(state_dir))
    root = str(Path(__file__).resolve().parents[3])
    return JoinConfig(
        state_dir=state_dir,
        supervisor_command=(*command, json.dumps(given)),
        environment={**os.environ, "PYTHONPATH": root},
        workers=int(given.get("workers", "1")),
        timeout_s=float(given.get("timeout_s", "20")),
        version=given.get("user_version", "1"),
    )


def main(argv: list[str]) -> int:
    """Play the role that the arguments name."""
    role, *rest = argv
    if role == "supervisor":
        return supervisor(Path(rest[0]), json.loads(rest[1]))
    if role == "coordinator":
        return coordinator(Path(rest[0]))
    if role == "worker":
        return worker(Path(rest[0]), rest[1], rest[2])
    return user(Path(rest[0]), Path(rest[1]), json.loads(rest[2]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
