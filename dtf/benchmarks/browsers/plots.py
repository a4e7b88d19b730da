"""The plots of a report."""

from collections.abc import Callable, Iterator

from dtf.benchmarks.browsers.arms.catalogue import LEARNED
from dtf.benchmarks.browsers.figures import Measure
from dtf.benchmarks.browsers.measures import LONGEST_S, recovery_times, struck_times
from dtf.benchmarks.browsers.records import RunRecord
from dtf.benchmarks.browsers.results import Results
from dtf.benchmarks.report.page import Bar, Bars, Curve, Curves, Lane, Span, Timeline
from dtf.benchmarks.report.words import change_words
from dtf.domain.breaker import BreakerState
from dtf.domain.outcome import Outcome


def changes_plot(results: Results, measure: Measure, other: str, wanted: float | None) -> Bars:
    """A measure of each arm against another's, in percent."""
    bars = []
    for arm in results.runs:
        if arm == other:
            continue
        found = results.change(arm, other, measure)
        value, low, high = (None if one is None else 100 * one for one in (found.value, found.low, found.high))
        text = change_words(found.value, found.low, found.high)
        bars.append(Bar(label=arm, value=value, low=low, high=high, text=text, strong=arm == LEARNED))
    title = f"{measure.label[:1].upper()}{measure.label[1:]}, against {other}"
    mark = None if wanted is None else 100 * wanted
    return Bars(title=title, unit="%", bars=tuple(bars), mark=mark, mark_label="to be reached")


def recovery_plots(results: Results) -> tuple[Curves, Curves]:
    """Which share of the struck jobs, and of its affected ones, each arm had recovered after some time."""
    struck = _shares(results, lambda one: struck_times(one, results.struck[one.schedule.seed]))
    affected = _shares(results, recovery_times)
    return (
        Curves(title="Share of struck jobs with their verdict", x_label="seconds after the arrival", curves=struck),
        Curves(
            title="Share of affected jobs with their verdict",
            x_label="seconds after the first failure",
            curves=affected,
        ),
    )


def _shares(results: Results, times_of: Callable[[RunRecord], list[float | None]]) -> tuple[Curve, ...]:
    curves = []
    for arm in results.runs:
        times = [time_s for one in results.records if one.arm == arm for time_s in times_of(one)]
        ends = sorted(time_s for time_s in times if time_s is not None and time_s <= LONGEST_S)
        points = tuple((at_s, (number + 1) / len(times)) for number, at_s in enumerate(ends))
        last = (LONGEST_S, len(ends) / max(len(times), 1))
        curves.append(Curve(label=arm, points=(*points, last), strong=arm == LEARNED))
    return tuple(curves)


def timeline(record: RunRecord) -> Timeline:
    """What happened in a run."""
    lanes = tuple(
        Lane(label=browser, spans=(*_faults(record, browser), *_open(record, browser), *_failed(record, browser)))
        for browser in record.schedule.plan.browsers
    )
    return Timeline(title=record.arm, lanes=lanes, length_s=record.lasted_s)


def _faults(record: RunRecord, browser: str) -> Iterator[Span]:
    for one in record.schedule.episodes:
        if one.browser == browser:
            title = f"{one.failure} {one.intensity}, {one.length_s:.0f} s".replace("_", " ")
            yield Span(from_s=one.start_s, to_s=one.end_s, kind="fault", title=title)


def _open(record: RunRecord, browser: str) -> Iterator[Span]:
    since, why = None, ""
    for move in (move for move in record.moves if move.browser == browser):
        if move.before is BreakerState.CLOSED:
            since, why = move.at_s, move.reason
        elif move.after is BreakerState.CLOSED and since is not None:
            yield Span(from_s=since, to_s=move.at_s, kind="open", title=why or "open")
            since = None
    if since is not None:
        yield Span(from_s=since, to_s=record.lasted_s, kind="open", title=why or "open")


def _failed(record: RunRecord, browser: str) -> Iterator[Span]:
    for use in record.uses:
        if use.browser == browser and use.outcome is Outcome.INFRA:
            yield Span(from_s=use.began_s, to_s=use.ended_s, kind="failed", title=use.reason)
