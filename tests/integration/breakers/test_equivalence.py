from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dtf.breakers.config import BreakerConfig
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.redis_store import RedisStore
from dtf.domain.breaker import Sign
from dtf.resilience.breaker import BreakerRecord, Change, Gate
from dtf.resilience.breaker_params import BreakerParams, Policy
from dtf.resilience.likelihood import Rates
from tests.support.breaker_events import EVENTS, RATES, TARGET, Ask, Event, Life, Result, numbers
from tests.support.valkey import Valkey, running_valkey

#: Between two events pass some tenths of a millisecond: with times as short all that time does is seen.
_SCALE = 1e-4

_DRIVEN_OPEN = [Result(which=0, sign=Sign.INFRA, reference=f"job-{n}", siblings=1, stale=False) for n in range(11)]

_number = count()


class _Clock:
    """Stands at the time that the server said it used."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A real server."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@example(  # closed by so many probes in a row, as they hardly change the belief
    params=BreakerParams(passes_to_close=4, probe_every_s=1e-6, close_at=0.01),
    rates=Rates(canary_missed=0.99),
    events=[Ask(canary=True), Result(which=0, sign=Sign.CANARY_PASSED, reference="", siblings=0, stale=False)] * 6,
    driven=True,
)
@example(  # more suspects than are remembered
    params=BreakerParams(heal_s=1e6),
    rates=Rates(group=0.95),
    events=[Result(which=0, sign=Sign.CRASH, reference=f"j{n}", siblings=0, stale=False) for n in range(20)]
    + [Result(which=0, sign=Sign.INFRA, reference="", siblings=0, stale=False)] * 9,
    driven=False,
)
@example(  # crashes alone, where a canary can find out whose fault they are
    params=BreakerParams(policy=Policy.FIXED),
    rates=Rates(),
    events=[Result(which=0, sign=Sign.CRASH, reference="", siblings=0, stale=False)] * 12
    + [Result(which=0, sign=Sign.CANARY_FAILED, reference="", siblings=0, stale=False)] * 4,
    driven=False,
)
@example(  # the same where it is sure that its target is bad
    params=BreakerParams(),
    rates=Rates(group=0.005),
    events=[Result(which=0, sign=Sign.CRASH, reference="", siblings=0, stale=False)] * 12
    + [Result(which=0, sign=Sign.CANARY_FAILED, reference="", siblings=0, stale=False)],
    driven=False,
)
@example(  # and where there is none
    params=BreakerParams(policy=Policy.FIXED, canary=False),
    rates=Rates(),
    events=[Result(which=0, sign=Sign.CRASH, reference="", siblings=0, stale=False)] * 12,
    driven=False,
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(params=numbers(_SCALE), rates=RATES, events=EVENTS, driven=st.booleans())
def test_the_scripts_do_what_the_state_machine_does(
    valkey: Valkey, params: BreakerParams, rates: Rates, events: list[Event], driven: bool
) -> None:
    """Any events give the same answers and the same breaker in the server and in Python, at the server's times."""
    with valkey.client as client:
        shared = RedisStore(client, BreakerConfig(prefix=f"equal-{next(_number)}"))
        clock = _Clock()
        alone = MemoryStore(clock)
        there, here = Life(shared, params, rates), Life(alone, params, rates)
        for event in (Ask(canary=False), *(_DRIVEN_OPEN if driven else ()), *events):
            answer = there.do(event)
            record = there.record()
            clock.at = record.at if record else 0.0
            assert_same_answer(here.do(event), answer)
            mine = here.record()
            assert (mine is None) == (record is None)
            if mine is not None and record is not None:
                assert_same(mine, record)
        assert alone.transitions(TARGET, 0) == shared.transitions(TARGET, 0)
        assert_same_story(alone, shared)


def assert_same_answer(mine: Gate | Change | None, theirs: Gate | Change | None) -> None:
    """The answers to one event agree."""
    assert type(mine) is type(theirs)
    if isinstance(mine, Gate) and isinstance(theirs, Gate):
        assert (mine.answer, mine.epoch) == (theirs.answer, theirs.epoch)
        assert mine.wait_s == pytest.approx(theirs.wait_s, abs=1e-9)
        assert mine.bad == pytest.approx(theirs.bad, abs=1e-9)
    if isinstance(mine, Change) and isinstance(theirs, Change):
        assert (mine.before, mine.reason, mine.refunds) == (theirs.before, theirs.reason, theirs.refunds)
        assert mine.dropped == theirs.dropped
        assert_same(mine.record, theirs.record)


def assert_same(mine: BreakerRecord, theirs: BreakerRecord) -> None:
    """Two breakers are the same; their beliefs to the ninth digit, all else exactly."""
    assert mine.belief.grey == pytest.approx(theirs.belief.grey, abs=1e-9)
    assert mine.belief.down == pytest.approx(theirs.belief.down, abs=1e-9)
    assert without_belief(mine) == without_belief(theirs)


def without_belief(record: BreakerRecord) -> dict[str, object]:
    """All of a breaker but its belief."""
    return {name: getattr(record, name) for name in record.__slots__ if name != "belief"}


def assert_same_story(mine: MemoryStore, theirs: RedisStore) -> None:
    """Both told the learner the same; not the time, which Python does not get from the server for what is dropped."""
    told, heard = mine.heard("", 1000)[1], theirs.heard("", 1000)[1]
    assert len(told) == len(heard)
    for ours, other in zip(told, heard, strict=True):
        assert (ours.target, ours.sign, ours.epoch) == (other.target, other.sign, other.epoch)
        assert (ours.job_group, ours.duration_s) == (other.job_group, other.duration_s)
        assert ours.believed == pytest.approx(other.believed, abs=1e-9)
