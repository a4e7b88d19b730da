"""Proves that nothing of a run was lost and nothing counted twice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from dtf.domain.ports.views import AuditFacts
from dtf.domain.shard import ShardState

#: So many ordinals of a kind are named; the rest is counted.
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What the audit of a run found.

    Attributes:
        submitted: Jobs in the run.
        terminal: Jobs with a verdict. While it is less than ``submitted`` the run is under way, and what has no
            result yet is not lost.
        lost: Tests and commands of the finished run without an accepted result.
        duplicated: Accepted results beyond the first of a test or command.
        stale_results: Results of superseded attempts; kept, never counted.
        attempts: Attempts that began.
        ok: Whether every test and command has exactly one accepted result, or was cancelled.
        problems: What is wrong, a sentence each; empty when ``ok``.
    """

    submitted: int
    terminal: int
    lost: int
    duplicated: int
    stale_results: int
    attempts: int
    ok: bool
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tally:
    lost: int = 0
    duplicated: int = 0


def audit(facts: AuditFacts) -> AuditReport:
    """Weigh the facts of a run: every test of every manifest has exactly one accepted result, every command too."""
    over = facts.jobs_finished >= facts.jobs_submitted
    tally = _Tally()
    problems: list[str] = []
    if not over:
        problems.append(f"the run is under way: {facts.jobs_finished} of {facts.jobs_submitted} jobs have a verdict")
    for job_id in sorted(facts.manifests):
        problems.extend(_suite_problems(facts, job_id, tally, over=over))
    unknown = sorted(job_id for job_id, counts in facts.accepted.items() if counts and job_id not in facts.manifests)
    problems.extend(f"job {job_id}: has results of tests but no manifest" for job_id in unknown)
    problems.extend(_command_problems(facts.commands, tally, over=over))
    left = sum(count for state, count in facts.shards.items() if state != ShardState.FINISHED)
    if over and left:
        problems.append(f"{left} shards are not finished although every job is")
    return AuditReport(
        submitted=facts.jobs_submitted,
        terminal=facts.jobs_finished,
        lost=tally.lost,
        duplicated=tally.duplicated,
        stale_results=facts.stale_results,
        attempts=facts.attempts,
        ok=not problems,
        problems=tuple(problems),
    )


def _suite_problems(facts: AuditFacts, job_id: str, tally: _Tally, *, over: bool) -> Iterator[str]:
    size = len(facts.manifests[job_id].items)
    accepted = facts.accepted.get(job_id, {})
    planned = facts.planned.get(job_id, {})
    excused = facts.excused.get(job_id, frozenset())
    missing = [n for n in range(size) if accepted.get(n, 0) == 0 and n not in excused]
    doubled = [n for n in range(size) if accepted.get(n, 0) > 1]
    tally.duplicated += sum(accepted[n] - 1 for n in doubled)
    if over:
        tally.lost += len(missing)
        yield from _sentence(job_id, missing, "have no result")
    yield from _sentence(job_id, doubled, "have more than one result")
    yield from _sentence(job_id, [n for n in range(size) if planned.get(n, 0) > 1], "stand in more than one shard")
    beyond = sorted(n for n in {*accepted, *planned} if not 0 <= n < size)
    yield from _sentence(job_id, beyond, "are not in the manifest")


def _sentence(job_id: str, ordinals: list[int], what: str) -> Iterator[str]:
    if ordinals:
        names = ", ".join(str(n) for n in islice(ordinals, _NAMED))
        more = f" and {len(ordinals) - _NAMED} more" if len(ordinals) > _NAMED else ""
        yield f"job {job_id}: {len(ordinals)} tests {what} (places {names}{more})"


def _command_problems(commands: Mapping[str, int], tally: _Tally, *, over: bool) -> Iterator[str]:
    for job_id, count in sorted(commands.items()):
        if count > 1:
            tally.duplicated += count - 1
            yield f"job {job_id}: the command has {count} accepted results"
        elif count == 0 and over:
            tally.lost += 1
            yield f"job {job_id}: the command has no result"
