"""dtf's own breaker: its state machine as it is, with constants only or with what its learner learns."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dtf.benchmarks.simulation.arms.protocol import NEVER, Ending, Indifferent, Moved, Refunds, Setting
from dtf.benchmarks.simulation.jobs import SimulatedJob
from dtf.domain.breaker import BAD_SIGNS, BreakerState, Sign, Transition
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned
from dtf.learning.learner import Learner
from dtf.resilience.breaker import (
    Answer,
    BreakerRecord,
    Change,
    Evidence,
    ask,
    give_back,
    observe,
    raised,
    refunds_retries,
)
from dtf.resilience.breaker_params import BreakerParams
from dtf.resilience.learned_numbers import learned_sibling_factor
from dtf.resilience.likelihood import Rates, is_usual, likelihood
from dtf.resilience.looking_first import looks_first
from dtf.resilience.tuning import expected_s, fixed, overrun_s, tuned, tuned_rates


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefSettings:
    """What dtf's breaker is run with; times in seconds.

    Attributes:
        learns: Whether there is a learner.
        params: The breaker's constants.
        rates: What is normal before anything is learned.
        last_below: Above this belief a job on its last attempt is not sent.
        together_s: Openings within so many seconds are openings together.
        sibling_factor: By how much an opening raises the odds of its siblings being bad.
        publish_s: How often the learner publishes, and rates are taken over.
        params_every: With every so manieth publication the breakers' parameters are taken over as well.
        cold_below: What rests on fewer pieces of evidence is not used: the target's breaker is the fixed one.
        overruns: Whether jobs that run for too long are evidence; the product does not look for them.
        looks_first: Whether a canary goes ahead of a long job.
        learns_siblings: Whether that factor is learned.
        filter_learned: Changes what was learned, for studies of what each part is worth.
    """

    learns: bool
    params: BreakerParams = field(default_factory=BreakerParams)
    rates: Rates = field(default_factory=Rates)
    last_below: float = 0.05
    together_s: float = 20.0
    sibling_factor: float = 3.0
    publish_s: float = 10.0
    params_every: int = 6
    cold_below: int = 20
    overruns: bool = False
    looks_first: bool = True
    learns_siblings: bool = True
    filter_learned: Callable[[Learned], Learned] | None = None


class BeliefArm(Indifferent):
    """One record of the state machine for each target."""

    def __init__(self, setting: Setting, settings: BeliefSettings) -> None:
        super().__init__(setting)
        self._settings = settings
        self._targets = [one.target for one in setting.lab.targets]
        self._records = [BreakerRecord() for _ in self._targets]
        self._params = [fixed(settings.params) if settings.learns else settings.params for _ in self._targets]
        self._siblings = [
            [n for n, other in enumerate(self._targets) if other.hardware == one.hardware and n != index]
            for index, one in enumerate(self._targets)
        ]
        self._opened_at = [-NEVER for _ in self._targets]
        self._learner = Learner() if settings.learns else None
        self._learned = Learned()
        self._published_at = 0.0
        self._publications = 0
        self._warm = [False for _ in self._targets]
        self._permits = 0
        self._tokens: dict[int, str] = {}
        self._wanted = [False for _ in self._targets]
        self._canary_s = setting.conditions.canary.passed_s

    @property
    def learned(self) -> Learned:
        """What it was last told by its learner."""
        return self._learned

    def allows(self, target: int, now: float, job: SimulatedJob, *, last: bool) -> bool:
        """What the breaker's gate says; no last attempt goes to a target in doubt."""
        self._publish(now)
        record, params = self._records[target], self._params[target]
        if record.state is not BreakerState.CLOSED:
            return False
        record, gate = ask(record, params, now, permit="")
        self._records[target] = record
        if gate.answer is not Answer.GRANTED:
            return False
        if (last and gate.bad > self._settings.last_below) or self._looks_first(target, job, gate.bad):
            if not self._wanted[target] and not record.permits:
                self._wanted[target] = True
                self.journal.stirred.append(target)
            return False
        return True

    def _looks_first(self, target: int, job: SimulatedJob, bad: float) -> bool:
        learned = self._learned if self._warm[target] and self._settings.looks_first else None
        return looks_first(bad, expected_s(learned, job.group.name), self._canary_s)

    def started(self, target: int, now: float) -> int:  # noqa: ARG002  # the protocol's
        """The epoch."""
        return self._records[target].epoch

    def badness(self, target: int) -> float:
        """The belief when it was last moved."""
        return round(self._records[target].belief.bad, 3)

    def ended(self, ending: Ending) -> Refunds:
        """Evidence for the breaker and for the learner."""
        change = self._observe(
            ending.target, ending.now, ending.sign, job=ending.job, token=ending.token, ran_s=ending.ran_s
        )
        if ending.sign not in BAD_SIGNS:
            return ()
        base = self._rates(ending.target, ending.job).base
        if change.dropped or refunds_retries(change.record) or is_usual(ending.sign, base):
            return tuple({*map(int, change.refunds), ending.job.index})
        return tuple(map(int, change.refunds))

    def look_at(self, target: int, now: float) -> float:
        """When a canary is due, or a hold ends."""
        record = self._records[target]
        if record.state is BreakerState.OPEN and not record.permits:
            return max(record.next_probe_at, now)
        if record.state is BreakerState.CLOSED and record.held_until > now:
            return record.held_until
        return NEVER

    def starts_canary(self, target: int, now: float) -> int | None:
        """When the breaker hands out a permit for one."""
        record, params = self._records[target], self._params[target]
        if self._wanted[target]:
            params = replace(params, suspect_at=0.0)
            self._wanted[target] = False
        if len(record.permits) >= params.probes or (
            record.state is BreakerState.CLOSED and record.belief.bad <= params.suspect_at
        ):
            return None
        self._permits += 1
        self._records[target], gate = ask(record, params, now, permit=str(self._permits), canary=True)
        if gate.answer is not Answer.PROBE:
            return None
        self._tokens[self._permits] = str(gate.epoch)
        return self._permits

    def canary_ended(self, target: int, now: float, *, passed: bool, token: int) -> Refunds:
        """Evidence for the breaker."""
        sign = Sign.CANARY_PASSED if passed else Sign.CANARY_FAILED
        epoch = int(self._tokens.pop(token))
        change = self._observe(target, now, sign, job=None, token=epoch, permit=str(token))
        self._records[target] = give_back(self._records[target], str(token))
        return tuple(map(int, change.refunds))

    def overruns_after(self, target: int, job: SimulatedJob) -> float:
        """Where the group's durations are known."""
        if not self._settings.overruns or not self._warm[target]:
            return NEVER
        after_s = overrun_s(self._learned, self._targets[target], job.group.name)
        return NEVER if after_s is None else after_s

    def overran(self, target: int, now: float, job: SimulatedJob, token: int) -> Refunds:
        """Evidence for the breaker; the job goes on."""
        change = self._observe(target, now, Sign.OVERRUN, job=job, token=token)
        return tuple(index for index in map(int, change.refunds) if index != job.index)

    def _rates(self, target: int, job: SimulatedJob | None) -> Rates:
        rates = self._settings.rates
        if not self._warm[target]:
            return rates
        return tuned_rates(self._learned, self._targets[target], job.group.name if job else "", rates)

    def _observe(
        self,
        target: int,
        now: float,
        sign: Sign,
        *,
        job: SimulatedJob | None,
        token: int,
        permit: str = "",
        ran_s: float = 0.0,
    ) -> Change:
        self._publish(now)
        name, record = self._targets[target], self._records[target]
        rates = self._rates(target, job)
        evidence = Evidence(
            sign=sign,
            likelihood=likelihood(sign, rates),
            epoch=token,
            permit=permit,
            reference=str(job.index) if job else "",
            siblings=self._open_siblings(target, now),
            normal=rates.base,
            duration_s=ran_s,
        )
        change = observe(record, self._params[target], now, evidence)
        self._records[target] = change.record
        if self._learner is not None and not change.dropped:
            self._learner.observe(
                EvidenceRecord(
                    at=now,
                    target=name,
                    sign=sign,
                    job_group=job.group.name if job else "",
                    duration_s=ran_s,
                    believed=record.belief.bad,
                    epoch=token,
                )
            )
        if change.before is not None:
            self._moved(target, now, change, change.before)
        return change

    def _moved(self, target: int, now: float, change: Change, before: BreakerState) -> None:
        after = change.record.state
        self.journal.moves.append(Moved(at=now, target=target, before=before, after=after, reason=change.reason))
        if self._learner is not None:
            self._learner.observe_transition(
                Transition(
                    target=self._targets[target],
                    epoch=change.record.epoch,
                    at=now,
                    before=before,
                    after=after,
                    reason=change.reason,
                )
            )
        if before is BreakerState.CLOSED:
            self._opened_at[target] = now
            factor = self._settings.sibling_factor
            if self._warm[target] and self._settings.learns_siblings:
                factor = learned_sibling_factor(self._learned, self._targets[target], factor)
            for sibling in self._siblings[target]:
                self._records[sibling] = raised(self._records[sibling], self._params[sibling], now, factor)
            self.journal.stirred += self._siblings[target]
        elif after is BreakerState.CLOSED:
            for sibling in self._siblings[target]:
                record = self._records[sibling]
                if record.state is BreakerState.OPEN and record.next_probe_at > now:
                    self._records[sibling] = replace(record, next_probe_at=now)
                    self.journal.stirred.append(sibling)

    def _open_siblings(self, target: int, now: float) -> int:
        return sum(now - self._opened_at[one] <= self._settings.together_s for one in self._siblings[target])

    def _publish(self, now: float) -> None:
        if self._learner is None or now - self._published_at < self._settings.publish_s:
            return
        self._published_at = now
        self._publications += 1
        learned = self._learner.publish(now)
        self._learned = self._settings.filter_learned(learned) if self._settings.filter_learned else learned
        if self._publications % self._settings.params_every == 1:
            self._tune()

    def _tune(self) -> None:
        found = [
            tuned(
                self._learned,
                one,
                self._settings.params,
                age_s=0.0,
                stale_s=self._settings.publish_s,
                cold_below=self._settings.cold_below,
            )
            for one in self._targets
        ]
        self._params = [one.params for one in found]
        self._warm = [not one.why_fixed for one in found]
