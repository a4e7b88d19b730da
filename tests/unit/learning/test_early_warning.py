import json
from random import Random

from dtf.domain.breaker import Target
from dtf.domain.early_warning import BAR, Forewarning, Vitals, WarningTally
from dtf.learning.early_warning import FEWEST_OPENINGS, EarlyWarning

TARGET = Target(hardware="cuda", name="a")
CALM = Vitals(memory=0.3, temperature=50.0, latency_drift=0.0, failure_rate=0.02)
FEVER = Vitals(memory=0.9, temperature=85.0, latency_drift=0.5, failure_rate=0.2)


def live(
    model: EarlyWarning, *, hours: int, fever_opens: bool, start: float = 1e6, target: Target = TARGET
) -> list[Forewarning]:
    """Look every ten seconds: fever for half a minute once in five, which ends in an opening, or in nothing."""
    chance = Random(1)
    said = []
    for round_ in range(hours * 12):
        at = start + 300.0 * round_
        for look in range(30):
            vitals = FEVER if look >= 27 else CALM
            seen = Vitals(
                memory=(vitals.memory or 0) + 0.05 * chance.gauss(0, 1),
                temperature=(vitals.temperature or 0) + 3 * chance.gauss(0, 1),
                latency_drift=(vitals.latency_drift or 0) + 0.05 * chance.gauss(0, 1),
                failure_rate=max((vitals.failure_rate or 0) + 0.02 * chance.gauss(0, 1), 0.0),
            )
            said.append(model.look(at + 10 * look, target, seen))
        if fever_opens:
            model.opened(at + 299.0, target)
    return said


def test_it_is_silent_until_it_has_earned_to_act_and_then_leaves_some_warnings_untreated() -> None:
    """Where fever ends in openings it warns, first in shadow; then it acts once on most warnings and not on all."""
    model = EarlyWarning(0)
    first = live(model, hours=6, fever_opens=True)
    assert not any(one.acts for one in first[:240])
    known = model.record(2e6).tally
    assert known.earned
    assert known.precision_bound >= BAR
    assert 0 < known.lead_s <= 60
    assert known.recall > 0.8
    later = live(model, hours=12, fever_opens=True, start=3e6)
    assert 0.8 < sum(one.acts for one in later) / 144 < 0.99
    assert model.record(4e6).canaries >= sum(one.acts for one in later)


def test_a_warning_counts_once_however_often_its_target_was_looked_at() -> None:
    """Looks of one fever are no independent proof."""
    model = EarlyWarning(0)
    said = live(model, hours=2, fever_opens=True)
    known = model.record(2e6)
    assert sum(one.warns for one in said) > 2 * known.tally.warnings > 24
    assert known.tally.openings == 24 - FEWEST_OPENINGS
    assert known.looks > 600
    assert 0.1 < known.chance < 0.3


def test_where_nothing_foretells_it_never_acts() -> None:
    """Fever that ends in nothing earns no right to act."""
    model = EarlyWarning(0)
    assert not any(one.acts for one in live(model, hours=12, fever_opens=False))
    assert not model.record(2e6).tally.earned


def test_where_breakers_only_tell_it_never_acts() -> None:
    """However good it is."""
    model = EarlyWarning(0, may_act=False)
    assert not any(one.acts for one in live(model, hours=12, fever_opens=True))
    assert model.record(2e6).tally.earned


def test_it_loses_the_right_to_act_when_its_warnings_become_wrong() -> None:
    """Untreated warnings that come to nothing bring the bound below the bar again."""
    model = EarlyWarning(0)
    live(model, hours=8, fever_opens=True)
    data = model.snapshot()
    data["rights"] += [["cuda", "a", False]] * 100
    wrong = EarlyWarning(0)
    wrong.restore(data)
    assert not wrong.record(2e6).tally.earned
    assert not any(one.acts for one in live(wrong, hours=1, fever_opens=False, start=3e6))


def test_few_warnings_prove_nothing() -> None:
    """Ten right warnings of ten are too few."""
    assert not WarningTally(warnings=10, right=10, openings=10, foreseen=10, lead_s=30.0).earned
    assert WarningTally(warnings=60, right=50, openings=50, foreseen=50, lead_s=30.0).earned


def test_what_is_not_known_counts_as_usual() -> None:
    """Neither a target without a thermometer nor one of which nothing is known is taken for a cold one."""
    model = EarlyWarning(0)
    live(model, hours=6, fever_opens=True)
    cold = Vitals(memory=0.9, latency_drift=0.5, failure_rate=0.2, temperature=0.0)
    known = Vitals(memory=0.9, latency_drift=0.5, failure_rate=0.2)
    other = Target(hardware="cpu", name="b")
    assert model.look(3e6, other, known).probability > model.look(3e6, TARGET, cold).probability
    assert "temperature" not in model.record(3e6).targets["cpu/b"].vitals


def test_what_was_said_before_a_gap_is_judged_by_nothing() -> None:
    """Nobody knows what a target went through while it was not looked at."""
    model = EarlyWarning(0)
    for at in range(0, 60, 5):
        model.look(1e6 + at, TARGET, CALM)
    model.opened(1e6 + 200, TARGET)
    model.look(1e6 + 300, TARGET, CALM)
    known = model.record(1e6 + 300)
    assert (known.looks, known.tally.openings) == (0, 0)


def test_the_first_looks_drown_no_later_ones() -> None:
    """While all looks were alike one that differs a little is far from usual; it must not outweigh what follows."""
    model = EarlyWarning(0)
    for number in range(40):
        model.look(1e6 + 5 * number, TARGET, Vitals(latency_drift=1e-9 * (number == 10)))
    assert 0.2 < model.look(1e6 + 201, TARGET, Vitals(latency_drift=0.3)).probability < 0.8


def test_each_target_has_its_own_tally() -> None:
    """One whose fever means something, and one whose does not."""
    model = EarlyWarning(0)
    other = Target(hardware="cuda", name="b")
    live(model, hours=2, fever_opens=True)
    live(model, hours=1, fever_opens=False, target=other, start=3e6)
    known = model.record(3e6 + 3600).targets
    assert known["cuda/a"].tally.precision > 0.8
    assert (known["cuda/b"].tally.right, known["cuda/b"].tally.openings) == (0, 0)
    assert known["cuda/b"].tally.warnings > 0


def test_a_restored_model_says_the_same() -> None:
    """What was learned goes through JSON."""
    model, restored = EarlyWarning(0), EarlyWarning(0)
    live(model, hours=6, fever_opens=True)
    restored.restore(json.loads(json.dumps(model.snapshot())))
    assert restored.record(3e6).tally == model.record(3e6).tally
    assert restored.look(3e6, TARGET, FEVER).probability == model.look(3e6, TARGET, FEVER).probability
