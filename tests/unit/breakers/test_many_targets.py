import pytest

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.permit import Permit
from dtf.domain.breaker import Sign, Target


def test_a_process_remembers_only_some_of_the_targets_that_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose targets have ever new names does not grow for ever, also where nothing is learned."""
    monkeypatch.setattr("dtf.breakers.copies._MOST_READY", 10)
    monkeypatch.setattr("dtf.breakers.numbers._MOST_REMEMBERED", 10)
    breakers = Breakers(MemoryStore(), BreakerConfig(policy=BreakerPolicy.FIXED))
    for number in range(100):
        permit = breakers.acquire((Target(hardware="celery", name=f"tenant {number}"),))
        assert isinstance(permit, Permit)
        breakers.record(permit, Sign.WORKED)
    copies, numbers = breakers._copies, breakers.numbers
    assert max(len(copies._holds), len(copies.ready), len(numbers._tuned), len(numbers._weights)) <= 10
