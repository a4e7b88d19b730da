import json

from dtf.learning.outage_model import OutageModel

WEEK_S = 7 * 86_400.0


def restored_after_an_hour() -> OutageModel:
    """What the next learner knows of an hour with one outage."""
    model = OutageModel()
    model.account(0.0)
    model.opened(1800.0)
    model.closed(1830.0, borne_out=True)
    model.account(3600.0)
    return OutageModel.restored(json.loads(json.dumps(model.snapshot())))


def test_the_time_in_which_nobody_looked_was_no_healthy_time() -> None:
    """The hour was a nightly run: that nothing failed until the next one says nothing."""
    model = restored_after_an_hour()
    before = model.hazard_per_s()
    model.account(3600.0 + WEEK_S)
    assert model.hazard_per_s() == before
    model.account(3700.0 + WEEK_S)
    assert model.healthy_s == 3600 - 30 + 100


def test_a_failover_is_healthy_time() -> None:
    """Work went on, and another learner took over within a minute; from then on nothing is a gap."""
    model = restored_after_an_hour()
    model.account(3660.0)
    model.account(3660.0 + 86_400)
    assert model.healthy_s == 3600 - 30 + 60 + 86_400


def test_a_closing_ends_the_gap() -> None:
    """What was open over it is closed at a time that is known."""
    model = restored_after_an_hour()
    model.opened(3650.0)
    model = OutageModel.restored(model.snapshot())
    model.closed(3600.0 + WEEK_S, borne_out=True)
    model.account(3900.0 + WEEK_S)
    assert model.healthy_s == 3600 - 30 + 50 + 300
