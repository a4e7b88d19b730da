import json
from random import Random

from dtf.domain.breaker import Target
from dtf.learning.early_warning import BAR, EarlyWarning, Forewarning, Record, Vitals

TARGET = Target(hardware="cuda", name="a")
CALM = Vitals(memory=0.3, temperature=50.0, latency_drift=0.0, failure_rate=0.02)
FEVER = Vitals(memory=0.9, temperature=85.0, latency_drift=0.5, failure_rate=0.2)


def live(model: EarlyWarning, *, hours: int, fever_opens: bool, start: float = 0.0, seed: int = 1) -> list[Forewarning]:
    """Look every ten seconds: fever for half a minute once in five, which ends in an opening, or in nothing."""
    chance = Random(seed)
    said = []
    for round_ in range(hours * 12):
        at = start + 300.0 * round_
        for look in range(30):
            vitals = FEVER if look >= 27 else CALM
            noise = chance.gauss(0, 1)
            seen = Vitals(
                memory=vitals.memory + 0.05 * noise,
                temperature=vitals.temperature + 3 * noise,
                latency_drift=vitals.latency_drift + 0.05 * chance.gauss(0, 1),
                failure_rate=max(vitals.failure_rate + 0.02 * chance.gauss(0, 1), 0.0),
            )
            said.append(model.look(at + 10 * look, TARGET, seen))
        if fever_opens:
            model.opened(at + 299.0, TARGET)
    return said


def test_it_is_silent_until_it_has_earned_to_act_and_then_leaves_some_warnings_untreated() -> None:
    """Where fever ends in openings it warns, first in shadow; then it acts on most warnings and not on all."""
    model = EarlyWarning()
    first = live(model, hours=6, fever_opens=True)
    assert not any(one.acts for one in first[:240])
    assert model.record().earned
    assert model.record().precision_bound >= BAR
    assert 0 < model.record().lead_s <= 60
    later = live(model, hours=12, fever_opens=True, start=1e6)
    warned = [one for one in later if one.warns]
    untreated = [one for one in warned if not one.acts]
    assert len(warned) > 200
    assert 0.02 < len(untreated) / len(warned) < 0.2


def test_where_nothing_foretells_it_never_acts() -> None:
    """Fever that ends in nothing earns no right to act."""
    model = EarlyWarning()
    assert not any(one.acts for one in live(model, hours=12, fever_opens=False))
    assert not model.record().earned


def test_it_loses_the_right_to_act_when_its_warnings_become_wrong() -> None:
    """Untreated warnings that come to nothing bring the bound below the bar again."""
    model = EarlyWarning()
    live(model, hours=8, fever_opens=True)
    assert model.record().earned
    data = model.snapshot()
    data["rights"] = data["rights"][-100:] + [False] * 100
    model.restore(data)
    assert not model.record().earned
    assert not any(one.acts for one in live(model, hours=1, fever_opens=False, start=1e6))


def test_few_warnings_prove_nothing() -> None:
    """Ten right warnings of ten are too few."""
    assert not Record(warnings=10, right=10, openings=10, foreseen=10, lead_s=30.0).earned
    assert Record(warnings=60, right=50, openings=50, foreseen=50, lead_s=30.0).earned


def test_a_restored_model_says_the_same() -> None:
    """What was learned goes through JSON."""
    model, restored = EarlyWarning(), EarlyWarning()
    live(model, hours=6, fever_opens=True)
    restored.restore(json.loads(json.dumps(model.snapshot())))
    assert restored.record() == model.record()
    assert restored.look(1e6, TARGET, FEVER).probability == model.look(1e6, TARGET, FEVER).probability
