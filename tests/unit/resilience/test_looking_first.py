import pytest

from dtf.domain.learned import Learned, LearnedGroup
from dtf.resilience.looking_first import looks_first, stands_in
from dtf.resilience.tuning import expected_s


@pytest.mark.parametrize(
    ("bad", "seconds", "canary_s", "looks"),
    [
        (0.02, 240.0, 1.0, True),
        (0.02, 60.0, 1.0, False),
        (0.02, 240.0, 4.0, False),
        (0.004, 36_000.0, 1.0, False),
        (0.25, 5.0, 1.0, False),
        (0.9, None, 1.0, False),
    ],
)
def test_a_canary_goes_ahead_where_the_doubt_costs_more(
    bad: float, seconds: float | None, canary_s: float, *, looks: bool
) -> None:
    """A long job on a doubtful target is worth a look; a short one, an unknown one and a sound target are not."""
    assert looks_first(bad, seconds, canary_s) is looks


def test_what_is_expected_is_the_mean_of_a_group_that_is_known() -> None:
    """The mean of a log-normal distribution; nothing of a group that hardly anything is known of."""
    groups = {
        "known": LearnedGroup(duration_log_mean=4.0, duration_log_sd=1.0, evidence=5),
        "never over": LearnedGroup(duration_log_mean=0.0, duration_log_sd=0.0, evidence=50),
        "new": LearnedGroup(duration_log_mean=4.0, duration_log_sd=1.0, evidence=4),
    }
    learned = Learned(groups=groups)
    assert expected_s(learned, "known") == pytest.approx(90.017, abs=0.001)
    assert expected_s(learned, "new") is None
    assert expected_s(learned, "never over") is None
    assert expected_s(learned, "another") is None
    assert expected_s(None, "known") is None


@pytest.mark.parametrize(
    ("seconds", "canary_s", "stands"), [(1.9, 1.0, True), (2.1, 1.0, False), (2.1, 1.5, True), (None, 1.0, False)]
)
def test_work_about_as_short_as_a_canary_stands_in_for_one(
    seconds: float | None, canary_s: float, *, stands: bool
) -> None:
    """Twice as long at most; what nobody knows the length of does not."""
    assert stands_in(seconds, canary_s) is stands
