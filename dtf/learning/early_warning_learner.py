"""A learner that also looks ahead."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from river import stats

from dtf.domain.breaker import BAD_SIGNS, BreakerState, Sign, Target, Transition
from dtf.domain.early_warning import Forewarning, Vitals
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned
from dtf.learning.early_warning import EarlyWarning
from dtf.learning.learner import Learner

#: The weight of a new job in the share of failures: it is that of about the last five.
FADING: Final = 0.2

#: The signs that end a job.
_ENDS: Final = frozenset((Sign.WORKED, Sign.INFRA, Sign.CRASH))

#: What the snapshot calls the model, and the shares of failures.
_MODEL, _FAILURES = "early_warning", "early_failures"


class EarlyWarningLearner(Learner):
    """A learner that looks at each closed target whenever it publishes, and says what it expects.

    Args:
        look: Gives what is known of each target whose breaker is closed and decides for itself: its memory and its
            temperature, the rest is known here.
        warn: Called with each warning that is to be acted on; None: none ever is.
    """

    def __init__(
        self, look: Callable[[], Mapping[Target, Vitals]], warn: Callable[[Target, Forewarning], None] | None = None
    ) -> None:
        super().__init__()
        self._look = look
        self._warn = warn
        self._warning = EarlyWarning(may_act=warn is not None)
        self._failing: dict[Target, stats.EWMean] = {}

    def observe(self, record: EvidenceRecord) -> None:
        """Learn from a piece of evidence."""
        super().observe(record)
        if record.sign in _ENDS:
            self._failures(record.target).update(float(record.sign in BAD_SIGNS))

    def observe_transition(self, transition: Transition) -> None:
        """Learn from a breaker's transition."""
        super().observe_transition(transition)
        if transition.before is BreakerState.CLOSED and transition.after is not BreakerState.CLOSED:
            self._warning.opened(transition.at, transition.target)

    def forget(self, present: Collection[Target], now: float) -> None:
        """Forget the targets that are gone for good; ``present``: those that have a breaker."""
        super().forget(present, now)
        self._failing = {one: mean for one, mean in self._failing.items() if one in present or self.knows(one)}

    def publish(self, now: float) -> Learned:
        """What is known now, and what is to be expected."""
        learned = super().publish(now)
        for target, vitals in sorted(self._look().items()):
            said = self._warning.look(now, target, self._completed(target, vitals, learned))
            if said.acts and self._warn is not None:
                self._warn(target, said)
        return replace(learned, early_warning=self._warning.record(now))

    def snapshot(self) -> dict[str, Any]:
        """All that it knows, as JSON's types."""
        failures = [[one.hardware, one.name, mean.get()] for one, mean in self._failing.items()]
        return {**super().snapshot(), _MODEL: self._warning.snapshot(), _FAILURES: failures}

    def restore(self, data: dict[str, Any]) -> None:
        """Know what a snapshot holds; one of a learner that did not look ahead tells nothing of that.

        Raises:
            ValueError: It is of another format.
        """
        super().restore(data)
        self._warning, self._failing = EarlyWarning(may_act=self._warn is not None), {}
        if _MODEL in data:
            self._warning.restore(data[_MODEL])
            for hardware, name, share in data[_FAILURES]:
                self._failures(Target(hardware=hardware, name=name)).update(share)

    def _failures(self, target: Target) -> stats.EWMean:
        if target not in self._failing:
            self._failing[target] = stats.EWMean(fading_factor=FADING)
        return self._failing[target]

    def _completed(self, target: Target, vitals: Vitals, learned: Learned) -> Vitals:
        known, failing = learned.targets.get(str(target)), self._failing.get(target)
        return replace(
            vitals,
            latency_drift=known.latency_drift if known is not None and known.evidence else None,
            failure_rate=failing.get() if failing is not None else None,
        )
