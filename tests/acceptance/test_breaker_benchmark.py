"""The benchmark of breakers by the real command; the part with browsers is in tests/integration/browsers."""

import json
import signal
from contextlib import suppress

import psutil
import pytest

from tests.acceptance.harness.place import DTF, Place
from tests.support.celery_worker import wait_for

_COMMAND = ("benchmark", "circuit-breaker")


def test_the_simulation_writes_a_report_and_is_not_made_again(place: Place) -> None:
    """Three files with figures of every arm; the second time everything is there, and it is compared with the first."""
    arms = (
        "--arms",
        "none,strong fixed,constants,pybreaker settings with canary,oracle",
        "--iterations",
        "1",
        "--report-dir",
        "reports",
    )
    first = place.dtf(*_COMMAND, "--simulate", "--quick", *arms)
    assert first.status == 0, first.out + first.err
    reports = place.directory / "reports"
    told = json.loads((reports / "circuit_breaker_simulated_quick.json").read_text())
    assert (told["kind"], list(told["totals"])) == (
        "simulation",
        ["none", "strong fixed", "constants", "pybreaker settings with canary", "oracle"],
    )
    assert told["totals"]["oracle"]["j2"]["value"] < told["totals"]["none"]["j2"]["value"]
    earlier = reports / "earlier.json"
    (reports / "circuit_breaker_simulated_quick.json").rename(earlier)
    again = place.dtf(*_COMMAND, "--simulate", "--quick", *arms, "--compare-with", str(earlier))
    assert again.status == 0, again.out + again.err
    told = (
        "conditions 'short': 15 simulated runs, of this code 15 were made before; each simulates 20 minutes in a second"
    )
    assert told in again.out
    page = (reports / "circuit_breaker_simulated_quick.html").read_text()
    assert "Against the earlier report" in page
    assert "Everything here is simulated" in page
    assert "| oracle | J2 |" in (reports / "circuit_breaker_simulated_quick.md").read_text()


def test_a_disk_that_is_full_is_told_in_one_line(place: Place) -> None:
    """Exit status 2, as for every directory that cannot be used; the runs are kept, and no part of a report is."""
    words = (*_COMMAND, "--simulate", "--quick", "--arms", "none", "--iterations", "1", "--report-dir", "reports")
    # files of at most 3 KiB: the raw data and the JSON fit, the other two do not
    done = place.start("bash", "-c", 'ulimit -f 3 && exec "$0" "$@"', DTF, *words).wait(120)
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "reports/circuit_breaker_simulated_quick.md cannot be written: File too large; what stood" in done.err
    (raw,) = (path for path in (place.directory / "reports").rglob("*") if path.is_file())
    assert len(raw.read_text().splitlines()) == 4


def test_an_interrupt_while_its_processes_start_is_told_in_one_line(place: Place) -> None:
    """Ctrl-C reaches them all; they end without a word, and none is left."""
    started = place.start(DTF, *_COMMAND, "--simulate", "--quick", "--report-dir", "reports")
    wait_for(lambda: len(psutil.Process(started.pid).children()) >= 2, lambda: started.said, 60)
    children = psutil.Process(started.pid).children()
    for one in (psutil.Process(started.pid), *children):  # as a terminal does
        with suppress(psutil.NoSuchProcess):  # the first one's end may be theirs
            one.send_signal(signal.SIGINT)
    done = started.wait(60)
    assert (done.status, done.err.strip()) == (13, "dtf: interrupted")
    assert psutil.wait_procs(children, 30)[1] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--quick", "--comprehensive"), "exclude each other"),
        (("--browsers", "opera"), "there is no browser 'opera'"),
        (("--failure-types", "crsh"), "there is no failure type 'crsh' (did you mean 'crash'?)"),
        (("--arms", "best", "--simulate"), "there is no arm 'best'"),
        (("--iterations", "0"), "--iterations"),
        (("--simulate", "--browsers", "chromium"), "--simulate has neither"),
        (("--simulate", "--compare-with", "missing.json"), "missing.json cannot be read"),
        (("--report-dir", "file"), "is no directory"),
        (("--report-dir", "file/below/it"), "cannot be written to"),
        (("--report-dir", "/proc/reports", "--simulate", "--quick"), "cannot be written to"),
        (("--report-dir", "not/there", "--arms", "best"), "there is no arm 'best'"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line_and_nothing_is_written(
    place: Place, words: tuple[str, ...], told: str
) -> None:
    """Exit status 2, before anything runs."""
    work = place.directory / "work"
    work.mkdir()
    (work / "file").write_text("")
    done = place.dtf(*_COMMAND, *words, cwd=work)
    assert (done.status, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1
    assert [path.name for path in work.iterdir()] == ["file"]
