import base64
import math
from array import array

from dtf.execution.browser_host.arithmetic import SIZE, encoded, largest_error, numbers, wrong_words
from dtf.execution.browser_host.compute import Computed


def test_the_numbers_of_a_seed_are_known() -> None:
    """The reference is what plain loops give, in double precision and in 32-bit words."""
    given = numbers(3)
    row, column = 5, 9
    expected = sum(given.left[row * SIZE + k] * given.right[k * SIZE + column] for k in range(SIZE))
    at = row * SIZE + column
    assert math.isclose(given.sum[at], expected + given.bias[at], abs_tol=1e-12)
    assert math.isclose(given.product[at], max(expected, 0.0) / 2 + 0.25, abs_tol=1e-12)
    word = given.words[1]
    for shift in (13, -17, 5):
        word = (word ^ (word << shift if shift > 0 else word >> -shift)) % 2**32
    assert given.scrambled[1] == (word * 2654435761 + 1) % 2**32
    assert numbers(4).left != given.left


def test_a_wrong_float_is_seen() -> None:
    """The largest error is that of the worst number, and what is no number is infinitely wrong."""
    right = array("f", numbers(3).product)
    assert largest_error(encoded(right), numbers(3).product) < 1e-6
    right[17] += 0.5
    assert math.isclose(largest_error(encoded(right), numbers(3).product), 0.5, abs_tol=1e-6)
    right[17] = math.nan
    assert largest_error(encoded(right), numbers(3).product) == math.inf
    assert largest_error(encoded(right[:-1]), numbers(3).product) == math.inf


def test_a_wrong_word_is_seen() -> None:
    """Integers must be exact, each of them."""
    right = array("I", numbers(3).scrambled)
    assert wrong_words(encoded(right), numbers(3).scrambled) == 0
    right[0] ^= 1
    assert wrong_words(encoded(right), numbers(3).scrambled) == 1
    assert wrong_words(base64.b64encode(b"").decode(), numbers(3).scrambled) == len(right)


def test_the_verdict_names_what_is_wrong() -> None:
    """A fault, a wrong integer and an error above the tolerance are each told, and NaN never passes."""
    assert Computed(largest_error=0.1).verdict(0.2) == ""
    assert "0.3" in Computed(largest_error=0.3).verdict(0.2)
    assert Computed(largest_error=math.nan).verdict(0.2)
    assert "2 integers" in Computed(wrong_words=2).verdict(0.2)
    assert Computed(fault="lost", reason="unknown: gone").verdict(0.2) == "unknown: gone"
