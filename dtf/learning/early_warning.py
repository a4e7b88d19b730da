"""A model that foresees openings, and acts only once it has earned it."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, Final

from river import linear_model, optim, preprocessing

from dtf.domain.breaker import Target

#: What is foreseen: an opening within so many seconds.
HORIZON_S: Final = 60.0

#: It warns above this probability.
WARN_AT: Final = 0.5

#: It acts once the lower bound of the precision of its last warnings is at least this, over at least so many of them.
BAR: Final = 0.6
FEWEST_WARNINGS: Final = 30
LAST_WARNINGS: Final = 200

#: The share of warnings that it does not act on, so that it is seen what would have come without.
UNTREATED: Final = 0.08

#: 95 % of a normal distribution lie above minus so many standard deviations.
_ONE_SIDED: Final = 1.645

_RATE: Final = 0.05
_L2: Final = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How a target is.

    Attributes:
        memory: The share of its memory in use.
        temperature: In degrees Celsius; 0 where it has none.
        latency_drift: By how much jobs run longer than their groups do, as a logarithm.
        failure_rate: The share of its last jobs that failed.
    """

    memory: float
    temperature: float
    latency_drift: float
    failure_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forewarning:
    """What the model says of a target.

    Attributes:
        probability: That its breaker opens within ``HORIZON_S``.
        warns: Whether that is enough to warn.
        acts: Whether something is to be done: it warns, has earned to act, and this warning is not left untreated.
    """

    probability: float
    warns: bool
    acts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How good its warnings were lately: those that were not acted on, as the others changed what came.

    Attributes:
        warnings: How many there were.
        right: After how many of them the breaker opened in time.
        openings: How many openings there were at all.
        foreseen: How many of these it had warned of.
        lead_s: By how much earlier on average, in seconds.
    """

    warnings: int
    right: int
    openings: int
    foreseen: int
    lead_s: float

    @property
    def precision_bound(self) -> float:
        """The lower bound of the precision (Wilson's, one-sided, 95 %)."""
        if not self.warnings:
            return 0.0
        n, share, z = self.warnings, self.right / self.warnings, _ONE_SIDED
        centre = share + z * z / (2 * n)
        spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return (centre - spread) / (1 + z * z / n)

    @property
    def earned(self) -> bool:
        """Whether it may act."""
        return self.warnings >= FEWEST_WARNINGS and self.precision_bound >= BAR


@dataclass(slots=True)
class _Waiting:
    """What was said of a target and is not known to be right or wrong yet."""

    at: float
    features: dict[str, float]
    warned: bool
    treated: bool


@dataclass(slots=True)
class _Tally:
    """What came of warnings, the last of them; and of openings."""

    rights: deque[bool] = field(default_factory=lambda: deque(maxlen=LAST_WARNINGS))
    openings: int = 0
    foreseen: int = 0
    lead_s: float = 0.0


class EarlyWarning:
    """River's standard scaler and logistic regression, learning from each look at a target once its minute is over.

    It begins in shadow mode: it tells and does not act. What it acted on teaches it nothing, as nobody can know what
    would have come; therefore a share of its warnings stays untreated for good.

    Args:
        seed: Draws which warnings stay untreated.
    """

    def __init__(self, seed: int = 0) -> None:
        self._scaler = preprocessing.StandardScaler()
        self._model = linear_model.LogisticRegression(optimizer=optim.SGD(_RATE), l2=_L2)
        self._chance = Random(seed)  # noqa: S311  # seeded chance is not cryptography
        self._waiting: dict[Target, deque[_Waiting]] = {}
        self._tally = _Tally()

    def look(self, at: float, target: Target, vitals: Vitals) -> Forewarning:
        """Look at a target whose breaker is closed, and say what is to be expected."""
        self._settle(at, target)
        features = {name: float(value) for name, value in asdict(vitals).items()}
        probability = self._probability(features)
        warns = probability > WARN_AT
        acts = warns and self.record().earned and self._chance.random() >= UNTREATED
        self._waiting.setdefault(target, deque()).append(_Waiting(at=at, features=features, warned=warns, treated=acts))
        return Forewarning(probability=probability, warns=warns, acts=acts)

    def opened(self, at: float, target: Target) -> None:
        """Its breaker opened: what was said within the last minute is known now."""
        self._settle(at, target)
        waiting = self._waiting.pop(target, deque())
        warned = [one.at for one in waiting if one.warned]
        self._tally.openings += 1
        if warned:
            self._tally.foreseen += 1
            self._tally.lead_s += at - warned[0]
        for one in waiting:
            self._learn(one, opened=True)

    def record(self) -> Record:
        """How good it was lately."""
        tally = self._tally
        return Record(
            warnings=len(tally.rights),
            right=sum(tally.rights),
            openings=tally.openings,
            foreseen=tally.foreseen,
            lead_s=tally.lead_s / tally.foreseen if tally.foreseen else 0.0,
        )

    def snapshot(self) -> dict[str, Any]:
        """What it learned, as JSON's types; what waits is not kept."""
        return {
            "counts": dict(self._scaler.counts),
            "means": dict(self._scaler.means),
            "variances": dict(self._scaler.vars),
            "weights": dict(self._model.weights),
            "intercept": self._model.intercept,
            "rights": list(self._tally.rights),
            "openings": self._tally.openings,
            "foreseen": self._tally.foreseen,
            "lead_s": self._tally.lead_s,
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Know what a snapshot holds."""
        self._scaler.counts.update(data["counts"])
        self._scaler.means.update(data["means"])
        self._scaler.vars.update(data["variances"])
        self._model._weights.update(data["weights"])  # noqa: SLF001  # River has no other way to set them
        self._model.intercept = data["intercept"]
        self._tally = _Tally(openings=data["openings"], foreseen=data["foreseen"], lead_s=data["lead_s"])
        self._tally.rights.extend(data["rights"])

    def _settle(self, now: float, target: Target) -> None:
        """A minute without an opening: what was said then is known."""
        waiting = self._waiting.get(target, deque())
        while waiting and waiting[0].at < now - HORIZON_S:
            self._learn(waiting.popleft(), opened=False)

    def _learn(self, one: _Waiting, *, opened: bool) -> None:
        if one.treated:
            return
        if one.warned:
            self._tally.rights.append(opened)
        self._scaler.learn_one(one.features)  # type: ignore[no-untyped-call]  # River's have no types, here and below
        scaled = self._scaler.transform_one(one.features)  # type: ignore[no-untyped-call]
        self._model.learn_one(scaled, opened)

    def _probability(self, features: dict[str, float]) -> float:
        scaled = self._scaler.transform_one(features)  # type: ignore[no-untyped-call]
        return float(self._model.predict_proba_one(scaled).get(True, 0.0))  # type: ignore[no-untyped-call]
