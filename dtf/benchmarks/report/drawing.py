"""Where the parts of plots lie: coordinates for the template, which draws them as SVG."""

from dataclasses import dataclass

from dtf.benchmarks.report.page import Bar, Bars, Curves, Lane, Plot, Timeline
from dtf.benchmarks.report.scale import Scale, make_scale, tick_text

_WIDTH = 760
_ROW, _TOP, _BOTTOM = 26, 8, 34
_LABELS, _TEXTS = 190, 180
_LANE, _LANE_LABELS = 22, 190
_CURVE_HEIGHT, _LEFT, _LEGEND = 300, 48, 180
#: Between the ends of two lines' names.
_NAME_GAP = 15

Drawn = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Tick:
    at: float
    text: str


@dataclass(slots=True, kw_only=True)
class _Line:
    path: str
    label: str
    strong: bool
    name_y: float


def drawn(plot: Plot) -> Drawn:
    """A plot, drawn."""
    if isinstance(plot, Bars):
        return _bars(plot)
    return _curves(plot) if isinstance(plot, Curves) else _timeline(plot)


def _bars(plot: Bars) -> Drawn:
    values = [one for bar in plot.bars for one in (bar.value, bar.low, bar.high) if one is not None]
    marks = [plot.mark] if plot.mark is not None else []
    scale = make_scale(min([0.0, *values, *marks]), max([0.0, *values, *marks]), _LABELS, _WIDTH - _TEXTS)
    rows = [
        {
            "y": _TOP + _ROW * number + _ROW / 2,
            "label": bar.label,
            "text": bar.text,
            "strong": bar.strong,
            "zero": scale.place(0.0),
            **_places(bar, scale),
        }
        for number, bar in enumerate(plot.bars)
    ]
    bottom = _TOP + _ROW * len(plot.bars)
    return {
        "kind": "bars",
        "title": plot.title,
        "unit": plot.unit,
        "width": _WIDTH,
        "height": bottom + _BOTTOM,
        "top": _TOP,
        "bottom": bottom,
        "text_x": _WIDTH - _TEXTS + 10,
        "label_x": _LABELS - 10,
        "rows": rows,
        "ticks": [_Tick(scale.place(one), tick_text(one)) for one in scale.ticks],
        "mark": None if plot.mark is None else scale.place(plot.mark),
        "mark_label": plot.mark_label,
    }


def _places(bar: Bar, scale: Scale) -> Drawn:
    names = {"x": bar.value, "low": bar.low, "high": bar.high}
    return {name: None if value is None else scale.place(value) for name, value in names.items()}


def _curves(plot: Curves) -> Drawn:
    longest = max((x for curve in plot.curves for x, _ in curve.points), default=1.0)
    across = make_scale(0.0, longest, _LEFT, _WIDTH - _LEGEND)
    up = make_scale(0.0, 1.0, _CURVE_HEIGHT - _BOTTOM, _TOP)
    lines = []
    for curve in plot.curves:
        words, last = [f"M{across.place(0.0)} {up.place(0.0)}"], 0.0
        for x, y in curve.points:
            words.append(f"H{across.place(x)}V{up.place(y)}")
            last = y
        words.append(f"H{across.place(longest)}")
        lines.append(_Line(path="".join(words), label=curve.label, strong=curve.strong, name_y=up.place(last)))
    return {
        "kind": "curves",
        "title": plot.title,
        "x_label": plot.x_label,
        "width": _WIDTH,
        "height": _CURVE_HEIGHT,
        "left": _LEFT,
        "right": across.place(longest),
        "bottom": _CURVE_HEIGHT - _BOTTOM,
        "top": _TOP,
        "lines": _with_names(lines),
        "x_ticks": [_Tick(across.place(one), tick_text(one)) for one in across.ticks if one <= longest],
        "y_ticks": [_Tick(up.place(one), f"{100 * one:.0f} %") for one in up.ticks],
    }


def _with_names(lines: list[_Line]) -> list[_Line]:
    """Give each line's name a place near its end, none on another's."""
    taken = -_NAME_GAP * 1.0
    for line in sorted(lines, key=lambda one: one.name_y):
        line.name_y = taken = max(line.name_y, taken + _NAME_GAP)
    beyond = max(taken - (_CURVE_HEIGHT - _BOTTOM), 0.0)
    for line in lines:
        line.name_y = round(line.name_y - beyond, 1)
    return lines


def _timeline(plot: Timeline) -> Drawn:
    scale = make_scale(0.0, plot.length_s, _LANE_LABELS, _WIDTH - 10)
    bottom = _TOP + _LANE * len(plot.lanes)
    return {
        "kind": "timeline",
        "title": plot.title,
        "width": _WIDTH,
        "height": bottom + _BOTTOM,
        "top": _TOP,
        "bottom": bottom,
        "label_x": _LANE_LABELS - 10,
        "lanes": [_lane(lane, number, scale) for number, lane in enumerate(plot.lanes)],
        "ticks": [_Tick(scale.place(one), tick_text(one)) for one in scale.ticks],
    }


def _lane(lane: Lane, number: int, scale: Scale) -> Drawn:
    spans = []
    for span in lane.spans:
        x = scale.place(span.from_s)
        width = max(scale.place(span.to_s) - x, 1.0)
        spans.append({"x": x, "width": round(width, 1), "kind": span.kind, "title": span.title})
    return {"y": _TOP + _LANE * number, "height": _LANE - 6, "label": lane.label, "spans": spans}
