from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dtf.analysis.audit import audit
from dtf.domain.ports.views import AuditFacts
from tests.support.suites import suite

SIZE = 20


def _facts(counts: Mapping[int, int] | None = None, **changes: object) -> AuditFacts:
    """A finished run of one suite and one command, right in every respect but the changes."""
    facts = AuditFacts(
        jobs_submitted=2,
        jobs_finished=2,
        shards={"finished": 4},
        attempts=5,
        stale_results=0,
        manifests={"j1": suite([("a.py", SIZE)])},
        accepted={"j1": dict.fromkeys(range(SIZE), 1) if counts is None else counts},
        planned={"j1": dict.fromkeys(range(SIZE), 1)},
        excused={},
        commands={"j2": 1},
    )
    return replace(facts, **changes)  # type: ignore[arg-type]  # each test names a field of its type


def test_a_run_with_one_result_for_each_test_is_ok() -> None:
    """Retries and stale results are listed and spoil nothing."""
    report = audit(_facts(stale_results=2, attempts=9))

    assert report.ok
    assert (report.submitted, report.terminal, report.lost, report.duplicated) == (2, 2, 0, 0)
    assert (report.stale_results, report.attempts, report.problems) == (2, 9, ())


def test_a_test_without_a_result_is_lost() -> None:
    """It is counted and its place named, also when the database has nothing on it at all."""
    report = audit(_facts({number: 1 for number in range(SIZE) if number not in (3, 7)}))

    assert not report.ok
    assert report.lost == 2
    assert "2 tests have no result (places 3, 7)" in report.problems[0]


def test_a_test_with_two_results_is_duplicated() -> None:
    """Every result beyond the first counts."""
    report = audit(_facts(dict.fromkeys(range(SIZE), 1) | {4: 3}))

    assert not report.ok
    assert (report.lost, report.duplicated) == (0, 2)


def test_lost_and_duplicated_do_not_cancel_out() -> None:
    """The right number of results in the wrong places is wrong."""
    report = audit(_facts(dict.fromkeys(range(SIZE), 1) | {4: 2, 5: 0}))

    assert (report.lost, report.duplicated, report.ok) == (1, 1, False)


def test_a_cancelled_test_is_excused() -> None:
    """What was called off before it ran is not lost."""
    report = audit(_facts(dict.fromkeys(range(10), 1), excused={"j1": frozenset(range(10, SIZE))}))

    assert report.ok
    assert report.lost == 0


def test_while_the_run_is_under_way_nothing_is_lost_and_nothing_proved() -> None:
    """Terminal < submitted says so."""
    report = audit(_facts({}, jobs_finished=1, shards={"queued": 3, "finished": 1}, commands={"j2": 0}))

    assert not report.ok
    assert report.lost == 0
    assert report.terminal < report.submitted
    assert report.problems == ("the run is under way: 1 of 2 jobs have a verdict",)


def test_a_duplicate_is_told_while_the_run_is_under_way() -> None:
    """It will not go away."""
    assert audit(_facts({1: 2}, jobs_finished=1)).duplicated == 1


def test_a_command_has_exactly_one_result() -> None:
    """None is lost, two are one too many."""
    assert audit(_facts(commands={"j2": 0})).lost == 1
    assert audit(_facts(commands={"j2": 2})).duplicated == 1


def test_a_test_in_two_shards_is_a_problem_even_with_one_result() -> None:
    """It was executed twice on purpose, which is nobody's purpose."""
    report = audit(_facts(planned={"j1": dict.fromkeys(range(SIZE), 1) | {0: 2}}))

    assert not report.ok


def test_a_result_of_a_test_that_was_never_collected_is_a_problem() -> None:
    """Whatever it is, it is not from this suite."""
    assert not audit(_facts(dict.fromkeys(range(SIZE + 1), 1))).ok
    assert not audit(_facts(accepted={"j1": dict.fromkeys(range(SIZE), 1), "j9": {0: 1}})).ok


def test_a_finished_run_has_no_unfinished_shard() -> None:
    """A shard that still waits would run after the verdict."""
    assert not audit(_facts(shards={"finished": 3, "queued": 1})).ok


@given(st.dictionaries(st.integers(0, SIZE - 1), st.integers(0, 3)), st.frozensets(st.integers(0, SIZE - 1)))
def test_the_audit_is_ok_only_when_every_test_is_accounted_for(
    accepted: dict[int, int], excused: frozenset[int]
) -> None:
    """ok, lost and duplicated agree with a count by hand."""
    report = audit(_facts(accepted, excused={"j1": excused}))

    lost = sum(accepted.get(number, 0) == 0 and number not in excused for number in range(SIZE))
    doubled = sum(max(count - 1, 0) for count in accepted.values())
    assert (report.lost, report.duplicated, report.ok) == (lost, doubled, lost == doubled == 0)
