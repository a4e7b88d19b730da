import contextlib
import os
import shutil
import signal
import socket
from functools import partial
from pathlib import Path

import pytest
import redis

from dtf.domain.errors import ClusterError
from dtf.embedded.client import peek
from tests.integration.embedded.conftest import Place, eventually, is_gone


def pid_in(path: Path) -> int:
    """The pid that a stand-in wrote down, when it has."""
    return int(eventually(lambda: path.exists() and path.read_text()))


def answers(url: str) -> bool:
    """Whether the broker answers."""
    with contextlib.closing(redis.Redis.from_url(url)) as client, contextlib.suppress(redis.RedisError):
        return bool(client.ping())
    return False


def test_a_killed_command_ends_its_cluster_and_its_run(place: Place) -> None:
    """Kill -9 of the only command: its attached run is cancelled, and nothing is left."""
    command = place.command(run="r1")

    command.kill()

    eventually(place.is_deserted)
    assert eventually(lambda: place.fact("cancelled-r1").exists())
    assert place.fact("cancelled-r1").read_text() == "its command ended"


def test_a_killed_command_among_others_loses_only_its_own_run(place: Place) -> None:
    """The others' runs go on, and a command that leaves politely has nothing cancelled."""
    polite, killed, stays = (place.command(run=run) for run in ("rpolite", "rkilled", "rstays"))

    assert polite.end() == 0
    killed.kill()

    eventually(place.fact("cancelled-rkilled").exists)
    assert not is_gone(stays.supervisor)
    assert stays.end() == 0
    assert not place.fact("cancelled-rpolite").exists()
    assert not place.fact("cancelled-rstays").exists()


def test_a_killed_supervisor_takes_everything_along_and_the_next_command_starts_anew(place: Place) -> None:
    """Broker, coordinator and workers die with it, guardians clean up by themselves, users are told."""
    with place.join(workers="2") as membership:
        eventually(place.fact("cpu-2-guardian").exists)
        os.kill(membership.supervisor_pid, signal.SIGKILL)
        eventually(lambda: not place.processes())
        assert place.fact("cpu-2-cleaned").exists()
        assert "supervisor is gone" in membership.trouble()
        with pytest.raises(ClusterError, match="gone"):
            membership.status()

    with place.join() as again:
        assert again.supervisor_pid != membership.supervisor_pid
        assert answers(again.broker_url)


def test_leftovers_of_a_killed_supervisor_are_swept(place: Place) -> None:
    """A guardian that does not end by itself is killed by the next supervisor."""
    with place.join(worker="stubborn") as membership:
        guardian = pid_in(place.fact("cpu-1-guardian"))
        os.kill(membership.supervisor_pid, signal.SIGKILL)
        eventually(lambda: is_gone(membership.supervisor_pid))
        assert not is_gone(guardian)

    with place.join():
        eventually(lambda: is_gone(guardian))


def test_a_stubborn_guardian_is_killed_at_the_end(place: Place) -> None:
    """Whatever does not end within its time is killed and waited for before the last command returns."""
    with place.join(worker="stubborn", teardown_s="0.5"):
        guardian = pid_in(place.fact("cpu-1-guardian"))

    assert is_gone(guardian)
    assert place.processes() == []


def test_a_killed_broker_is_back_on_its_port(place: Place) -> None:
    """Three times in a row, empty, with the same password."""
    with place.join() as membership:
        for _ in range(3):
            broker = next(p for p in membership.status()["processes"] if p["name"] == "valkey")
            with contextlib.closing(redis.Redis.from_url(membership.broker_url)) as client:
                client.set("k", "v")
            os.kill(broker["pid"], signal.SIGKILL)
            eventually(partial(is_gone, broker["pid"]))
            eventually(lambda: answers(membership.broker_url))
            with contextlib.closing(redis.Redis.from_url(membership.broker_url)) as client:
                assert client.get("k") is None


def test_killed_workers_and_coordinators_are_started_again(place: Place) -> None:
    """At once, under the same name; the old worker's guardian is adopted and waited for."""
    with place.join() as membership:
        old = {p["name"]: p["pid"] for p in membership.status()["processes"]}
        eventually(place.fact("cpu-1-guardian").exists)
        for name in ("coordinator", "cpu-1"):
            os.kill(old[name], signal.SIGKILL)

        def restarted() -> bool:
            now = {p["name"]: (p["pid"], p["state"]) for p in membership.status()["processes"]}
            return all(now[name][0] != old[name] and now[name][1] == "running" for name in ("coordinator", "cpu-1"))

        eventually(restarted)
        eventually(place.fact("cpu-1-cleaned").exists)
        assert membership.trouble() == ""


def test_a_worker_that_cannot_stay_up_is_given_up_and_its_users_are_told(place: Place) -> None:
    """The message has the worker's last words, and the supervisor stops trying."""
    with place.join(worker="crashes") as membership:
        trouble = eventually(membership.trouble)

        assert "cpu-1 ended with status 1" in trouble
        assert "no numpy, no cry" in trouble
        worker = next(p for p in membership.status()["processes"] if p["name"] == "cpu-1")
        assert worker["state"] == "given_up"
        assert worker["restarts"] == 4


def test_a_stopped_command_holds_nobody_up(place: Place) -> None:
    """SIGSTOP of one command: others join and leave, and its end ends the cluster."""
    stopped = place.command()
    stopped.process.send_signal(signal.SIGSTOP)

    with place.join() as membership:
        assert len(membership.status()["users"]) == 2

    stopped.kill()
    eventually(place.is_deserted)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n",
        b"\0\xff\xfe\n",
        b"{}\n",
        b"[]\n",
        b'{"op": "leave"}\n',
        b'{"op": ["join"]}\n',
        b'{"op": "attach", "run_id": "../x"}\n',
        b'{"op": "join", "version": "1", "workers": -1}\n',
        b'{"op": "join", "version": "1", "workers": 1e999}\n',
        b'{"op": "join", "version": "1", "workers": 100000}\n',
        b'{"op": "join", "version": "1", "tag": {}}\n',
        b'{"op": "join", "version": "1", "profiles": [{"name": 1}]}\n',
        b'{"op": "join", "version": "1", "profiles": {}}\n',
        b"[" * 100000 + b"\n",
        b"x" * 3_000_000,
        b"",
    ],
)
def test_garbage_on_the_control_socket_harms_nobody(place: Place, garbage: bytes) -> None:
    """It gets an error or is cut off; the cluster goes on and has one user."""
    with place.join() as membership:
        address = peek(place.state)
        assert address is not None
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(ConnectionError):
            connection.connect(address.control)
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            reply = connection.recv(65536)
            assert not reply or b'"ok": false' in reply

        assert len(membership.status()["users"]) == 1


def test_a_removed_state_directory_ends_its_cluster(place: Place) -> None:
    """What nobody can find any more does not run on."""
    command = place.command()
    address = peek(place.state)
    assert address is not None

    shutil.rmtree(place.state)

    eventually(lambda: is_gone(command.supervisor))
    assert not Path(address.control).exists()


def test_a_terminated_supervisor_ends_everything(place: Place) -> None:
    """SIGTERM is the polite way; the users find the cluster gone."""
    with place.join() as membership:
        os.kill(membership.supervisor_pid, signal.SIGTERM)
        eventually(place.is_deserted)
        assert eventually(membership.trouble) == "the cluster's supervisor is gone"


def test_a_supervisor_without_users_ends_by_itself(place: Place) -> None:
    """The command that started it may have died before it could join."""
    import subprocess

    config = place.config(idle_s="0.5")
    process = subprocess.Popen(config.supervisor_command, env=config.environment)

    eventually(lambda: peek(place.state))
    assert process.wait(60) == 0


def test_a_frozen_supervisor_is_told_from_a_missing_one(place: Place) -> None:
    """Nobody waits for ever, and no second supervisor is started."""
    with place.join() as membership:
        os.kill(membership.supervisor_pid, signal.SIGSTOP)
        try:
            with pytest.raises(ClusterError, match=r"not usable in 0.5 s"):
                place.join(timeout_s="0.5")
        finally:
            os.kill(membership.supervisor_pid, signal.SIGCONT)


def test_a_ledger_that_cannot_be_prepared_is_a_clear_error(place: Place) -> None:
    """The reason reaches the command, and nothing stays."""
    with pytest.raises(ClusterError, match="the ledger cannot be prepared: the disk is made of cheese"):
        place.join(prepare="fails")


def test_a_broker_that_does_not_start_is_a_clear_error(place: Place, tmp_path: Path) -> None:
    """The reason has the program's last words."""
    broken = tmp_path / "valkey"
    broken.write_text("#!/bin/sh\necho I would rather not >&2\nexit 7\n")
    broken.chmod(0o755)

    with pytest.raises(ClusterError, match=r"(?s)broker does not start: .* status 7.*I would rather not"):
        place.join(valkey=str(broken))
    with pytest.raises(ClusterError, match=r"valkey cannot be started: .*No such file"):
        place.join(valkey=str(tmp_path / "missing"))


def test_a_supervisor_that_cannot_run_is_a_clear_error(place: Place) -> None:
    """A missing program, and one that ends with an error: its last words are told."""
    import dataclasses
    import sys

    from dtf.embedded.client import join

    config = place.config()
    with pytest.raises(ClusterError, match=r"cannot be started: .*No such file"):
        join(dataclasses.replace(config, supervisor_command=("/nowhere/dtf",)))
    with pytest.raises(ClusterError, match=r"(?s)ended with 9.*alas"):
        join(
            dataclasses.replace(
                config, supervisor_command=(sys.executable, "-c", "import sys; print('alas'); sys.exit(9)")
            )
        )
