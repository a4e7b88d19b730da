"""``dtf report``."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from dtf.analysis.reports.json_report import json_report
from dtf.analysis.reports.junit import junit
from dtf.analysis.reports.markdown import markdown
from dtf.analysis.reports.record import RunRecord
from dtf.cli.options import NamedPath, json_option
from dtf.cli.running.artifacts import fetch_artifacts
from dtf.cli.running.gather import gather
from dtf.cli.running.report_file import check_report_path, print_report, write_report
from dtf.cli.session import ledger_session

_FORMATS: dict[str, Callable[[RunRecord], Iterator[str]]] = {
    "junit": junit,
    "json": json_report,
    "markdown": markdown,
}


@click.command("report")
@click.argument("run", default="last")
@click.option("--format", "kind", type=click.Choice(list(_FORMATS)), help="[default: markdown; json with --json]")
@click.option("-o", "--output", "file", type=NamedPath(), metavar="FILE", help="Where it goes.")
@click.option(
    "--artifacts",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the files that its tests left below DIR, instead of a report.",
)
@json_option
def command(run: str, kind: str | None, file: Path | None, directory: Path | None, as_json: bool) -> int:
    """Write a run as JUnit XML, JSON or Markdown, to a file or to standard output.

    With --json the JSON report itself is the line on standard output; another format is a text in it, under "report".
    With -o the line tells where the report went.
    """
    kind = kind or ("json" if as_json else "markdown")
    if file is not None and directory is None:
        check_report_path(file)
    with ledger_session(as_json=as_json) as (output, _, ledger):
        run_id = ledger.views.resolve_run(run)
        if directory is not None:
            written = fetch_artifacts(ledger.blobs, ledger.views.artifacts(run_id), directory)
            output.data({"run_id": run_id, "artifacts": [str(path) for path in written]})
            output.line(f"{directory}: {len(written)} artifacts of run {run_id}")
            return 0
        pieces = _FORMATS[kind](gather(ledger.views, run_id))
        if file is None and as_json and kind != "json":
            output.data({"run_id": run_id, "format": kind, "report": "".join(pieces)})
            return 0
        if file is None:
            print_report(_on_one_line(pieces) if as_json else pieces, output)
            return 0
        write_report(file, pieces)
        output.data({"run_id": run_id, "format": kind, "file": str(file)})
        output.line(f"{file}: {kind} report of run {run_id}")
    return 0


def _on_one_line(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces of a JSON document, whose line ends all stand between its parts, as one line."""
    for piece in pieces:
        yield piece.replace("\n", "")
    yield "\n"
