import os
from pathlib import Path

import pytest

from tests.acceptance.dashboard_lab.laboratory import HOSTILE, Lab
from tests.acceptance.harness.pages import Browsed
from tests.acceptance.harness.place import until

_AXE = Path(__file__).parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_WIDTHS = (1280, 390)
#: What fails the test; what axe finds of less weight is advice.
_GRAVE = ("serious", "critical")
_LOADED = "() => !document.querySelector('main table[aria-busy=true]')"
_UNFOLD = "() => document.querySelectorAll('main details').forEach(one => { one.open = true; })"
_RUN = """() => axe.run({resultTypes: ['violations']}).then(found => found.violations.map(
    one => [one.impact, one.id, one.nodes.slice(0, 5).map(node => node.html.slice(0, 200))]))"""


def _axe() -> str:
    """The program that looks; without it the test is skipped, and fails in CI."""
    if not _AXE.exists():
        reason = "needs axe-core (`make browsers`)"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    return _AXE.read_text()


def _paths(lab: Lab, run_id: str) -> list[str]:
    """Every page, with details of what there is."""
    (job, *_) = lab.ledger.views.jobs(run_id)
    worker = lab.hostile().info
    return [
        "/",
        "/lab/runs",
        f"/lab/runs/{run_id}",
        "/lab/jobs",
        f"/lab/jobs/{job.job_id}",
        "/lab/workers",
        f"/lab/workers/{worker.worker_id}",
        "/lab/resources",
        "/lab/hardware",
        "/lab/network",
        f"/lab/breakers?target=cpu/{lab.online()[0].info.name}",
        "/lab/recovery",
        "/lab/coordinators",
    ]


def _found(pages: Browsed) -> list[str]:
    """What axe finds on the page as it stands."""
    told = pages.page.evaluate(_RUN)
    return [f"{impact} {rule}: {nodes}" for impact, rule, nodes in told if impact in _GRAVE]


def test_axe_finds_nothing_serious(lab: Lab, pages: Browsed) -> None:
    """On any page with something on it, all that folds unfolded, in light and dark, wide and on a phone."""
    axe = _axe()
    run_id = lab.submit(HOSTILE, *(f"work {number}" for number in range(9)))
    lab.submit("waits", hardware="cuda")
    assert until(lambda: lab.is_over(run_id), 120)
    wrong = []
    for path in _paths(lab, run_id):
        pages.open(path)
        pages.page.evaluate(_UNFOLD)
        pages.page.wait_for_function(_LOADED)
        if path == "/lab/network":
            pages.page.wait_for_selector("#map[data-state='at rest']")
            pages.page.locator("#map g.map-node[tabindex='0']").press("Enter")
        pages.page.evaluate(axe)
        for scheme in ("light", "dark"):
            pages.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for width in _WIDTHS:
                pages.page.set_viewport_size({"width": width, "height": 900})
                wrong += [f"{path} {scheme} {width}: {one}" for one in _found(pages)]
    assert not wrong, "\n".join(wrong)
