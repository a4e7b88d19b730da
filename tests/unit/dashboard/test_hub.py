import json

from hypothesis import given
from hypothesis import strategies as st

from dtf.dashboard.live.hub import MOST_WAITING, Hub, Listener
from dtf.dashboard.live.patch import patch_of, patched

_LEAVES = st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=3)
_VALUES = st.recursive(_LEAVES, lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=4), max_leaves=12)
_OBJECTS = st.dictionaries(st.text(max_size=3), _VALUES, max_size=5)


@given(_OBJECTS, _OBJECTS)
def test_a_patch_turns_one_value_into_the_other(before: dict, after: dict) -> None:  # type: ignore[type-arg]
    """Whatever they are; and no change is an empty patch."""
    assert patched(before, patch_of(before, after)) == after
    assert patch_of(after, after) == {}


class _Page:
    """A page: it takes messages when it likes, and follows them as its script does."""

    def __init__(self, hub: Hub, *topics: str) -> None:
        self.hub = hub
        self.seen: dict[str, object] = {}
        self.version: dict[str, int] = {}
        self.wakes = self.taken = self.bytes = 0
        self.listener = Listener(self._wake)
        hub.listen(self.listener, topics)

    def _wake(self) -> None:
        self.wakes += 1

    def read(self) -> None:
        while (message := self.listener.take(self.hub)) is not None:
            told = json.loads(message)
            topic = told["topic"]
            self.taken += 1
            self.bytes += len(message)
            if "value" in told:
                self.seen[topic] = told["value"]
            else:
                assert told["from"] == self.version[topic], "a change is missing"
                self.seen[topic] = patched(self.seen[topic], told["patch"])
            self.version[topic] = told["version"]


def test_pages_follow_changes_and_a_slow_one_is_told_anew() -> None:
    """Both end with what is known; the slow one never has more than so many messages waiting."""
    hub = Hub()
    hub.publish("workers", {"a": {"cpu": 0}}, 1.0)
    quick, slow = _Page(hub, "workers", "runs"), _Page(hub, "workers")
    quick.read()
    slow.read()
    assert quick.seen == {"workers": {"a": {"cpu": 0}}, "runs": {}}
    for n in range(1, 3 * MOST_WAITING):
        assert hub.publish("workers", {"a": {"cpu": n}, "b": {"cpu": 5}}, float(n))
        quick.read()
    slow.read()
    assert quick.seen["workers"] == slow.seen["workers"] == {"a": {"cpu": n}, "b": {"cpu": 5}}
    assert slow.taken == 2
    assert quick.taken == 2 + n


def test_what_did_not_change_is_not_told() -> None:
    """Nor is a topic that a page did not ask for, nor anything after it has left."""
    hub = Hub()
    page = _Page(hub, "runs")
    page.read()
    before = page.wakes
    assert hub.publish("runs", {}, 1.0)
    assert not hub.publish("runs", {}, 2.0)
    hub.publish("workers", {"a": 1}, 2.0)
    page.read()
    assert page.wakes == before + 1
    hub.leave(page.listener)
    hub.publish("runs", {"r": 1}, 3.0)
    assert page.listener.take(hub) is None
    assert hub.listeners == 0
