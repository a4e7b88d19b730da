"""``dtf inject``."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dtf.cli import exits
from dtf.cli.failure import report
from dtf.cli.options import WholeNumber, json_option
from dtf.cli.running.hard_stop import HardStop
from dtf.cli.running.injection_tables import counts_lines, list_lines, record_lines
from dtf.cli.session import ledger_session
from dtf.cli.terminal.output import Output
from dtf.domain.errors import BadInputError
from dtf.domain.escape import one_line
from dtf.domain.injection import read_injection
from dtf.domain.suggestion import did_you_mean
from dtf.resilience.injection import Fault, InjectionOptions, plan
from dtf.resilience.injection_availability import unavailable
from dtf.settings import load_settings

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger
    from dtf.execution.browser_host.choice import BrowserChoice
    from dtf.execution.browser_recovery.enclosure import Enclosure
    from dtf.execution.recovery import Experience

_BROWSERS = ("chromium", "headless-shell", "sparticuz", "firefox")
_JOBS = ("pytest", "command")
_LONGEST = 300


@click.command("inject")
@click.argument("words", nargs=-1, metavar="[TYPE INTENSITY]")
@click.option("--browser", default="", metavar="NAME", help=f"One of {', '.join(_BROWSERS)} [default: chromium].")
@click.option("--list", "lists", is_flag=True, help="Which failures exist for a browser, or for jobs, and how.")
@click.option("--counts", is_flag=True, help="What jobs have met on purpose, as the ledger knows it.")
@click.option("--dry-run", is_flag=True, help="Say what would be injected, and touch nothing.")
@click.option("--seed", type=WholeNumber(0, 2**31), help="Deal failures out by chance, the same for the same seed.")
@click.option("--count", type=WholeNumber(1, 1000), help="How many, with --seed [default: 1].")
@click.option("--remember", is_flag=True, help="Keep each action in the ledger's history, and choose by that.")
@json_option
def command(words: tuple[str, ...], as_json: bool, **given: Any) -> int:  # noqa: ANN401  # click's values, named below
    """Break a browser on purpose, see that it is broken, bring it back, and print what was seen.

    A browser is started for each failure and ended after it; nothing else is touched. The cheapest action is tried
    first; with --remember what has helped against such failures in this browser before. Exits with 0 where each failure
    was confirmed, recovered and taken back, 1 where one was not, 11 where the browser is not installed. For jobs there
    is 'inject' in task files, and --inject of dtf run and dtf submit.
    """
    _check(words, given)
    if given["counts"]:
        return _counts(as_json=as_json)
    output = Output(json_mode=as_json)
    if given["lists"]:
        return _list(output, given["browser"])
    browser = given["browser"] or _BROWSERS[0]
    faults = _faults(words, browser, given)
    if given["dry_run"]:
        told = [str(fault) for fault in faults]
        output.data({"browser": browser, "faults": told, "exit_code": exits.PASSED})
        for line in told:
            output.line(f"{browser}: {line}")
        return exits.PASSED
    if not given["remember"]:
        return _inject(output, browser, faults)
    with ledger_session(as_json=as_json) as (output, _settings, ledger), _experience(ledger) as memory:
        return _inject(output, browser, faults, memory)


def _check(words: tuple[str, ...], given: dict[str, Any]) -> None:
    problems = []
    if sum((bool(words), given["lists"], given["counts"], given["seed"] is not None)) != 1:
        problems.append("give TYPE INTENSITY, or --seed N, or --list, or --counts; see dtf inject --list")
    if given["count"] is not None and given["seed"] is None:
        problems.append("--count goes with --seed")
    if given["dry_run"] and (given["lists"] or given["counts"]):
        problems.append("--dry-run goes with TYPE INTENSITY or --seed")
    if given["counts"] and given["browser"]:
        problems.append("--browser does not go with --counts")
    known = (*_BROWSERS, *_JOBS) if given["lists"] else _BROWSERS
    if given["browser"] and given["browser"] not in known:
        hint = did_you_mean(given["browser"], known)
        problems.append(f"unknown browser {given['browser'][:80]!r}{hint}; known: {', '.join(known)}")
    if given["remember"] and (given["lists"] or given["counts"] or given["dry_run"]):
        problems.append("--remember goes with failures that are injected")
    if problems:
        raise BadInputError("\n".join(problems))


@contextmanager
def _experience(ledger: "Ledger") -> Iterator["Experience"]:
    """What the ledger's history of recoveries teaches."""
    import random  # noqa: PLC0415  # as below

    from dtf.execution.guardian.database import Database  # noqa: PLC0415
    from dtf.execution.recovery import Experience  # noqa: PLC0415

    database = Database()
    try:
        yield Experience(ledger.recoveries, database, random.Random())  # noqa: S311  # no secret
    finally:
        database.close()


def _faults(words: tuple[str, ...], browser: str, given: dict[str, Any]) -> tuple[Fault, ...]:
    if given["seed"] is not None:
        count = given["count"] or 1
        planned = plan(InjectionOptions(seed=given["seed"]), [browser] * count)
        return tuple(one.fault for one in planned)
    spec = read_injection(" ".join(words))
    if spec.what:
        raise BadInputError(f"{spec.what} means nothing to a browser; it is for tests and commands")
    if reason := unavailable(browser, spec.failure, spec.intensity):
        raise BadInputError(f"{spec} is not available for {browser}: {reason}")
    return (Fault(spec.failure, spec.intensity),)


def _inject(output: Output, browser: str, faults: tuple[Fault, ...], memory: "Experience | None" = None) -> int:
    import asyncio  # noqa: PLC0415  # not for --help, nor are the browsers

    from dtf.execution.browser_recovery.enclosure import Enclosure  # noqa: PLC0415
    from dtf.execution.browser_recovery.trial import try_out  # noqa: PLC0415
    from dtf.execution.injector.injection import InjectorError  # noqa: PLC0415

    choice = _installed(browser)
    if choice is None:
        told = f"{browser} is not installed on this machine, or Playwright is not; dtf doctor says what is"
        return report(told, exits.NO_CAPACITY, output)

    async def trial(fault: Fault) -> dict[str, object]:
        if memory is not None:
            await memory.refresh()
        return dict((await try_out(choice, fault, memory)).record())

    records: list[dict[str, object]] = []
    for fault in faults:
        enclosure = Enclosure()
        try:
            with HardStop(partial(_ended, enclosure), partial(_ended_at_once, enclosure)), enclosure:
                records.append(asyncio.run(trial(fault)))
        except (InjectorError, TimeoutError) as error:
            told = str(error) or "it took too long"
            records.append({"failure": str(fault.failure), "intensity": str(fault.intensity), "wrong": [told]})
        for line in record_lines(browser, records[-1]):
            output.line(one_line(line, _LONGEST))
    status = exits.FAILED if any(record["wrong"] for record in records) else exits.PASSED
    output.data({"browser": browser, "injections": records, "exit_code": status})
    return status


def _ended(enclosure: "Enclosure") -> str:
    stuck = enclosure.end()
    if stuck:
        return f"interrupted; these processes were killed and are not gone: {', '.join(map(str, stuck))}"
    return "interrupted; what was started was ended, and no injected failure is left"


def _ended_at_once(enclosure: "Enclosure") -> str:
    enclosure.end_at_once()
    return "left at once; what was started was killed, and some of its temporary files may be left"


def _installed(browser: str) -> "BrowserChoice | None":
    """The browser of that name on this machine; None: it cannot be driven here."""
    import importlib.util  # noqa: PLC0415  # as above

    from dtf.execution.browser_host.assets import sparticuz_chromium  # noqa: PLC0415
    from dtf.execution.browser_host.choice import BrowserChoice  # noqa: PLC0415
    from dtf.execution.browser_host.find import find_browsers  # noqa: PLC0415

    if importlib.util.find_spec("playwright") is None:
        return None
    if browser == "sparticuz":
        program = sparticuz_chromium(load_settings().web_assets)
        return None if program is None else BrowserChoice(browser=browser, executable=str(program))
    return next((one for one in find_browsers() if one.browser == browser), None)


def _list(output: Output, target: str) -> int:
    from dtf.execution.injector.catalogue import JOBS, listed  # noqa: PLC0415  # not for --help

    targets = (target,) if target else (_BROWSERS[0], "firefox", *JOBS)
    found = {one: listed(one) for one in targets}
    output.data(
        {
            one: [
                {
                    "failure": str(row.fault),
                    "available": not row.unavailable,
                    "why_not": row.unavailable,
                    "mechanism": row.mechanism,
                    "scope": row.scope,
                    "recorded": row.fault.recorded,
                }
                for row in rows
            ]
            for one, rows in found.items()
        }
    )
    for line in list_lines(found, output.table_width):
        output.line(line)
    return exits.PASSED


def _counts(*, as_json: bool) -> int:
    with ledger_session(as_json=as_json) as (output, _settings, ledger):
        told = ledger.injections.told()
        output.data({"injections": [dict(one) for one in told], "exit_code": exits.PASSED})
        for line in counts_lines(told, output.table_width):
            output.line(line)
    return exits.PASSED
