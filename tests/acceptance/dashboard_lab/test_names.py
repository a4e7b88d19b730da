from tests.acceptance.dashboard_lab.laboratory import HOSTILE, Lab
from tests.acceptance.harness.pages import Browsed
from tests.acceptance.harness.place import until


def test_a_hostile_name_is_text(lab: Lab, pages: Browsed) -> None:
    """On the lists, on the pages of the job and of the worker, and in a dialog."""
    run_id = lab.submit(HOSTILE, hardware="cuda")
    (job,) = lab.ledger.views.jobs(run_id)
    worker = lab.hostile()

    pages.open("/lab/jobs")
    row = pages.page.locator(f"#jobs tr[data-key={job.job_id}]")
    row.wait_for()
    assert HOSTILE in row.inner_text()
    row.locator("button", has_text="why").click()
    told = pages.page.locator("dialog")
    assert until(lambda: "No worker" in told.inner_text(), 30), told.inner_text()
    told.locator("button").click()
    pages.open(f"/lab/jobs/{job.job_id}")
    assert until(lambda: pages.page.locator("h1").inner_text() == f"Job {HOSTILE}", 30)
    for path in ("/lab/workers", f"/lab/workers/{worker.info.worker_id}", "/lab/hardware"):
        pages.open(path)
        pages.page.get_by_text(worker.info.name).first.wait_for()
        assert not pages.page.locator("main img, main script").count()
