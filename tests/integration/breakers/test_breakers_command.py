import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dtf.breakers.config import BreakerConfig
from dtf.breakers.store import BreakerStore
from dtf.breakers.stores import open_store
from dtf.cli.commands.breakers import command
from dtf.domain.breaker import BreakerMode, Sign, Target
from dtf.domain.errors import BadInputError, DtfError
from dtf.resilience.breaker import Evidence
from dtf.resilience.breaker_params import FIXED
from tests.support.valkey import Valkey, running_valkey

PAY, SHIP = Target(hardware="celery", name="payments"), Target(hardware="celery", name="shipping")


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """The Redis of an application that knows nothing of dtf's cluster."""
    with running_valkey(tmp_path_factory.mktemp("shop")) as server:
        yield server


@pytest.fixture
def store(valkey: Valkey) -> Iterator[BreakerStore]:
    """Its breakers: one is open, one is closed."""
    with valkey.client as client:
        client.flushall()
    store = open_store(valkey.url, BreakerConfig(prefix="shop"))
    store.ask(SHIP, FIXED, permit="p")
    for _ in range(FIXED.failures_to_open):
        store.observe(PAY, FIXED, Evidence(sign=Sign.INFRA, likelihood=(0.02, 0.5, 0.9), epoch=0))
    yield store
    store.close()


@pytest.fixture
def dtf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command, where no cluster runs."""
    monkeypatch.setenv("DTF_STATE_DIR", str(tmp_path / "state"))

    def call(*words: str) -> Result:
        return CliRunner().invoke(command, words, standalone_mode=False, catch_exceptions=True)

    return call


def test_breakers_of_any_application_are_shown(valkey: Valkey, store: BreakerStore, dtf: Callable[..., Result]) -> None:
    """With why they are open; no state of dtf's own comes into being."""
    del store
    found = dtf("--broker", valkey.url, "--prefix", "shop")
    assert found.exception is None
    assert re.search(r"celery/payments +open .* 4 failures where", found.stdout)
    assert re.search(r"celery/shipping +closed ", found.stdout)
    assert "no history" in found.stderr
    one = json.loads(dtf("pay", "--broker", valkey.url, "--prefix", "shop", "--json").stdout)
    assert (one["target"], one["state"], one["history"]) == ("celery/payments", "open", [])
    assert "no breaker yet" in dtf("--broker", valkey.url).stdout


def test_breakers_of_any_application_are_taken_in_hand(
    valkey: Valkey, store: BreakerStore, dtf: Callable[..., Result], tmp_path: Path
) -> None:
    """In its Redis alone, and the command says that no ledger has it."""
    for action, mode in (("open", BreakerMode.FORCED_OPEN), ("auto", BreakerMode.AUTO)):
        done = dtf(action, "shipping", "--broker", valkey.url, "--prefix", "shop")
        assert done.exception is None
        assert "no ledger has it" in done.stderr
        assert store.all()[SHIP].mode is mode
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("", "--broker", "{url}"), "name is empty"),
        (("open", " "), "name is empty"),
        (("open", "nobody", "--broker", "{url}", "--prefix", "shop"), "no breaker of 'nobody'"),
        (("open", "pay", "--reason", "x", "--broker", "{url}"), "--reason is kept in a ledger"),
        (("--broker", "amqp://localhost"), "--broker takes a redis://"),
        (("--broker", ""), "--broker is empty"),
        (("--broker", "{url}", "--prefix", ""), "prefix"),
        (("--prefix", "shop"), "needs --broker URL"),
    ],
)
def test_a_mistake_is_told(
    words: tuple[str, ...], part: str, valkey: Valkey, store: BreakerStore, dtf: Callable[..., Result]
) -> None:
    """As bad input, and nothing changes."""
    before = store.all()
    error = dtf(*(word.format(url=valkey.url) for word in words)).exception
    assert isinstance(error, BadInputError)
    assert part in str(error)
    assert {target: one.mode for target, one in store.all().items()} == {t: one.mode for t, one in before.items()}


def test_a_redis_that_is_away_is_told(dtf: Callable[..., Result]) -> None:
    """Without the address's password."""
    error = dtf("--broker", "redis://:secret@127.0.0.1:1/0").exception
    assert isinstance(error, DtfError)
    assert "does not answer" in str(error)
    assert "secret" not in str(error)
