"""The small computations whose answers are known: their inputs, and the check of what came back."""

import base64
import math
import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

_WORD = 0xFFFFFFFF
#: Rows and columns of the matrices.
SIZE = 64
_WORDS = 4096


@dataclass(frozen=True, slots=True)
class Numbers:
    """Inputs, and what is to come of them in double precision.

    Attributes:
        left: A square matrix, row by row, of numbers between -1 and 1.
        right: Another.
        bias: Another.
        words: 32-bit words.
        product: ``max(left x right, 0) / 2 + 1/4``.
        sum: ``left x right + bias``.
        scrambled: Each word after three shifts, a multiplication and an addition, all modulo 2**32.
    """

    left: "array[float]"
    right: "array[float]"
    bias: "array[float]"
    words: "array[int]"
    product: tuple[float, ...]
    sum: tuple[float, ...]
    scrambled: "array[int]"


@cache
def numbers(seed: int) -> Numbers:
    """The numbers of a seed."""
    chance = random.Random(seed)  # noqa: S311  # no secret: the same numbers every time
    left, right, bias = (array("f", (chance.uniform(-1.0, 1.0) for _ in range(SIZE * SIZE))) for _ in range(3))
    words = array("I", (chance.getrandbits(32) for _ in range(_WORDS)))
    plain = _multiply(left, right)
    return Numbers(
        left=left,
        right=right,
        bias=bias,
        words=words,
        product=tuple(max(value, 0.0) * 0.5 + 0.25 for value in plain),
        sum=tuple(map(float.__add__, plain, map(float, bias))),
        scrambled=array("I", (_scramble(word, place) for place, word in enumerate(words))),
    )


def largest_error(told: str, expected: Sequence[float]) -> float:
    """The largest distance between floats as a page sent them and what they ought to be; infinite for what is none."""
    given = array("f")
    given.frombytes(base64.b64decode(told))
    if len(given) != len(expected):
        return math.inf
    worst = max(map(abs, map(float.__sub__, given, expected)), default=math.inf)
    return math.inf if any(map(math.isnan, given)) else worst


def wrong_words(told: str, expected: "array[int]") -> int:
    """How many words that a page sent differ from what they ought to be."""
    given = array("I")
    given.frombytes(base64.b64decode(told))
    missing = abs(len(given) - len(expected))
    return missing + sum(a != b for a, b in zip(given, expected, strict=False))


def encoded(values: "array[float] | array[int]") -> str:
    """The form in which numbers go into a page: their bytes, in base64."""
    return base64.b64encode(values.tobytes()).decode()


def _multiply(left: "array[float]", right: "array[float]") -> tuple[float, ...]:
    rows = [left[at : at + SIZE] for at in range(0, SIZE * SIZE, SIZE)]
    columns = [right[at::SIZE] for at in range(SIZE)]
    return tuple(math.fsum(map(float.__mul__, row, column)) for row in rows for column in columns)


def _scramble(word: int, place: int) -> int:
    word ^= (word << 13) & _WORD
    word ^= word >> 17
    word ^= (word << 5) & _WORD
    return (word * 2654435761 + place) & _WORD
