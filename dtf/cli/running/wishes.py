"""What a command requires of the hardware beside its tag."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from dtf.domain.errors import BadInputError
from dtf.domain.requirement import DEVICES, MOST_DEVICES, normalise_requirements

F = TypeVar("F", bound=Callable[..., Any])


def requirement_options(function: F) -> F:
    """``--require`` and ``--devices``, as the parameters ``require`` and ``devices``."""
    require = click.option(
        "--require",
        multiple=True,
        metavar="TEXT",
        help="What the hardware must have: 'vram_gb>=24', browser=firefox, webnn, a worker's tag; repeatable.",
    )
    devices = click.option(
        "--devices",
        type=click.IntRange(1, MOST_DEVICES),
        metavar="N",
        help="How many devices a job gets at once; the same as --require devices=N.",
    )
    return require(devices(function))


def required(texts: Iterable[str], devices: int | None, *more: str) -> tuple[str, ...]:
    """The requirements in canonical form.

    Args:
        texts: Those of ``--require``.
        devices: That of ``--devices``; None: not given.
        more: Others beside them, such as a task's own.

    Raises:
        BadInputError: Some cannot be used; the message has a line for each.
    """
    count = [f"{DEVICES}={devices}"] if devices is not None else []
    try:
        return normalise_requirements([*texts, *count, *more])
    except BadInputError as error:
        raise BadInputError("\n".join(f"--require: {line}" for line in str(error).split("\n"))) from error
