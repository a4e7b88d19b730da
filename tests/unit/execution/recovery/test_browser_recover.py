import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from dtf.domain.breaker import Target
from dtf.domain.failure import FailureType
from dtf.domain.recovery import Recovery, RecoveryAction
from dtf.execution.browser_recovery.recover import Because, recover
from dtf.execution.injector.injection import Scope, Seen
from dtf.resilience.bandit import RecoveryBandit
from dtf.resilience.recovery import Choose

_CRASHED = Seen(kind=FailureType.CRASH, words="Target crashed")


@dataclass
class Place:
    """A browser that works again once it was started anew."""

    helps: RecoveryAction = RecoveryAction.RESTART_BROWSER
    done: list[RecoveryAction] = field(default_factory=list)
    target: Target = field(default_factory=lambda: Target(hardware="chromium", name="here"))

    @property
    def probe(self) -> "Look":
        return Look(self)

    @property
    def subject(self) -> Any:
        return self

    page = None

    async def act(self, action: RecoveryAction) -> None:
        self.done.append(action)


@dataclass(frozen=True)
class Look:
    place: Place
    paced: bool = False

    async def look(self, _page: object) -> Seen | None:
        return None if self.place.helps in self.place.done else _CRASHED


class Memory:
    """The history, without a ledger."""

    def __init__(self) -> None:
        self.rows: list[Recovery] = []
        self._bandit = RecoveryBandit(random.Random(1), explore=0.0)

    def chooser(self, hardware: str) -> Choose:
        assert hardware == "chromium"
        return self._bandit.choose

    def limit_s(self, _action: RecoveryAction) -> float:
        return 10.0

    async def add(self, recovery: Recovery) -> None:
        self.rows.append(recovery)
        self._bandit.learn_one(recovery)


class Injection:
    """One that sits in the browser, and is gone with it."""

    failure = FailureType.CRASH
    cleared = ""
    scope = Scope.BROWSER

    @property
    def effect(self) -> "Injection":
        return self

    async def holds(self) -> None:
        return None


def _recover(memory: Memory | None) -> tuple[Sequence[RecoveryAction], Because]:
    place = Place()
    told = asyncio.run(recover(cast("Any", place), cast("Any", Injection()), memory=memory))
    return place.done, told.because


def test_without_a_memory_all_are_tried_from_the_cheapest_on() -> None:
    """That is how the cheapest action for each failure is measured."""
    done, because = _recover(None)
    assert [str(action) for action in done] == ["retry", "reload_page", "new_page", "new_context", "restart_browser"]
    assert because is Because.REPLACED


def test_with_a_memory_each_try_is_a_row_and_what_helped_goes_first() -> None:
    """The cheapest that a crash allows begins, until enough is known; then what helped before."""
    memory = Memory()
    done, _ = _recover(memory)
    assert [str(action) for action in done] == ["new_page", "new_context", "restart_browser"]
    assert [(row.action, row.succeeded, row.attempt) for row in memory.rows] == [
        (action, action is RecoveryAction.RESTART_BROWSER, number) for number, action in enumerate(done, 1)
    ]
    assert {(row.failure, row.target.hardware) for row in memory.rows} == {(FailureType.CRASH, "chromium")}
    # in this situation it was the third that helped; that another browser is enough at once shows when it is tried
    for _ in range(20):
        memory._bandit.learn_one(_first(RecoveryAction.NEW_PAGE, succeeded=False))
        memory._bandit.learn_one(_first(RecoveryAction.RESTART_BROWSER, succeeded=True))
    done, _ = _recover(memory)
    assert done == [RecoveryAction.RESTART_BROWSER]


def _first(action: RecoveryAction, *, succeeded: bool) -> Recovery:
    target = Target(hardware="chromium", name="here")
    return Recovery(target=target, failure=FailureType.CRASH, action=action, succeeded=succeeded, time_s=1.0, attempt=1)
