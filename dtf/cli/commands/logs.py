"""``dtf logs``."""

import codecs
import threading

import click

from dtf.cli.options import json_option
from dtf.cli.session import ledger_session
from dtf.cli.terminal.output import Output
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.escape import block
from dtf.domain.ports.views import Views

#: How often new pieces are asked for, in seconds.
_EVERY_S = 0.5
#: After so many failed tries in a row the database is given up.
_MOST_FAILURES = 240
#: A line without end is broken after so many characters.
_LONGEST_LINE = 100_000


@click.command("logs")
@click.argument("run", default="last")
@click.option("-f", "--follow", is_flag=True, help="Go on until the run is over.")
@json_option
def command(run: str, follow: bool, as_json: bool) -> int:
    """Show what a run printed, each line with the shard that printed it."""
    with ledger_session(as_json=as_json) as (output, _, ledger):
        run_id = ledger.views.resolve_run(run)
        printer = LogPrinter(output)
        after = _print_new(ledger.views, run_id, 0, printer)
        if follow:
            after = _follow(ledger.views, run_id, after, printer)
        printer.flush()
        output.data({"run_id": run_id, "lines": printer.lines, "position": after})
    return 0


class LogPrinter:
    """Turns pieces of several logs into whole lines.

    Attributes:
        lines: How many were printed.
    """

    def __init__(self, output: Output) -> None:
        self.output = output
        self.lines = 0
        self._open: dict[str, tuple[codecs.IncrementalDecoder, str]] = {}

    def add(self, shard_id: str, attempt: int, data: bytes) -> None:
        """Take a piece and print the lines that it completes."""
        key = f"{shard_id}.{attempt}"
        decoder, begun = self._open.get(key) or (_decoder(), "")
        *whole, rest = (begun + decoder.decode(data)).replace("\r\n", "\n").split("\n")
        if len(rest) > _LONGEST_LINE:
            whole, rest = [*whole, rest], ""
        for line in whole:
            self._print(key, line)
        self._open[key] = (decoder, rest)

    def flush(self) -> None:
        """Print the lines that have no end."""
        for key, (decoder, begun) in self._open.items():
            if rest := begun + decoder.decode(b"", final=True):
                self._print(key, rest)
        self._open.clear()

    def _print(self, key: str, line: str) -> None:
        self.lines += 1
        self.output.line(f"[{key}] {block(line, _LONGEST_LINE)}")


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")(errors="backslashreplace")


def _print_new(views: Views, run_id: str, after: int, printer: LogPrinter) -> int:
    while not printer.output.closed and (pieces := views.log(run_id, after)):
        for position, shard_id, attempt, data in pieces:
            printer.add(shard_id, attempt, data)
            after = position
    return after


def _follow(views: Views, run_id: str, after: int, printer: LogPrinter) -> int:
    pause, failures = threading.Event(), 0
    while not printer.output.closed:
        try:
            over = views.run(run_id).outcome is not None
            after = _print_new(views, run_id, after, printer)
            failures = 0
        except LedgerUnavailableError:
            failures += 1
            if failures >= _MOST_FAILURES:
                raise
            over = False
        if over:
            break
        pause.wait(_EVERY_S)
    return after
