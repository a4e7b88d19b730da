"""How breakers are set."""

import math
import re
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from dtf.domain.errors import SettingsError
from dtf.domain.suggestion import did_you_mean
from dtf.resilience.breaker_params import LEAST_FAILURES, MOST_FAILURES, BreakerParams, Policy

_PREFIX = re.compile(r"[A-Za-z0-9_.-]{1,64}(:[A-Za-z0-9_.-]{1,64})*")


class BreakerPolicy(StrEnum):
    """By what breakers decide."""

    #: By their belief, with what was learned; the fixed breaker where that is missing, cold or stale.
    LEARNED = "learned"
    #: By their belief, with the defaults in place of what was learned.
    CONSTANTS = "constants"
    #: By so many failures in a row.
    FIXED = "fixed"
    #: As learned, but they refuse nothing: they only tell.
    METRICS = "metrics"
    #: There are none.
    OFF = "off"


def _number(default: float, low: float, high: float) -> Any:  # noqa: ANN401  # as dataclasses.field
    return field(default=default, metadata={"bounds": (low, high)})


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerConfig:
    """The settings of breakers, with bounds. Times are in seconds.

    Attributes:
        policy: By what they decide.
        prefix: What the names of their keys in Redis begin with: breakers of one prefix are shared.
        failures_to_open: Failures in a row that open a fixed breaker.
        open_at: A breaker opens above this probability that its target is bad.
        suspect_at: Above this one it asks for a canary, and holds work back until that returns.
        close_at: It closes below this one.
        passes_to_close: So many probes in a row close it, whatever it believes.
        probe_every_s: The pause before the first probe of an open breaker, and between two.
        probe_quick_s: The same, where it had closed shortly before.
        probes: How many probes may be under way at a time.
        lease_s: After so long a probe that has not returned is given up; longer than any probe takes.
        hold_s: How long a closed breaker holds work back at most, waiting for a canary.
        canary: Whether somebody runs canaries; otherwise real work probes.
        copy_s: For how long a process trusts its copy of a closed breaker.
        learned_every_s: How often a process looks for what was learned.
        stale_s: What was learned so long ago is not used any more.
        cold_below: What rests on fewer pieces of evidence is not used yet.
        sibling_within_s: Openings on one hardware within so many seconds have one cause.
        sibling_factor: By how much an opening raises the odds that a sibling is bad.
        timeout_s: How long a process waits for Redis before it decides by itself.
        away_s: How long it does so at least before it tries Redis again.
        kept_evidence: How many pieces of evidence wait for the learner at most.
        kept_s: A breaker that nobody used for so long is forgotten.
    """

    policy: BreakerPolicy = BreakerPolicy.LEARNED
    prefix: str = "dtf"
    failures_to_open: int = _number(4, LEAST_FAILURES, MOST_FAILURES)
    open_at: float = _number(0.9, 0.5, 0.999)
    suspect_at: float = _number(0.3, 0.1, 0.9)
    close_at: float = _number(0.15, 0.01, 0.5)
    passes_to_close: int = _number(6, 1, 20)
    probe_every_s: float = _number(5.0, 0.05, 600.0)
    probe_quick_s: float = _number(2.0, 0.05, 600.0)
    probes: int = _number(1, 1, 100)
    lease_s: float = _number(30.0, 0.1, 3600.0)
    hold_s: float = _number(10.0, 0.0, 300.0)
    canary: bool = True
    copy_s: float = _number(1.0, 0.0, 10.0)
    learned_every_s: float = _number(5.0, 0.05, 600.0)
    stale_s: float = _number(120.0, 1.0, 86400.0)
    cold_below: int = _number(20, 0, 10000)
    sibling_within_s: float = _number(20.0, 0.0, 600.0)
    sibling_factor: float = _number(3.0, 1.0, 100.0)
    timeout_s: float = _number(0.5, 0.01, 30.0)
    away_s: float = _number(1.0, 0.01, 60.0)
    kept_evidence: int = _number(10000, 100, 1000000)
    kept_s: int = _number(30 * 86400, 2 * 86400, 366 * 86400)

    def __post_init__(self) -> None:
        problems = [*self._out_of_bounds(), *self._contradictions()]
        if problems:
            raise SettingsError("breaker settings: " + "; ".join(problems))

    @classmethod
    def of(cls, values: dict[str, Any]) -> "BreakerConfig":
        """The settings from a mapping, such as an application's configuration.

        Raises:
            SettingsError: A name is unknown, or a value cannot be used.
        """
        known = {f.name for f in fields(cls)}
        unknown = [f"{name} is none{did_you_mean(name, known)}" for name in values if name not in known]
        if unknown:
            raise SettingsError("breaker settings: " + "; ".join(unknown))
        if values.get("policy") in set(BreakerPolicy):
            values = {**values, "policy": BreakerPolicy(values["policy"])}
        return cls(**values)

    def params(self) -> BreakerParams:
        """A breaker's numbers before anything is learned."""
        fixed = self.policy is BreakerPolicy.FIXED
        return BreakerParams(
            policy=Policy.FIXED if fixed else Policy.BELIEF,
            failures_to_open=self.failures_to_open,
            open_at=self.open_at,
            suspect_at=self.suspect_at,
            close_at=self.close_at,
            passes_to_close=1 if fixed else self.passes_to_close,
            probe_every_s=self.probe_every_s,
            probe_quick_s=self.probe_quick_s,
            probes=self.probes,
            lease_s=self.lease_s,
            hold_s=self.hold_s,
            canary=self.canary,
        )

    def _out_of_bounds(self) -> list[str]:
        problems = []
        for f in fields(self):
            value = getattr(self, f.name)
            if "bounds" in f.metadata:
                problem = _out_of_bounds(value, f.metadata["bounds"], whole=f.type is int)
                problems += [f"{f.name} {problem}"] if problem else []
        return problems

    def _contradictions(self) -> list[str]:
        problems = []
        if not isinstance(self.policy, BreakerPolicy):
            known = [policy.value for policy in BreakerPolicy]
            problems.append(f"policy must be one of {', '.join(known)}, not {str(self.policy)[:40]!r}")
        if not isinstance(self.prefix, str) or not _PREFIX.fullmatch(self.prefix):
            problems.append("prefix must be made of letters, digits, '_', '-' and '.', with ':' between them")
        if not isinstance(self.canary, bool):
            problems.append("canary must be true or false")
        if not problems and not self._out_of_bounds() and not self.close_at < self.suspect_at < self.open_at:
            problems.append("close_at must be below suspect_at, and that below open_at")
        return problems


def _out_of_bounds(value: object, bounds: tuple[float, float], *, whole: bool) -> str:
    low, high = bounds
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"must be a number, not {str(value)[:40]!r}"
    if whole and value != int(value):
        return f"must be a whole number, not {value:g}"
    return "" if low <= value <= high else f"must be from {low:g} to {high:g}, not {value:g}"
