"""Kill -9 of any one process during a run changes no count and loses nothing."""

import random
from pathlib import Path

import pytest

from tests.acceptance.harness.kills import KILLED, killed_run
from tests.acceptance.harness.place import DTF, Place
from tests.acceptance.harness.suites import mixed_suite


@pytest.mark.parametrize("role", KILLED)
def test_a_killed_process_changes_no_count(role: str, place: Place, tmp_path: Path) -> None:
    """A run in which one process is killed at a random moment ends by itself: the same counts, a clean audit."""
    suite = mixed_suite(tmp_path / "suite")
    command = place.start(DTF, "run", str(suite.path), "--workers", "2", "--json")
    told = killed_run(place, command, role, moment=lambda: len(suite.started()) > random.randint(10, 90))
    assert told.killed, f"no {role} was seen"
    assert told.run.status == 1, told.run.err[-3000:]
    assert suite.counts_equal(told.run.answer["counts"])
    assert told.audit["ok"]
    assert (told.audit["lost"], told.audit["duplicated"]) == (0, 0)
    place.assert_nothing_left()


def test_an_undisturbed_run_starts_each_test_once(place: Place, tmp_path: Path) -> None:
    """Without a disturbance every test is started exactly once, the counts are right, and no process is left."""
    suite = mixed_suite(tmp_path / "suite")
    done = place.dtf("run", str(suite.path), "--workers", "2", "--json")
    assert done.status == 1, done.err[-3000:]
    assert suite.counts_equal(done.answer["counts"])
    assert set(suite.started().values()) == {1}
    assert len(suite.started()) == sum(suite.counts.values())
    place.assert_nothing_left()


def test_a_killed_command_ends_its_run(place: Place, tmp_path: Path) -> None:
    """Kill -9 of `dtf run` itself ends the cluster and everything that it ran."""
    suite = mixed_suite(tmp_path / "suite")
    command = place.start(DTF, "run", str(suite.path), "--workers", "2", "--json")
    told = killed_run(place, command, "command", moment=lambda: len(suite.started()) > 10)
    assert told.killed
    place.assert_nothing_left(within_s=60)


def test_a_killed_supervisor_leaves_nothing(place: Place, tmp_path: Path) -> None:
    """Kill -9 of the supervisor ends all its processes; the next command starts anew and works."""
    suite = mixed_suite(tmp_path / "suite")
    command = place.start(DTF, "run", str(suite.path), "--workers", "2", "--json")
    told = killed_run(place, command, "supervisor", moment=lambda: len(suite.started()) > 10)
    assert told.killed
    place.assert_nothing_left(within_s=60)
    other = mixed_suite(tmp_path / "other", modules=1, each=8)
    done = place.dtf("run", str(other.path), "--workers", "1", "--json")
    assert other.counts_equal(done.answer["counts"])
    place.assert_nothing_left()
