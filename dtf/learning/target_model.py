"""All that is learned of one target."""

from typing import Any, Final

from river import drift, stats

from dtf.domain.learned import (
    DEFAULT_BASE_RATE,
    DEFAULT_HAZARD_PER_S,
    DEFAULT_OUTAGE_LOG_MEAN,
    DEFAULT_OUTAGE_LOG_SD,
    LearnedTarget,
)
from dtf.learning.base_rate import BaseRate
from dtf.learning.bearing import Bearing
from dtf.learning.outage_model import OutageModel

#: The weight of a new job's duration in the latency drift, and of a new closing or opening in the shares of them.
LATENCY_FADING: Final = 0.05
SHARE_FADING: Final = 0.1

#: How many openings without a sibling are taken for seen, before any was.
ALONE: Final = 1.0

#: How many jobs' worth of evidence the default rate counts for where new ones are judged.
LIGHT_WEIGHT: Final = 5.0

#: Page and Hinkley's numbers for logarithms of durations, whose standard deviation is about a half.
DRIFT_DELTA: Final = 0.1
DRIFT_THRESHOLD: Final = 8.0


class TargetModel:
    """What is learned of one target, by River's means and by counts.

    Attributes:
        base_rate: How often jobs fail on it while it is healthy.
        outages: How often it turns bad and for how long.
        bearing: Whether its last opening was borne out.
        latency: The faded mean of log(duration) minus what its group's jobs take.
        reopened: The faded share of closings that did not hold.
        with_sibling: The faded share of openings beside which a sibling opened.
        together: How many such openings there were.
        closed_at: When it last closed, and whether that closing has been judged.
        seen_at: When it was last heard of; 0: nobody knows.
    """

    def __init__(self) -> None:
        self.base_rate = BaseRate()
        self.outages = OutageModel()
        self.bearing = Bearing()
        self.latency = _started(LATENCY_FADING, 0.0)
        self.reopened = _started(SHARE_FADING, 0.0)
        self.with_sibling = _started(SHARE_FADING, 0.0)
        self.together = 0.0
        self.closed_at: float | None = None
        self.seen_at = 0.0
        self._epoch: int | None = None  # that of its state, while it is not closed
        self._before_opening = 0.0, 0.0  # the shares of siblings, in case it was by chance
        self._drift = drift.PageHinkley(delta=DRIFT_DELTA, threshold=DRIFT_THRESHOLD)
        self.drift_detected = False

    def observe_latency(self, ratio: float) -> None:
        """Take the logarithm of how much longer than its group's jobs one ran that passed."""
        self.latency.update(ratio)
        self._drift.update(ratio)  # type: ignore[no-untyped-call]  # River's detectors have no types
        self.drift_detected = self.drift_detected or self._drift.drift_detected

    def is_probe(self, epoch: int) -> bool:
        """Whether a call that began in an epoch probed: the breaker was not closed then, and is in the same state."""
        return self._epoch == epoch

    def probed(self, at: float, own: float) -> None:
        """A call that probed ended: it tells whether the opening was borne out."""
        self.bearing.probed(self._open_s(at), failed=own > 0, normal=self._normal())
        self.base_rate.observe(at, own)

    def looked(self, at: float, *, failed: bool, epoch: int) -> None:
        """A canary ended."""
        if self._epoch is None:
            self.bearing.looked(failed=failed)
        elif self._epoch == epoch:
            self.bearing.looked_since(self._open_s(at), failed=failed)

    def called(self, at: float, own: float) -> None:
        """A call ended while its breaker was closed; ``own``: the share of a failure that is the target's fault."""
        if self._epoch is None:
            self.bearing.called(at, own, self._normal())

    def opened(self, at: float, epoch: int, *, reopened_within_s: float) -> None:
        """It opened: whether what waited to be learned tells of a healthy target is known when it closes."""
        self.base_rate.hold()
        self.outages.opened(at)
        self.bearing.opened(self.outages.hazard_per_s())
        self._epoch = epoch
        if self.closed_at is not None:
            self.reopened.update(float(at - self.closed_at <= reopened_within_s))
        self.closed_at = None

    def opened_beside(self, *, sibling: bool) -> None:
        """Take whether a sibling had opened just before."""
        self._before_opening = self.with_sibling.get(), self.together
        self.with_sibling.update(float(sibling))
        self.together += sibling

    def moved(self, epoch: int) -> None:
        """It went on, and is not closed."""
        if self._epoch is not None:
            self._epoch = epoch

    def closed(self, at: float) -> None:
        """It closed: an outage is over, or there was none."""
        if self.outages.opened_at is not None:
            borne_out = self.bearing.is_borne_out
            self.base_rate.go_on(healthy=not borne_out)
            self.outages.closed(at, borne_out=borne_out)
            if not borne_out:
                share, self.together = self._before_opening
                self.with_sibling = _started(SHARE_FADING, share)
        self.closed_at, self._epoch = at, None

    def lost(self, at: float) -> None:
        """Its breaker began anew, closed, with its store; what it went through is not known."""
        self.base_rate.go_on(healthy=self._epoch is None)
        self.outages.lost(at)
        self.closed_at = self._epoch = None

    def learned(self, now: float, hardware: LearnedTarget) -> LearnedTarget:
        """What is published, shrunk to its hardware."""
        self.base_rate.settle(now)
        self.outages.account(now)
        mean, sd = self.outages.duration(hardware.outage_log_mean, hardware.outage_log_sd)
        # while it is open and all speaks for chance, what waits counts: the probes are to be judged by it
        by_chance = self._epoch is not None and not self.bearing.is_borne_out
        rate = self.base_rate.rate_so_far if by_chance else self.base_rate.rate
        found, self.drift_detected = self.drift_detected, False
        return LearnedTarget(
            base_rate=rate(hardware.base_rate),
            hazard_per_s=self.outages.hazard_per_s(hardware.hazard_per_s),
            outage_log_mean=mean,
            outage_log_sd=sd,
            latency_drift=self.latency.get(),
            drift_detected=found,
            reopen_rate=self.reopened.get(),
            sibling_rate=max(self.with_sibling.get(), hardware.sibling_rate),
            evidence=self.base_rate.count + by_chance * self.base_rate.waiting,
            outages=round(self.outages.openings),
        )

    def _normal(self) -> float:
        return self.base_rate.rate_so_far(DEFAULT_BASE_RATE, LIGHT_WEIGHT)

    def _open_s(self, at: float) -> float:
        return at - (self.outages.opened_at or at)

    def snapshot(self) -> dict[str, Any]:
        """All of it as JSON's types, but for the drift detector, which starts again."""
        return {
            "base_rate": self.base_rate.snapshot(),
            "outages": self.outages.snapshot(),
            "bearing": self.bearing.snapshot(),
            "latency": self.latency.get(),
            "reopened": self.reopened.get(),
            "with_sibling": self.with_sibling.get(),
            "together": self.together,
            "closed_at": self.closed_at,
            "seen_at": self.seen_at,
            "epoch": self._epoch,
            "before_opening": list(self._before_opening),
        }

    @classmethod
    def restored(cls, data: dict[str, Any]) -> "TargetModel":
        """What a snapshot holds."""
        one = cls()
        one.base_rate = BaseRate.restored(data["base_rate"])
        one.outages = OutageModel.restored(data["outages"])
        one.latency = _started(LATENCY_FADING, data["latency"])
        one.reopened = _started(SHARE_FADING, data["reopened"])
        one.with_sibling = _started(SHARE_FADING, data["with_sibling"])
        one.together = data.get("together", 0.0)
        one.closed_at, one.seen_at = data["closed_at"], data.get("seen_at", 0.0)
        if "bearing" in data:  # those of before had none
            one.bearing = Bearing.restored(data["bearing"])
            one._epoch = data["epoch"]
        share, together = data.get("before_opening", (data["with_sibling"], one.together))
        one._before_opening = share, together
        return one


def of_hardware(models: list[TargetModel]) -> LearnedTarget:
    """What is known of a hardware's targets taken together, shrunk to the defaults."""
    failures = sum(one.base_rate.failures for one in models)
    weight = sum(one.base_rate.weight for one in models)
    openings = sum(one.outages.openings for one in models)
    healthy_s = sum(one.outages.healthy_s for one in models)
    mean, sd = _pooled_durations(models)
    start = LearnedTarget()
    return LearnedTarget(
        base_rate=(failures + 10 * start.base_rate) / (weight + 10),
        hazard_per_s=(openings + 1) / (healthy_s + 1 / DEFAULT_HAZARD_PER_S),
        outage_log_mean=mean,
        outage_log_sd=sd,
        reopen_rate=_average([one.reopened.get() for one in models]),
        sibling_rate=sum(one.together for one in models) / (openings + ALONE),
        evidence=sum(one.base_rate.count for one in models),
        outages=round(openings),
    )


def _pooled_durations(models: list[TargetModel]) -> tuple[float, float]:
    """Mean and standard deviation of all outages' logarithms, as though three of the default ones were among them."""
    parts = [(3.0, DEFAULT_OUTAGE_LOG_MEAN, 3.0 * DEFAULT_OUTAGE_LOG_SD**2)]
    parts += [(d.weight, d.mean, d.squares) for d in (one.outages.durations for one in models)]
    weight = sum(part[0] for part in parts)
    mean = sum(part[0] * part[1] for part in parts) / weight
    squares = sum(part[2] + part[0] * (part[1] - mean) ** 2 for part in parts)
    return mean, float((squares / weight) ** 0.5)


def _average(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _started(fading: float, value: float) -> stats.EWMean:
    one = stats.EWMean(fading_factor=fading)
    one.update(value)
    return one
