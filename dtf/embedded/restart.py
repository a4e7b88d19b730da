"""When a program that died is started again."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class RestartPolicy:
    """Restarts at once, then ever later, and gives up on a program that cannot stay up.

    A death is quick when the program lived less than ``quick_s``. The first restart is immediate; each further quick
    death in a row doubles the delay from ``first_delay_s`` up to ``longest_delay_s``. After ``limit`` quick deaths in
    a row it gives up. A program that lived longer starts with a clean slate.

    Attributes:
        quick_s: Below this life time, in seconds, a death counts.
        limit: How many quick deaths in a row are too many.
        first_delay_s: The delay of the second restart, in seconds.
        longest_delay_s: No delay is longer, in seconds.
        quick_deaths: How many there were in a row.
    """

    quick_s: float = 5.0
    limit: int = 5
    first_delay_s: float = 0.2
    longest_delay_s: float = 3.0
    quick_deaths: int = field(default=0, init=False)

    def after_death(self, lived_s: float) -> float | None:
        """Decide on a restart.

        Args:
            lived_s: How long the program lived, in seconds.

        Returns:
            Seconds to wait before the restart; None: give up.
        """
        if lived_s >= self.quick_s:
            self.quick_deaths = 0
            return 0.0
        self.quick_deaths += 1
        if self.quick_deaths >= self.limit:
            return None
        if self.quick_deaths == 1:
            return 0.0
        return float(min(self.first_delay_s * 2 ** (self.quick_deaths - 2), self.longest_delay_s))
