"""``dtf cancel``."""

import click

from dtf.cli.options import json_option
from dtf.cli.session import ledger_session
from dtf.cli.terminal.figures import plural
from dtf.domain.errors import UnknownRecordError


@click.command("cancel")
@click.argument("record", metavar="RUN|JOB")
@click.option("--reason", default="cancelled by the user", help="What is shown as the reason.")
@json_option
def command(record: str, reason: str, as_json: bool) -> int:
    """Call off a run or a job. Harmless when it is finished."""
    with ledger_session(as_json=as_json) as (output, _, ledger):
        try:
            kind, record_id = "run", ledger.views.resolve_run(record)
            count = ledger.submissions.cancel_run(record_id, reason)
        except UnknownRecordError:
            if record == "last":
                raise
            try:
                kind, record_id = "job", ledger.views.resolve_job(record)
            except UnknownRecordError as error:
                raise UnknownRecordError(f"there is no run and no job {record[:100]!r}") from error
            count = ledger.submissions.cancel_job(record_id, reason)
        output.data({"kind": kind, "id": record_id, "cancelled": count})
        state = f"{plural(count, 'shard')} called off" if count else "nothing was left to call off"
        output.line(f"{kind} {record_id}: {state}")
    return 0
