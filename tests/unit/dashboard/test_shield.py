import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import flower
import pytest
from tornado.template import Loader as TornadoLoader
from tornado.template import filter_whitespace

from dtf.dashboard.loader import Loader
from dtf.dashboard.shield import FLOWER_POLICY, OWN_POLICY

FLOWERS = Path(flower.__file__).parent / "templates"
OURS = Path("dtf/dashboard/templates").resolve()


class Inline(HTMLParser):
    """Collects what is inline."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.handlers: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note style attributes, handlers and scripts without a source."""
        given = dict(attrs)
        self.styles += [given["style"] or ""] if "style" in given else []
        self.handlers += [name for name in given if name.startswith("on")]
        self._in_script = tag == "script" and "src" not in given

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # the parser's
        """A script is over."""
        self._in_script = False

    def handle_data(self, data: str) -> None:
        """Note a script's text."""
        if self._in_script:
            self.scripts.append(data)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _inline(path: Path, autorefresh: int) -> Inline:
    """What is inline in a template, with the whitespace as Tornado sends it."""
    loader = TornadoLoader(str(path.parent))
    text = "".join(_text_of(chunk, autorefresh) for chunk in _chunks(loader.load(path.name).file))
    found = Inline()
    found.feed(text)
    return found


def _text_of(chunk: object, autorefresh: int) -> str:
    if isinstance(value := getattr(chunk, "value", None), str):
        return value if "<pre>" in value else filter_whitespace(chunk.whitespace, value)  # type: ignore[attr-defined]
    return str(autorefresh) if getattr(chunk, "expression", "") == "autorefresh" else ""


def _chunks(node: object) -> list[object]:
    children = node.each_child()  # type: ignore[attr-defined]  # Tornado's nodes
    return [node, *(chunk for child in children for chunk in _chunks(child))]


@pytest.mark.parametrize("name", sorted(path.name for path in FLOWERS.glob("*.html")))
@pytest.mark.parametrize("autorefresh", [0, 1])
def test_the_policy_lets_all_of_flowers_inline_code_through(name: str, autorefresh: int) -> None:
    """And a new Flower with other inline code is noticed here."""
    found = _inline(FLOWERS / name, autorefresh)
    assert [script for script in found.scripts if script.strip() and _hash(script) not in FLOWER_POLICY] == []
    assert [style for style in found.styles if _hash(style) not in FLOWER_POLICY] == []
    assert found.handlers == []


def test_the_workers_page_has_an_inline_script() -> None:
    """Else the test before would prove nothing."""
    assert [script for script in _inline(FLOWERS / "workers.html", 1).scripts if "autorefresh" in script]


@pytest.mark.parametrize("path", sorted(OURS.glob("*.html")), ids=lambda path: path.name)
def test_dtfs_pages_have_nothing_inline(path: Path) -> None:
    """Their policy lets nothing of the kind through."""
    text = re.sub(r"{%.*?%}|{{.*?}}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = Inline()
    found.feed(text)
    assert ([script for script in found.scripts if script.strip()], found.styles, found.handlers) == ([], [], [])


@pytest.mark.parametrize("policy", [OWN_POLICY, FLOWER_POLICY])
def test_nothing_is_fetched_from_elsewhere(policy: str) -> None:
    """No source but the dashboard itself, no evaluated text, no page of another site around it."""
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert not re.search(r"unsafe-inline|unsafe-eval|https?:|\*", policy)


def test_templates_of_dtfs_can_extend_flowers_of_the_same_name() -> None:
    """``flower/NAME`` is Flower's; a name alone is dtf's where there is one."""
    loader = Loader((OURS, FLOWERS))
    assert loader.load("tasks.html").code != loader.load("flower/tasks.html").code
    with pytest.raises(FileNotFoundError, match="no template 'none"):
        loader.load("none.html")
