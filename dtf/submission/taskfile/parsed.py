"""A document with the lines of its parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dtf.domain.errors import BadInputError
from dtf.domain.tasks.task import Place


class SyntaxProblemError(BadInputError):
    """The text is not what it should be.

    The message begins with line and column where they are known.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A document with the lines of its parts.

    Attributes:
        document: The content in JSON's types.
        lines: The line, from 1, in which a place's value begins.
    """

    document: object
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int | None:
        """The line of a place, or of the nearest one around it that is known."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return None
