"""A vendor's library, called by ctypes."""

import ctypes
from collections.abc import Callable, Iterable, Sequence
from typing import Any


class CheckFailedError(Exception):
    """The computation could not be carried out, or its answer was wrong; the message is the reason."""


class DriverLibrary:
    """A vendor's library: every function returns a status, of which 0 is success.

    Attributes:
        path: What was loaded.
    """

    def __init__(self, names: Iterable[str], describe: Callable[[ctypes.CDLL, int], str]) -> None:
        """Load the first of ``names`` that can be.

        Raises:
            CheckFailedError: None can.
        """
        self._describe = describe
        errors: list[str] = []
        for name in names:
            try:
                self._library = ctypes.CDLL(name)
            except OSError as error:
                errors.append(str(error))
            else:
                self.path = name
                return
        raise CheckFailedError(f"no library to compute with: {errors[0] if errors else 'no name is known'}")

    def has(self, function: str) -> bool:
        """Whether the library has the function."""
        return hasattr(self._library, function)

    def call(self, function: str, *arguments: Any) -> None:  # noqa: ANN401  # C's types
        """Call a function.

        Raises:
            CheckFailedError: The library has none of that name, or the function failed.
        """
        try:
            address = getattr(self._library, function)
        except AttributeError:
            raise CheckFailedError(f"{self.path} has no {function}") from None
        status = address(*arguments)
        if status != 0:
            raise CheckFailedError(f"{function} failed: {self._describe(self._library, status)}")


def compare(found: Sequence[float], expected: Sequence[float]) -> None:
    """Compare every value, exactly.

    Raises:
        CheckFailedError: One differs; the first is named.
    """
    wrong = [index for index, (got, wanted) in enumerate(zip(found, expected, strict=True)) if got != wanted]
    if wrong:
        first = wrong[0]
        raise CheckFailedError(
            f"it computes wrongly: {len(wrong)} of {len(expected)} values, value {first} is {found[first]!r}"
            f" instead of {expected[first]!r}"
        )
