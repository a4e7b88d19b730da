"""Submits again and again."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from dtf.cli import exits
from dtf.cli.running.interrupts import Interrupts
from dtf.cli.running.request import LONGEST_TIME_S
from dtf.cli.terminal.figures import plural
from dtf.cli.terminal.output import Output

F = TypeVar("F", bound=Callable[..., Any])


def periodic_options(function: F) -> F:
    """``--periodic`` and ``--max-iterations``."""
    every = click.option("--periodic", type=float, metavar="SEC", help="Submit again every SEC seconds, until Ctrl-C.")
    most = click.option("--max-iterations", type=int, metavar="N", help="With --periodic: N times in all.")
    return every(most(function))


def periodic_problems(given: Mapping[str, Any]) -> list[str]:
    """What is wrong with these options; empty: nothing."""
    problems = []
    every, most = given["periodic"], given["max_iterations"]
    if every is not None and not (math.isfinite(every) and 0 < every <= LONGEST_TIME_S):
        problems.append(f"--periodic must be more than 0 and at most {LONGEST_TIME_S:.0f} seconds")
    if most is not None and every is None:
        problems.append("--max-iterations needs --periodic SEC")
    if most is not None and most < 1:
        problems.append("--max-iterations must be at least 1")
    return problems


def repeat(submit: Callable[[int], int], output: Output, *, every_s: float | None, most: int | None) -> int:
    """Submit once, or every so many seconds from the first time on; a round that is late is not made up for.

    Args:
        submit: Does it; gets the number of the round, from 1, and gives its exit status.
        output: Where it is said that it ended.
        every_s: Seconds from one beginning to the next; None: once.
        most: How many rounds; None: until somebody interrupts.

    Returns:
        The last exit status that was not 0, else 0. A round that was cancelled, or in which somebody interrupted,
        is the last.
    """
    if every_s is None:
        return submit(1)
    status, number, began = 0, 0, time.monotonic()
    with Interrupts() as interrupts:
        while True:
            number += 1
            found = submit(number)
            status = found or status
            if found == exits.CANCELLED or number == most or interrupts.wait(_pause(began, every_s)):
                break
    output.note(f"dtf: submitted {plural(number, 'time')}")
    return status


def _pause(began: float, every_s: float) -> float:
    """How long it is to the next beginning."""
    return every_s - (time.monotonic() - began) % every_s
