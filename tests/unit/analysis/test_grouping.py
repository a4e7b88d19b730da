import pytest

from dtf.analysis.grouping import grouped, step_for
from dtf.domain.ports.samples import Sample


def _sample(at: float, mean: float, count: int = 1) -> Sample:
    return Sample(at=at, mean=mean, low=mean - 1, high=mean + 1, count=count)


def test_a_group_weighs_what_it_is_made_of() -> None:
    """The mean is that of all measurements, the extremes are those of all, and a step without any is not there."""
    found = grouped([_sample(60, 1.0, 3), _sample(70, 5.0), _sample(119, 2.0), _sample(240, 7.0)], 60)

    assert found == [
        Sample(at=60.0, mean=2.0, low=0.0, high=6.0, count=5),
        Sample(at=240.0, mean=7.0, low=6.0, high=8.0, count=1),
    ]


@pytest.mark.parametrize(
    ("seconds", "points", "step"), [(3600, 360, 10), (3600, 600, 10), (3600, 100, 40), (3600, 359, 20), (0, 1, 10)]
)
def test_steps_are_multiples_that_are_long_enough(seconds: float, points: int, step: int) -> None:
    """No more points than were asked for, and never finer than what is kept."""
    assert step_for(seconds, 10, points) == step
