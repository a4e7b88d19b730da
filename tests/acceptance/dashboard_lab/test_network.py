import os

import pytest

from dtf.dashboard.vendor import VendorMissingError, vendor_text
from dtf.domain.worker import WorkerState
from tests.acceptance.dashboard_lab.laboratory import HOSTILE, Lab
from tests.acceptance.harness.pages import Browsed, browsing
from tests.acceptance.harness.place import until

_NODES = """() => Object.fromEntries([...document.querySelectorAll('#map g.map-node')].map(
    one => [one.dataset.id, [one.dataset.group, one.dataset.status, one.getAttribute('transform')]]))"""
_FOCUSED = "document.activeElement.dataset.id ?? ''"


def _need_d3() -> None:
    try:
        vendor_text("d3-force.js")
    except VendorMissingError as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def _map(pages: Browsed) -> dict[str, list[str]]:
    """Group, state and place of each node, when nothing moves any more."""
    pages.page.wait_for_selector("#map[data-state='at rest']")
    found: dict[str, list[str]] = pages.page.evaluate(_NODES)
    return found


def _groups(lab: Lab) -> dict[str, str]:
    """Who is to be on the map, by the ledger: the id and the group of each."""
    there = [one for one in lab.ledger.views.workers() if one.state is not WorkerState.OFFLINE]
    holders = [one.holder for one in lab.ledger.monitor.moment().coordinators]
    return {
        "broker": "broker",
        "database": "database",
        **{f"coordinator:{holder}": "coordinator" for holder in holders},
        **{f"worker:{one.info.worker_id}": "worker" for one in there},
        **{
            f"device:{one.info.worker_id}:{at}": "browser" if device.kind in ("webgpu", "webnn") else "device"
            for one in there
            for at, device in enumerate(one.info.devices)
        },
    }


def test_the_map_has_who_the_ledger_has(lab: Lab, pages: Browsed) -> None:
    """Everybody once, as they stand, the hostile name as text; the table has the same."""
    _need_d3()
    pages.open("/lab/network")
    shown = _map(pages)
    assert {name: group for name, (group, _, _) in shown.items()} == _groups(lab)
    leader = lab.ledger.views.leader().holder
    assert shown[f"coordinator:{leader}"][1] == "leader"
    for worker in lab.online():
        assert shown[f"worker:{worker.info.worker_id}"][1].startswith("online")
    # longer names are cut
    assert pages.page.locator("#map .map-name", has_text=HOSTILE[:20]).count() >= 1
    assert pages.page.locator("#map img").count() == 0
    pages.page.locator("#table-part > summary").click()
    assert until(lambda: set(pages.keys_now("#table")) == set(shown), 30)
    slots = {one.info.worker_id: one.info.slots for one in lab.online()}
    assert {name: float(pages.figure(f"network.nodes.worker:{name}.slots")) for name in slots} == slots


def test_what_changes_stays_in_its_place(lab: Lab, pages: Browsed) -> None:
    """Workers become busy and idle again on the map, and nothing moves for it."""
    _need_d3()
    pages.open("/lab/network")
    before = _map(pages)
    run_id = lab.submit(*(f"busy {n}" for n in range(9)), seconds=2.0)
    busy = pages.page.locator("#map g[data-group=worker][aria-label*='1 of 1 slots busy']")
    busy.first.wait_for(state="attached")
    pages.page.locator("#map g[data-group=device][data-status=busy]").first.wait_for(state="attached")
    now = _map(pages)
    assert {name: place for name, (_, _, place) in now.items()} == {
        name: place for name, (_, _, place) in before.items()
    }
    assert until(lambda: lab.is_over(run_id), 180)
    assert until(lambda: busy.count() == 0, 30)


def test_the_map_is_used_by_keyboard(lab: Lab, pages: Browsed) -> None:
    """Tab comes to one node, arrows go to others, Enter tells of the one, Escape closes it, and the map zooms."""
    _need_d3()
    pages.open("/lab/network")
    assert len(_map(pages)) >= 8
    page = pages.page
    assert page.locator("#map g.map-node[tabindex='0']").count() == 1
    page.locator("#fit").focus()
    page.keyboard.press("Tab")
    first = page.evaluate(_FOCUSED)
    assert first in _groups(lab)
    met = {first}
    for arrow in ("ArrowUp", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(arrow)
        met.add(page.evaluate(_FOCUSED))
    assert len(met) > 2
    last = page.evaluate(_FOCUSED)
    page.keyboard.press("Enter")
    page.locator("#node h2").wait_for()
    assert page.locator(f"#map g.map-node[data-id='{last}']").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    page.locator("#node").wait_for(state="hidden")
    drawn = page.locator("#map svg > g")
    before = drawn.get_attribute("transform")
    page.locator("#closer").click()
    assert drawn.get_attribute("transform") != before


def test_who_wants_nothing_to_move_sees_nothing_move(lab: Lab) -> None:
    """The map is laid out before it is drawn for the first time."""
    _need_d3()
    with browsing(lab.base) as found:
        found.page.emulate_media(reduced_motion="reduce")
        found.page.add_init_script(
            "addEventListener('DOMContentLoaded', () => new MutationObserver(all => {"
            " window.states = [...(window.states ?? []), ...all.map(one => one.target.dataset.state)]; })"
            ".observe(document.getElementById('map'), {attributeFilter: ['data-state']}))"
        )
        found.open("/lab/network")
        assert _map(found)
        assert set(found.page.evaluate("window.states")) == {"at rest"}


def test_without_d3_there_is_the_table(lab: Lab) -> None:
    """And the words on how to have the map."""
    with browsing(lab.base) as found:
        found.page.route("**/assets/vendor/*", lambda route: route.fulfill(status=404, body="not installed"))
        found.open("/lab/network")
        found.page.locator("#missing").get_by_text("make run").wait_for()
        assert until(lambda: set(found.keys_now("#table")) == set(_groups(lab)), 30)
        assert found.page.locator("#map-part").is_hidden()


def test_a_node_follows_the_pointer(pages: Browsed) -> None:
    """As long as it is held; then all comes to rest again, with everybody there."""
    _need_d3()
    pages.open("/lab/network")
    before = _map(pages)
    page = pages.page
    database = page.locator("#map g.map-node[data-id=database]")

    def middle() -> tuple[float, float]:
        box = database.locator(".map-shape").bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    # from now on the map does not fit itself to what is in it
    page.locator("#farther").click()
    x, y = middle()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y - 60, steps=6)
    assert until(lambda: all(abs(at - to) < 6 for at, to in zip(middle(), (x + 90, y - 60), strict=True)), 30), middle()
    page.mouse.up()
    assert set(_map(pages)) == set(before)
