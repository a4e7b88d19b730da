"""What a report says, whatever it is written as."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table.

    Attributes:
        head: What stands above the columns; the first column names the rows.
        rows: The cells.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One figure of a plot.

    Attributes:
        label: What it is of.
        value: The figure; None: there is none.
        low: The lower end of its interval; None: there is no interval.
        high: The upper end.
        text: The figure for people.
        strong: Whether it is what the report is about.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Figures with their intervals, one below the other.

    Attributes:
        title: What the figures are.
        unit: What they are counted in.
        bars: The figures.
        mark: A value that is to be seen beside them, such as what was to be reached; None: none.
        mark_label: What that is.
    """

    title: str
    unit: str
    bars: tuple[Bar, ...]
    mark: float | None = None
    mark_label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line of a plot.

    Attributes:
        label: What it is of.
        points: Its points, by x; it keeps each y until the next one.
        strong: Whether it is what the report is about.
    """

    label: str
    points: tuple[tuple[float, float], ...]
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Shares over time, from 0 to 1.

    Attributes:
        title: What is seen.
        x_label: What x is.
        curves: The lines.
    """

    title: str
    x_label: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time in a lane of a timeline.

    Attributes:
        from_s: When it begins, in seconds.
        to_s: When it ends.
        kind: How it is drawn: ``fault``, ``open`` or ``failed``.
        title: What it is, for whoever points at it.
    """

    from_s: float
    to_s: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A row of a timeline: its name and its times."""

    label: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened when.

    Attributes:
        title: What is seen.
        lanes: The rows.
        length_s: How long all of it is, in seconds.
    """

    title: str
    lanes: tuple[Lane, ...]
    length_s: float


Plot = Bars | Curves | Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report.

    Attributes:
        title: Its heading.
        text: Its paragraphs.
        items: A list after them.
        plots: The plots, which only a page shows.
        table: The table; None: none.
        folded: Whether a page shows it only to whoever asks.
    """

    title: str
    text: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    plots: tuple[Plot, ...] = ()
    table: Table | None = None
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether something that was to be shown was.

    Attributes:
        what: What was to be shown, such as "recovery time at least 45 % shorter".
        found: What was found, with its interval.
        reached: Whether the figure reaches it; None: it cannot be told.
        surely: Whether the nearer end of its interval does.
    """

    what: str
    found: str
    reached: bool | None
    surely: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A report.

    Attributes:
        title: Its title.
        lead: What it is about, in one or two sentences.
        verdicts: What was to be shown.
        sections: Its parts.
    """

    title: str
    lead: str
    verdicts: tuple[Verdict, ...]
    sections: tuple[Section, ...]
