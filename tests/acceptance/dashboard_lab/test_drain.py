from collections import Counter

from dtf.domain.worker import WorkerState
from tests.acceptance.dashboard_lab.laboratory import Lab
from tests.acceptance.harness.pages import Browsed
from tests.acceptance.harness.place import until


def test_a_worker_is_drained_by_its_button(lab: Lab, pages: Browsed) -> None:
    """It takes nothing more, says so and stays so; the others do all that is left."""
    ledger = lab.ledger
    run_id = lab.submit(*(f"work {n}" for n in range(30)), seconds=1.0)

    def claimed_by() -> Counter[str]:
        return Counter(attempt.worker_id for attempt in ledger.views.attempts(run_id))

    chosen = lab.hostile().info
    assert until(lambda: claimed_by()[chosen.worker_id] > 0, 60)
    pages.open(f"/lab/workers/{chosen.worker_id}")
    pages.page.locator("#charts figure").nth(1).wait_for()
    pages.page.locator("#now button", has_text="Drain").click()
    pages.page.locator("dialog button", has_text="Drain the worker").click()
    pages.page.locator("dialog").get_by_text("It drains").wait_for()
    pages.page.locator("dialog button", has_text="Close").click()
    pages.page.locator("#now .is-draining").wait_for()

    # it hears of it with a heartbeat, and finishes what it has
    told_at = ledger.views.now()
    assert until(lambda: lab.hostile().seen_at > told_at, 60)
    assert until(lambda: all(c.worker_id != chosen.worker_id for c in ledger.monitor.moment().claims), 60)
    had = claimed_by()[chosen.worker_id]
    assert not lab.is_over(run_id), "all was over too soon to tell"
    assert until(lambda: lab.is_over(run_id), 180)
    assert str(ledger.views.run(run_id).outcome) == "passed"
    assert claimed_by()[chosen.worker_id] == had
    assert claimed_by().total() - had > 0
    assert lab.hostile().state is WorkerState.DRAINING
    assert until(lambda: pages.figure(f"workers.{chosen.worker_id}.busy_slots") == "0", 30)
    assert pages.page.locator("#now .is-draining").count() == 1
    assert pages.page.locator("#now button", has_text="Drain").count() == 0
    pages.open("/lab/hardware?use=draining")
    pages.page.locator("#devices tbody tr").wait_for()
    assert pages.keys_now("#devices") == [f"{chosen.worker_id}:0"]
