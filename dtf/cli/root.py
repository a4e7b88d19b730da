"""The group of all commands, and the exit of every error."""

import click

from dtf import __version__
from dtf.cli import failure
from dtf.cli.exits import CANCELLED
from dtf.cli.group import LazyGroup
from dtf.cli.terminal.output import Output
from dtf.domain.errors import DtfError

_EPILOG = "Exit status: 0 passed, 1 failures, 2 bad input, 3 internal error, 5 nothing collected, 10 infrastructure, \
11 no capacity, 12 time limit of the run, 13 cancelled."


@click.group(cls=LazyGroup, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dtf")
@click.option("--debug", is_flag=True, help="Print the traceback of an unexpected error.")
def dtf(debug: bool) -> None:  # read from the arguments when an error is reported
    """Run test suites on many workers, and lose none of them."""


def run_command(arguments: list[str], own: list[str]) -> int:
    """Run a command and return its exit status.

    Args:
        arguments: The words of the command line.
        own: Those of them that are dtf's: before ``--``.
    """
    output = Output(json_mode="--json" in own)
    try:
        status = dtf.main(arguments, prog_name="dtf", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        output.line(error.format_message())
        return 0
    except click.ClickException as error:
        return failure.usage(error, output)
    except DtfError as error:
        return failure.known(error, output)
    except (KeyboardInterrupt, click.Abort):
        return failure.report("interrupted", CANCELLED, output)
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001  # the last place: it is logged with its traceback
        return failure.unexpected(error, output, debug="--debug" in own)
