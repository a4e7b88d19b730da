"""Options that many commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


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
