"""``dtf``: the entry of every command.

It imports next to nothing before Ctrl-C is taken care of: the rest takes a while to import.
"""

import os
import sys
from typing import NoReturn

from dtf.cli import interruption


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    try:
        status = run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:  # it came as the command ended
        status = interruption.STATUS
    interruption.settle()
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit status. Every error becomes one message here."""
    _fill_closed_streams()
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    try:
        interruption.begin(json_mode="--json" in own)
        from dtf.cli.root import run_command  # noqa: PLC0415  # an interrupt while this is imported is taken, too

        return run_command(arguments, own)
    except KeyboardInterrupt:
        interruption.tell("interrupted")
        return interruption.STATUS


def _fill_closed_streams() -> None:
    """Open what the caller has closed (``>&-``), lest the next file that is opened becomes standard output."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
