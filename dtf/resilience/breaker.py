"""The circuit breaker's state machine: pure; the clock is passed in, and every change gives a new record.

``dtf.breakers`` keeps the records: in Redis, where two Lua scripts do the same arithmetic atomically, or in memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dtf.domain.breaker import BAD_SIGNS, BreakerMode, BreakerState, Sign
from dtf.resilience.belief import Belief, Likelihood
from dtf.resilience.breaker_params import MOST_FAILURES, BreakerParams, Policy

#: How many jobs that failed before an opening are remembered, to give them their retries back.
_MOST_SUSPECTS = 16
#: An opening with more than one sibling open waits so many times as long, at most.
_MOST_SIBLINGS = 3
#: After a probe that took long to fail none is made for as long again, but for no longer than this, in seconds.
_LONGEST_REST_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRecord:
    """All that is known of one breaker. Times are seconds since the epoch, on the store's clock.

    Attributes:
        mode: Who decides.
        state: Where it stands.
        belief: What it believes of its target.
        at: When it last moved its belief.
        epoch: The number of its state, from 0; raised by each transition. Evidence of another one is dropped.
        since: When its state began.
        opened_at: When it last went from closed to open.
        closed_at: When it last closed; 0: never.
        row: Bad signs in a row.
        infra_row: Those of them that are no crash, which may be the job's own.
        pieces: Bad signs since it was calm.
        canaries_failed: Those of them that were canaries.
        passes: Probes in a row that succeeded.
        next_probe_at: When an open breaker may be probed again.
        held_until: Until when a closed one holds work back, waiting for a canary.
        permits: The probes under way: until when each is waited for.
        suspects: What failed since it was calm: jobs whose retries are given back when it opens.
    """

    mode: BreakerMode = BreakerMode.AUTO
    state: BreakerState = BreakerState.CLOSED
    belief: Belief = field(default_factory=Belief)
    at: float = 0.0
    epoch: int = 0
    since: float = 0.0
    opened_at: float = 0.0
    closed_at: float = 0.0
    row: int = 0
    infra_row: int = 0
    pieces: int = 0
    canaries_failed: int = 0
    passes: int = 0
    next_probe_at: float = 0.0
    held_until: float = 0.0
    permits: Mapping[str, float] = field(default_factory=dict)
    suspects: tuple[str, ...] = ()


def fresh(params: BreakerParams, now: float) -> BreakerRecord:
    """A breaker of which nothing is known: closed, and its target as often bad as targets are."""
    bad = params.bad_rate / (params.bad_rate + 1 / params.heal_s)
    belief = Belief(bad * params.grey_share, bad * (1 - params.grey_share))
    return BreakerRecord(belief=belief, at=now, since=now)


class Answer(StrEnum):
    """What a breaker says to somebody who wants to use its target."""

    #: Go on.
    GRANTED = "granted"
    #: Go on, as the probe: what comes of it decides, and the permit has a lease.
    PROBE = "probe"
    #: Not now.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The answer, and what it was given on.

    Attributes:
        answer: Whether to go on.
        epoch: The epoch that is to be told with the result.
        bad: The probability that the target is bad.
        wait_s: After a refusal: when to ask again, in seconds.
    """

    answer: Answer
    epoch: int
    bad: float
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen of a target.

    Attributes:
        sign: What.
        likelihood: How probable that is with a healthy, a grey and a down target.
        epoch: That of the permit under which it was seen.
        permit: The probe's; empty: it was none.
        reference: What names the job, should its retry be given back; empty: nothing.
        siblings: How many breakers of its hardware opened lately, this one not counted.
        normal: The share of jobs that fail by the infrastructure on a healthy target; for the reason.
        duration_s: How long the attempt or the canary ran.
    """

    sign: Sign
    likelihood: Likelihood
    epoch: int
    permit: str = ""
    reference: str = ""
    siblings: int = 0
    normal: float = 0.02
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a piece of evidence did.

    Attributes:
        record: The breaker now.
        before: The state that it left; None: it stays in its state.
        reason: Why, in one sentence, where it left it.
        refunds: The jobs whose retries are given back.
        dropped: The evidence came from before the last transition, and changed nothing.
    """

    record: BreakerRecord
    before: BreakerState | None = None
    reason: str = ""
    refunds: tuple[str, ...] = ()
    dropped: bool = False


def advanced(record: BreakerRecord, params: BreakerParams, now: float) -> BreakerRecord:
    """The breaker at a later time, without evidence: belief moves, and the leases of lost probes end."""
    now = max(now, record.at)  # a clock that was set back stops time, and turns nothing round
    permits = {permit: until for permit, until in record.permits.items() if until > now}
    if record.state is BreakerState.OPEN:
        belief = record.belief.while_open(
            record.at - record.opened_at,
            now - record.opened_at,
            median_s=params.outage_median_s,
            shape=params.outage_shape,
        )
    else:
        belief = record.belief.while_closed(
            now - record.at, bad_rate=params.bad_rate, heal_s=params.heal_s, grey_share=params.grey_share
        )
    record = replace(record, belief=belief, at=now, permits=permits)
    counts = params.policy is Policy.FIXED and record.row  # what leads to its opening is remembered until then
    return _calmed(record) if belief.bad < params.calm_at and not counts else record


def ask(
    record: BreakerRecord, params: BreakerParams, now: float, *, permit: str, canary: bool = False
) -> tuple[BreakerRecord, Gate]:
    """Ask to use the target.

    Args:
        record: The breaker.
        params: Its numbers.
        now: The time.
        permit: Names the permit, should it be a probe's; unlike any other's.
        canary: Whether a canary is to be run; else it is real work.
    """
    record = advanced(record, params, now)
    answer, wait_s = _answer(record, params, canary=canary)
    if answer is Answer.PROBE:
        record = replace(record, permits={**record.permits, permit: record.at + params.lease_s})
    return record, Gate(answer=answer, epoch=record.epoch, bad=record.belief.bad, wait_s=wait_s)


def give_back(record: BreakerRecord, permit: str) -> BreakerRecord:
    """Give a probe's permit back unused."""
    if permit not in record.permits:
        return record
    return replace(record, permits={name: until for name, until in record.permits.items() if name != permit})


def observe(record: BreakerRecord, params: BreakerParams, now: float, evidence: Evidence) -> Change:
    """Take in a piece of evidence.

    Evidence from before the last transition is dropped: it tells of a target that was another then.
    """
    if evidence.epoch != record.epoch:
        return Change(record=record, dropped=True)
    record = advanced(record, params, now)
    is_probe = evidence.permit in record.permits
    if not is_probe:
        evidence = replace(evidence, duration_s=0.0)  # real work rests nobody
    record = give_back(record, evidence.permit)
    belief = record.belief.after(evidence.likelihood)
    if evidence.sign in BAD_SIGNS:
        record = _failed(replace(record, belief=belief), params, evidence)
    else:
        passes = record.passes + is_probe
        record = replace(record, belief=belief, row=0, infra_row=0, passes=passes, held_until=0.0)
        if record.belief.bad < params.calm_at:
            record = _calmed(record)
    if record.mode is BreakerMode.FORCED_CLOSED:
        return Change(record=record)
    if record.state is BreakerState.CLOSED:
        opens = evidence.sign in BAD_SIGNS and _is_to_open(
            record, params
        )  # success opens nothing, whatever is believed
        return _opened(record, params, evidence) if opens else Change(record=record)
    return _probed(record, params, evidence) if is_probe else Change(record=record)


def raised(record: BreakerRecord, params: BreakerParams, now: float, factor: float) -> BreakerRecord:
    """Take in that a sibling opened: the odds of being bad grow by a factor; that alone opens nothing."""
    record = advanced(record, params, now)
    if record.state is not BreakerState.CLOSED:
        return record
    belief = record.belief.raised(factor)
    held_until = record.at + params.hold_s if belief.bad > params.suspect_at else record.held_until
    return replace(record, belief=belief, held_until=held_until)


def hastened(record: BreakerRecord, params: BreakerParams, now: float) -> BreakerRecord:
    """Take in that a sibling was found to be well again: an open breaker is probed at once, should that be allowed."""
    record = advanced(record, params, now)
    if record.state is not BreakerState.OPEN:
        return record
    return replace(record, next_probe_at=min(record.next_probe_at, record.at))


def set_mode(record: BreakerRecord, mode: BreakerMode, now: float) -> BreakerRecord:
    """Have an operator decide, or no longer."""
    return replace(record, mode=mode, at=max(now, record.at))


def refunds_retries(record: BreakerRecord) -> bool:
    """Whether a job that fails now on the target is to lose no retry."""
    return record.state is not BreakerState.CLOSED or record.belief.bad > 0.5  # more likely than not


def failures_to_open(record: BreakerRecord, params: BreakerParams, likelihood: Likelihood) -> int:
    """How many failures of the infrastructure in a row would open it now: the threshold that people see.

    Args:
        record: The breaker.
        params: Its numbers.
        likelihood: That of such a failure.
    """
    count = 0
    while count < MOST_FAILURES:
        count += 1
        evidence = Evidence(sign=Sign.INFRA, likelihood=likelihood, epoch=record.epoch)
        record = _failed(replace(record, belief=record.belief.after(likelihood)), params, evidence)
        if _is_to_open(record, params):
            break
    return count


def _answer(record: BreakerRecord, params: BreakerParams, *, canary: bool) -> tuple[Answer, float]:
    if record.mode is BreakerMode.FORCED_OPEN:
        return Answer.REFUSED, params.probe_every_s
    if not canary and record.mode is BreakerMode.FORCED_CLOSED:
        return Answer.GRANTED, 0.0
    answer, wait_s = _own_answer(record, params, canary=canary)
    if answer is Answer.REFUSED and not canary and record.mode is BreakerMode.METRICS_ONLY:
        return Answer.GRANTED, 0.0  # real work that would have probed still does, or it would stay open for ever
    return answer, wait_s


def _own_answer(record: BreakerRecord, params: BreakerParams, *, canary: bool) -> tuple[Answer, float]:
    """What it says when nobody but itself decides."""
    room = len(record.permits) < params.probes
    suspect = record.state is BreakerState.CLOSED and record.belief.bad > params.suspect_at
    if record.state is BreakerState.CLOSED and not canary:
        held = suspect and params.canary and (bool(record.permits) or record.at < record.held_until)
        return (Answer.REFUSED, _pause_s(record, params)) if held else (Answer.GRANTED, 0.0)
    if not canary and params.canary:
        return Answer.REFUSED, _pause_s(record, params)
    due = record.state is BreakerState.HALF_OPEN or suspect
    due = due or (record.state is BreakerState.OPEN and record.at >= record.next_probe_at)
    return (Answer.PROBE, 0.0) if due and room else (Answer.REFUSED, _pause_s(record, params))


def _pause_s(record: BreakerRecord, params: BreakerParams) -> float:
    """When it is worth asking again."""
    if record.state is BreakerState.OPEN and record.at < record.next_probe_at:
        return record.next_probe_at - record.at
    return min([params.probe_quick_s, *(until - record.at for until in record.permits.values())])


def _is_to_open(record: BreakerRecord, params: BreakerParams) -> bool:
    """Where there is a canary crashes alone open nothing: they may be the jobs' own, and it finds out."""
    if params.policy is Policy.FIXED:
        row = record.infra_row if params.canary else record.row
        return row >= params.failures_to_open
    if record.infra_row >= MOST_FAILURES:
        return True
    told = record.infra_row > 0 or not params.canary  # not by crashes alone
    return told and record.pieces >= 2 and record.belief.bad > params.open_at  # no single one convicts


def _failed(record: BreakerRecord, params: BreakerParams, evidence: Evidence) -> BreakerRecord:
    known = evidence.reference in ("", *record.suspects)
    suspects = record.suspects if known else (*record.suspects, evidence.reference)[-_MOST_SUSPECTS:]
    return replace(
        record,
        row=record.row + 1,
        infra_row=record.infra_row + (evidence.sign is not Sign.CRASH),
        pieces=record.pieces + 1,
        canaries_failed=record.canaries_failed + (evidence.sign is Sign.CANARY_FAILED),
        passes=0,
        held_until=record.at + params.hold_s if record.belief.bad > params.suspect_at else record.held_until,
        suspects=suspects,
    )


def _calmed(record: BreakerRecord) -> BreakerRecord:
    if record.state is not BreakerState.CLOSED or not record.pieces:
        return record
    return replace(record, pieces=0, canaries_failed=0, suspects=())


def _opened(record: BreakerRecord, params: BreakerParams, evidence: Evidence) -> Change:
    again = record.closed_at > 0 and record.at - record.closed_at <= params.quick_within_s
    reason = _opening_reason(record, evidence)
    record = replace(record, opened_at=record.at)
    pause = _rest_s(params, evidence, again=again)
    return _moved(record, BreakerState.OPEN, reason, pause=pause, refunds=record.suspects)


def _probed(record: BreakerRecord, params: BreakerParams, evidence: Evidence) -> Change:
    """A probe of an open or half-open breaker returned."""
    if evidence.sign in BAD_SIGNS:
        again = record.closed_at > 0 and record.opened_at - record.closed_at <= params.quick_within_s
        pause = _rest_s(params, evidence, again=again)
        if record.state is BreakerState.HALF_OPEN:
            return _moved(record, BreakerState.OPEN, "a probe failed", pause=pause)
        return Change(record=replace(record, next_probe_at=record.at + pause))
    if record.belief.bad < params.close_at or record.passes >= params.passes_to_close:
        plural = "s" if record.passes > 1 else ""
        return _moved(record, BreakerState.CLOSED, f"{record.passes} probe{plural} in a row succeeded")
    if record.state is BreakerState.OPEN:
        return _moved(record, BreakerState.HALF_OPEN, "a probe succeeded")
    return Change(record=record)


def _moved(
    record: BreakerRecord, state: BreakerState, reason: str, *, pause: float = 0.0, refunds: tuple[str, ...] = ()
) -> Change:
    before, closes = record.state, state is BreakerState.CLOSED
    record = replace(
        record,
        state=state,
        epoch=record.epoch + 1,
        since=record.at,
        row=0,
        infra_row=0,
        pieces=0,
        canaries_failed=0,
        passes=0 if state is not BreakerState.HALF_OPEN else record.passes,
        closed_at=record.at if closes else record.closed_at,
        next_probe_at=record.at + pause,
        held_until=0.0,
        permits={},
        suspects=(),
    )
    return Change(record=record, before=before, reason=reason, refunds=refunds)


def rest_s(took_s: float, at_least_s: float) -> float:
    """How long nobody probes after a probe that failed: those that take long to fail get half of the time at most.

    Args:
        took_s: How long it took to fail, in seconds.
        at_least_s: How often the breaker is probed otherwise, in seconds.
    """
    return max(at_least_s, min(took_s, _LONGEST_REST_S))


def _rest_s(params: BreakerParams, evidence: Evidence, *, again: bool) -> float:
    """How long nobody probes after a piece of evidence; what was no probe took no time of one."""
    pause = (params.probe_quick_s if again else params.probe_every_s) * min(1 + evidence.siblings, _MOST_SIBLINGS)
    return rest_s(evidence.duration_s, pause)


def _opening_reason(record: BreakerRecord, evidence: Evidence) -> str:
    failures = record.pieces - record.canaries_failed
    parts = [f"{failures} failure{'s' if failures != 1 else ''}"] if failures else []
    if record.canaries_failed:
        parts.append(f"{record.canaries_failed} failed canar{'ies' if record.canaries_failed > 1 else 'y'}")
    return f"{' and '.join(parts)} where {100 * evidence.normal:.2g} % is normal"
