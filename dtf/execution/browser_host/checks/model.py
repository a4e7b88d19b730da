"""Runs an ONNX model in onnxruntime-web and compares it with the CPU outside of the browser."""

import asyncio
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from dtf.domain.errors import BadInputError, DtfError
from dtf.domain.outcome import Outcome
from dtf.domain.proof import ELSEWHERE, EVIDENCE, NO_NODE_LEFT, RAN_ELSEWHERE, SOFTWARE, YES
from dtf.domain.proof import PROVIDERS as PROVIDER_COUNTS
from dtf.domain.shard import Metric
from dtf.execution.browser_host.adapter import Adapter, read_adapter
from dtf.execution.browser_host.assets import AssetsMissingError, onnxruntime_web
from dtf.execution.browser_host.helper_process import HelperProcess
from dtf.execution.browser_host.limits import own_limit_s
from dtf.execution.browser_host.model_job import ModelJob, read_job
from dtf.execution.browser_host.model_mailbox import ModelMailbox
from dtf.execution.browser_host.page_watch import PageWatch
from dtf.execution.browser_host.placement import PROVIDERS, Placement, read_placement
from dtf.execution.browser_host.server import LoopbackServer
from dtf.execution.browser_host.stage import Stage
from dtf.execution.host.messages import Order, Report
from dtf.execution.models.parity import Parity

#: The bundle of onnxruntime-web for each provider. The one with JSEP in its name fails some convolutions.
_BUNDLES = {"wasm": "ort.wasm.min.mjs", "webgpu": "ort.webgpu.min.mjs", "webnn": "ort.webgpu.min.mjs"}
#: Calls that are measured: so many, but no longer than so many seconds, though some in any case.
_RUNS, _MEASURE_S = 20, 2.0
_PAGES = Path(__file__).parent.parent / "pages"


async def check_model(stage: Stage, order: Order) -> Report:
    """Run the model that the order names.

    Args:
        stage: Where it runs.
        order: Its arguments are those of ``BrowserWork``, and ``web_assets`` where that is set.

    Raises:
        BadInputError: The order asks for what there is not.
    """
    job = read_job(order.arguments)
    configured = order.arguments.get("web_assets")
    try:
        runtime = onnxruntime_web(Path(str(configured)) if configured else None)
    except AssetsMissingError as error:  # the same the next time: no INFRA, which is tried again
        return Report(number=order.number, outcome=Outcome.ERROR, reason=str(error))
    try:
        async with asyncio.timeout(own_limit_s(order)) as limit:
            return await _check(stage, order, job, runtime)
    except TimeoutError:
        if not limit.expired():
            raise
        reason = f"the model came to no result on {job.provider} within {own_limit_s(order):g} s"
        return Report(number=order.number, outcome=Outcome.TIMEOUT, reason=reason)
    except ModelsMissingError as error:
        return Report(number=order.number, outcome=Outcome.ERROR, reason=str(error))


class ModelsMissingError(DtfError):
    """The models extra is not installed."""


async def _check(stage: Stage, order: Order, job: ModelJob, runtime: Path) -> Report:
    with tempfile.TemporaryDirectory(prefix="dtf-model-") as name:
        folder = Path(name)
        for below in ("served", "outputs"):
            (folder / below).mkdir()
        async with HelperProcess("dtf.execution.browser_host.model_helper", name) as helper:
            await helper.say({"target": job.target, "workdir": order.workdir, "seed": job.seed, "batch": job.batch})
            prepared = _understood(await helper.hear())
            told = await _run_in_page(stage, job, prepared, runtime, folder)
            if isinstance(told, str):
                return Report(number=order.number, outcome=Outcome.ERROR, reason=told)
            if "error" in told:
                return _not_run(order, job, told)
            await helper.say(told["runs"])
            compared = _understood(await helper.hear())
    return _report(order, job, told, compared)


def _understood(answer: dict[str, Any]) -> dict[str, Any]:
    if missing := answer.get("missing"):
        raise ModelsMissingError(str(missing))
    if bad := answer.get("bad"):
        raise BadInputError(str(bad))
    return answer


async def _run_in_page(
    stage: Stage, job: ModelJob, prepared: dict[str, Any], runtime: Path, folder: Path
) -> dict[str, Any] | str:
    """What the page tells, or why it told nothing."""
    mailbox = ModelMailbox(folder=folder / "outputs")
    async with LoopbackServer(mailbox=mailbox) as server:
        own = server.own
        server.folders = {own: _PAGES, own + "ort/": runtime, own + "files/": folder / "served"}
        server.documents = {own + "job.json": json.dumps(_job_document(job, prepared)).encode()}
        # a trace with snapshots keeps what was loaded, and 27 MB of WebAssembly cost a second and as much memory
        await stage.context.tracing.stop()
        await stage.context.tracing.start()
        watch = PageWatch(stage.context, stage.page, stage.console)
        await stage.page.goto(f"{server.origin}{own}model.html")
        await asyncio.wait((mailbox.result, watch.ended, watch.error), return_when=asyncio.FIRST_COMPLETED)
        if mailbox.result.done():
            return mailbox.result.result()
        return (watch.ended if watch.ended.done() else watch.error).result()


def _job_document(job: ModelJob, prepared: dict[str, Any]) -> dict[str, Any]:
    inputs = [{**one, "file": f"files/{one['file']}"} for one in prepared["inputs"]]
    return {
        "provider": job.provider,
        "device": job.device,
        "bundle": _BUNDLES[job.provider],
        "model": "files/model.onnx",
        "inputs": inputs,
        "dimensions": prepared["dimensions"],
        "runs": _RUNS,
        "measure_s": _MEASURE_S,
    }


def _not_run(order: Order, job: ModelJob, told: dict[str, Any]) -> Report:
    """The model came to no output: for want of the provider, or by its own fault."""
    error = str(told["error"])
    if told.get("stage") == "provider":
        reason = f"nothing could run on {job.provider}: {error}"
        return Report(
            number=order.number,
            outcome=Outcome.INFRA,
            reason=f"{RAN_ELSEWHERE}: {reason}",
            proof={ELSEWHERE: reason},
        )
    doing = "load" if told.get("stage") == "load" else "run"
    reason = f"onnxruntime-web could not {doing} the model on {job.provider}: {error}"
    return Report(number=order.number, outcome=Outcome.ERROR, reason=reason)


def _report(order: Order, job: ModelJob, told: dict[str, Any], compared: dict[str, Any]) -> Report:
    placement = read_placement(told["placement"])
    adapter = read_adapter({"available": True, **told["adapter"]}) if told.get("adapter") else None
    proof = _proof(job, told, placement, adapter) | {"reference": str(compared["how"])}
    if placement.nodes and not placement.on(job.provider):
        reason = f"no node of the model ran on {job.provider}: {placement.others(job.provider)}"
        return Report(
            number=order.number,
            outcome=Outcome.INFRA,
            reason=f"{RAN_ELSEWHERE}: {reason}",
            proof=proof | {ELSEWHERE: reason},
        )
    parity = Parity(max_abs=compared["max_abs"], max_rel=compared["max_rel"], problem=compared["problem"])
    wrong = parity.verdict(job.tolerance)
    return Report(
        number=order.number,
        outcome=Outcome.FAILED if wrong else Outcome.PASSED,
        reason=wrong,
        metrics=_metrics(job, told, parity, placement),
        proof=proof,
    )


def _proof(job: ModelJob, told: dict[str, Any], placement: Placement, adapter: Adapter | None) -> dict[str, str]:
    if not placement.nodes:
        return {PROVIDER_COUNTS: "{}", "placement": NO_NODE_LEFT} | _adapter_proof(adapter)
    here = placement.on(job.provider)
    total = sum(placement.nodes.values())
    evidence = f"onnxruntime-web {told['version']} placed {here} of {total} nodes on {PROVIDERS[job.provider]}"
    if others := placement.others(job.provider):
        evidence += f", {others}"
    if job.provider == "webnn":
        evidence += "; the browser does not tell the device"
    proof = {PROVIDER_COUNTS: json.dumps(dict(placement.nodes)), "placement": evidence}
    if job.provider != "wasm":
        proof[EVIDENCE] = evidence  # WebAssembly runs on the processor: it shows nothing of the device
    return proof | _adapter_proof(adapter)


def _adapter_proof(adapter: Adapter | None) -> dict[str, str]:
    if adapter is None:
        return {}
    return {"adapter": adapter.title, **({SOFTWARE: YES} if adapter.software else {})}


def _metrics(job: ModelJob, told: dict[str, Any], parity: Parity, placement: Placement) -> tuple[Metric, ...]:
    latencies = told["latencies_s"]
    found = (
        ("load_s", told["load_s"], "s"),
        ("first_run_s", told["first_run_s"], "s"),
        ("latency_p50_s", statistics.median(latencies), "s"),
        ("runs", len(latencies), ""),
        ("threads", told["threads"] or 1, ""),
        ("largest_error", parity.max_rel, ""),
        ("largest_absolute_error", parity.max_abs, ""),
        ("tolerance", job.tolerance, ""),
        ("nodes", placement.on(job.provider), ""),
        ("nodes_elsewhere", sum(placement.nodes.values()) - placement.on(job.provider), ""),
    )
    return tuple(Metric(name=name, value=float(value), unit=unit) for name, value, unit in found)
