"""How breakers stand, with what was learned beside what holds where nothing is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.numbers import Numbers
from dtf.breakers.store import BreakerStore
from dtf.breakers.thresholds import failures_at_rest
from dtf.domain.breaker import BreakerMode, BreakerState, Target
from dtf.domain.learned import Learned, LearnedTarget
from dtf.domain.ports.breakers import BreakerPast, BreakerView, Told
from dtf.resilience.breaker import BreakerRecord, advanced
from dtf.resilience.likelihood import Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerStatus:
    """How a breaker stands.

    Attributes:
        view: Its state and belief.
        age_s: For how long it has been in its state.
        probes: How many probes are under way.
        threshold: How many failures of the infrastructure in a row open it at rest; None: it is not closed.
        default_threshold: The same where nothing was learned.
        base_rate: The share of jobs that fail by the infrastructure while its target is healthy.
        default_base_rate: The same, if nothing had been learned.
        why_fixed: Why it does not decide by what was learned; empty: it does.
        learned: What was learned of its target, its hardware, or nothing.
    """

    view: BreakerView
    age_s: float
    probes: int
    threshold: int | None
    default_threshold: int | None
    base_rate: float
    default_base_rate: float
    why_fixed: str
    learned: LearnedTarget


def statuses(store: BreakerStore, config: BreakerConfig, journal: BreakerPast) -> list[BreakerStatus]:
    """All breakers, by hardware and name.

    Args:
        store: Where they are.
        config: Their settings.
        journal: What is known of their past.

    Raises:
        StoreUnavailableError: The store does not answer.
    """
    numbers, defaults = Numbers(config), Numbers(config)
    numbers.look(store)
    now, learned, told = store.now(), store.learned() or Learned(), journal.told()
    found = []
    for target, stored in sorted(store.all().items()):
        record = advanced(stored, numbers.params(target), now)
        view = view_of(target, record, _reason(store, target, record, told))
        if record.mode is not BreakerMode.AUTO:
            view = _in_hand(view, journal)
        found.append(
            BreakerStatus(
                view=view,
                age_s=max(0.0, now - view.since),
                probes=len(record.permits),
                threshold=_threshold(record, numbers, target),
                default_threshold=_threshold(record, defaults, target),
                base_rate=numbers.rates(target, "").base,
                default_base_rate=Rates().base,
                why_fixed=_why_fixed(config, numbers, target),
                learned=learned.target(target),
            )
        )
    return found


def view_of(target: Target, record: BreakerRecord, reason: str = "") -> BreakerView:
    """A breaker's record as others see it."""
    return BreakerView(
        target=target,
        state=record.state,
        mode=record.mode,
        since=record.since,
        bad=record.belief.bad,
        epoch=record.epoch,
        reason=reason,
    )


def _in_hand(view: BreakerView, journal: BreakerPast) -> BreakerView:
    """The same with why, and since when, an operator has it in hand, where the ledger knows."""
    told = [event for event in journal.history(view.target) if event.get("mode") == view.mode]
    if not told:
        return replace(view, reason="by an operator")
    reason, at = told[-1].get("reason"), told[-1].get("at")
    since = float(at) if isinstance(at, int | float) else view.since
    return replace(view, since=since, reason=f"by an operator: {reason}" if reason else "by an operator")


def _why_fixed(config: BreakerConfig, numbers: Numbers, target: Target) -> str:
    if config.policy in (BreakerPolicy.FIXED, BreakerPolicy.CONSTANTS):
        return f"breakers are set to {config.policy}"
    return numbers.tuned(target).why_fixed


def _threshold(record: BreakerRecord, numbers: Numbers, target: Target) -> int | None:
    return failures_at_rest(numbers, target) if record.state is BreakerState.CLOSED else None


def _reason(store: BreakerStore, target: Target, record: BreakerRecord, told: Mapping[Target, Told]) -> str:
    if not record.epoch:
        return ""
    last = told.get(target)
    if last is not None and last.epoch == record.epoch:
        return last.reason
    steps = store.transitions(target, record.epoch - 1)
    return steps[-1].reason if steps else ""
