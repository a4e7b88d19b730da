"""``dtf why``."""

import click

from dtf.analysis.situation import situation_of
from dtf.analysis.why import why
from dtf.cli.options import json_option
from dtf.cli.running.alarm_lines import alarm_json, alarm_lines
from dtf.cli.running.breaker_session import refusing
from dtf.cli.session import ledger_session
from dtf.domain.errors import UnknownRecordError
from dtf.domain.escape import one_line
from dtf.domain.ports.views import Views


@click.command("why")
@click.argument("job", metavar="JOB|RUN")
@json_option
def command(job: str, as_json: bool) -> int:
    """Say what a job waits for, or why it ended as it did.

    A run stands for all its jobs; 'last' is the newest one.
    """
    with ledger_session(as_json=as_json) as (output, settings, ledger):
        answers = []
        open_breakers, unknown = refusing(settings, ledger)
        for job_id in _jobs(ledger.views, job):
            situation = situation_of(ledger.views, job_id, open_breakers)
            answer = why(situation)
            alarms = ledger.views.alarms(job_id)
            told = {"job_id": job_id, "cause": str(answer.cause), "why": answer.sentence, "advice": answer.advice}
            answers.append({**told, "operator_needed": alarm_json(alarms)})
            output.line(f"{job_id} ({one_line(situation.job.spec.name, 100)}): {one_line(answer.sentence, 2000)}")
            if answer.advice:
                output.line(f"  {answer.advice}")
            for line in alarm_lines(alarms, ledger.views.now()):
                output.line(f"  {line}")
        if unknown:
            output.line(f"breakers: not known: {one_line(unknown, 300)}")
        output.data({**answers[0], "jobs": answers} if answers else {"jobs": []})
    return 0


def _jobs(views: Views, name: str) -> list[str]:
    if name == "last":
        return [job.job_id for job in views.jobs(views.resolve_run(name))]
    try:
        return [views.resolve_job(name)]
    except UnknownRecordError:
        try:
            return [job.job_id for job in views.jobs(views.resolve_run(name))]
        except UnknownRecordError as error:
            raise UnknownRecordError(f"there is no job and no run {name[:100]!r}") from error
