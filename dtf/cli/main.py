"""``dtf``: the entry of every command, and the exit of every error."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

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


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit status. Every error becomes one message here."""
    _fill_closed_streams()
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    output = Output(json_mode="--json" in own)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a script's '&' had it ignored
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


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Let SIGTERM unwind like Ctrl-C."""
    raise KeyboardInterrupt(number, frame)


def _fill_closed_streams() -> None:
    """Open what the caller has closed (``>&-``), lest the next file that is opened becomes standard output."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
