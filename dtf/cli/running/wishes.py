"""What a command requires of the hardware beside its tag."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from dtf.cli.options import WholeNumber
from dtf.domain.errors import BadInputError
from dtf.domain.injection import InjectionSpec, check_injection, read_injection
from dtf.domain.queue import base_tag
from dtf.domain.requirement import DEVICES, MOST_DEVICES, normalise_requirements
from dtf.domain.tasks.fallback import check_fallback
from dtf.domain.work import Work

F = TypeVar("F", bound=Callable[..., Any])


def requirement_options(function: F) -> F:
    """``--require``, ``--devices``, ``--fallback`` and ``--inject``, as the parameters of these names."""
    require = click.option(
        "--require",
        multiple=True,
        metavar="TEXT",
        help="What the hardware must have: 'vram_gb>=24', browser=firefox, webnn, a worker's tag; repeatable.",
    )
    devices = click.option(
        "--devices",
        type=WholeNumber(1, MOST_DEVICES),
        metavar="N",
        help="How many devices a job gets at once; the same as --require devices=N.",
    )
    fallback = click.option(
        "--fallback",
        metavar="TAG[,TAG]",
        help="What may run it while the breakers of its hardware are open; such results are degraded.",
    )
    inject = click.option(
        "--inject",
        default="",
        metavar="'TYPE INTENSITY'",
        help="The failure that each job is to meet once, as in 'timeout mild'; see dtf inject --list.",
    )
    return require(devices(fallback(inject(function))))


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


def allowed_fallback(text: str | None, tag: str, work: Work, *, several: bool = False) -> tuple[str, ...]:
    """The queues of ``--fallback`` for a job.

    Args:
        text: The option's value; None: it was not given.
        tag: The hardware tag that the job asks for.
        work: What it does.
        several: Whether other jobs ask for other hardware: then its own among the fallbacks is theirs.

    Raises:
        BadInputError: Some cannot be used; the message has a line for each.
    """
    if text is None:
        return ()
    queues = [word.strip() for word in text.split(",")]
    try:
        return check_fallback(
            [queue for queue in queues if not (several and base_tag(queue) == tag)], hardware=tag, work=work
        )
    except BadInputError as error:
        raise BadInputError("\n".join(f"--fallback: {line}" for line in str(error).split("\n"))) from error


def wanted_injection(text: str, work: Work) -> InjectionSpec | None:
    """The failure of ``--inject`` for a job; None: none.

    Args:
        text: The option's value; empty: it was not given.
        work: What the job does.

    Raises:
        BadInputError: It cannot be injected.
    """
    if not text:
        return None
    try:
        spec = read_injection(text)
        check_injection(spec, work)
    except BadInputError as error:
        raise BadInputError(f"--inject: {error}") from error
    return spec
