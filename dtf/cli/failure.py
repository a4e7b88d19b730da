"""How a command tells that it cannot go on."""

import time
import traceback
from pathlib import Path

import click

from dtf.cli.exits import BAD_INPUT, INTERNAL
from dtf.cli.terminal.output import Output
from dtf.domain.errors import DtfError
from dtf.domain.escape import block, cut
from dtf.settings import load_settings, mask, process_environment
from dtf.settings.sources import default_state_dir

_LONGEST_LINE = 1000
_LONGEST_MESSAGE = 20_000


def report(message: str, status: int, output: Output) -> int:
    """Tell an error on standard error, or as a line of JSON on standard output, and return the exit status."""
    lines = [cut(line, _LONGEST_LINE) for line in mask(cut(message, _LONGEST_MESSAGE)).split("\n")]
    text = "\n".join(lines)
    output.note("dtf: " + block(text))
    output.data({"error": text, "exit_code": status})
    return status


def known(error: DtfError, output: Output) -> int:
    """Tell an error that dtf raised on purpose."""
    return report(str(error), error.exit_code, output)


def usage(error: click.ClickException, output: Output) -> int:
    """Tell a mistake in the command line, with the command whose help explains it."""
    context = getattr(error, "ctx", None)
    where = f" (see {context.command_path} --help)" if context is not None else ""
    return report(error.format_message() + where, BAD_INPUT, output)


def unexpected(error: Exception, output: Output, *, debug: bool) -> int:
    """Tell an error that is dtf's own fault; the traceback goes to a file, or to standard error if asked for."""
    text = mask("".join(traceback.format_exception(error)))
    summary = f"internal error: {type(error).__name__}: {error}".replace("\n", " ")
    if debug or process_environment().get("DTF_DEBUG"):
        output.note(block(text))
        return report(summary, INTERNAL, output)
    try:
        file = _write(text)
    except OSError as problem:  # no place for a file: here it is
        output.note(block(text))
        return report(f"{summary} (no log file: {problem.strerror})", INTERNAL, output)
    return report(f"{summary} (the traceback is in {file})", INTERNAL, output)


def _write(text: str) -> Path:
    directory = _state_dir() / "log"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = directory / f"error-{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 1_000_000:06d}.txt"
    file.write_text(text, encoding="utf-8", errors="backslashreplace")
    return file


def _state_dir() -> Path:
    try:
        return load_settings().state_dir
    except DtfError:  # the settings may be what is wrong
        return default_state_dir(process_environment())
