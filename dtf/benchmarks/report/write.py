"""Writes a report's files."""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtf.benchmarks.report.html import html
from dtf.benchmarks.report.markdown import markdown
from dtf.benchmarks.report.page import Page
from dtf.benchmarks.whole_files import write_whole, writing


def write_report(directory: Path, name: str, page: Page, data: Mapping[str, Any]) -> tuple[Path, ...]:
    """Write ``name.json``, ``name.md`` and ``name.html``, all of them whole or none at all.

    Args:
        directory: Where; it is made.
        name: Of the files.
        page: The report.
        data: All figures, in JSON's types. What has ``columns`` and ``rows``, and no more, is written a row a line.

    Returns:
        The files.

    Raises:
        BadInputError: They cannot be written.
    """
    with writing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    made = {"json": _json(data), "md": markdown(page), "html": html(page)}
    texts = {directory / f"{name}.{ending}": text for ending, text in made.items()}
    write_whole(texts)
    return tuple(texts)


def _json(data: Mapping[str, Any]) -> str:
    parts = [f" {json.dumps(key)}: {_value(value)}" for key, value in data.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _value(value: object) -> str:
    if isinstance(value, Mapping) and set(value) == {"columns", "rows"}:
        rows = ",\n".join("   " + json.dumps(row, separators=(",", ":")) for row in value["rows"])
        return f'{{\n  "columns": {json.dumps(value["columns"])},\n  "rows": [\n{rows}\n  ]\n }}'
    return textwrap.indent(json.dumps(value, indent=1), " ").lstrip()
