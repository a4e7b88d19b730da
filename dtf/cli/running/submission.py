"""Submits a run and either waits for it or says how it goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dtf.bootstrap.cluster import is_running
from dtf.cli import exits
from dtf.cli.failure import report
from dtf.cli.running.capacity import impossible, possible
from dtf.cli.running.follow import Following, follow
from dtf.cli.running.host import Host
from dtf.cli.terminal.figures import plural
from dtf.cli.terminal.output import Output
from dtf.domain.ports.submissions import Submitted
from dtf.domain.queue import base_tag
from dtf.domain.specs import RunSpec
from dtf.settings import Mode, Settings

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Whether and how a command waits for what it submits.

    Attributes:
        wait: Whether it waits.
        quiet: Whether it prints the identifiers and the outcome alone.
        limit_s: The run's time limit, in seconds; None: none.
    """

    wait: bool = False
    quiet: bool = False
    limit_s: float | None = None


def submit_run(
    settings: Settings,
    output: Output,
    *,
    queues: tuple[str, ...],
    fallback: tuple[str, ...] = (),
    build: Callable[["Ledger"], RunSpec],
    waiting: Waiting,
) -> int:
    """Submit a detached run, and wait for it where that was asked for.

    Args:
        settings: Which cluster.
        output: Where the answer goes.
        queues: Where the run's jobs will wait.
        fallback: Where they may wait in place of these.
        build: Makes the run, with the ledger to store its source in.
        waiting: Whether and how to wait.

    Returns:
        The exit status.
    """
    if waiting.wait:
        if settings.mode is Mode.EMBEDDED and (reason := impossible(queues, settings)):
            return report(reason, exits.NO_CAPACITY, output)
        tags = tuple(dict.fromkeys(map(base_tag, (*queues, *possible(fallback, settings)))))
        with Host(settings, tags=tags) as host:
            submitted = host.ledger.submissions.submit(build(host.ledger))
            _tell(submitted, settings, output, running=True)
            following = Following(attached=False, limit_s=waiting.limit_s, quiet=waiting.quiet)
            return follow(submitted.run_id, host, output, following)
    from dtf.bootstrap.ledger import current_ledger  # noqa: PLC0415  # SQLAlchemy; not for a mistake in the input

    ledger = current_ledger(settings)
    try:
        submitted = ledger.submissions.submit(build(ledger))
    finally:
        ledger.close()
    running = is_running(settings)
    _tell(submitted, settings, output, running=running)
    output.data(
        {
            "run_id": submitted.run_id,
            "job_ids": list(submitted.job_ids),
            "created": submitted.created,
            "running": running,
        }
    )
    return 0


def _tell(submitted: Submitted, settings: Settings, output: Output, *, running: bool) -> None:
    how = "submitted" if submitted.created else "was submitted before with this idempotency key"
    output.line(f"run {submitted.run_id}: {plural(len(submitted.job_ids), 'job')} {how}")
    for job_id in submitted.job_ids[:20]:
        output.line(f"  job {job_id}")
    if len(submitted.job_ids) > 20:
        output.line(f"  and {len(submitted.job_ids) - 20} more: dtf status {submitted.run_id}")
    if not running and settings.mode is Mode.EMBEDDED:
        output.line(
            "no cluster is running: it is queued; any command's cluster may begin it and leaves it when it ends, "
            "one that stays is kept by: dtf up"
        )
