"""Each of the 18 failures in each browser of this machine: injected, confirmed, recovered by the cheapest action."""

import asyncio
import os
from dataclasses import dataclass

import psutil

from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.find import find_browsers
from dtf.execution.browser_recovery.catalogue import cheapest
from dtf.execution.browser_recovery.recover import Recovery, Tried
from dtf.execution.browser_recovery.trial import try_out
from dtf.execution.injector import Injection
from dtf.resilience.injection import FAULTS, Fault
from dtf.resilience.injection_availability import unavailable

_HEAD = (
    "| browser | failure | mechanism | confirmed | what a job sees | did not help | helped | s | because | cleared |"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One failure in one browser.

    Attributes:
        cells: What the table says of it.
        wrong: What is not as it should be; empty: nothing.
    """

    cells: tuple[str, ...]
    wrong: str = ""


def injections(name: str, failure: str = "") -> int:
    """Print a table; return how many failures were not confirmed, not recovered by what the catalogue says, or stayed.

    Args:
        name: The browser; empty: all of this machine.
        failure: Only failures whose name has this in it.
    """
    choices = [choice for choice in find_browsers() if name in ("", choice.browser)]
    if not choices:
        print(f"injections: {name or 'a browser'} is not installed")
        return 1
    faults = [fault for fault in FAULTS if failure in str(fault)]
    print(_HEAD)
    print("|---" * (_HEAD.count("|") - 1) + "|")
    wrong = [told for choice in choices for fault in faults if (told := _told(choice, fault))]
    print("\n".join(wrong) or "all as it should be")
    return len(wrong)


def _told(choice: BrowserChoice, fault: Fault) -> str:
    if reason := unavailable(choice.browser, fault.failure, fault.intensity):
        row = Row(cells=(f"not available: {reason}", "", "", "", "", "", "", ""))
    else:
        row = asyncio.run(_row(choice, fault))
    print("| " + " | ".join((choice.browser, str(fault), *row.cells)) + " |", flush=True)
    return f"{choice.browser} {fault}: {row.wrong}" if row.wrong else ""


async def _row(choice: BrowserChoice, fault: Fault) -> Row:
    trial = await try_out(choice, fault)
    left = [process.name() for process in psutil.Process(os.getpid()).children(recursive=True)]
    wrong = [*trial.wrong, *_uncatalogued(choice, fault, trial.recovery)]
    if left:
        wrong.append(f"left behind: {', '.join(left)}")
    return Row(cells=_cells(trial.injection, trial.recovery), wrong="; ".join(wrong))


def _uncatalogued(choice: BrowserChoice, fault: Fault, recovery: Recovery) -> list[str]:
    expected = cheapest(choice.browser, fault.failure, fault.intensity)
    known = recovery.action in (None, expected)
    return [] if known else [f"{recovery.action} helped, the catalogue says {expected}"]


def _cells(injection: Injection, recovery: Recovery) -> tuple[str, ...]:
    return (
        injection.effect.mechanism,
        f"{injection.seen.kind}: {injection.seen.words}" if injection.seen else "no",
        f"{recovery.noticed.kind}: {recovery.noticed.words}" if recovery.noticed else "nothing",
        ", ".join(_said(tried) for tried in recovery.tried if tried.seen) or "-",
        str(recovery.action or "nothing"),
        f"{recovery.tried[-1].seconds:.2f}" if recovery.action else "",
        str(recovery.because),
        injection.cleared or "no",
    )


def _said(tried: Tried) -> str:
    return f"{tried.action} ({tried.seconds:.1f} s: {tried.seen.kind})" if tried.seen else ""
