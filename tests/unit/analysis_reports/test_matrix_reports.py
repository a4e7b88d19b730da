import json
import re
from html.parser import HTMLParser

from dtf.analysis.matrix.matrix import Matrix, make_matrix
from dtf.analysis.reports.matrix_html import matrix_html
from dtf.analysis.reports.matrix_json import matrix_data, matrix_json
from dtf.analysis.reports.matrix_markdown import matrix_markdown
from tests.unit.analysis_matrix.laboratory import CPU, SIMULATED, SOFTWARE, Run, case

HOSTILE = "<script>alert(1)</script>\"'`|[x](javascript:y)\x1b[31m\u202e\ud800\n{{ 7*7 }}"


def hostile_matrix() -> Matrix:
    """Two columns that differ in everything, every name of them hostile."""
    run = Run(name=HOSTILE).suite("cpu", {**CPU, "device_name": HOSTILE}, case(f"t[{HOSTILE}]", "passed", named()))
    for proof in (SOFTWARE, {**SIMULATED, "device_name": HOSTILE}):
        run.suite("webgpu", proof, case(f"t[{HOSTILE}]", "failed", named("inf"), message=HOSTILE))
    return make_matrix([run.facts()])


def named(error: str = "0") -> dict[str, str]:
    """Properties with a hostile row."""
    return {"operator": HOSTILE, "largest_error": error, "tolerance": "1e-3"}


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_needs_nothing_else_and_escapes_every_name() -> None:
    """There is one script, ours, and no address; names stand there as text."""
    text = "".join(matrix_html(hostile_matrix()))
    page = Page(text)
    assert page.tags.count("script") == 1
    assert page.addresses == []
    assert "url(" not in text
    assert "@import" not in text
    assert "<script>alert" not in text
    assert "{{ 7*7 }}" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert HOSTILE.split("\x1b", maxsplit=1)[0] in "".join(page.words)
    text.encode()
    assert {"main", "table", "caption", "form"} <= set(page.tags)
    assert text.count('<span class="mark">simulated</span>') == 2
    assert text.count('<span class="mark">software</span>') == 2


def test_the_json_matrix_is_one_line_of_strict_json() -> None:
    """Numbers that JSON does not have are texts; columns say what they are."""
    text = "".join(matrix_json(hostile_matrix()))
    assert text.count("\n") == 1
    data = json.loads(text, parse_constant=lambda word: (_ for _ in ()).throw(ValueError(word)))
    assert data["reference"] == 0
    assert [(column["software"], column["simulated"]) for column in data["columns"]] == [
        (False, False),
        (True, False),
        (False, True),
    ]
    assert data["cells"][1]["verdict"] == "wrong"
    assert data["cells"][1]["largest_error"] == "inf"
    assert data["worse"] == len(data["differences"]) == 2
    assert data["rows"] == [HOSTILE.strip()]


def test_the_markdown_matrix_shows_names_as_they_are() -> None:
    """No name makes a link, a tag or a cell; every row of a table has as many cells as its head."""
    text = "".join(matrix_markdown(hostile_matrix()))
    assert "<script>" not in text
    assert "\\<script\\>" in text
    assert "](javascript" not in text
    assert "\x1b" not in text
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 2
    for table in tables:
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(counts) == 1, table
    assert "software" in text
    assert "simulated" in text


def test_a_matrix_of_nothing_can_be_shown() -> None:
    """A run without results is a matrix without rows in every format."""
    matrix = make_matrix([Run().facts()])
    assert matrix_data(matrix)["cells"] == []
    assert "no results yet" in "".join(matrix_html(matrix))
    assert "# Matrix" in "".join(matrix_markdown(matrix))


def test_long_lists_of_differences_are_cut_and_say_so() -> None:
    """A page of a thousand differences says how many there are."""
    run = Run()
    run.suite("cpu", CPU, *(case(f"t{n}") for n in range(1200)))
    run.suite("webgpu", SOFTWARE, *(case(f"t{n}", "failed") for n in range(1200)))
    matrix = make_matrix([run.facts()])
    assert "Only the first 200 of 1200 are listed here." in "".join(matrix_markdown(matrix))
    assert "200 more are left out" in "".join(matrix_html(matrix))
