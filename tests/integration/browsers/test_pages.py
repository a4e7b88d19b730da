import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dtf.domain.outcome import Outcome
from dtf.execution.host.messages import Report
from tests.integration.browsers.host_in_process import HostInProcess, open_host
from tests.support.browsers import need_browser


@pytest.fixture(scope="module")
def host() -> Iterator[HostInProcess]:
    """A host with Chromium."""
    with open_host(need_browser("chromium")) as opened:
        yield opened


def run_page(host: HostInProcess, folder: Path, script: str, limit_s: float = 20.0, **arguments: object) -> Report:
    """Run one page whose script is given."""
    (folder / "site").mkdir(exist_ok=True)
    (folder / "site" / "index.html").write_text(f"<!doctype html><title>t</title><script>{script}</script>")
    return host.order("page", folder, limit_s, target="site", hardware="webgpu", **arguments)


def test_a_page_reports_everything(host: HostInProcess, tmp_path: Path) -> None:
    """All that a page can report arrives, in order; its folder is served with right types, as an isolated context."""
    (tmp_path / "site" / "lib").mkdir(parents=True)
    (tmp_path / "site" / "lib" / "sum.mjs").write_text("export const sum = (a, b) => a + b;")
    script = """
        import("./lib/sum.mjs").then(async ({ sum }) => {
          dtf.metric("sum", sum(2, 3), "apples");
          dtf.metric("nonsense", NaN);
          dtf.log("isolated", crossOriginIsolated, isSecureContext, dtf.args.color, location.search);
          dtf.case("adds", "passed");
          dtf.case("waits", "skipped", "not today");
          dtf.artifact("../../etc/notes.txt", "text");
          dtf.artifact("bytes.bin", new Uint8Array(3_000_000).fill(7));
          dtf.artifact("bytes.bin", new Blob(["second"]));
          dtf.artifact("table.json", { rows: [1, 2] });
          dtf.done();
        });"""
    report = run_page(host, tmp_path, script, args=["color=red"])
    assert (report.outcome, report.reason) == (Outcome.PASSED, "")
    assert {m.name: (m.value, m.unit) for m in report.metrics} == {
        "sum": (5.0, "apples"),
        "cases_passed": (1, ""),
        "cases_skipped": (1, ""),
    }
    assert report.proof["software"] == "yes"
    assert "nonsense" in report.proof["notes"]
    kept = tmp_path / "kept"
    assert (kept / "page.log").read_text() == "isolated true true red ?color=red\n"
    assert [case["name"] for case in json.loads((kept / "cases.json").read_text())] == ["adds", "waits"]
    sizes = {path.name: path.stat().st_size for path in (kept / "page").iterdir()}
    assert sizes == {"_.._etc_notes.txt": 4, "bytes.bin": 3_000_000, "bytes-2.bin": 6, "table.json": 14}


@pytest.mark.parametrize(
    ("script", "outcome", "reason"),
    [
        ("dtf.log('and then'); dtf.pass(); while (true);", Outcome.PASSED, ""),
        ("dtf.pass(); dtf.fail('late')", Outcome.PASSED, ""),
        ("dtf.fail('first'); dtf.pass()", Outcome.FAILED, "first"),
        ("dtf.fail(new TypeError('bad'))", Outcome.FAILED, "TypeError: bad"),
        ("Promise.reject(new Error('nobody'))", Outcome.FAILED, "nobody"),
        ("setTimeout(() => dtf.pass(), 300); throw new Error('before')", Outcome.FAILED, "before"),
        ("dtf.pass(); throw new Error('after')", Outcome.PASSED, ""),
        (
            "fetch('https://cdn.example.com/x.js').catch((e) => dtf.fail(e))",
            Outcome.FAILED,
            "https://cdn.example.com/x.js",
        ),
        ("alert('a'); confirm('b'); prompt('c'); dtf.pass()", Outcome.PASSED, ""),
        ("for (let i = 0; i < 50; i++) open('about:blank'); dtf.pass()", Outcome.PASSED, ""),
        ("dtf.fail('x'.repeat(50_000_000), 'y'.repeat(50_000_000))", Outcome.FAILED, "x" * 4000),
        ("for (let i = 0; i < 3000; i++) dtf.metric('m' + i, i); dtf.pass()", Outcome.PASSED, ""),
    ],
)
def test_what_a_page_does_gets_its_verdict(
    host: HostInProcess, tmp_path: Path, script: str, outcome: Outcome, reason: str
) -> None:
    """Each way of a page to end gets its own verdict, with a reason that says it, and the browser goes on."""
    report = run_page(host, tmp_path, script)
    assert report.outcome is outcome, report.reason
    assert reason in report.reason
    assert len(report.reason) < 6000
    assert report.healthy


@pytest.mark.parametrize("script", ["window.close()", "while (true);", "while (true) alert('again')"])
def test_a_page_without_a_report_runs_into_its_limit(host: HostInProcess, tmp_path: Path, script: str) -> None:
    """A page that says nothing, loops or nags is a timeout, and the next page of the same browser passes."""
    report = run_page(host, tmp_path, script, limit_s=3)
    assert report.outcome is Outcome.TIMEOUT, report.reason
    assert "no report through window.dtf within" in report.reason
    assert report.healthy
    assert run_page(host, tmp_path, "dtf.pass()").outcome is Outcome.PASSED


def test_a_policy_that_keeps_the_report_back_is_named(host: HostInProcess, tmp_path: Path) -> None:
    """A page whose content security policy blocks its report is a timeout that says so."""
    policy = """<meta http-equiv="Content-Security-Policy" content="connect-src 'none'">"""
    report = run_page(host, tmp_path, f"</script>{policy}<script>dtf.pass()", limit_s=3)
    assert report.outcome is Outcome.TIMEOUT
    assert "content security policy (connect-src) kept a report from dtf" in report.reason


def test_what_is_no_page_is_refused(host: HostInProcess, tmp_path: Path) -> None:
    """A target that is missing or lies outside, and args that are no pairs, are errors that name themselves."""
    for target in ("site", "../elsewhere", "a\0b"):
        report = host.order("page", tmp_path, target=target)
        assert report.outcome is Outcome.ERROR
        assert "the job's working directory" in report.reason
    assert "NAME=VALUE" in run_page(host, tmp_path, "dtf.pass()", args=["color"]).reason
