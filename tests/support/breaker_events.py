"""The life of one breaker, event by event, over any store: for tests that let hypothesis choose the events."""

from dataclasses import dataclass

from hypothesis import strategies as st

from dtf.breakers.store import Account, BreakerStore
from dtf.domain.breaker import BreakerMode, Sign, Target
from dtf.resilience.belief import Likelihood
from dtf.resilience.breaker import Answer, BreakerRecord, Change, Evidence, Gate
from dtf.resilience.breaker_params import BreakerParams, Policy
from dtf.resilience.likelihood import Rates, likelihood

TARGET = Target(hardware="cuda", name="GPU-5e1f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Somebody wants to use the target."""

    canary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one of the permits that were given, or of none that is known."""

    which: int
    sign: Sign
    reference: str
    siblings: int
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack:
    """A permit comes back unused."""

    which: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """A sibling opened."""

    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hasten:
    """A sibling closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """An operator decides, or no longer."""

    mode: BreakerMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Time passes."""

    seconds: float


Event = Ask | Result | GiveBack | Raise | Hasten | Mode | Wait

#: What takes long to be seen, in seconds; all else takes 1.5 s.
_DURATIONS_S = {Sign.CANARY_FAILED: 7.5, Sign.INFRA: 40.0}

_BAD_OR_GOOD = st.sampled_from([Sign.INFRA, Sign.INFRA, Sign.INFRA, Sign.CRASH, Sign.CANARY_FAILED, *Sign])

EVENTS: st.SearchStrategy[list[Event]] = st.lists(
    st.one_of(
        st.builds(Ask, canary=st.booleans()),
        st.builds(
            Result,
            which=st.integers(0, 3),
            sign=_BAD_OR_GOOD,
            reference=st.sampled_from(["", "a", "b", 'c "d"\n\\e', "ü", *(f"job-{n}" for n in range(20))]),
            siblings=st.integers(0, 4),
            stale=st.sampled_from([False, False, False, True]),
        ),
        st.builds(GiveBack, which=st.integers(0, 3)),
        st.builds(Raise, factor=st.floats(1, 50)),
        st.builds(Hasten),
        st.builds(Mode, mode=st.sampled_from([BreakerMode.AUTO, BreakerMode.AUTO, *BreakerMode])),
        st.builds(Wait, seconds=st.sampled_from([0.0, 0.1, 2.0, 6.0, 40.0, 1000.0])),
    ),
    max_size=60,
)


def numbers(scale: float = 1.0) -> st.SearchStrategy[BreakerParams]:
    """A breaker's numbers, all within their bounds.

    Args:
        scale: What the times are multiplied with.
    """

    def times(*seconds: float) -> st.SearchStrategy[float]:
        return st.sampled_from([scale * one for one in seconds])

    return st.builds(
        BreakerParams,
        policy=st.sampled_from(Policy),
        failures_to_open=st.integers(2, 10),
        open_at=st.floats(0.5, 0.999),
        suspect_at=st.floats(0.2, 0.49),
        close_at=st.floats(0.06, 0.19),
        bad_rate=times(1 / 120, 1 / 3600, 1 / 86400).map(lambda rate: rate / scale / scale),
        heal_s=times(30, 90, 600),
        outage_median_s=times(5, 60, 1800),
        outage_shape=st.floats(0.85, 5.7),
        probe_every_s=times(1, 5, 60),
        probe_quick_s=times(0.1, 2, 30),
        passes_to_close=st.integers(1, 8),
        probes=st.integers(1, 3),
        lease_s=times(1, 30),
        hold_s=times(0, 10, 60),
        canary=st.booleans(),
    )


RATES = st.builds(
    Rates,
    base=st.floats(0.004, 0.35),
    group=st.floats(0.005, 0.95),
    canary_false=st.floats(0, 0.1),
    canary_missed=st.floats(0, 0.5),
)


class Life:
    """Does events to one breaker, and remembers which permits it got.

    Args:
        store: Where the breaker is.
        params: Its numbers.
        rates: What is normal.
    """

    def __init__(self, store: BreakerStore, params: BreakerParams, rates: Rates) -> None:
        self.store = store
        self.params = params
        self._rates = rates
        self._permits: list[tuple[int, str]] = []
        self._named = 0

    def record(self) -> BreakerRecord | None:
        """The breaker now."""
        return self.store.read(TARGET)

    def weight(self, sign: Sign) -> Likelihood:
        """How probable a sign is."""
        return likelihood(sign, self._rates)

    def do(self, event: Event) -> Gate | Change | None:
        """Do one event; a time that passes is the caller's."""
        if isinstance(event, Ask):
            return self.ask(canary=event.canary)
        if isinstance(event, Result):
            return self._result(event)
        if isinstance(event, GiveBack):
            self.store.give_back(TARGET, self._permit(event.which)[1])
        if isinstance(event, Raise):
            self.store.raise_belief(TARGET, self.params, event.factor)
        if isinstance(event, Hasten):
            self.store.hasten(TARGET, self.params)
        if isinstance(event, Mode):
            self.store.set_mode(TARGET, event.mode)
        return None

    def ask(self, *, canary: bool) -> Gate:
        """Ask for a permit and remember it."""
        self._named += 1
        name = f"permit {self._named}"
        gate = self.store.ask(TARGET, self.params, permit=name, canary=canary)
        if gate.answer is not Answer.REFUSED:
            self._permits.insert(0, (gate.epoch, name if gate.answer is Answer.PROBE else ""))
        return gate

    def observe(self, sign: Sign, epoch: int, permit: str, reference: str = "", siblings: int = 0) -> Change:
        """Tell of something that was seen."""
        evidence = Evidence(
            sign=sign,
            likelihood=self.weight(sign),
            epoch=epoch,
            permit=permit,
            reference=reference,
            siblings=siblings,
            normal=self._rates.base,
            duration_s=_DURATIONS_S.get(sign, 1.5),
        )
        return self.store.observe(TARGET, self.params, evidence, Account(job_group="suite"))

    def last_permit(self) -> tuple[int, str]:
        """The epoch and the probe's name of the permit that was given last."""
        return self._permit(0)

    def seen_in(self, event: Result) -> int:
        """The epoch of the permit that a result came of."""
        return self._permit(event.which)[0]

    def _result(self, event: Result) -> Change:
        epoch, permit = self._permit(event.which)
        record = self.record()
        if not event.stale:  # most results come in time
            epoch = record.epoch if record else 0
        return self.observe(event.sign, epoch, permit, event.reference, event.siblings)

    def _permit(self, which: int) -> tuple[int, str]:
        return self._permits[which] if which < len(self._permits) else (-1, "no such permit")
