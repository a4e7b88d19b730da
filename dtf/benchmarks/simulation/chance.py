"""Chance by identity: the same draw for the same thing, whatever happened before it.

All arms of a benchmark are to meet the same luck: the third attempt of job 17 on target 4 draws the same number in
every arm, however many draws the arms made before. So a number is a hash of what it is for (splitmix64, by Steele and
others).
"""

from random import Random

_MASK = (1 << 64) - 1
_SCALE = 2.0**-53


def uniform(*identity: int) -> float:
    """A number in [0, 1) that belongs to an identity."""
    mixed = 0
    for part in identity:
        mixed = ((mixed ^ part) + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        mixed ^= mixed >> 31
    return (mixed >> 11) * _SCALE


def generator(*identity: int) -> Random:
    """A generator that belongs to an identity, for what is drawn before the run."""
    return Random(int(uniform(*identity) * 2**53))  # noqa: S311  # seeded chance is not cryptography
