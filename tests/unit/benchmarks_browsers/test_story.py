import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dtf.benchmarks.browsers.campaign import read_record, write_record
from dtf.benchmarks.browsers.caveats import caveats
from dtf.benchmarks.browsers.judgement import verdicts
from dtf.benchmarks.browsers.records import RunRecord
from dtf.benchmarks.browsers.results import Results
from dtf.benchmarks.browsers.story import make_page
from dtf.benchmarks.report.html import html
from dtf.benchmarks.report.markdown import markdown
from dtf.benchmarks.report.page import Verdict
from dtf.domain.errors import BadInputError
from dtf.domain.outcome import Outcome
from dtf.resilience.injection_availability import availability
from tests.unit.benchmarks_browsers.runs import CLOSED, OPEN, a_job, a_move, a_run, a_use, an_end, an_episode

#: Jobs of a run, each in an episode of its own.
_COUNT = 12


def _run(arm: str, lost: int, recovery_s: float, attempts: int) -> RunRecord:
    """A run in which the first so many jobs are lost, and the others recover after so long."""
    episodes = [an_episode(n, 100.0 * n) for n in range(_COUNT)]
    jobs = [a_job(n, 100.0 * n + 1, pinned="chromium") for n in range(_COUNT)]
    uses = [a_use(n, 100.0 * n + 1 + 3 * a, episode=n) for n in range(_COUNT) for a in range(attempts)]
    ends = [an_end(n, 100.0 * n + 3 + recovery_s, Outcome.INFRA if n < lost else Outcome.PASSED) for n in range(_COUNT)]
    moves = [] if arm == "none" else [a_move(100.0 * n + 5, *((CLOSED, OPEN), (OPEN, CLOSED))[n % 2]) for n in range(4)]
    return a_run(arm, episodes, jobs, uses=uses, ends=ends, moves=moves, lasted_s=100.0 * _COUNT)


def _verdicts(runs: Sequence[RunRecord]) -> Sequence[Verdict]:
    return list(verdicts(Results(records=tuple(runs))))


def test_what_was_to_be_shown_is_judged_by_the_figures() -> None:
    """Half as long, no job lost in place of eleven, a third of the resources; then a breaker that helps nothing."""
    none = _run("none", 11, 40.0, 6)
    *recoveries, lost, affected_lost, resources = _verdicts([none, _run("learned", 0, 20.0, 2)])
    assert [one.reached for one in recoveries] == [True] * 4
    assert (lost.reached, lost.surely) == (affected_lost.reached, affected_lost.surely) == (True, True)
    assert "0 in place of 11" in lost.found
    assert (resources.found, resources.reached, resources.surely) == ("-67 % [-67, -67]", True, True)
    assert [one.reached for one in _verdicts([none, _run("learned", 11, 40.0, 6)])] == [False] * 7


def test_what_is_missed_by_a_hair_does_not_look_reached() -> None:
    """A digit more beside the bar, in the verdict as in the table of what is judged."""
    runs = (_run("none", 0, 40.0, 6), _run("learned", 0, 21.15, 2))
    first = _verdicts(runs)[0]
    assert (first.found, first.reached) == ("-44.9 % [-44.9, -44.9]", False)
    text = markdown(make_page(Results(records=runs), {}, None))
    assert "| judged | -45 % | -44.9 % [-44.9, -44.9] | 44.9 % |" in text


def test_a_breaker_that_spares_jobs_is_judged_by_the_same_jobs_and_every_definition_is_shown() -> None:
    """Of twelve jobs of 42 s it spares eleven, which take 4 s; the one left takes 62 s and would tell of +50 %."""
    none, learned = _run("none", 0, 40.0, 1), _run("learned", 0, 2.0, 0)
    first = a_use(0, 1.0, episode=0)
    learned = replace(learned, uses=(first,), jobs=(an_end(0, 63.0), *learned.jobs[1:]))
    told = _verdicts([none, learned])
    assert [one.what.rpartition("(")[2] for one in told] == [
        *("judged)", *["for comparison)"] * 3),
        *("judged)", "for comparison)", "judged)"),
    ]
    struck, affected, together, *_ = told
    assert struck.found.startswith(f"{100 * ((62 + 11 * 4) / (12 * 42) - 1):.0f} %")
    assert (struck.reached, affected.found[:6], affected.reached) == (True, "+50 % ", False)
    assert together.found.startswith(f"{100 * (60 / (12 * 40) - 1):.0f} %")
    text = markdown(make_page(Results(records=(none, learned)), {}, None))
    assert "| none | 12 | 0 | 42 | 12 | 0 | 40 | 40 |" in text
    assert "| learned | 12 | 0 | 8.83 | 1 | 0 | 60 | 5 |" in text
    assert "| recovery time of an affected job | for comparison | -45 % | +50 % [" in text


def test_of_few_lost_jobs_no_share_is_told() -> None:
    """One in place of two is chance."""
    *_, lost, affected_lost, _ = _verdicts([_run("none", 2, 40.0, 6), _run("learned", 1, 20.0, 2)])
    assert lost.reached is affected_lost.reached is None


def test_the_report_says_where_the_breaker_loses_and_what_limits_it() -> None:
    """Losses against each reference, software adapters, Firefox's missing faults, and the true success rates."""
    runs = [_run("none", 0, 10.0, 1), _run("strong fixed", 0, 5.0, 1), _run("learned", 3, 30.0, 2)]
    page = make_page(Results(records=tuple(runs)), {"revision": "abc"}, None)
    text = markdown(page)
    assert "| all | recovery time of an affected job | none | +" in text
    assert "| learned | " in text
    assert "9 of 12 (75.0 %)" in text
    assert "In chromium WebGPU is computed by software" in text
    missing = sum(map(bool, availability("firefox").values()))
    assert f"firefox: {missing} of the 18 faults do not exist there" in text
    assert html(page).count("<svg") == 7 + 2 + 3
    assert json.dumps(Results(records=tuple(runs)).to_json())


def test_a_crowded_machine_is_told_to_tell_of_itself() -> None:
    """Where the browsers had no room the report says so; elsewhere it says how busy they were."""
    record = _run("none", 0, 10.0, 1)
    assert caveats(Results(records=(record,)))[2] == "The browsers were in use for 1 % of their time (none)."
    crowded = caveats(Results(records=(replace(record, lasted_s=15.0),)))
    assert crowded[2] == "The browsers were in use for 80 % of their time (none)."
    assert crowded[3].startswith("That is too much")


def test_raw_data_survive_their_file_and_others_are_refused(tmp_path: Path) -> None:
    """What was written is read as it was; no file is no data, and what is none is not made up for."""
    record = _run("learned", 1, 5.0, 1)
    file = tmp_path / "run.json"
    assert read_record(file) is None
    write_record(file, record)
    assert read_record(file) == record
    file.write_text("{}")
    with pytest.raises(BadInputError, match="holds no raw data of a run"):
        read_record(file)
