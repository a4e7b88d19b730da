import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig
from dtf.breakers.permit import Refusal
from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerState, Sign
from tests.support.breaker_gate import crowd, make_half_open, params_of, target_of
from tests.support.valkey import Valkey, running_valkey

#: A prober that gets the only permit, says so, and never comes back.
_PROBER = """
import sys
from dtf.breakers.stores import open_store
from tests.support.breaker_gate import params_of, target_of
from dataclasses import replace
gate = open_store(sys.argv[1]).ask(target_of(1), replace(params_of(1), lease_s=2.0), permit="prober")
print(gate.answer.value, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A real server."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


def test_sixteen_processes_never_get_more_probes_than_are_permitted(valkey: Valkey) -> None:
    """All ask a half-open breaker at once: one, two or three get leave, as many as are permitted, and each is known."""
    with crowd(valkey.url, 16) as processes:
        rounds = [processes.ask(number, 1 + number % 3) for number in range(200)]
    assert [one.granted for one in rounds] == [one.permitted for one in rounds]
    assert [one.kept for one in rounds] == [one.permitted for one in rounds]


def test_the_permit_of_a_prober_that_was_killed_comes_back_with_its_lease(valkey: Valkey) -> None:
    """Killed with -9 it cannot give it back; refusals say when to ask again, and then the next one probes."""
    store = open_store(valkey.url)
    with valkey.client as client:
        client.flushall()
    make_half_open(store, target_of(1), params_of(1))
    argv = (sys.executable, "-c", _PROBER, valkey.url)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as prober:
        assert prober.stdout is not None
        assert prober.stdout.readline().strip() == "probe"
        prober.kill()
    record = store.read(target_of(1))
    assert record is not None
    lease_ends = record.permits["prober"]
    assert lease_ends - record.at == pytest.approx(2.0)
    breakers = Breakers(store, BreakerConfig(canary=False))
    got = breakers.acquire((target_of(1),))
    while isinstance(got, Refusal):
        assert 0 < got.wait_s <= 2.0
        time.sleep(got.wait_s + 0.001)
        got = breakers.acquire((target_of(1),))
    after = store.read(target_of(1))
    assert after is not None
    assert after.at >= lease_ends
    permit = got
    assert permit.is_probe
    transitions = breakers.record(permit, Sign.INFRA).transitions
    assert [one.after for one in transitions] == [BreakerState.OPEN]
    store.close()
