"""The byte strings that the Lua scripts read and write; all numbers are doubles, so that none loses a digit."""

import json
from collections.abc import Mapping
from struct import Struct
from struct import error as struct_error
from typing import Any
from urllib.parse import quote, unquote

from dtf.breakers.store import Account
from dtf.domain.breaker import BAD_SIGNS, BreakerMode, BreakerState, Sign, Target, Transition
from dtf.domain.evidence import EvidenceRecord
from dtf.resilience.belief import Belief
from dtf.resilience.breaker import Answer, BreakerRecord, Change, Evidence, Gate
from dtf.resilience.breaker_params import BreakerParams, Policy

_PARAMS, _EVIDENCE, _RECORD = Struct("<20d"), Struct("<10d"), Struct("<16d")
_GATE, _TOLD = Struct("<4d"), Struct("<4d")

#: In the order of their numbers in the scripts.
_MODES = (BreakerMode.AUTO, BreakerMode.FORCED_OPEN, BreakerMode.FORCED_CLOSED, BreakerMode.METRICS_ONLY)
_STATES = (BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN)
_ANSWERS = (Answer.GRANTED, Answer.PROBE, Answer.REFUSED)


def packed_params(params: BreakerParams, kept_s: float) -> bytes:
    """A breaker's numbers, and after how many seconds without use it is forgotten."""
    return _PARAMS.pack(
        params.policy is Policy.FIXED,
        params.failures_to_open,
        params.open_at,
        params.suspect_at,
        params.close_at,
        params.calm_at,
        params.bad_rate,
        params.heal_s,
        params.grey_share,
        params.outage_median_s,
        params.outage_shape,
        params.probe_every_s,
        params.probe_quick_s,
        params.quick_within_s,
        params.passes_to_close,
        params.probes,
        params.lease_s,
        params.hold_s,
        params.canary,
        kept_s,
    )


def packed_evidence(evidence: Evidence, account: Account | None, kept_evidence: int) -> bytes:
    """The numbers of a piece of evidence."""
    return _EVIDENCE.pack(
        *evidence.likelihood,
        evidence.sign in BAD_SIGNS,
        evidence.epoch,
        evidence.siblings,
        evidence.normal,
        account is not None,
        evidence.duration_s,
        kept_evidence,
    )


def unpacked_gate(data: bytes) -> Gate:
    """A gate's answer."""
    answer, epoch, bad, wait_s = _GATE.unpack(data)
    return Gate(answer=_ANSWERS[int(answer)], epoch=int(epoch), bad=bad, wait_s=wait_s)


def unpacked_change(found: Any) -> Change:  # noqa: ANN401  # Lua's answer
    """What a piece of evidence did; the short form is of a breaker that stayed and remembers nothing."""
    if isinstance(found, bytes):
        return Change(record=unpacked_record(found))
    numbers, permits, suspects, before, reason, refunds, dropped = found
    return Change(
        record=unpacked_record(numbers, permits, suspects),
        before=BreakerState(before.decode()) if before else None,
        reason=reason.decode(),
        refunds=_names(refunds),
        dropped=bool(dropped),
    )


def unpacked_record(numbers: bytes, permits: bytes | None = None, suspects: bytes | None = None) -> BreakerRecord:
    """A breaker from its fields."""
    (mode, state, grey, down, at, epoch, since, opened_at, closed_at, *counts) = _RECORD.unpack(numbers)
    row, infra_row, pieces, canaries_failed, passes, next_probe_at, held_until = counts
    return BreakerRecord(
        mode=_MODES[int(mode)],
        state=_STATES[int(state)],
        belief=Belief(grey, down),
        at=at,
        epoch=int(epoch),
        since=since,
        opened_at=opened_at,
        closed_at=closed_at,
        row=int(row),
        infra_row=int(infra_row),
        pieces=int(pieces),
        canaries_failed=int(canaries_failed),
        passes=int(passes),
        next_probe_at=next_probe_at,
        held_until=held_until,
        permits={name: float(until) for name, until in json.loads(permits).items()} if permits else {},
        suspects=_names(suspects),
    )


def packed_mode(mode: BreakerMode) -> int:
    """The number of a mode."""
    return _MODES.index(mode)


def _names(data: bytes | None) -> tuple[str, ...]:
    """The names in a JSON list; empty: none."""
    return tuple(json.loads(data)) if data else ()


def unpacked_transition(target: Target, data: bytes) -> Transition:
    """A transition from its field."""
    epoch, at, before, after, reason = data.decode().split("|", 4)
    return Transition(
        target=target,
        epoch=int(epoch),
        at=float(at),
        before=BreakerState(before),
        after=BreakerState(after),
        reason=reason,
    )


def packed_told(record: EvidenceRecord) -> dict[str, str | bytes]:
    """The fields of a piece of evidence for the learner."""
    return {
        "target": target_text(record.target),
        "sign": record.sign.value,
        "group": record.job_group,
        "numbers": _TOLD.pack(record.at, record.duration_s, record.believed, record.epoch),
    }


def unpacked_told(fields: Mapping[bytes, bytes]) -> EvidenceRecord:
    """A piece of evidence for the learner, from its fields.

    Raises:
        ValueError: They are not such.
        KeyError: One is missing.
    """
    try:
        at, duration_s, believed, epoch = _TOLD.unpack(fields[b"numbers"])
    except struct_error as error:
        raise ValueError(str(error)) from error
    return EvidenceRecord(
        at=at,
        target=text_target(fields[b"target"]),
        sign=Sign(fields[b"sign"].decode()),
        job_group=fields[b"group"].decode(errors="replace"),
        duration_s=duration_s,
        believed=believed,
        epoch=int(epoch),
    )


def target_text(target: Target) -> str:
    """A target as it stands in keys; a colon in the hardware is written so that it can be told from the one between."""
    return f"{quote(target.hardware, safe=' /')}:{target.name}"


def text_target(data: bytes) -> Target:
    """The target of such a text."""
    hardware, _, name = data.decode(errors="replace").partition(":")
    return Target(hardware=unquote(hardware), name=name)
