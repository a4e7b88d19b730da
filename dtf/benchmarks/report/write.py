"""Writes a report's files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtf.benchmarks.report.html import html
from dtf.benchmarks.report.markdown import markdown
from dtf.benchmarks.report.page import Page


def write_report(directory: Path, name: str, page: Page, data: Mapping[str, Any]) -> tuple[Path, ...]:
    """Write ``name.json``, ``name.md`` and ``name.html``, each whole or not at all.

    Args:
        directory: Where; it is made.
        name: Of the files.
        page: The report.
        data: All figures, in JSON's types.

    Returns:
        The files.
    """
    directory.mkdir(parents=True, exist_ok=True)
    texts = {"json": json.dumps(data, indent=1) + "\n", "md": markdown(page), "html": html(page)}
    files = []
    for ending, text in texts.items():
        file = directory / f"{name}.{ending}"
        part = directory / f"{name}.{ending}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(file)
        files.append(file)
    return tuple(files)
