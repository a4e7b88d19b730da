"""What a command says: lines for people, or one line of JSON."""

import json
import os
import shutil
import sys
from typing import Any

from dtf.cli import interruption
from dtf.settings import mask


class Output:
    """Standard output and error of one command.

    A reader that went away (``dtf logs | head``) ends nothing by itself: the output goes silent, ``closed`` turns true,
    and the command goes on to its right exit status, or stops where it only existed to be read.

    Attributes:
        json_mode: People's lines are held back, and the last line is one of JSON.
        closed: Nobody reads standard output any more.
    """

    def __init__(self, *, json_mode: bool = False) -> None:
        self.json_mode = json_mode
        self.closed = False
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # tests put other things in their place
                stream.reconfigure(errors="backslashreplace")

    @property
    def is_terminal(self) -> bool:
        """Whether a person watches standard output."""
        return sys.stdout.isatty() and not self.json_mode

    @property
    def width(self) -> int:
        """Columns of the terminal, 80 when there is none, never under 20."""
        return max(20, shutil.get_terminal_size((80, 24)).columns)

    @property
    def table_width(self) -> int:
        """How wide a table may be: what fits the terminal; in a pipe nothing is cut."""
        return self.width if self.is_terminal else 1000

    def line(self, text: str = "") -> None:
        """Write a line for people; the caller has escaped what is foreign in it."""
        if not self.json_mode:
            self._write(text + "\n")

    def data(self, value: dict[str, Any]) -> None:
        """Write the line of JSON, if it was asked for."""
        text = json.dumps(value, allow_nan=False, default=str) + "\n" if self.json_mode else ""
        with interruption.answering(value.get("exit_code")):
            if text:
                self._write(text)

    def note(self, text: str) -> None:
        """Write a line to standard error."""
        try:
            sys.stderr.write(mask(text) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            # nobody reads it, and there is no third place to say so
            self.closed = self.closed or sys.stdout is sys.stderr

    def raw(self, text: str) -> None:
        """Write text without a line end, whatever the mode."""
        self._write(text)

    def _write(self, text: str) -> None:
        if self.closed:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            self._close()

    def _close(self) -> None:
        self.closed = True
        try:  # the interpreter flushes at its end; let it find an open file
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, sys.stdout.fileno())
            os.close(silent)
        except (OSError, ValueError):
            sys.stdout = None  # there was no descriptor: nothing is left to flush
