"""Axes: where their ticks are, and where a value comes to lie."""

import math
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_TICKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Maps values to places on an axis.

    Attributes:
        low: The least value.
        high: The greatest.
        from_px: Where the least one lies.
        to_px: Where the greatest one lies.
        step: From tick to tick.
    """

    low: float
    high: float
    from_px: float
    to_px: float
    step: float

    def place(self, value: float) -> float:
        """Where a value lies; what is beyond the axis lies at its end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.from_px + share * (self.to_px - self.from_px), 1)

    @property
    def ticks(self) -> tuple[float, ...]:
        """The values at which there are ticks."""
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return tuple(round(number * self.step, 10) for number in range(first, last + 1))


def make_scale(low: float, high: float, from_px: float, to_px: float) -> Scale:
    """An axis that holds the values, and begins and ends at ticks."""
    spread = (high - low) or abs(high) or 1.0
    rough = spread / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in _STEPS if power * one >= rough)
    return Scale(
        low=math.floor(low / step + 1e-9) * step,
        high=math.ceil((high if high > low else low + step) / step - 1e-9) * step,
        from_px=from_px,
        to_px=to_px,
        step=step,
    )


def tick_text(value: float) -> str:
    """A tick's value for people."""
    return f"{value:g}"
