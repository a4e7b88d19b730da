import contextlib
import json
import stat
import time
from pathlib import Path

import pytest
import redis

from dtf.domain.errors import ClusterError
from dtf.embedded.client import join, peek
from tests.integration.embedded.conftest import Place, eventually, is_gone
from tests.integration.embedded.standin import join_config


def test_the_first_command_starts_a_usable_cluster_and_the_last_ends_it(place: Place) -> None:
    """After join the broker answers, the ledger is prepared, workers are started; after leave nothing is left."""
    with place.join(workers="2") as membership:
        broker = redis.Redis.from_url(membership.broker_url)
        assert broker.ping()
        assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        broker.close()
        assert place.fact("prepared").exists()
        names = [process["name"] for process in membership.status()["processes"]]
        assert names == ["valkey", "coordinator", "cpu-1", "cpu-2"]
        for name in ("coordinator", "cpu-1-guardian", "cpu-2-guardian"):
            eventually(place.fact(name).exists)
        supervisor = membership.supervisor_pid

    assert is_gone(supervisor)
    assert place.processes() == []
    assert place.fact("cpu-1-cleaned").exists()
    assert place.fact("lease-released").exists()
    assert not (place.state / "cluster.json").exists()


def test_the_broker_keeps_other_users_out_and_tells_nobody_its_password(place: Place) -> None:
    """Without the password nothing is answered; it is in no command line and no log."""
    with place.join() as membership:
        address = peek(place.state)
        assert address is not None
        password = address.broker_url.split(":")[2].split("@")[0]
        stranger = redis.Redis.from_url(address.broker_url.replace(password, "guess"))
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
        stranger.close()
        for pid in [membership.supervisor_pid, *place.processes()]:
            assert password.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        assert stat.S_IMODE((place.state / "cluster.json").stat().st_mode) == 0o600
        assert stat.S_IMODE(Path(address.control).stat().st_mode) == 0o600
    for log in (place.state / "log").iterdir():
        assert password not in log.read_text()


def test_two_commands_at_the_same_instant_share_one_cluster(place: Place) -> None:
    """Five commands start at once, and each of them starts a supervisor: one lives."""
    commands = [place.arrive(process) for process in [place.begin() for _ in range(5)]]

    assert len({(command.supervisor, command.broker) for command in commands}) == 1
    assert [command.end() for command in commands] == [0] * 5
    assert place.is_deserted()


def test_the_cluster_outlives_the_command_that_started_it(place: Place) -> None:
    """The first command leaves, or dies with its whole session; the second goes on."""
    first = place.command()
    second = place.command()

    first.kill()

    time.sleep(0.3)
    assert not is_gone(second.supervisor)
    with place.join() as membership:
        assert len(membership.status()["users"]) == 2
    assert second.end() == 0


def test_workers_follow_the_users(place: Place) -> None:
    """More for who needs more, fewer when it has gone."""

    def names() -> list[str]:
        running = [process for process in one.status()["processes"] if process["state"] == "running"]
        return [process["name"] for process in running if process["name"] not in ("valkey", "coordinator")]

    with place.join(workers="1") as one:
        with place.join(workers="3"):
            assert names() == ["cpu-1", "cpu-2", "cpu-3"]
            one.ensure_workers(1, "cuda")
            assert names() == ["cpu-1", "cpu-2", "cpu-3", "gpu-1"]
            for name in ("cpu-2", "cpu-3"):  # a worker that has not begun cannot be drained gently
                eventually(place.fact(name).exists)
        eventually(lambda: names() == ["cpu-1", "gpu-1"])
        eventually(place.fact("cpu-3-cleaned").exists)


@pytest.mark.parametrize("name", ["a directory with spaces", "ünïcødé-測試", "quo'te\"$HOME;%s?#", "deep"])
def test_any_state_directory_will_do(place: Place, name: str) -> None:
    """Spaces, other scripts, signs that mean something elsewhere, and far more than a socket's 108 bytes."""
    place.state = place.state.joinpath(*["very-long-name" * 10] * 5) if name == "deep" else place.state / name

    with place.join() as membership:
        assert membership.broker_url
        address = peek(place.state)
        assert address is not None
        assert address.pid == membership.supervisor_pid


def test_two_state_directories_are_two_clusters(place: Place, tmp_path: Path) -> None:
    """Nothing is shared between them."""
    with place.join() as one, join(join_config(tmp_path / "other", place.facts)) as other:
        assert one.supervisor_pid != other.supervisor_pid
        assert one.broker_url != other.broker_url


def test_a_command_of_another_version_is_turned_away(place: Place) -> None:
    """The message names both versions and the way out; the cluster lives on."""
    with place.join() as membership:
        with pytest.raises(ClusterError, match=r"runs dtf 1, this command is dtf 2.*DTF_STATE_DIR"):
            place.join(user_version="2")
        assert membership.status()["users"]


def test_who_only_joins_starts_nothing(place: Place) -> None:
    """Without a cluster, peek finds none and a join that may not start one says so; no directory appears."""
    import dataclasses

    assert peek(place.state) is None
    with pytest.raises(ClusterError, match=r"no cluster runs for .*; dtf up starts one"):
        join(dataclasses.replace(place.config(), start=False))
    assert not place.state.exists()


def test_a_profile_makes_a_worker_with_its_environment(place: Place) -> None:
    """Profiles travel over the control socket; the variables are the worker's own."""
    import dataclasses

    from dtf.execution.profile import WorkerProfile

    profile = WorkerProfile(name="big", queue="cpu", concurrency=2, environment={"FLAVOUR": "vanilla"})
    with join(dataclasses.replace(place.config(workers="2"), profiles=(profile,))) as membership:
        workers = {process["name"]: process["pid"] for process in membership.status()["processes"]}
        assert set(workers) == {"valkey", "coordinator", "big-1"}
        eventually(place.fact("big-1").exists)
        assert b"FLAVOUR=vanilla" in Path(f"/proc/{workers['big-1']}/environ").read_bytes().split(b"\0")


def test_the_last_leave_and_the_next_join_may_come_together(place: Place) -> None:
    """Eight times, a command joins while the last one leaves: it is always in a living cluster."""
    leaving = place.command()
    for _ in range(8):
        process = place.begin()
        assert leaving.process.stdin is not None
        leaving.process.stdin.close()
        leaving = place.arrive(process)
        with place.join(workers="0") as check, contextlib.closing(redis.Redis.from_url(check.broker_url)) as broker:
            assert broker.ping()
    assert leaving.end() == 0
    assert place.is_deserted()


def test_lock_and_address_name_the_same_socket(place: Place) -> None:
    """A command finds the supervisor by the lock file before the cluster is usable, and later."""
    with place.join():
        address = json.loads((place.state / "cluster.json").read_text())
        assert (place.state / "cluster.lock").read_text() == address["control"]
