import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dtf.benchmarks.browsers.campaign import write_record
from dtf.benchmarks.report.page import Page
from dtf.benchmarks.report.write import write_report
from dtf.benchmarks.simulation.faults import Scenario
from dtf.benchmarks.simulation.lab import Conditions
from dtf.benchmarks.simulation.run import planned, run_all
from dtf.benchmarks.whole_files import write_whole
from dtf.domain.errors import BadInputError
from tests.unit.benchmarks_browsers.runs import a_run, an_episode

_PAGE = Page(title="A report", lead="", verdicts=(), sections=())


@contextmanager
def _room_for(size: int) -> Iterator[None]:
    """No file can grow beyond so many bytes inside: what a full disk comes to, in this process alone."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _told(caught: pytest.ExceptionInfo[BadInputError], file: Path) -> bool:
    words = str(caught.value)
    return words.startswith(f"{file} cannot be written: File too large; ") and "call the command again" in words


def test_a_report_that_finds_no_room_leaves_the_earlier_one_as_it_was(tmp_path: Path) -> None:
    """All three files, though two of the new ones had room; nothing half-written stays."""
    files = write_report(tmp_path, "name", _PAGE, {"seed": 1})
    before = {file: file.read_bytes() for file in files}
    with _room_for(1000), pytest.raises(BadInputError) as caught:
        write_report(tmp_path, "name", _PAGE, {"seed": 2})
    assert _told(caught, tmp_path / "name.html")
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_raw_data_that_find_no_room_are_not_half_there(tmp_path: Path) -> None:
    """Neither those of a run with real browsers, nor a line of a simulated one; those before it are read again."""
    record = tmp_path / "run-1-none-k.json"
    with _room_for(100), pytest.raises(BadInputError) as caught:
        write_record(record, a_run("none", [an_episode(0, 10.0)], []))
    assert _told(caught, record)
    assert list(tmp_path.iterdir()) == []

    file = tmp_path / "raw.jsonl"
    conditions = Conditions(warm_up_s=0.0, measured_s=60.0)
    first = run_all(planned(["none"], [Scenario.OUTAGE], [1]), conditions, file, 1)
    kept = file.read_bytes()
    both = planned(["none"], [Scenario.OUTAGE], [1, 2])
    with _room_for(len(kept) + 50), pytest.raises(BadInputError) as caught:
        run_all(both, conditions, file, 1)
    assert _told(caught, file)
    assert file.read_bytes() == kept
    assert run_all(both, conditions, file, 1)[both[0]] == first[both[0]]


def test_nothing_is_replaced_where_one_of_the_files_cannot_be(tmp_path: Path) -> None:
    """A directory is in the way of the second one."""
    (tmp_path / "b").mkdir()
    (tmp_path / "a").write_text("earlier")
    with pytest.raises(BadInputError, match="b cannot be written: Is a directory"):
        write_whole({tmp_path / "a": "new", tmp_path / "b": "new"})
    assert (tmp_path / "a").read_text() == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
