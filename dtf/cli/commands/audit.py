"""``dtf audit``."""

import click

from dtf.analysis.audit import audit
from dtf.cli.options import json_option
from dtf.cli.session import ledger_session
from dtf.domain.codec import to_json
from dtf.domain.escape import one_line

_FIGURES = ("submitted", "terminal", "lost", "duplicated", "stale_results", "attempts")


@click.command("audit")
@click.argument("run", default="last")
@json_option
def command(run: str, as_json: bool) -> int:
    """Prove that a run lost nothing and counted nothing twice.

    Exits with 0 when every test and command has exactly one accepted result, with 1 otherwise.
    """
    with ledger_session(as_json=as_json) as (output, _, ledger):
        run_id = ledger.views.resolve_run(run)
        report = audit(ledger.views.audit(run_id))
        output.data({"run_id": run_id, **to_json(report)})
        figures = ", ".join(f"{name.replace('_', ' ')} {getattr(report, name)}" for name in _FIGURES)
        output.line(f"run {run_id}: {'ok' if report.ok else 'NOT ok'}: {figures}")
        for problem in report.problems:
            output.line(f"  {one_line(problem, 1000)}")
        return 0 if report.ok else 1
