import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dtf.benchmarks.report.circumstances import circumstances
from dtf.benchmarks.report.comparison import FORMAT, compare, read_earlier
from dtf.benchmarks.report.html import html
from dtf.benchmarks.report.markdown import markdown
from dtf.benchmarks.report.page import Bar, Bars, Curve, Curves, Lane, Page, Section, Span, Table, Timeline, Verdict
from dtf.benchmarks.report.scale import make_scale
from dtf.benchmarks.report.words import change_words, list_words, number_words
from dtf.benchmarks.report.write import write_report
from dtf.domain.errors import BadInputError

_EVIL = '<b>"&|evil'
_PAGE = Page(
    title=f"A report {_EVIL}",
    lead="What it is about.",
    verdicts=(
        Verdict(what="half as long", found="-60 % [-70, -52]", reached=True, surely=True),
        Verdict(what="no worse", found="+5 % [-1, +9]", reached=False, surely=False),
        Verdict(what="jobs", found="-", reached=None, surely=False),
    ),
    sections=(
        Section(
            title="By arm",
            text=(f"A paragraph {_EVIL}.",),
            items=("one", "two"),
            plots=(
                Bars(
                    title="Change",
                    unit="%",
                    bars=(
                        Bar(label=_EVIL, value=-60.0, low=-70.0, high=-52.0, text="-60 %", strong=True),
                        Bar(label="nothing", value=None, low=None, high=None, text="-"),
                    ),
                    mark=-45.0,
                    mark_label="to be reached",
                ),
                Curves(title="Share", x_label="s", curves=(Curve(label="a", points=((1.0, 0.5), (4.0, 1.0))),)),
                Timeline(
                    title="When",
                    lanes=(Lane(label="chromium", spans=(Span(from_s=1, to_s=9, kind="fault", title=_EVIL),)),),
                    length_s=60.0,
                ),
            ),
            table=Table(head=("Arm", "s"), rows=((f"a {_EVIL}", "1.5"),)),
        ),
        Section(title="More", folded=True, text=("hidden",)),
    ),
)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_page_needs_nothing_else_and_escapes_what_is_foreign() -> None:
    """No script, no address, no tag out of a name; each plot is well-formed SVG, and each verdict has its word."""
    text = html(_PAGE)
    parser = _Tags()
    parser.feed(text)
    tags = {tag for tag, _ in parser.seen}
    assert not tags & {"script", "link", "img", "b", "iframe"}
    assert not [attributes for _, attributes in parser.seen if {"src", "href"} & set(attributes)]
    assert "url(" not in text
    drawings = [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]  # noqa: S314  # our own text
    assert len(drawings) == 3
    assert [len(list(svg.iter("circle"))) for svg in drawings] == [1, 0, 0]
    for word in ("reached", "not reached", "cannot be told"):
        assert f'<span class="word">{word}</span>' in text


def test_markdown_has_all_words_and_keeps_its_tables() -> None:
    """A bar in a cell does not end it."""
    text = markdown(_PAGE)
    assert "| half as long | -60 % [-70, -52] | reached |" in text
    assert '| a <b>"&\\|evil | 1.5 |' in text
    assert "- two" in text
    assert "## More" in text


def test_the_files_are_written_whole(tmp_path: Path) -> None:
    """Three files and nothing half-done beside them; the directory is made."""
    files = write_report(tmp_path / "new", "name", _PAGE, {"format": FORMAT})
    assert [file.name for file in files] == ["name.json", "name.md", "name.html"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["name.html", "name.json", "name.md"]
    assert json.loads(files[0].read_text()) == {"format": FORMAT}


def test_a_table_of_the_json_has_a_row_a_line(tmp_path: Path) -> None:
    """So that a report of thousands of runs stays readable; it is the same JSON."""
    data = {"format": FORMAT, "runs": {"columns": ["arm", "j2"], "rows": [["none", 1.5], ["floor", 0]]}, "last": [1]}
    file = write_report(tmp_path, "name", _PAGE, data)[0]
    assert json.loads(file.read_text()) == data
    assert '   ["none",1.5],\n   ["floor",0]\n' in file.read_text()


def test_figures_are_told_with_their_intervals() -> None:
    """About three digits, and signs on changes."""
    assert number_words(12.345, 10.1, 123.4, "s") == "12.3 s [10.1, 123]"
    assert number_words(None) == "-"
    assert change_words(-0.455, -0.52, 0.001) == "-46 % [-52, 0]"
    assert change_words(1.0) == "+100 %"
    assert list_words(["a"]) == "a"
    assert list_words(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("figures", "bar", "told"),
    [
        ((-0.4492, -0.52, -0.371), -0.45, "-44.9 % [-52.0, -37.1]"),
        ((-0.44996, None, None), -0.45, "-44.996 %"),
        ((-0.45, None, None), -0.45, "-45 %"),
        ((-0.4508, -0.6, -0.4571), -0.45, "-45 % [-60, -46]"),
        ((-0.52, -0.6, -0.4471), -0.45, "-52.0 % [-60.0, -44.7]"),
        ((0.1004, -0.02, 0.2), 0.10, "+10.04 % [-2.00, +20.00]"),
        ((0.0996, None, None), 0.10, "+10 %"),
        ((-0.3, -0.4, 0.0001), -0.2, "-30 % [-40, 0]"),
        ((None, None, None), -0.45, "-"),
    ],
)
def test_a_figure_beside_a_bar_shows_on_which_side_of_it_it_lies(
    figures: tuple[float | None, float | None, float | None], bar: float, told: str
) -> None:
    """No more digits than that takes."""
    assert change_words(*figures, bar=bar) == told


@pytest.mark.parametrize("ends", [(-60.0, 20.0), (0.0, 0.3), (0.0, 0.0), (5.0, 5.0), (0.0, 12345.0)])
def test_an_axis_holds_its_values_and_has_a_few_ticks(ends: tuple[float, float]) -> None:
    """Whatever the values are; what lies beyond it is drawn at its end."""
    scale = make_scale(*ends, 100.0, 500.0)
    assert scale.low <= ends[0] <= ends[1] <= scale.high
    assert 2 <= len(scale.ticks) <= 9
    assert scale.place(scale.low) == 100.0
    assert scale.place(scale.high + 1e9) == 500.0


def test_an_earlier_report_is_compared_arm_by_arm(tmp_path: Path) -> None:
    """With the change and whether the intervals overlap; an arm or a measure that only one of them has is left out."""
    then = {"learned": {"recovery_s": {"value": 10.0, "low": 9.0, "high": 11.0}}, "gone": {}}
    now = {"learned": {"recovery_s": {"value": 5.0, "low": 4.0, "high": 6.0}, "new": {"value": 1.0}}, "fresh": {}}
    file = tmp_path / "earlier.json"
    file.write_text(json.dumps({"format": FORMAT, "kind": "real browsers", "totals": then, "circumstances": {}}))
    section = compare(now, read_earlier(file, "real browsers"), {"recovery_s": "recovery time", "new": "new"})
    assert section.table is not None
    assert section.table.rows == (("learned", "recovery time", "10 [9, 11]", "5 [4, 6]", "-50 %", "apart"),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not json", "is no JSON"),
        ("[]", "is no report of this benchmark"),
        ('{"format": 99, "totals": {}}', "is no report of this benchmark"),
        ('{"format": 1, "kind": "real browsers", "totals": {"a": 3}}', "is no report of this benchmark"),
        ('{"format": 1, "kind": "real browsers", "totals": {"a": {"b": "c"}}}', "is no report of this benchmark"),
        (
            '{"format": 1, "kind": "real browsers", "totals": {"a": {"b": {"value": "5"}}}}',
            "is no report of this benchmark",
        ),
        ('{"format": 1, "kind": "real browsers", "totals": {}, "circumstances": 7}', "is no report of this benchmark"),
        ('{"format": 1, "kind": "simulation", "totals": {}}', "is a report of the kind 'simulation'"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_report_is_not_compared(tmp_path: Path, text: str | None, told: str) -> None:
    """Each with one message that says what to give."""
    file = tmp_path / "earlier.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadInputError, match=told):
        read_earlier(file, "real browsers")


def test_circumstances_name_the_machine_and_what_is_not_installed() -> None:
    """A package that is missing is said to be."""
    told = circumstances("jinja2", "no-such-package")
    assert told["versions"].startswith("jinja2 3.")
    assert told["versions"].endswith("no-such-package not installed")
    assert all(told[name] for name in ("written at", "revision", "processor", "cores", "memory", "system", "python"))
