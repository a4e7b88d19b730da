"""A model that foresees openings, and acts only once it has earned it."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from river import linear_model, optim, preprocessing

from dtf.domain.breaker import Target
from dtf.domain.early_warning import (
    HORIZON_S,
    UNTREATED,
    EarlyWarnings,
    Forewarning,
    TargetWarnings,
    Vitals,
    WarningTally,
)

#: It warns above this probability.
WARN_AT: Final = 0.5

#: Before it has learned from so many openings it warns of nothing, and nothing is counted.
FEWEST_OPENINGS: Final = 5

#: What is further from usual than so many standard deviations counts as that far: of the first looks nobody knows yet
#: what is usual, and one that is off would outweigh all others.
_FURTHEST: Final = 4.0

#: So many warnings and openings are remembered.
LAST: Final = 200

#: A target that was not looked at for so long, in seconds, may have been through anything: what was said before is
#: judged by nothing.
GAP_S: Final = 30.0

_RATE: Final = 0.05
_L2: Final = 1e-4


@dataclass(slots=True)
class _Look:
    """A look at a target of which is not known yet what followed."""

    at: float
    features: dict[str, float]


@dataclass(slots=True)
class _Alarm:
    """A warning that lasts."""

    at: float
    treated: bool


@dataclass(slots=True)
class _Watched:
    """A target that is looked at."""

    seen_at: float = 0.0
    probability: float = 0.0
    features: dict[str, float] = field(default_factory=dict)
    looks: deque[_Look] = field(default_factory=deque)
    alarm: _Alarm | None = None


class EarlyWarning:
    """River's standard scaler and logistic regression, learning from each look at a target once its minute is over.

    It begins in shadow mode: it tells and does not act. What it acted on teaches it nothing, as nobody can know what
    would have come; therefore a share of its warnings stays untreated for good.

    Args:
        seed: Draws which warnings stay untreated; None: by chance, so that a new leader does not spare the same again.
        may_act: Whether it may act at all, should it have earned it.
    """

    def __init__(self, seed: int | None = None, *, may_act: bool = True) -> None:
        self._may_act = may_act
        self._scaler = preprocessing.StandardScaler()
        self._model = linear_model.LogisticRegression(optimizer=optim.SGD(_RATE), l2=_L2)
        self._chance = Random(seed)  # noqa: S311  # seeded chance is not cryptography
        self._watched: dict[Target, _Watched] = {}
        self._rights: deque[tuple[Target, bool]] = deque(maxlen=LAST)
        self._leads: deque[tuple[Target, float | None]] = deque(maxlen=LAST)
        self._openings = self._looks = self._followed = self._canaries = 0

    def look(self, at: float, target: Target, vitals: Vitals) -> Forewarning:
        """Look at a target whose breaker is closed, and say what is to be expected."""
        one = self._settled(at, target)
        one.seen_at, one.features = at, vitals.known
        one.probability = self._probability(one.features)
        warns = self._openings >= FEWEST_OPENINGS and one.probability > WARN_AT
        acts = warns and one.alarm is None and self._begin(one, at)
        if one.alarm is None or not one.alarm.treated:
            one.looks.append(_Look(at=at, features=one.features))
        return Forewarning(probability=one.probability, warns=warns, acts=acts)

    def opened(self, at: float, target: Target) -> None:
        """Its breaker opened: what was said within the last minute is known now."""
        one = self._settled(at, target)
        looks, alarm = one.looks, one.alarm
        del self._watched[target]
        if not looks:
            return  # nobody was asked, or what was said was acted on
        if self._openings >= FEWEST_OPENINGS:
            self._leads.append((target, at - alarm.at if alarm else None))
        if alarm:
            self._rights.append((target, True))
        for look in looks:
            self._learn(look, opened=True)
        self._openings += 1

    def record(self, now: float) -> EarlyWarnings:
        """How good it was lately."""
        self._watched = {target: one for target, one in self._watched.items() if now - one.seen_at <= GAP_S}
        targets = {target for target, _ in (*self._rights, *self._leads)} | set(self._watched)
        return EarlyWarnings(
            tally=_tally(self._rights, self._leads),
            looks=self._looks,
            followed=self._followed,
            canaries=self._canaries,
            targets={str(target): self._of(target) for target in sorted(targets)},
        )

    def snapshot(self) -> dict[str, Any]:
        """What it learned, as JSON's types; what waits is not kept."""
        return {
            "counts": dict(self._scaler.counts),
            "means": dict(self._scaler.means),
            "variances": dict(self._scaler.vars),
            "weights": dict(self._model.weights),
            "intercept": self._model.intercept,
            "rights": [[one.hardware, one.name, right] for one, right in self._rights],
            "leads": [[one.hardware, one.name, lead] for one, lead in self._leads],
            "openings": self._openings,
            "looks": self._looks,
            "followed": self._followed,
            "canaries": self._canaries,
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Know what a snapshot holds."""
        self._scaler.counts.update(data["counts"])
        self._scaler.means.update(data["means"])
        self._scaler.vars.update(data["variances"])
        self._model._weights.update(data["weights"])  # noqa: SLF001  # River has no other way to set them
        self._model.intercept = data["intercept"]
        self._rights.extend((Target(hardware=tag, name=name), right) for tag, name, right in data["rights"])
        self._leads.extend((Target(hardware=tag, name=name), lead) for tag, name, lead in data["leads"])
        self._openings = data["openings"]
        self._looks, self._followed, self._canaries = data["looks"], data["followed"], data["canaries"]

    def _begin(self, one: _Watched, at: float) -> bool:
        """Begin a warning; whether it is acted on."""
        earned = self._may_act and _tally(self._rights, self._leads).earned
        one.alarm = _Alarm(at=at, treated=earned and self._chance.random() >= UNTREATED)
        if one.alarm.treated:
            one.looks.clear()  # what follows them now is no longer what would have followed
            self._canaries += 1
        return one.alarm.treated

    def _settled(self, now: float, target: Target) -> _Watched:
        """The target, with all taken in of which a minute has shown that no opening followed."""
        one = self._watched.get(target)
        if one is None or now - one.seen_at > GAP_S:
            one = self._watched[target] = _Watched()
        if one.alarm is not None and one.alarm.at < now - HORIZON_S:
            if not one.alarm.treated:
                self._rights.append((target, False))
            one.alarm = None
        while one.looks and one.looks[0].at < now - HORIZON_S:
            self._learn(one.looks.popleft(), opened=False)
        return one

    def _learn(self, look: _Look, *, opened: bool) -> None:
        self._looks += 1
        self._followed += opened
        self._scaler.learn_one(look.features)  # type: ignore[no-untyped-call]  # River's have no types, here and below
        self._model.learn_one(self._scaled(look.features), opened)

    def _probability(self, features: dict[str, float]) -> float:
        """Of what was never learned about nothing is made, and what is not known counts as usual."""
        known = {name: value for name, value in features.items() if self._scaler.counts.get(name)}
        return float(self._model.predict_proba_one(self._scaled(known)).get(True, 0.0))  # type: ignore[no-untyped-call]

    def _scaled(self, features: dict[str, float]) -> dict[str, float]:
        scaled = self._scaler.transform_one(features)  # type: ignore[no-untyped-call]
        return {name: min(max(value, -_FURTHEST), _FURTHEST) for name, value in scaled.items()}

    def _of(self, target: Target) -> TargetWarnings:
        one = self._watched.get(target, _Watched())
        rights = [(each, right) for each, right in self._rights if each == target]
        leads = [(each, lead) for each, lead in self._leads if each == target]
        return TargetWarnings(
            probability=one.probability, at=one.seen_at, vitals=one.features, tally=_tally(rights, leads)
        )


def _tally(rights: Iterable[tuple[Target, bool]], leads: Iterable[tuple[Target, float | None]]) -> WarningTally:
    told, openings = [right for _, right in rights], [lead for _, lead in leads]
    foreseen = [lead for lead in openings if lead is not None]
    return WarningTally(
        warnings=len(told),
        right=sum(told),
        openings=len(openings),
        foreseen=len(foreseen),
        lead_s=sum(foreseen) / len(foreseen) if foreseen else 0.0,
    )
