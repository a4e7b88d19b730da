import json

import pytest

from dtf.analysis.measures import measures_of
from dtf.cli.running.measures import print_measures
from dtf.cli.terminal.output import Output
from dtf.domain import proof as words
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import AttemptView
from dtf.domain.proof import Standing
from dtf.domain.shard import Metric
from dtf.domain.work import BenchmarkWork, CommandWork
from tests.unit.analysis_reports.test_reports import job


def attempt(job_id: str, proof: dict[str, str]) -> AttemptView:
    """A finished attempt of a job."""
    return AttemptView(
        shard_id=f"s-{job_id}",
        job_id=job_id,
        attempt=1,
        worker_id="w",
        worker_name="w",
        slot=0,
        outcome=Outcome.PASSED,
        reason="",
        started_at=0.0,
        duration_s=1.0,
        cpu_s=1.0,
        exit_code=None,
        signal=None,
        proof=proof,
    )


_FIGURES = {
    "load_time": 0.1,
    "latency_p50[batch=1]": 0.0005,
    "latency_p50_low[batch=1]": 0.0004,
    "latency_p50_high[batch=1]": 0.0006,
    "latency_p95[batch=1]": 0.002,
    "latency_p95_low[batch=1]": 0.001,
    "latency_p99[batch=1]": 2.5,
    "throughput[batch=1]": 2000.0,
    "latency_p50[batch=16]": 0.25,
    "host_memory_peak": 1536.0,
    "parity_tolerance": 1e-4,
    "parity_max_rel": 2e-7,
}


def metrics(job_id: str) -> list[tuple[str, str, int, Metric]]:
    """Figures as the ledger gives them."""
    return [("s", job_id, 1, Metric(name=name, value=value, unit="x")) for name, value in _FIGURES.items()]


def test_figures_belong_to_their_batch_and_their_job() -> None:
    """Jobs that are no benchmarks have none; a batch size has its own figures."""
    jobs = [
        job("j1", CommandWork(argv=("true",)), Outcome.PASSED, {}),
        job("j2", BenchmarkWork(model="cnn"), Outcome.PASSED, {}),
    ]
    (found,) = measures_of(jobs, [attempt("j2", {"host": "h"})], [*metrics("j1"), *metrics("j2")])
    assert found.job.job_id == "j2"
    assert set(found.of_batch) == {1, 16}
    assert found.of_batch[16] == {"latency_p50": 0.25}
    assert (found.figure("load_time"), found.figure("latency_p50")) == (0.1, None)
    assert json.loads(json.dumps(found.as_json()))["metrics"][0] == {"name": "load_time", "value": 0.1, "unit": "x"}


def test_a_simulated_device_is_marked() -> None:
    """What did not run on the real thing says so in the table and in JSON."""
    jobs = [job("j1", BenchmarkWork(model="cnn"), Outcome.PASSED, {})]
    (found,) = measures_of(jobs, [attempt("j1", {words.SIMULATED: words.YES})], [])
    assert found.standing is Standing.SIMULATED
    assert found.as_json()["standing"] == "simulated"


def test_the_table_has_a_line_for_each_batch_size(capsys: pytest.CaptureFixture[str]) -> None:
    """Intervals are in brackets, an end that is not known is a question mark, and a job without figures is there."""
    jobs = [
        job("j1", BenchmarkWork(model="c\x1b[2Jnn"), Outcome.PASSED, {}),
        job("j2", BenchmarkWork(model="bert", precision="fp16"), Outcome.ERROR, {}),
    ]
    print_measures(measures_of(jobs, [attempt("j1", {"host": "h"})], metrics("j1")), Output())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "500 us [400 us, 600 us]" in lines[1]
    assert "2 ms [1 ms, ?]" in lines[1]
    assert "2.5 s " in lines[1]
    assert "1.5 KiB" in lines[1]
    assert " 2,000 " in lines[1]
    assert "2e-07 (of 0.0001)" in lines[1]
    assert " 16 " in lines[2]
    assert lines[3].startswith("bert")
    assert lines[3].endswith("error")
    assert "\x1b" not in "".join(lines)


def test_where_nothing_was_measured_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """A run without benchmarks has no table."""
    print_measures([], Output())
    assert capsys.readouterr().out == ""
