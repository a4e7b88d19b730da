"""A fault that lasts a while in one browser."""

from dataclasses import dataclass

from dtf.domain.failure import FailureType, Intensity


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A fault that lasts a while in one browser.

    While it lasts, everything that is started in that browser meets the fault, also in one that was started anew: the
    cause is taken to lie outside of the browser.

    Attributes:
        number: Its place in the schedule, from 0.
        browser: Where.
        failure: The type of the fault.
        intensity: How bad it is.
        start_s: When it begins, in seconds from the beginning of the run.
        length_s: How long it lasts.
    """

    number: int
    browser: str
    failure: FailureType
    intensity: Intensity
    start_s: float
    length_s: float

    @property
    def end_s(self) -> float:
        """When it is over, in seconds from the beginning of the run."""
        return self.start_s + self.length_s

    def lasts_at(self, at_s: float) -> bool:
        """Whether it lasts at a time."""
        return self.start_s <= at_s < self.end_s
