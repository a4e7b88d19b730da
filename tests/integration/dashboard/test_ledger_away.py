from pathlib import Path

import pytest

from dtf.storage.ledger import Ledger, open_ledger
from dtf.storage.migrate import migrate
from tests.integration.dashboard.test_flowers_answers import delivered, heard
from tests.integration.ledger.laboratory import Laboratory, command, worker
from tests.support.dashboard import embedded, serving


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An empty ledger's file."""
    path = tmp_path / "ledger.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


def test_a_ledger_that_goes_away_is_told_by_flowers_pages(file: Path, tmp_path: Path) -> None:
    """No task is shown as a success, nothing is called off, and when the ledger is back all is told again."""
    ledger: Ledger = open_ledger(f"sqlite:///{file}")
    lab = Laboratory(ledger)
    ledger.workers.register(worker())
    lab.submit(command("mine"))
    shard = lab.claim()
    answer = str({"claimed": True, "outcome": "passed", "attempts": 1, "ran": [f"{shard.shard_id}:1"]})
    with serving(embedded(tmp_path / "state"), ledger) as served:
        served.until("/api/monitoring/network")
        ledger.close()
        file.rename(tmp_path / "elsewhere")
        file.mkdir()
        heard(served, *delivered("u-1", "dtf.run_shard", shard.shard_id, answer))
        # what was seen before is not told as if it were so now
        assert "nothing can be seen" in served.until("/api/monitoring/network", 503).value["detail"]
        row = served.ask("/api/task/info/u-1").value
        assert (row["state"], row["celery"]["state"]) == ("unknown", "SUCCESS")
        assert "not known" in row["result"]
        assert served.ask("/task/u-1").status == 200
        assert served.ask("/api/task/revoke/u-1", "POST").status == 503
        file.rmdir()
        (tmp_path / "elsewhere").rename(file)
        served.until("/api/monitoring/network")
        row = served.ask("/api/task/info/u-1").value
        assert (row["name"], row["state"]) == ("mine", "unrecorded")
        assert served.ask("/api/task/revoke/u-1", "POST").value["cancelled"] == 1
    ledger.close()
