from dataclasses import replace

import pytest

from dtf.analysis.reports.record import named_notes, notes, summary
from dtf.cli.commands.logs import LogPrinter
from dtf.cli.running.failures import count_words, print_failures, print_short_summary
from dtf.cli.running.progress import LINE_EVERY_S, LineProgress, describe
from dtf.cli.running.summary import once, print_failed_jobs, unsaid
from dtf.cli.terminal.figures import duration, size
from dtf.cli.terminal.output import Output
from dtf.cli.terminal.rows import run_row, worker_rows
from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.views import AttemptView, WorkerView
from dtf.domain.work import PytestWork
from dtf.domain.worker import WorkerInfo, WorkerState
from tests.support.fake_clock import FakeClock
from tests.unit.analysis_reports.test_reports import job, record
from tests.unit.cli.test_watch import RUNNING


def case(outcome: CaseOutcome, phase: str = "call") -> CaseResult:
    """A case with hostile texts."""
    return CaseResult(
        ordinal=0,
        nodeid="t/test_a.py::TestX::test_y[\x1b[2J\n[bold]]",
        outcome=outcome,
        message="AssertionError: " + "x" * 1_000_000,
        details="E   assert \x1b[31m1\x1b[0m == 2\u202e\n",
        output="---- Captured stdout ----\nhello\x07\n",
        phase=phase,
    )


def printed(capsys: pytest.CaptureFixture[str], *cases: CaseResult) -> str:
    """What is printed for these cases."""
    tally = {str(one.outcome): 1 for one in cases}
    found = record([job("j1", PytestWork(), Outcome.FAILED, tally)], {"j1": list(cases)})
    output = Output()
    print_failures(found, output)
    print_short_summary(found, output)
    return capsys.readouterr().out


def test_failures_look_as_with_pytest_and_cannot_act(capsys: pytest.CaptureFixture[str]) -> None:
    """Sections, titles, details, captured output and a short summary; nothing in them moves the cursor."""
    told = printed(capsys, case(CaseOutcome.FAILED), case(CaseOutcome.ERROR, phase="setup"), case(CaseOutcome.PASSED))
    assert " FAILURES " in told
    assert " TestX.test_y[\\x1b[2J\\n[bold]] " in told
    assert "ERROR at setup of TestX.test_y" in told
    assert "E   assert 1 == 2\\u202e" in told
    assert "hello\\x07" in told
    assert "short test summary info" in told
    assert "\nFAILED t/test_a.py::TestX::test_y" in told
    assert "\x1b" not in told
    assert len(told) < 5000


def test_where_nothing_failed_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """A green run has no sections."""
    assert printed(capsys, case(CaseOutcome.PASSED)) == ""


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        ({"passed": 3, "failed": 1, "error": 2, "skipped": 0}, "1 failed, 3 passed, 2 errors"),
        ({"error": 1}, "1 error"),
        ({}, "no tests ran"),
    ],
)
def test_counts_read_as_pytests(tally: dict[str, int], words: str) -> None:
    """The same order and the same words."""
    assert count_words(tally) == words


def test_log_pieces_become_whole_lines_of_their_shards(capsys: pytest.CaptureFixture[str]) -> None:
    """A line, or a character, that arrives in two pieces is printed once and whole."""
    printer = LogPrinter(Output())
    printer.add("s1", 1, b"one\ntw")
    printer.add("s2", 1, "ä".encode()[:1])
    printer.add("s1", 1, b"o\r\n\x1b[2Jthree")
    printer.add("s2", 1, "ä".encode()[1:] + b"\xff\n")
    printer.flush()
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["[s1.1] one", "[s1.1] two", "[s2.1] ä\\xff", "[s1.1] \\x1b[2Jthree"]


def test_a_line_without_end_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    """100 MB without a newline do not fill the memory."""
    printer = LogPrinter(Output())
    for _ in range(30):
        printer.add("s1", 1, b"x" * 10_000)
    printer.flush()
    assert 2 <= len(capsys.readouterr().out.splitlines()) <= 4


def test_where_no_terminal_is_a_line_is_written_every_30_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """CI logs show that something happens, and not more."""
    clock = FakeClock()
    progress = LineProgress(Output(), clock)
    run = replace(RUNNING, started_at=clock.now(), expected=200, running=100, running_failed=3)
    for _ in range(int(LINE_EVERY_S * 3)):
        clock.advance(1.0)
        progress.show(run)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0] == "dtf: 100 of 200 tests done, 3 failed, 30.0 s, about 30.0 s left"


def test_a_run_that_nobody_took_says_so() -> None:
    """Before the first attempt there is nothing to count."""
    assert describe(replace(RUNNING, attempts=0), 3.0, 0.0) == "waiting for a worker, 3.00 s"


def test_figures_are_readable() -> None:
    """The unit fits the size."""
    assert [duration(s) for s in (None, 0.1, 12.34, 125, 3720)] == ["-", "0.10 s", "12.3 s", "2 min 05 s", "1 h 02 min"]
    assert [size(n) for n in (10, 1536, 5 * 2**30)] == ["10 B", "1.5 KiB", "5.0 GiB"]


@pytest.mark.parametrize("first", ["def test_a():", "@pytest.fixture", "async def test_a():"])
def test_the_first_line_of_source_stands_where_pytest_puts_it(first: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Pytest's text of a report has lost the indentation of its first line alone."""
    told = printed(capsys, replace(case(CaseOutcome.FAILED), details=f"{first}\n>       assert 0\nE       assert 0"))
    assert f"\n\n    {first}\n>       assert 0\n" in told
    told = printed(capsys, replace(case(CaseOutcome.FAILED), details="self = <X>\n\n    def test_a(self):"))
    assert "\n\nself = <X>\n\n    def" in told


def test_failures_come_before_errors_in_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    """As with pytest."""
    told = printed(capsys, case(CaseOutcome.ERROR), case(CaseOutcome.FAILED))
    assert told.index("FAILED t/test_a.py") < told.index("ERROR t/test_a.py")


def test_an_error_of_usage_is_said_once() -> None:
    """What was printed and what was told of it are the same text."""
    usage = "ERROR: usage: x\nx: error: unrecognized arguments: --no"
    assert once(f"{usage}\n\n{usage}\n") == usage
    assert once("a\nb") == "a\nb"
    assert once("aa") == "aa"
    assert unsaid("not accepted: unrecognized arguments: --no", usage) == "not accepted"
    assert unsaid("not accepted: something else", usage) == "not accepted: something else"


def test_a_run_of_which_nothing_began_is_queued() -> None:
    """Only what has an attempt is running."""
    assert run_row(replace(RUNNING, attempts=0, outcome=None), 0.0)[1] == "queued"
    assert run_row(replace(RUNNING, attempts=1, outcome=None), 0.0)[1] == "running"


def test_workers_of_one_name_are_told_apart() -> None:
    """Celery's node names are not unique; the ids are."""
    rows = worker_rows([worker("w000001", "a@h"), worker("w000002", "a@h"), worker("w000003", "b@h")], 0.0)
    assert [row[0] for row in rows] == ["a@h (000001)", "a@h (000002)", "b@h"]


def test_notes_are_told_once_each() -> None:
    """What several attempts remark alike is one remark."""
    found = record([job("j1", PytestWork(), Outcome.PASSED, {"passed": 1})], {})
    found = replace(found, attempts=[attempt({"notes": "a\nb"}), attempt({"notes": "b\n"}), attempt({})])
    assert notes(found) == ["a", "b"]
    assert summary(found)["notes"] == ["a", "b"]
    assert named_notes(found) == ["a", "b"]


def test_a_remark_names_its_job_where_there_are_several() -> None:
    """As far as that fits in a line."""
    found = record([job(f"j{number}", PytestWork(), Outcome.PASSED, {"passed": 1}) for number in range(5)], {})
    jobs = [replace(one, spec=replace(one.spec, name=one.job_id)) for one in found.jobs]
    attempts = [replace(attempt({"notes": "a"}), job_id=one.job_id) for one in jobs[1:]]
    other = replace(attempt({"notes": "b"}), job_id="j0")
    assert named_notes(replace(found, jobs=jobs, attempts=[*attempts, other])) == ["j1, j2 and 2 more: a", "j0: b"]


def test_who_waits_is_told_which_jobs_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its reason, or its counts; not all of very many."""
    good = job("j0", PytestWork(), Outcome.PASSED, {"passed": 1})
    bad = [job("j1", PytestWork(), Outcome.FAILED, {"failed": 2, "passed": 1})]
    bad += [job(f"e{number}", PytestWork(), Outcome.ERROR, {}, "it broke") for number in range(60)]
    print_failed_jobs(record([good, *bad], {}), Output())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("failed: job ")
    assert lines[0].endswith(": 2 failed, 1 passed")
    assert lines[1].endswith(": it broke")
    assert lines[50:] == ["... and 11 more jobs: dtf status r1"]


def worker(worker_id: str, name: str) -> WorkerView:
    """A worker without devices."""
    info = WorkerInfo(worker_id=worker_id, name=name, host="h", fingerprint="f", pid=1, queues=("cpu",), slots=1)
    return WorkerView(info=info, state=WorkerState.ONLINE, load=None, registered_at=0.0, seen_at=0.0, took_work_at=None)


def attempt(proof: dict[str, str]) -> AttemptView:
    """A finished attempt."""
    return AttemptView(
        shard_id="s1",
        job_id="j1",
        attempt=1,
        worker_id="w1",
        worker_name="w",
        slot=0,
        outcome=Outcome.PASSED,
        reason="",
        started_at=0.0,
        duration_s=1.0,
        cpu_s=1.0,
        exit_code=0,
        signal=None,
        proof=proof,
    )
