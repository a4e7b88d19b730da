from types import SimpleNamespace
from typing import Any

import pytest

from dtf.execution.agent.outcome import Collector, clean, cut, properties


def report(category: str, when: str, longrepr: Any = None, **more: Any) -> SimpleNamespace:
    """A report of pytest's with its category."""
    values = {"category": category, "when": when, "duration": 0.5, "longrepr": longrepr, "longreprtext": "text"}
    return SimpleNamespace(**{**values, "sections": [], "passed": category in ("", "passed"), **more})


def collector() -> Collector:
    """A collector over a configuration that knows each report's category."""
    hook = SimpleNamespace(pytest_report_teststatus=lambda report, **_: (report.category, "", ""))
    return Collector(SimpleNamespace(hook=hook))


@pytest.mark.parametrize(
    ("categories", "outcome", "phase"),
    [
        (("", "passed", ""), "passed", "call"),
        (("", "passed", "error"), "error", "teardown"),
        (("error", "", ""), "error", "setup"),
        (("", "failed", "error"), "failed", "call"),
        (("skipped", "", ""), "skipped", "setup"),
        (("", "xfailed", ""), "xfailed", "call"),
        (("", "rerun", "passed"), "passed", "teardown"),
    ],
)
def test_the_gravest_report_counts(categories: tuple[str, str, str], outcome: str, phase: str) -> None:
    """One item is one case: its gravest report decides, and its phases' durations add up."""
    made = collector()
    made.begin()
    for category, when in zip(categories, ("setup", "call", "teardown"), strict=True):
        made.add(report(category, when))
    case = made.case(7, "a.py::b")
    assert (case["outcome"], case["phase"], case["duration_s"]) == (outcome, phase, 1.5)


def test_an_item_without_reports_is_an_error() -> None:
    """A plugin that swallows a test does not make it pass."""
    made = collector()
    made.begin()
    assert made.case(0, "x")["outcome"] == "error"


def test_long_output_keeps_both_ends() -> None:
    """What is too long loses its middle, and says how much."""
    text = cut("a" * 1000 + "b" * 1000, 100)
    assert text.startswith("a" * 50)
    assert text.endswith("b" * 50)
    assert "1900 characters cut" in text


def test_surrogates_become_text() -> None:
    """Lone surrogates are shown as escapes."""
    assert clean("x\ud800") == "x\\ud800"


class Hostile:
    def __str__(self) -> str:
        raise ValueError("no")


def test_properties_are_text_of_bounded_size() -> None:
    """Values become text, of equal names the last counts, and nothing that a test records breaks its report."""
    recorded = [("a", 1.5), ("a", 2), ("b\ud800", None), ("n" * 999, "v" * 9999), ("c", Hostile()), "no pair at all"]
    found = properties(SimpleNamespace(user_properties=recorded))
    assert found["a"] == "2"
    assert found["b\\ud800"] == "None"
    assert (len(found["n" * 200]), "characters cut" in found["n" * 200]) < (4100, True)
    assert [text for text in found.values() if "cannot be shown" in text] == [
        "<it cannot be shown: ValueError>",
        "<it cannot be shown: ValueError>",
    ]
    assert len(properties(SimpleNamespace(user_properties=[(str(n), n) for n in range(1000)]))) == 100
    assert properties(SimpleNamespace()) == {}


def failure(*messages: str) -> SimpleNamespace:
    """What pytest shows of chained exceptions, the last of which ended the test."""
    chain = [(None, SimpleNamespace(message=message), None) for message in messages]
    return SimpleNamespace(chain=chain, reprcrash=chain[-1][1])


@pytest.mark.parametrize(
    ("category", "longrepr", "lost"),
    [
        ("failed", failure("RuntimeError: the card is gone"), "card is gone"),
        ("failed", failure("RuntimeError: the card is gone", "ValueError: no result"), "card is gone"),
        ("xfailed", failure("RuntimeError: the card is gone"), "card is gone"),
        ("skipped", failure("Skipped: the card is gone"), ""),
        ("failed", failure("assert 0"), ""),
    ],
)
def test_a_lost_device_is_seen_in_what_exceptions_say(category: str, longrepr: object, lost: str) -> None:
    """Any exception of the chain tells it; the code around them, which may name it too, does not."""
    made = collector()
    made.sticky = ("never said", "card is gone")
    made.begin()
    made.add(report(category, "call", longrepr, longreprtext='assert "card is gone"'))
    assert made.lost == lost
    assert made.case(0, "x")["lost"] == lost
    made.begin()
    assert made.lost == ""


def test_a_failure_without_exceptions_is_looked_at_as_a_whole() -> None:
    """A plugin's own report may be a text."""
    made = collector()
    made.sticky = ("card is gone",)
    made.begin()
    made.add(report("failed", "call", "the card is gone", longreprtext="the card is gone"))
    assert made.lost == "card is gone"
