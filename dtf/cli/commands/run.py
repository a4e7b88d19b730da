"""``dtf run``."""

from pathlib import Path
from typing import Any

import click

from dtf.cli.options import NamedPath, WholeNumber, json_option, pairs
from dtf.cli.passthrough import PassThroughCommand, after_double_dash
from dtf.cli.running.request import Request
from dtf.cli.running.runner import Options, run_request
from dtf.cli.running.wishes import requirement_options
from dtf.cli.terminal.output import Output
from dtf.domain.work import Isolation
from dtf.settings import Mode, load_settings, process_environment


@click.command("run", cls=PassThroughCommand)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-k", "keyword", default="", metavar="EXPRESSION", help="Only tests that match, as with pytest.")
@click.option("-m", "marker", default="", metavar="EXPRESSION", help="Only tests with these marks, as with pytest.")
@click.option("-x", "first", is_flag=True, help="End after the first failure.")
@click.option("--maxfail", type=WholeNumber(0), default=0, metavar="N", help="End after so many failures.")
@click.option("-n", "--workers", type=WholeNumber(1, 256), metavar="N", help="Local workers [default: 2].")
@click.option("--hardware", default="cpu", metavar="TAG[,TAG]", help="What to run on, once on each [default: cpu].")
@requirement_options
@click.option("--timeout", type=float, metavar="SEC", help="The limit for the whole run.")
@click.option(
    "--test-timeout", type=float, default=3600.0, metavar="SEC", help="The limit for one test, or the command."
)
@click.option("--python", default="", metavar="PROGRAM", help="The interpreter that runs the suite.")
@click.option("--junit", type=NamedPath(), metavar="FILE", help="Write a JUnit XML report.")
@click.option("--env", "variables", multiple=True, metavar="NAME[=VALUE]", help="Set a variable for the tests.")
@click.option("--isolate", is_flag=True, help="A fresh process for each test; the same as --isolation test.")
@click.option(
    "--isolation",
    type=click.Choice([kind.value for kind in Isolation]),
    default=Isolation.SLOT.value,
    help="A fresh process for each of these [default: slot].",
)
@click.option("--name", default="", help="What the run is called.")
@click.option("--label", "labels", multiple=True, callback=pairs, metavar="K=V", help="Label the run.")
@click.option("--priority", type=int, default=5, metavar="0..10", help="10 goes first [default: 5].")
@click.option("--bundle", is_flag=True, help="Pack the source even where the workers see it.")
@click.option("--git", default="", metavar="URL", help="The workers fetch the checked-out commit from there.")
@click.option("--command", "is_command", is_flag=True, help="Run the program after '--' in place of a suite.")
@json_option
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:  # noqa: ANN401  # click's values, named below
    """Run a pytest suite on the workers and wait for it.

    Exits as pytest does: 0 passed, 1 failures, 2 bad input or a suite that cannot be collected, 3 internal error,
    5 nothing collected; and 10 infrastructure, 11 no capacity, 12 time limit of the run, 13 cancelled.
    Ctrl-C cancels the run. Further arguments for pytest go after '--'.
    """
    settings = load_settings()
    rest = after_double_dash(context) or ()
    request = Request(
        paths=given["paths"],
        command=rest if given["is_command"] else None,
        keyword=given["keyword"],
        marker=given["marker"],
        max_failures=1 if given["first"] else given["maxfail"],
        args=() if given["is_command"] else rest,
        hardware=given["hardware"],
        require=given["require"],
        devices=given["devices"],
        fallback=given["fallback"],
        inject=given["inject"],
        timeout_s=given["timeout"],
        test_timeout_s=given["test_timeout"],
        python=given["python"],
        variables=given["variables"],
        isolation=Isolation.TEST if given["isolate"] else Isolation(given["isolation"]),
        name=given["name"],
        priority=given["priority"],
        environ=process_environment(),
        cwd=Path.cwd(),
        in_place=settings.mode is Mode.EMBEDDED,
    )
    options = Options(
        workers=given["workers"] or 0,
        junit=given["junit"],
        labels=given["labels"],
        bundle=given["bundle"],
        git=given["git"],
    )
    return run_request(request, options, settings, Output(json_mode=given["as_json"]))
