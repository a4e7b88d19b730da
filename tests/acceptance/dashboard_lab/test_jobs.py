from tests.acceptance.dashboard_lab.laboratory import Lab
from tests.acceptance.harness.pages import Browsed
from tests.acceptance.harness.place import until

#: Jobs that nobody can run: they stand there for as long as they are needed.
WAITING = 230


def _all_pages(pages: Browsed) -> list[list[str]]:
    """The rows of every page of the list of jobs, from the one that is shown on."""
    found = [pages.keys("#jobs")]
    following = pages.page.locator("#jobs .pager button", has_text="Next")
    while following.is_enabled():
        following.click()
        assert until(lambda: pages.keys("#jobs") != found[-1], 30)
        found.append(pages.keys("#jobs"))
    return found


def test_the_jobs_page_by_page(lab: Lab, pages: Browsed) -> None:
    """Each job once, in its order; filters, order and place are in the address, and the ways back work."""
    ledger = lab.ledger
    run_id = lab.submit(*(f"page {n}" for n in range(WAITING)), hardware="cuda")
    jobs = {job.job_id: job for job in ledger.views.jobs(run_id)}

    pages.open("/lab/jobs?status=waiting&search=page+&sort=-priority")
    found = _all_pages(pages)
    assert sorted(key for page in found for key in page) == sorted(jobs)
    priorities = [jobs[key].spec.priority for page in found for key in page]
    assert priorities == sorted(priorities, reverse=True)

    address = pages.page.url
    pages.page.reload()
    assert pages.keys("#jobs") == found[-1]
    pages.page.go_back()
    assert until(lambda: pages.keys("#jobs") == found[-2], 30)
    pages.page.goto(address)
    assert pages.keys("#jobs") == found[-1]
    pages.page.locator("#jobs .pager button", has_text="First").click()
    assert until(lambda: pages.keys("#jobs") == found[0], 30)

    pages.page.locator("#jobs input[type=search]").fill("page 17")
    wanted = {key for key, job in jobs.items() if "page 17" in job.spec.name}
    assert until(lambda: set(pages.keys("#jobs")) == wanted, 30)
    assert "search=page+17" in pages.page.url
    assert "status=waiting" in pages.page.url


def test_a_job_is_cancelled_by_its_button(lab: Lab, pages: Browsed) -> None:
    """After it was asked, and only that job; the row says so by itself."""
    ledger = lab.ledger
    run_id = lab.submit("called off", "kept", hardware="cuda")
    off, kept = ledger.views.jobs(run_id)
    pages.open(f"/lab/jobs?search={off.spec.name}".replace(" ", "+"))
    row = pages.page.locator(f"#jobs tr[data-key={off.job_id}]")
    # what comes into the list meanwhile takes nobody's place from under their hands
    row.locator("button", has_text="Cancel").focus()
    later = lab.submit("called off later", hardware="cuda")
    (other,) = ledger.views.jobs(later)
    pages.page.locator(f"#jobs tr[data-key={other.job_id}]").wait_for()
    assert pages.page.evaluate("document.activeElement.closest('tr').dataset.key") == off.job_id
    pages.page.keyboard.press("Enter")
    dialog = pages.page.locator("dialog")
    dialog.locator("button", has_text="Leave it").click()
    assert ledger.views.job(off.job_id).outcome is None
    row.locator("button", has_text="Cancel").click()
    dialog.locator("button", has_text="Cancel the job").click()
    dialog.get_by_text("It is cancelled").wait_for()
    dialog.locator("button", has_text="Close").click()
    row.locator(".is-cancelled").wait_for()
    assert str(ledger.views.job(off.job_id).outcome) == "cancelled"
    assert ledger.views.job(kept.job_id).outcome is None


def test_a_jobs_page(lab: Lab, pages: Browsed) -> None:
    """What it asked for, where it ran and how long, and why it stands as it does; what is no job is said to be none."""
    ledger = lab.ledger
    gate = lab.place.directory / "gate"
    run_id = lab.submit("one", until=gate)
    (job,) = ledger.views.jobs(run_id)
    pages.open("/lab/jobs")
    # while it runs the list says where
    where = pages.page.locator(f"#jobs tr[data-key={job.job_id}] a[href*='/lab/workers/']").inner_text()
    gate.touch()
    pages.open(f"/lab/jobs/{job.job_id}")
    assert until(lambda: lab.is_over(run_id), 120)
    (attempt,) = ledger.views.attempts(run_id)
    row = pages.page.locator(f"#attempts tr[data-key='{attempt.shard_id}:1']")
    row.locator(".is-passed").wait_for()
    assert where == attempt.worker_name
    assert attempt.worker_name in row.inner_text()
    assert float(pages.figure(f"attempts.{attempt.shard_id}:1.duration_s")) == attempt.duration_s
    finished = ledger.views.job(job.job_id).finished_at
    assert until(lambda: pages.figure(f"jobs.{job.job_id}.finished_at") == str(finished), 30)
    assert until(lambda: "finished, passed" in pages.page.locator("#why").inner_text(), 30)
    assert f"test -e {gate}" in pages.page.locator("#asks").inner_text()
    # the beginning of an id leads to the job
    pages.page.goto(f"{pages.base}/lab/jobs/{job.job_id[:-2]}")
    assert pages.page.url.endswith(job.job_id)
    answer = pages.page.request.get(f"{pages.base}/lab/jobs/none")
    assert answer.status == 404
    assert "none" in answer.text()
