"""The live progress of a run."""

from typing import Any, Protocol

from dtf.analysis.progress import remaining_s
from dtf.cli.terminal.figures import duration
from dtf.cli.terminal.output import Output
from dtf.domain.clock import Clock
from dtf.domain.ports.views import RunView

#: How often a line is written where no terminal shows a bar, in seconds.
LINE_EVERY_S = 30.0

_BAD = ("failed", "error", "timeout", "infra")


class Progress(Protocol):
    """Shows how far a run has come."""

    def show(self, run: RunView) -> None:
        """Show the state of now."""
        ...

    def note(self, text: str) -> None:
        """Say something beside it."""
        ...

    def close(self) -> None:
        """Take it off the screen."""
        ...


def make_progress(output: Output, clock: Clock) -> Progress:
    """The right one for who watches."""
    return BarProgress(output) if output.is_terminal else LineProgress(output, clock)


def figures(run: RunView) -> tuple[int, int, int]:
    """Tests that are done, those of them that failed, and all that are known."""
    done = sum(run.cases.values()) + run.running
    failed = sum(run.cases.get(name, 0) for name in _BAD) + run.running_failed
    return min(done, run.expected) if run.expected else done, failed, run.expected


def describe(run: RunView, spent_s: float, now: float) -> str:
    """One line for people.

    Args:
        run: The run.
        spent_s: Seconds since it was submitted.
        now: Seconds since the epoch.
    """
    done, failed, expected = figures(run)
    if not expected and run.jobs_finished < run.jobs and not run.attempts:
        return f"waiting for a worker, {duration(spent_s)}"
    what = f"{done} of {expected} tests done" if expected else f"{run.jobs_finished} of {run.jobs} jobs done"
    left = remaining_s(run, now=now)
    parts = [what, f"{failed} failed" if failed else "", duration(spent_s)]
    parts.append(f"about {duration(left)} left" if left is not None else "")
    return ", ".join(part for part in parts if part)


class LineProgress:
    """A plain line every 30 s."""

    def __init__(self, output: Output, clock: Clock) -> None:
        self._output = output
        self._clock = clock
        self._begun = self._last = clock.monotonic()

    def show(self, run: RunView) -> None:
        """Write a line when it is time."""
        now = self._clock.monotonic()
        if now - self._last >= LINE_EVERY_S:
            self._last = now
            self._output.line("dtf: " + describe(run, now - self._begun, self._clock.now()))

    def note(self, text: str) -> None:
        """Write the text to standard error."""
        self._output.note("dtf: " + text)

    def close(self) -> None:
        """Nothing is on the screen."""


class BarProgress:
    """A bar with counts and a time estimate, drawn by rich."""

    def __init__(self, output: Output) -> None:
        from rich.console import Console  # noqa: PLC0415  # costs 0.1 s, and only terminals need it
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415
        from rich.progress import Progress as Rich  # noqa: PLC0415

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[counts]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        console = Console(width=output.width, markup=False, highlight=False, emoji=False)
        self._output = output
        self._rich: Any = Rich(*columns, console=console, auto_refresh=False, transient=True, expand=True)
        self._task = self._rich.add_task("collecting", total=None, counts="")
        self._rich.start()

    def show(self, run: RunView) -> None:
        """Draw the bar anew."""
        done, failed, expected = figures(run)
        if expected:
            counts = f"{done}/{expected}" + (f", {failed} failed" if failed else "")
            self._rich.update(self._task, description="testing", total=expected, completed=done, counts=counts)
        elif run.attempts:
            self._rich.update(self._task, description="running", counts=f"{run.jobs_finished}/{run.jobs} jobs")
        else:
            self._rich.update(self._task, description="waiting for a worker")
        self._draw()

    def note(self, text: str) -> None:
        """Write the text above the bar."""
        self._rich.stop()
        self._output.note("dtf: " + text)
        self._rich.start()

    def close(self) -> None:
        """Take the bar off the screen."""
        try:
            self._rich.stop()
        except OSError:
            self._output.line()  # finds out that nobody reads, and remembers it

    def _draw(self) -> None:
        if self._output.closed:
            return
        try:
            self._rich.refresh()
        except OSError:
            self._output.line()
