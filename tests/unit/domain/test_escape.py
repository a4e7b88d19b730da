import pytest

from dtf.cli.terminal.table import table
from dtf.domain.escape import block, cut, one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("test_a[é-日本]", "test_a[é-日本]"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x07\x00\x7f\x9b", "\\x07\\x00\\x7f\\x9b"),
        ("abc\u202edef", "abc\\u202edef"),
        ("a\u2066b\u200fc", "a\\u2066b\\u200fc"),
        ("\u2028line", "\\u2028line"),
        ("\ud800half", "\\ud800half"),
        ("[bold red]not markup[/]", "[bold red]not markup[/]"),
        ("\U000e0001tag", "\\U000e0001tag"),
    ],
)
def test_one_line_shows_what_would_act_on_a_terminal_as_its_code(text: str, shown: str) -> None:
    """Control, direction and tag characters, line ends and half surrogates are spelt out."""
    assert one_line(text) == shown


def test_a_block_keeps_lines_and_tabs_and_drops_colours() -> None:
    """Output of tests stays readable; what moves the cursor does not get through."""
    assert block("a\r\n\tb\x1b[31mred\x1b[0m\x1b[1A") == "a\n\tbred\\x1b[1A"


def test_long_text_is_cut_in_the_middle_and_says_how_much_is_missing() -> None:
    """A message of 1 MB becomes a short one with its beginning and its end."""
    shown = cut("a" * 1_000_000 + "END", 300)
    assert len(shown) < 400
    assert shown.startswith("aaa")
    assert shown.endswith("END")
    assert "999703 characters cut" in shown


def test_a_table_never_shortens_its_first_column() -> None:
    """The id is what people copy."""
    lines = table(("run", "name"), [("r7k2m9qx4tw3", "n" * 100)], 30)
    assert lines[1].startswith("r7k2m9qx4tw3  nnn")
    assert all(len(line) <= 30 for line in lines)


def test_a_table_escapes_its_cells() -> None:
    """A hostile name cannot break out of its row."""
    assert "\n" not in "".join(table(("a", "b"), [("x", "evil\nrow\x1b[2J")], 80))
