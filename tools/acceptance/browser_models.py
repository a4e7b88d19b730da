"""Built-in models on every provider of the browsers of this machine, with the largest difference from the CPU."""

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.acceptance.harness.place import Place

#: Each provider with the browsers that have it.
WHERE = (
    ("wasm", "chromium"),
    ("wasm", "firefox"),
    ("webgpu", "chromium"),
    ("webgpu", "firefox"),
    ("webnn", "sparticuz"),
)
MODELS = ("mlp", "cnn", "bert")
_HEAD = (
    "| model | provider | browser | outcome | nodes there | elsewhere | largest error | tolerance "
    "| load s | first s | p50 ms | adapter |"
)
_LIMIT_S = 1800


def browser_models() -> int:
    """Print a table; return how many did not pass."""
    tasks = [_task(model, provider, browser) for model in MODELS for provider, browser in WHERE]
    with tempfile.TemporaryDirectory(prefix="dtf-acceptance-") as name:
        place = Place(Path(name))
        try:
            (place.directory / "tasks.json").write_text(json.dumps(tasks))
            done = place.dtf("submit", "--task-file", "tasks.json", "--wait", timeout_s=_LIMIT_S)
            print(done.err.strip().splitlines()[-1] if done.err.strip() else "", flush=True)
            report = json.loads(place.dtf("report", "last", "--format", "json").out)
        finally:
            place.kill_all()
    print(_HEAD)
    print("|---" * (_HEAD.count("|") - 1) + "|")
    for attempt in sorted(report["attempt_list"], key=lambda attempt: _name(report, attempt)):
        print(_row(report, attempt))
    return sum(attempt["outcome"] != "passed" for attempt in report["attempt_list"])


def _task(model: str, provider: str, browser: str) -> dict[str, Any]:
    config = {
        "check": "model",
        "target": model,
        "provider": provider,
        "timeout": 300,
        "hardware_requirements": {"browser": browser},
    }
    return {"type": "browser", "name": f"{model} {provider} {browser}", "config": config}


def _row(report: dict[str, Any], attempt: dict[str, Any]) -> str:
    measures = {one["name"]: one["value"] for one in report["metric_list"] if one["shard_id"] == attempt["shard_id"]}
    proof = attempt["proof"]
    adapter = proof.get("adapter", "") + (" (software)" if proof.get("software") and "adapter" in proof else "")
    cells = [
        *_name(report, attempt).split(),
        attempt["outcome"] if attempt["outcome"] == "passed" else f"{attempt['outcome']}: {attempt['reason']}",
        *(f"{measures.get(name, float('nan')):g}" for name in ("nodes", "nodes_elsewhere")),
        *(f"{measures.get(name, float('nan')):.2g}" for name in ("largest_error", "tolerance")),
        *(f"{measures.get(name, float('nan')):.2f}" for name in ("load_s", "first_run_s")),
        f"{measures.get('latency_p50_s', float('nan')) * 1000:.2f}",
        adapter,
    ]
    return "| " + " | ".join(cells) + " |"


def _name(report: dict[str, Any], attempt: dict[str, Any]) -> str:
    return next(str(job["spec"]["name"]) for job in report["job_list"] if job["job_id"] == attempt["job_id"])
