"""Options that many commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class NamedPath(click.Path):
    """A file's path; the empty text, which would be the current directory, names none."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401  # click's
        """The path."""
        if value == "":
            self.fail("the file's name is empty", param, ctx)
        return super().convert(value, param, ctx)


class WholeNumber(click.IntRange):
    """A whole number within bounds; what is none is refused with them, where click calls it "no integer range"."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401  # click's
        """The number."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            bounds = f"of {self.min} or more" if self.max is None else f"from {self.min} to {self.max:,}"
            raise click.BadParameter(f"{str(value)[:80]!r} is no whole number {bounds}", ctx, param) from None


def json_option(function: F) -> F:
    """``--json``, as the parameter ``as_json``."""
    text = "End with one line of JSON on standard output."
    return click.option("--json", "as_json", is_flag=True, help=text)(function)


def pairs(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """A click callback: ``K=V`` words as a mapping."""
    found = {}
    for word in values:
        key, separator, value = word.partition("=")
        if not key or not separator:
            raise click.BadParameter(f"{word[:100]!r} is not of the form NAME=VALUE", param=parameter)
        found[key] = value
    return found
