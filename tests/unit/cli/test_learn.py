import json
from pathlib import Path

import pytest

from dtf.cli.main import run


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DTF_CONFIG", "DTF_BROKER_URL", "DTF_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DTF_STATE_DIR", str(tmp_path / "state"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "needs --broker URL"),
        (("--broker", "amqp://u:secret@host//"), "breakers are kept in a Redis"),
        (("--broker", "redis://u:secret@host:port/0"), "cannot be used"),
        (("--broker", "redis://host", "--prefix", "a b"), "prefix must be made of letters"),
        (("--broker", "redis://host", "--interval", "0"), "not in the range"),
    ],
)
def test_what_cannot_be_used(words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One message on standard error, exit status 2, and no password in it."""
    assert run(["learn", *words]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "secret" not in said.out + said.err


def test_a_redis_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """A single turn fails as infrastructure, in words and as JSON."""
    assert run(["learn", "--broker", "redis://u:secret@127.0.0.1:1/0", "--once", "--json"]) == 10
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["exit_code"] == 10
    assert "does not answer" in found["error"]
    assert "secret" not in said.out + said.err
