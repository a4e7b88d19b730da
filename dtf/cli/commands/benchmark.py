"""``dtf benchmark``."""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from dtf.cli import exits
from dtf.cli.options import NamedPath, WholeNumber, json_option
from dtf.cli.terminal.output import Output
from dtf.domain.errors import BadInputError
from dtf.domain.escape import one_line
from dtf.domain.failure import INJECTABLE, FailureType
from dtf.domain.suggestion import did_you_mean
from dtf.settings import load_settings, process_environment

_LONGEST = 300
_OURS = "DTF_"


class _Names(click.ParamType[tuple[str, ...]]):
    """Names with commas between them, each once."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401  # click's
        """The names."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in str(value).split(","))
        if "" in names:
            self.fail(f"{str(value)[:100]!r} has an empty name", param, ctx)
        if twice := next((name for name in names if names.count(name) > 1), ""):
            self.fail(f"{twice[:80]!r} is named {names.count(twice)} times; once is enough", param, ctx)
        return names


@click.group("benchmark")
def command() -> None:
    """Measure what dtf's own decisions are worth."""


@command.command("circuit-breaker")
@click.option("--quick", is_flag=True, help="Minutes: few episodes, two browsers, the main arms.")
@click.option("--comprehensive", is_flag=True, help="Hours: over 50 episodes an arm, all arms.")
@click.option("--browsers", type=_Names(), default=(), metavar="NAMES", help="[default: all that are installed]")
@click.option("--iterations", type=WholeNumber(1, 1000), help="How many seeds.")
@click.option("--failure-types", type=_Names(), default=(), metavar="NAMES", help=f"Of {', '.join(INJECTABLE)}.")
@click.option("--arms", type=_Names(), default=(), metavar="NAMES", help="Only these arms.")
@click.option("--simulate", is_flag=True, help="Simulate at scale, in place of real browsers.")
@click.option("--seed", type=WholeNumber(0, 2**31), default=1, show_default=True, help="The first seed.")
@click.option("--compare-with", type=NamedPath(), metavar="FILE", help="The JSON file of an earlier report.")
@click.option("--report-dir", type=NamedPath(), default=Path("benchmark_reports"), show_default=True)
@json_option
def circuit_breaker(quick: bool, comprehensive: bool, simulate: bool, as_json: bool, **asked: Any) -> int:  # noqa: ANN401  # click's values
    """Compare circuit breakers over the same faults and the same jobs, and write a report.

    Real browsers do real jobs while real failures are injected into them; each run (one seed, one arm) leaves its raw
    data in the report's directory and is not made again by the same code, so that the command can be interrupted and
    called again. With --simulate a simulated laboratory takes their place, and the report says so.
    """
    if quick and comprehensive:
        raise click.UsageError("--quick and --comprehensive exclude each other", click.get_current_context())
    output = Output(json_mode=as_json)
    size = "quick" if quick else "comprehensive" if comprehensive else "usual"
    _check_directory(asked["report_dir"])
    from dtf.benchmarks.report.markdown import verdict_word  # noqa: PLC0415  # --help is quick

    page, files = _run_simulated(size, asked, output) if simulate else _run_real(size, asked, output)
    for verdict in page.verdicts:
        output.line(f"{verdict.what}: {verdict.found}: {verdict_word(verdict)}")
    output.line(f"The report: {one_line(str(files[-1]), _LONGEST)}")
    output.data({"files": [str(file) for file in files], "exit_code": exits.PASSED})
    return exits.PASSED


def _run_real(size: str, asked: dict[str, Any], output: Output) -> Any:  # noqa: ANN401  # imported below
    # Playwright's neighbours and psutil: not for --help
    from dtf.benchmarks.browsers.arms.catalogue import ARMS  # noqa: PLC0415
    from dtf.benchmarks.browsers.benchmark import Asked, run_benchmark  # noqa: PLC0415

    environment = process_environment()
    return run_benchmark(
        Asked(
            size=size,
            browsers=_known(asked["browsers"], ("chromium", "headless-shell", "firefox", "sparticuz"), "browser"),
            failures=_failures(asked["failure_types"]),
            arms=_known(asked["arms"], tuple(ARMS), "arm"),
            seed=asked["seed"],
            iterations=asked["iterations"],
            earlier=asked["compare_with"],
            directory=asked["report_dir"],
            web_assets=load_settings().web_assets,
            environment={name: value for name, value in environment.items() if not name.startswith(_OURS)},
            tell=lambda text: output.line(one_line(text, _LONGEST)),
        )
    )


def _run_simulated(size: str, asked: dict[str, Any], output: Output) -> Any:  # noqa: ANN401  # imported below
    if asked["browsers"] or asked["failure_types"]:
        raise BadInputError("--browsers and --failure-types are for real browsers; --simulate has neither")
    # the simulation and what it simulates: not for --help
    from dtf.benchmarks.simulation.arms.catalogue import ARMS  # noqa: PLC0415
    from dtf.benchmarks.simulation_report.benchmark import Asked, run_benchmark  # noqa: PLC0415

    return run_benchmark(
        Asked(
            size=size,
            arms=_known(asked["arms"], tuple(ARMS), "arm"),
            seed=asked["seed"],
            iterations=asked["iterations"],
            earlier=asked["compare_with"],
            directory=asked["report_dir"],
            tell=lambda text: output.line(one_line(text, _LONGEST)),
        )
    )


def _failures(names: tuple[str, ...]) -> tuple[FailureType, ...]:
    return tuple(FailureType(name) for name in _known(names, tuple(map(str, INJECTABLE)), "failure type"))


def _known(names: tuple[str, ...], known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """The names, if all of them are known."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise BadInputError(f"there is no {what} {name[:80]!r}{hint}; there are {', '.join(known)}")
    return names


def _check_directory(directory: Path) -> None:
    """Refuse before anything runs what could not be written to after it."""
    if directory.exists() and not directory.is_dir():
        raise BadInputError(f"--report-dir {str(directory)[:200]!r} is no directory")
    missing = [place for place in (directory, *directory.parents) if not place.exists()]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        raise BadInputError(f"--report-dir {str(directory)[:200]!r} cannot be written to: {error.strerror}") from error
    finally:
        for place in missing:  # what is made for nothing, if something else is wrong, must not stay
            with suppress(OSError):
                place.rmdir()
