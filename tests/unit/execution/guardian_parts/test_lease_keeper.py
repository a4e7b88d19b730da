import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import pytest

from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.shards import Held, Renewal, Shards
from dtf.execution.guardian.database import Database
from dtf.execution.guardian.lease_keeper import LeaseKeeper


class Claim:
    def __init__(self, shard_id: str, attempt: int = 1) -> None:
        self._held = Held(shard_id=shard_id, attempt=attempt, done=3)
        self.heard: list[str] = []

    def held(self) -> Held:
        return self._held

    def cancel(self, reason: str) -> None:
        self.heard.append(reason)

    def lose(self) -> None:
        self.heard.append("lost")


class Answers:
    """The renewing side of the ledger."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.answer: dict[str, Renewal] = {}
        self.asked: list[Sequence[Held]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def renew(self, _worker_id: str, held: Sequence[Held], _lease_s: float) -> Mapping[str, Renewal]:
        self.asked.append(held)
        self.meanwhile()
        if self.error:
            raise self.error
        return self.answer


@pytest.fixture
def answers() -> Answers:
    """What the ledger says."""
    return Answers()


@pytest.fixture
def keeper(answers: Answers) -> Iterator[LeaseKeeper]:
    """A keeper over it."""
    database = Database()
    yield LeaseKeeper(cast("Shards", answers), database, worker_id="w1", lease_s=30, interval_s=1)
    database.close()


def test_cancels_and_losses_are_passed_on(keeper: LeaseKeeper, answers: Answers) -> None:
    """Of three claims renewed in one call, one goes on, one hears its cancel and one that is missing is lost."""
    on, off, gone = Claim("s1"), Claim("s2"), Claim("s3")
    for claim in (on, off, gone):
        keeper.hold(claim)
    answers.answer = {"s1": Renewal(), "s2": Renewal(cancel_reason="enough")}
    asyncio.run(keeper.renew())
    assert (on.heard, off.heard, gone.heard) == ([], ["enough"], ["lost"])
    assert keeper.shard_ids() == ["s1", "s2"]
    assert len(answers.asked) == 1
    assert answers.asked[0][0].done == 3


@pytest.mark.parametrize("error", [LedgerUnavailableError(), RuntimeError("odd")])
def test_an_outage_ends_nothing(keeper: LeaseKeeper, answers: Answers, error: Exception) -> None:
    """While the ledger does not answer, work goes on."""
    claim = Claim("s1")
    keeper.hold(claim)
    answers.error = error
    asyncio.run(keeper.renew())
    assert claim.heard == []
    assert keeper.shard_ids() == ["s1"]


def test_what_ended_during_the_renewal_is_not_lost(keeper: LeaseKeeper, answers: Answers) -> None:
    """A claim that was recorded, or made, while the renewal was under way does not count as missing."""
    ended, new = Claim("s1"), Claim("s2")
    keeper.hold(ended)

    def meanwhile() -> None:
        keeper.drop("s1", 1)
        keeper.hold(new)

    answers.meanwhile = meanwhile
    asyncio.run(keeper.renew())
    assert (ended.heard, new.heard) == ([], [])
    assert keeper.shard_ids() == ["s2"]


def test_an_old_result_does_not_drop_a_new_claim(keeper: LeaseKeeper) -> None:
    """A spooled result of attempt 1 that arrives late leaves attempt 2 held."""
    keeper.hold(Claim("s1", attempt=2))
    keeper.drop("s1", 1)
    assert keeper.shard_ids() == ["s1"]
