"""``dtf matrix``."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from dtf.analysis.matrix.gather import gather_matrix
from dtf.analysis.matrix.matrix import Matrix, make_matrix
from dtf.analysis.reports.matrix_json import matrix_data, matrix_json
from dtf.analysis.reports.matrix_markdown import matrix_markdown
from dtf.cli import exits
from dtf.cli.options import NamedPath, json_option
from dtf.cli.running.matrix_table import print_matrix
from dtf.cli.running.report_file import check_report_path, print_report, write_report
from dtf.cli.session import ledger_session
from dtf.cli.terminal.figures import plural
from dtf.domain.errors import BadInputError


def _html(matrix: Matrix) -> Iterator[str]:
    from dtf.analysis.reports.matrix_html import matrix_html  # noqa: PLC0415  # Jinja2 only where it is used

    return matrix_html(matrix)


#: What stands on the terminal, and in no file.
_TERMINAL = "terminal"

_FORMATS: dict[str, Callable[[Matrix], Iterator[str]]] = {
    "json": matrix_json,
    "markdown": matrix_markdown,
    "html": _html,
}


#: The formats by the endings of the files that they are written to.
_BY_SUFFIX = {".json": "json", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}


@click.command("matrix")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--format", "kind", type=click.Choice([_TERMINAL, *_FORMATS]), help="[default: by FILE's ending]")
@click.option("-o", "--output", "file", type=NamedPath(), metavar="FILE", help="Where it goes.")
@click.option("--reference", default="", metavar="TAG", help="What the others are compared with [default: cpu].")
@click.option("--differing", is_flag=True, help="On the terminal, only the rows that differ between columns.")
@click.option("--check", is_flag=True, help="Exit with 1 when something is worse than on the reference.")
@json_option
def command(runs: tuple[str, ...], reference: str, check: bool, as_json: bool, **shown: Any) -> int:  # noqa: ANN401  # click's values
    """Show models or operators by hardware and device: supported, unsupported, wrong, slower, not proven.

    Several runs become one matrix, in which the newest result of each case counts; without any it is the newest run.
    Software and simulated devices are columns of their own, and say so. With --check the command exits with 1
    when a case that the reference supports is wrong, failed or ran elsewhere on another device; with 0 otherwise.
    """
    file = shown["file"]
    kind = _kind(shown["kind"], file)
    if file is not None:
        check_report_path(file)
    with ledger_session(as_json=as_json) as (output, _, ledger):
        run_ids = [ledger.views.resolve_run(name) for name in runs or ("last",)]
        matrix = make_matrix(gather_matrix(ledger.views, run_ids), reference)
        status = exits.FAILED if check and matrix.regressions else exits.PASSED
        if file is not None:
            write_report(file, _FORMATS[kind](matrix))
            output.data({"runs": run_ids, "format": kind, "file": str(file), "exit_code": status})
            output.line(f"{file}: {kind} matrix of {plural(len(run_ids), 'run')}")
        elif as_json:
            output.data({**matrix_data(matrix), "exit_code": status})
        elif kind == _TERMINAL:
            print_matrix(matrix, output, only_differing=shown["differing"])
        else:
            print_report(_FORMATS[kind](matrix), output)
    return status


def _kind(asked: str | None, file: Path | None) -> str:
    """The format: what was asked for, else by the file's ending."""
    if file is None:
        return asked or _TERMINAL
    if asked == _TERMINAL:
        raise BadInputError("--format terminal is for the terminal; a file takes json, markdown or html")
    if asked:
        return asked
    if file.suffix.lower() not in _BY_SUFFIX:
        known = ", ".join(_BY_SUFFIX)
        raise BadInputError(f"the ending of {file.name[:200]!r} tells no format: use {known}, or --format")
    return _BY_SUFFIX[file.suffix.lower()]
