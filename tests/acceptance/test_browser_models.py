"""Models and pages in real browsers, by the real command, on the browsers of this machine."""

import json
from typing import Any

from tests.acceptance.harness.place import Place
from tests.support.browsers import need_browser, need_onnxruntime_web, need_webnn

PAGE = """<!doctype html><script>
dtf.metric("apples", 3, "pieces");
dtf.artifact("a.txt", "hello").then(() => {
  dtf.log("before the loop");
  dtf.fail("three are too few");
  while (true);
});
</script>"""
CHECKS: tuple[dict[str, Any], ...] = (
    {"check": "model", "target": "bert", "provider": "webnn"},
    {"check": "model", "target": "cnn", "provider": "webgpu"},
    {"check": "page", "target": "page.html", "timeout": 60},
)


def test_models_and_pages_run_where_they_say(place: Place) -> None:
    """A model's nodes are on WebNN and on WebGPU, its outputs within the tolerance; a page's report and files return.

    The adapter here may be software, and then the proof says so.
    """
    need_browser("chromium")
    need_webnn()
    need_onnxruntime_web()
    (place.directory / "page.html").write_text(PAGE)
    tasks = [{"type": "browser", "name": check["target"], "config": check} for check in CHECKS]
    (place.directory / "tasks.json").write_text(json.dumps(tasks))

    done = place.dtf("submit", "--task-file", "tasks.json", "--wait", timeout_s=280)

    assert done.status == 1, done.err
    report = json.loads(place.dtf("report", "last", "--format", "json").out)
    attempts = {_name(report, attempt["job_id"]): attempt for attempt in report["attempt_list"]}
    outcomes = {name: (attempt["outcome"], attempt["reason"]) for name, attempt in attempts.items()}
    assert outcomes == {"bert": ("passed", ""), "cnn": ("passed", ""), "page.html": ("failed", "three are too few")}
    assert set(json.loads(attempts["bert"]["proof"]["providers"])) == {"WebNNExecutionProvider"}
    assert set(json.loads(attempts["cnn"]["proof"]["providers"])) == {"WebGpuExecutionProvider"}
    assert attempts["cnn"]["proof"]["adapter"]
    for name in ("bert", "cnn"):
        metrics = _metrics(report, name)
        assert 0 < metrics["largest_error"] <= metrics["tolerance"] == 1e-3
    assert _metrics(report, "page.html")["apples"] == 3
    kept = {artifact["name"] for artifact in report["artifact_list"]}
    assert kept >= {"page/a.txt", "page.log", "trace.zip"}


def _name(report: dict[str, Any], job_id: str) -> str:
    return next(str(job["spec"]["name"]) for job in report["job_list"] if job["job_id"] == job_id)


def _metrics(report: dict[str, Any], name: str) -> dict[str, float]:
    return {one["name"]: one["value"] for one in report["metric_list"] if _name(report, one["job_id"]) == name}
