from collections.abc import Mapping, Sequence

import pytest

from dtf.breakers.errors import StoreUnavailableError
from dtf.coordination.sampler import Sampler
from dtf.domain.breaker import BreakerMode, BreakerState, Target
from dtf.domain.ports.breakers import Breaker, BreakerView
from dtf.domain.ports.control import Term
from dtf.domain.ports.monitor import CoordinatorView, Moment, Monitor
from dtf.domain.ports.samples import Samples, Series
from tests.support.fake_clock import FakeClock
from tests.support.moments import moment, worker

TERM = Term(holder="c", number=1)


class World(Monitor, Samples):
    """A ledger whose clock is 4 s past a full ten, and keeps what it is told."""

    def __init__(self) -> None:
        self.clock = FakeClock(now=1_000_004.0)
        self.written: list[tuple[float, Mapping[str, float]]] = []
        self.thinned: list[float] = []

    def moment(self) -> Moment:
        return moment(as_of=self.clock.now(), workers=(worker(seen_at=self.clock.now()),))

    def coordinators(self) -> Sequence[CoordinatorView]:
        raise NotImplementedError

    def write(self, term: Term, at: float, values: Mapping[str, float]) -> None:
        del term
        self.written.append((at, values))

    def thin(self, term: Term, at: float) -> int:
        del term
        self.thinned.append(at)
        return 0

    def read(self, names: Sequence[str], since: float, until: float, most_points: int) -> Mapping[str, Series]:
        raise NotImplementedError

    def names(self, prefix: str, limit: int) -> Sequence[str]:
        raise NotImplementedError

    @property
    def scores(self) -> list[float]:
        return [values["health/score"] for _, values in self.written]


class Store:
    """One open breaker, while it answers."""

    def __init__(self) -> None:
        self.answers = True

    def all(self) -> Mapping[Target, Breaker]:
        if not self.answers:
            raise StoreUnavailableError("away")
        target = Target(hardware="cpu", name="celery@lab1")
        view = BreakerView(target=target, state=BreakerState.OPEN, mode=BreakerMode.AUTO, since=0.0, bad=0.9)
        return {target: view}


@pytest.fixture
def world() -> World:
    """A ledger with a worker."""
    return World()


def _go_on(sampler: Sampler, world: World, seconds: float) -> None:
    for _ in range(int(seconds * 2)):
        sampler.tick(TERM)
        world.clock.advance(0.5)


def test_there_is_one_sample_in_each_ten_seconds_of_the_ledger(world: World) -> None:
    """At once, and then when the next ten begin: none is left out however long it goes on."""
    _go_on(Sampler(world, world, world.clock, None), world, 60.0)

    assert [at for at, _ in world.written] == [1_000_004.0, *(1_000_010.0 + 10 * n for n in range(6))]
    assert world.thinned == [at for at, _ in world.written]


def test_a_new_term_begins_with_a_sample(world: World) -> None:
    """The ledger knows whether there is one for these ten seconds already."""
    sampler = Sampler(world, world, world.clock, None)
    sampler.tick(TERM)
    sampler.reset()
    sampler.tick(TERM)

    assert [at for at, _ in world.written] == [1_000_004.0, 1_000_004.0]


def test_breakers_count_in_the_health_score_while_they_answer(world: World) -> None:
    """An open breaker costs; a store that is away keeps no figure from being kept."""
    store, opened = Store(), []

    def open_store() -> Store:
        opened.append(store)
        return store

    sampler = Sampler(world, world, world.clock, open_store)
    _go_on(sampler, world, 6.0)
    store.answers = False
    _go_on(sampler, world, 30.0)
    without = Sampler(world, world, world.clock, None)
    without.tick(TERM)

    with_open, *away, no_breakers = world.scores
    assert with_open < no_breakers
    assert len(away) == 3
    assert opened == [store]
