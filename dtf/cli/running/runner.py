"""``dtf run``: validates, submits, and stays with the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dtf.cli import exits
from dtf.cli.failure import report
from dtf.cli.running.capacity import impossible, possible
from dtf.cli.running.follow import Following, follow
from dtf.cli.running.host import Host
from dtf.cli.running.report_file import check_report_path
from dtf.cli.running.request import Plan, Request, check
from dtf.cli.terminal.output import Output
from dtf.domain.escape import one_line
from dtf.domain.queue import base_tag
from dtf.domain.source import Source
from dtf.domain.specs import JobSpec, PytestWork, RunSpec
from dtf.settings import Mode, Settings
from dtf.submission.git import state
from dtf.submission.labels import labels
from dtf.submission.sources import bundled, checked_out, in_place


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the command behaves.

    Attributes:
        workers: Slots that the embedded cluster is to have; 0: two, or one where there is only one core.
        junit: Where the JUnit report goes; None: nowhere.
        labels: The user's own labels.
        bundle: Whether the files travel although the workers see them.
        git: The repository from which the workers fetch the checked-out commit; empty: the files travel.
    """

    workers: int = 0
    junit: Path | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    bundle: bool = False
    git: str = ""


def run_request(request: Request, options: Options, settings: Settings, output: Output) -> int:
    """Take a request to its exit status."""
    plan = check(request)
    if options.junit is not None:
        check_report_path(options.junit)
    if settings.mode is Mode.EMBEDDED and (reason := impossible(plan.queues, settings)):
        return report(reason, exits.NO_CAPACITY, output)
    further = map(base_tag, possible(plan.fallback_queues, settings))
    with Host(settings, tags=tuple(dict.fromkeys((*plan.tags, *further))), workers=options.workers) as host:
        source = _source(plan, host, options)
        submitted = host.ledger.submissions.submit(_spec(plan, source, request, options))
        _announce(plan, submitted.run_id, output)
        return follow(submitted.run_id, host, output, Following(limit_s=request.timeout_s, junit=options.junit))


def _source(plan: Plan, host: Host, options: Options) -> Source:
    root, subdirectory = plan.place.root, plan.place.subdirectory
    if options.git:
        return checked_out(root, subdirectory, options.git)
    if host.is_embedded and not options.bundle:
        return in_place(root, subdirectory)
    return bundled(root, subdirectory, host.ledger.blobs, host.settings.bundle_cap_bytes)


def _spec(plan: Plan, source: Source, request: Request, options: Options) -> RunSpec:
    root = plan.place.root
    jobs = tuple(
        JobSpec(
            name=plan.name,
            work=plan.work,
            source=source,
            hardware=tag,
            requirements=plan.requirements,
            priority=request.priority,
            timeout_s=request.test_timeout_s,
            fallback=plan.fallback.get(tag, ()),
            inject=plan.inject,
        )
        for tag in plan.tags
    )
    told = labels(request.environ, state(root), one_line(root.name, 200), options.labels)
    return RunSpec(jobs=jobs, name=plan.name, labels=told, timeout_s=request.timeout_s, attached=True)


def _announce(plan: Plan, run_id: str, output: Output) -> None:
    python = plan.work.python if isinstance(plan.work, PytestWork) else ""
    under = f", under {one_line(python)}" if python else ""
    what = f" with {one_line(', '.join(plan.requirements), 200)}" if plan.requirements else ""
    output.line(f"run {run_id}: {one_line(plan.name)} on {', '.join(plan.tags)}{what}{under}")
