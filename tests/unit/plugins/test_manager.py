import logging
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from dtf.domain.events import Event, EventKind
from dtf.domain.work import JobKind
from dtf.hookspecs import hookimpl
from dtf.plugins.manager import call_each, find_executors, load_plugins


class Named:
    """An executor that is only a kind."""

    def __init__(self, kind: JobKind) -> None:
        self.kind = kind


class Giver:
    def __init__(self, *executors: Named) -> None:
        self._executors = executors

    @hookimpl
    def dtf_executors(self) -> Sequence[Any]:
        return self._executors


class Broken:
    @hookimpl
    def dtf_executors(self) -> Sequence[Any]:
        raise RuntimeError("no executors today")

    @hookimpl
    def dtf_event(self, event: Event) -> None:
        raise RuntimeError(f"cannot hear {event.kind}")


class Listener:
    def __init__(self) -> None:
        self.heard: list[Event] = []

    @hookimpl
    def dtf_event(self, event: Event) -> None:
        self.heard.append(event)


class Mistaken:
    @hookimpl
    def dtf_event(self, no_such_argument: object) -> None:
        raise AssertionError(no_such_argument)


plugin = Giver(Named(JobKind.COMMAND))
mistaken = Mistaken()

EVENT = Event(sequence=1, at=0.0, kind=EventKind.RUN_FINISHED, subject="r1")


def test_a_later_plugin_replaces_an_earlier_one() -> None:
    """Of two executors of one kind, the one of the plugin that was registered later is used."""
    first, second, other = Named(JobKind.COMMAND), Named(JobKind.COMMAND), Named(JobKind.PYTEST)
    manager = load_plugins({"one": Giver(first, other), "two": Giver(second)}, ())
    found: dict[JobKind, object] = {**find_executors(manager)}
    assert found == {JobKind.COMMAND: second, JobKind.PYTEST: other}


def test_one_plugins_error_is_not_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """A hook that raises is logged with its own name and its plugin's, and the others hear the event."""
    listener = Listener()
    manager = load_plugins({"broken": Broken(), "listener": listener}, ())
    with caplog.at_level(logging.ERROR):
        assert call_each(manager, "dtf_event", event=EVENT) == []
    assert listener.heard == [EVENT]
    assert "hook dtf_event of plugin broken failed" in caplog.text


def test_installed_plugins_are_found() -> None:
    """An entry point names an object with hooks."""
    point = EntryPoint(name="mine", value=f"{__name__}:plugin", group="dtf")
    manager = load_plugins({}, (point,))
    assert set(find_executors(manager)) == {JobKind.COMMAND}


@pytest.mark.parametrize("value", ["no_such_module:plugin", f"{__name__}:missing", f"{__name__}:mistaken"])
def test_a_plugin_that_cannot_be_loaded_is_left_out(value: str, caplog: pytest.LogCaptureFixture) -> None:
    """A missing module, a missing name and a hook with a wrong argument are logged; the rest works."""
    point = EntryPoint(name="bad", value=value, group="dtf")
    listener = Listener()
    with caplog.at_level(logging.ERROR):
        manager = load_plugins({"listener": listener}, (point,))
    call_each(manager, "dtf_event", event=EVENT)
    assert listener.heard == [EVENT]
    assert "plugin bad" in caplog.text
