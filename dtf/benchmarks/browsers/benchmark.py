"""The benchmark with real browsers, from what was asked for to the report."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from dtf.benchmarks.browsers.arms.catalogue import ARMS, COLD, LEARNED, QUICK
from dtf.benchmarks.browsers.campaign import Campaign
from dtf.benchmarks.browsers.caveats import caveats, method
from dtf.benchmarks.browsers.figures import MEASURES
from dtf.benchmarks.browsers.judgement import targets_json
from dtf.benchmarks.browsers.records import RunRecord
from dtf.benchmarks.browsers.results import Results
from dtf.benchmarks.browsers.revision import code_digest
from dtf.benchmarks.browsers.schedule import Plan, draw_schedule
from dtf.benchmarks.browsers.story import make_page
from dtf.benchmarks.report.circumstances import circumstances
from dtf.benchmarks.report.comparison import FORMAT, compare, read_earlier
from dtf.benchmarks.report.page import Page
from dtf.benchmarks.report.write import write_report
from dtf.domain.codec import to_json
from dtf.domain.errors import BadInputError
from dtf.domain.failure import INJECTABLE, FailureType
from dtf.execution.browser_host.assets import sparticuz_chromium
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.find import find_browsers

#: What the JSON calls the reports of this benchmark.
KIND: Final = "real browsers"
#: The names of the report's files by size: a smaller benchmark never replaces the report of a larger one.
NAMES: Final[Mapping[str, str]] = {
    "quick": "circuit_breaker_quick",
    "usual": "circuit_breaker_usual",
    "comprehensive": "circuit_breaker",
}
#: The browsers of a quick benchmark: those that start soonest.
_QUICK_BROWSERS = ("headless-shell", "chromium")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a benchmark is.

    Attributes:
        plan: How schedules are drawn; its browsers and failures are put in later.
        seeds: How many there are.
        arms: Which.
    """

    plan: Plan
    seeds: int
    arms: tuple[str, ...]


_QUICK_PLAN = Plan(
    browsers=(),
    episodes=4,
    length_s=(15.0, 25.0),
    gap_s=(6.0, 12.0),
    rate=0.6,
    warm_up_s=12.0,
    rest_s=8.0,
    drain_s=60.0,
)
SIZES: Final[Mapping[str, Size]] = {
    # minutes: to see that it works
    "quick": Size(plan=_QUICK_PLAN, seeds=1, arms=QUICK),
    # about ten minutes an arm
    "usual": Size(plan=Plan(browsers=(), episodes=18), seeds=1, arms=tuple(ARMS)),
    # about half an hour an arm: all 18 faults on each seed, over 50 episodes an arm
    "comprehensive": Size(plan=Plan(browsers=(), episodes=18), seeds=3, arms=tuple(ARMS)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for.

    Attributes:
        size: A name in ``SIZES``.
        browsers: The browsers' names; empty: all that are installed, a quick benchmark two of them.
        failures: The types of faults; empty: all.
        arms: The arms; empty: those of the size.
        seed: The first seed.
        iterations: How many seeds there are; None: as the size has it.
        earlier: The JSON of an earlier report; None: there is none.
        directory: Where the report goes.
        web_assets: The setting of this name.
        environment: The environment of the browsers' hosts.
        tell: Is told what goes on, for people.
    """

    size: str
    browsers: tuple[str, ...]
    failures: tuple[FailureType, ...]
    arms: tuple[str, ...]
    seed: int
    iterations: int | None
    earlier: Path | None
    directory: Path
    web_assets: Path | None
    environment: Mapping[str, str]
    tell: Callable[[str], None]


def run_benchmark(asked: Asked) -> tuple[Page, tuple[Path, ...]]:
    """Make the runs that are not there yet, and write the report.

    Returns:
        The report and its files.

    Raises:
        BadInputError: A browser is not installed, a fault exists in none of them, or a file cannot be used.
        BrowserUnfitError: A browser is no good even without faults.
    """
    size = SIZES[asked.size]
    arms = asked.arms or size.arms
    _check_extras(arms)
    choices = chosen_browsers(asked.browsers, asked.web_assets, quick=asked.size == "quick")
    plan = replace(
        size.plan,
        browsers=tuple(one.browser for one in choices),
        failures=asked.failures or INJECTABLE,
    )
    draw_schedule(plan, asked.seed)  # what cannot be drawn is told before anything runs
    earlier = read_earlier(asked.earlier, KIND) if asked.earlier else None
    # git is asked before there is a reaper, which would wait for it
    facts = circumstances("dtf", "playwright", "river")
    name = NAMES[asked.size]
    campaign = Campaign(
        plan=plan,
        choices=choices,
        seed=asked.seed,
        iterations=asked.iterations or size.seeds,
        arms=arms,
        place=asked.directory / raw_name(name),
        environment=asked.environment,
        tell=asked.tell,
    )
    return _report(campaign.records(), facts, earlier, asked.directory, name)


def raw_name(name: str) -> str:
    """The directory of the raw data of a report."""
    return f"{name}_raw"


def chosen_browsers(names: tuple[str, ...], web_assets: Path | None, *, quick: bool) -> tuple[BrowserChoice, ...]:
    """The browsers that are asked for.

    Raises:
        BadInputError: One of them is not installed, or none is.
    """
    found = {choice.browser: choice for choice in find_browsers()}
    if sparticuz := sparticuz_chromium(web_assets):
        found["sparticuz"] = BrowserChoice(browser="sparticuz", executable=str(sparticuz))
    if not found:
        raise BadInputError("no browser is installed; `make browsers` brings some")
    usual = tuple(name for name in _QUICK_BROWSERS if name in found) if quick else ()
    wanted = names or usual or tuple(found)
    if missing := [name for name in wanted if name not in found]:
        raise BadInputError(f"{', '.join(missing)} is not installed here; there is {', '.join(found)}")
    return tuple(found[name] for name in dict.fromkeys(wanted))


def _check_extras(arms: tuple[str, ...]) -> None:
    needed = {"playwright": "browser", **({"river": "learn"} if {LEARNED, COLD} & set(arms) else {})}
    missing = {module: extra for module, extra in needed.items() if find_spec(module) is None}
    if missing:
        told = ", ".join(missing)
        raise BadInputError(f"this benchmark needs {told}: `pip install 'dtf[{','.join(missing.values())}]'` brings it")


def _report(
    records: tuple[RunRecord, ...],
    facts: Mapping[str, str],
    earlier: Mapping[str, object] | None,
    directory: Path,
    name: str,
) -> tuple[Page, tuple[Path, ...]]:
    results = Results(records=records)
    figures = results.to_json()
    labels = {measure.name: measure.label for measure in MEASURES}
    page = make_page(results, facts, compare(figures["totals"], earlier, labels) if earlier else None)
    data = {
        "format": FORMAT,
        "kind": KIND,
        "circumstances": dict(facts),
        "code": code_digest(),
        "plan": to_json(results.schedules[0].plan),
        "seeds": [schedule.seed for schedule in results.schedules],
        "arms": {arm: ARMS[arm] for arm in results.runs},
        "verdicts": [asdict(verdict) for verdict in page.verdicts],
        "targets": targets_json(),
        "method": list(method(results)),
        "caveats": list(caveats(results)),
        "episodes": [to_json(one) for schedule in results.schedules for one in schedule.episodes],
        **figures,
        "raw": raw_name(name),
    }
    return page, write_report(directory, name, page, data)
