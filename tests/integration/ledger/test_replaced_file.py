from pathlib import Path

import pytest

from dtf.domain.errors import LedgerUnavailableError
from dtf.storage.ledger import open_ledger
from dtf.storage.migrate import migrate
from tests.integration.ledger.laboratory import Laboratory, command


def test_nothing_is_written_to_a_file_that_is_not_there_any_more(tmp_path: Path) -> None:
    """Whoever has it open fails, and goes on with the file that comes in its place."""
    file = tmp_path / "ledger.sqlite3"
    url = f"sqlite:///{file}"
    migrate(url)
    ledger = open_ledger(url)
    lab = Laboratory(ledger)
    lab.submit(command())
    (before,) = ledger.views.runs()
    for part in tmp_path.glob("ledger.sqlite3*"):
        part.rename(tmp_path / f"away-{part.name}")
    with pytest.raises(LedgerUnavailableError):
        lab.submit(command())
    with pytest.raises(LedgerUnavailableError):
        ledger.views.runs()
    for part in tmp_path.glob("ledger.sqlite3*"):
        part.unlink()
    migrate(url)
    lab.submit(command())
    (now,) = ledger.views.runs()
    assert now.run_id != before.run_id
    for part in tmp_path.glob("ledger.sqlite3*"):
        part.unlink()
    for part in tmp_path.glob("away-*"):
        part.rename(tmp_path / part.name.removeprefix("away-"))
    assert [run.run_id for run in ledger.views.runs()] == [before.run_id]
    ledger.close()
