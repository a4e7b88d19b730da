from pathlib import Path

from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.shard import AttemptResult, Requeue
from dtf.execution.guardian.spool import Spool, SpoolEntry, encode_pieces
from dtf.execution.guardian.worker_home import WorkerHome


def _entry() -> SpoolEntry:
    case = CaseResult(ordinal=0, nodeid="t.py::t[\udcff\0]", outcome=CaseOutcome.FAILED, output="\ud800")
    result = AttemptResult(shard_id="s1", attempt=2, worker_id="w1", slot=0, outcome=Outcome.INFRA, cases=(case,))
    return SpoolEntry(result=result, disposition=Requeue(delay_s=1.0), log=encode_pieces([(1, b"\xff\0")]))


def test_an_entry_reads_back(tmp_path: Path) -> None:
    """Lone surrogates, NULs and bytes survive the disk, and so does what becomes of the shard."""
    spool = Spool(tmp_path)
    path = spool.save(_entry())
    assert spool.pending() == [path]
    found = spool.load(path)
    assert found == _entry()
    assert found
    assert list(found.log_pieces()) == [(1, b"\xff\0")]
    spool.remove(path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_entry_is_set_aside(tmp_path: Path) -> None:
    """What cannot be read is kept under another name and does not stop the rest."""
    spool = Spool(tmp_path)
    for name, text in (("a.json", "{"), ("b.json", '{"result": 3}'), ("c.json", "[]")):
        (tmp_path / name).write_text(text)
    assert [spool.load(path) for path in spool.pending()] == [None, None, None]
    assert spool.pending() == []
    assert len(list(tmp_path.iterdir())) == 3


def test_a_living_guardians_spool_is_left_alone(tmp_path: Path) -> None:
    """Only a spool whose guardian is gone is taken over, and it disappears when it is empty."""
    first, second = WorkerHome(tmp_path, "w1"), WorkerHome(tmp_path, "w2")
    first.open()
    second.open()
    (first.spool / "s1-1.json").touch()
    assert list(second.abandoned()) == []
    first.close()
    assert [place.name for place in second.abandoned()] == ["w1"]
    assert first.spool.exists()
    for place in second.abandoned():
        (place / "s1-1.json").unlink()
    assert not first.spool.exists()
    second.close()
    assert list(tmp_path.rglob("*.json")) == []


def test_scratch_of_an_earlier_guardian_is_cleared(tmp_path: Path) -> None:
    """What a killed guardian was working on is gone when the next one begins, write protection or not."""
    home = WorkerHome(tmp_path, "w1")
    (home.scratch / "old/locked").mkdir(parents=True)
    (home.scratch / "old/locked/file").touch()
    (home.scratch / "old/locked").chmod(0o500)
    home.open()
    assert list(home.scratch.iterdir()) == []
    home.close()
    assert not home.scratch.exists()
