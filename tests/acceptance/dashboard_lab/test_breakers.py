from functools import partial
from typing import Any

from playwright.sync_api import Locator

from dtf.domain.breaker import BreakerMode, Target
from tests.acceptance.dashboard_lab.laboratory import Lab
from tests.acceptance.harness.pages import Browsed
from tests.acceptance.harness.place import until

#: What of a breaker that is closed moves only with evidence, in the words of the command.
_STEADY = ("since", "failures_to_open", "default_failures_to_open", "base_rate", "default_base_rate")


def _told(lab: Lab) -> dict[str, dict[str, Any]]:
    """What the command tells, by target."""
    return {one["target"]: one for one in lab.place.dtf("breakers", "--json").answer["breakers"]}


def _use_all(lab: Lab) -> None:
    """Have each of the three workers run something: what nobody has used has no breaker yet."""
    for batch in range(5):
        if len(_told(lab)) >= 3:
            return
        run_id = lab.submit(*(f"use {batch} {n}" for n in range(9)), seconds=0.3)
        assert until(partial(lab.is_over, run_id), 180)
    raise AssertionError(f"not all workers got something: {sorted(_told(lab))}")


def _row(pages: Browsed, target: str) -> Locator:
    rows = pages.page.locator("#breakers tbody tr")
    return rows.filter(has=pages.page.get_by_role("button", name=target, exact=True))


def _take(pages: Browsed, word: str, reason: str) -> None:
    """Have the breaker that is shown do something, by its button."""
    pages.page.locator("#one").get_by_role("button", name=word, exact=True).click()
    dialog = pages.page.locator("dialog")
    dialog.get_by_label("Why").fill(reason)
    dialog.get_by_role("button", name=word, exact=True).click()
    dialog.get_by_text("It is").wait_for()
    dialog.get_by_role("button", name="Close").click()


def test_breakers_are_as_the_command_tells_them(lab: Lab, pages: Browsed) -> None:
    """Each figure of each; the belief, which moves all the time, lies between what the page told before and after."""
    _use_all(lab)
    pages.open("/lab/breakers")
    assert until(lambda: len(pages.keys_now("#breakers")) == 3, 60)

    def of(target: str, name: str) -> str:
        return pages.figure(f"breakers.targets.{target}.{name}")

    before = {target: float(of(target, "bad")) for target in pages.keys_now("#breakers")}
    told = _told(lab)
    assert set(told) == set(before)

    def same() -> bool:
        return all(float(of(target, name)) == one[name] for target, one in told.items() for name in _STEADY)

    assert until(same, 30), (told, pages.figures())
    after = {target: float(of(target, "bad")) for target in told}
    for target, one in told.items():
        low, high = sorted((before[target], after[target]))
        assert low - 1e-3 <= one["bad"] <= high + 1e-3, target
        assert _row(pages, target).get_by_text(one["state"], exact=True).count() == 1


def test_a_breaker_is_forced_open_by_its_button_and_back(lab: Lab, pages: Browsed) -> None:
    """The ledger has it with its reason, no work goes there until it is automatic again, and the history has both."""
    _use_all(lab)
    info = lab.hostile().info
    target = Target(hardware="cpu", name=info.name)
    pages.open(f"/lab/breakers?state=closed&search={info.name[:4]}")
    _row(pages, str(target)).get_by_role("button").click()
    reason = "<b>a new kernel</b>"
    _take(pages, "Force open", reason)
    order = lab.ledger.breakers.orders()[target]
    assert (order.mode, order.reason) == (BreakerMode.FORCED_OPEN, reason)
    assert _told(lab)[str(target)]["mode"] == "forced_open"
    pages.page.locator("#one .is-open", has_text="forced open").wait_for()
    pages.page.locator("#one tbody").get_by_text("set to forced open").wait_for()
    assert pages.page.locator("#one tbody").get_by_text(reason).count() == 1
    assert pages.page.locator("#one tbody b").count() == 0

    def by_hostile(run_id: str) -> int:
        return sum(attempt.worker_id == info.worker_id for attempt in lab.ledger.views.attempts(run_id))

    refused = lab.submit(*(f"kept away {n}" for n in range(8)), seconds=0.5)
    assert until(lambda: lab.is_over(refused), 180)
    assert by_hostile(refused) == 0
    _take(pages, "Automatic", "")
    assert lab.ledger.breakers.orders()[target].mode is BreakerMode.AUTO
    pages.page.locator("#one .is-closed", has_text="closed").wait_for()
    taken = lab.submit(*(f"let in {n}" for n in range(20)), seconds=0.5)
    assert until(lambda: by_hostile(taken) > 0, 180)
    assert until(lambda: lab.is_over(taken), 180)
    history = lab.ledger.breakers.history(target)
    assert [event["mode"] for event in history if "mode" in event] == ["forced_open", "auto"]
