import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig
from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.permit import Permit, Recorded, Refusal
from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerState, Sign, Target
from tests.support.valkey import Valkey, running_valkey

TARGET = Target(hardware="webgpu", name="chromium:0")
CONFIG = BreakerConfig.of({"policy": "constants", "copy_s": 0.0, "timeout_s": 0.2, "away_s": 0.1})


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A real server."""
    with running_valkey(tmp_path) as server:
        yield server


@pytest.fixture
def breakers(valkey: Valkey) -> Iterator[Breakers]:
    """Breakers in it."""
    store = open_store(valkey.url, CONFIG)
    yield Breakers(store, CONFIG)
    store.close()


def leave(got: Permit | Refusal) -> Permit:
    """The permit that was got."""
    assert isinstance(got, Permit)
    return got


def use_until(breakers: Breakers, seen: Callable[[], bool]) -> None:
    """Use the target as jobs do until something is seen."""
    deadline = time.monotonic() + 60
    while not seen():
        assert time.monotonic() < deadline
        breakers.acquire((TARGET,))
        time.sleep(0.02)


def failures_until_refused(breakers: Breakers) -> int:
    """How many jobs in a row fail until the next one is refused."""
    for count in range(1, 20):
        breakers.record(leave(breakers.acquire((TARGET,))), Sign.INFRA)
        if isinstance(breakers.acquire((TARGET,)), Refusal):
            return count
    raise AssertionError("it never opened")


def test_without_redis_each_process_decides_by_a_fixed_breaker(
    valkey: Valkey, breakers: Breakers, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody sees an error: permits go on, failures in a row open, a warning says it once, and back is back."""
    before = leave(breakers.acquire((TARGET,)))
    assert not breakers.is_away

    valkey.kill()
    with caplog.at_level(logging.INFO):
        assert breakers.record(before, Sign.WORKED) == Recorded()
        assert breakers.is_away
        assert breakers.give_back(before) is None
        mine = leave(breakers.acquire((TARGET,)))
        assert mine.holds[0].local
        breakers.record(mine, Sign.WORKED)
        first = leave(breakers.acquire((TARGET,)))
        for number in range(CONFIG.failures_to_open):
            done = breakers.record(first, Sign.INFRA, reference=f"job-{number}")
        assert done.refunds == ("job-0", "job-1", "job-2", "job-3")
        assert isinstance(breakers.acquire((TARGET,)), Refusal)
        assert breakers.states()[TARGET].state is BreakerState.OPEN
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "this process decides by its own fixed breakers" in caplog.text
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            breakers.store.read(TARGET)

        valkey.start()
        use_until(breakers, lambda: not breakers.is_away)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    permit = leave(breakers.acquire((TARGET,)))  # the shared breaker is another one, and new
    assert not permit.holds[0].local
    assert failures_until_refused(breakers) < CONFIG.failures_to_open


def test_a_server_that_hangs_costs_a_bounded_wait(valkey: Valkey, breakers: Breakers) -> None:
    """A frozen Redis is given up after its time limit, and used again when it goes on."""
    breakers.acquire((TARGET,))
    valkey.freeze()
    try:
        assert leave(breakers.acquire((TARGET,))).holds[0].local
        assert breakers.is_away
    finally:
        valkey.thaw()
    use_until(breakers, lambda: not breakers.is_away)
    assert not leave(breakers.acquire((TARGET,))).holds[0].local


def test_a_server_that_is_full_is_away(valkey: Valkey, breakers: Breakers) -> None:
    """A server that refuses writes raises nothing in its callers either."""
    breakers.acquire((TARGET,))
    with valkey.client as client:
        client.config_set("maxmemory", "1")
        permit = leave(breakers.acquire((TARGET,)))
        assert permit.holds[0].local
        client.config_set("maxmemory", "0")
    use_until(breakers, lambda: not breakers.is_away)


def test_what_cannot_be_read_as_learned_is_not_used(
    valkey: Valkey, breakers: Breakers, caplog: pytest.LogCaptureFixture
) -> None:
    """Nonsense under the learner's key is named once, and the fixed breaker decides."""
    with valkey.client as client:
        client.set("dtf:breakers:learned", b'{"targets": 7}')
    assert breakers.store.learned() is None
    assert breakers.store.learned() is None
    assert caplog.text.count("cannot be read") == 1
