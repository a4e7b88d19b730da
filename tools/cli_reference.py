"""Writes docs/cli.md from the help of the commands themselves; --check tells whether it is current."""

import argparse
import sys
from pathlib import Path

import click

from dtf.cli.root import dtf

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
WIDTH = 100

HEAD = """# Commands

Generated from the commands' own help by `make docs`. Every command answers `--help`; those that answer with facts take
`--json`, which prints one line of JSON, the last on stdout.

| exit status | meaning |
|---|---|
| 0 | everything that ran passed |
| 1 | tests failed |
| 2 | bad input, or a suite that cannot be collected |
| 3 | internal error |
| 5 | nothing was collected |
| 10 | the infrastructure failed |
| 11 | nothing can run it |
| 12 | the run's own time limit |
| 13 | cancelled |
"""


def page(root: click.Command) -> str:
    """The whole page for a command and everything below it."""
    context = click.Context(root, info_name="dtf", max_content_width=WIDTH, terminal_width=WIDTH)
    return "\n".join([HEAD, *_sections(root, context)])


def _sections(command: click.Command, context: click.Context) -> list[str]:
    sections = [f"## {context.command_path}\n\n```\n{command.get_help(context).rstrip()}\n```\n"]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is None or child.hidden:
                continue
            below = click.Context(child, info_name=name, parent=context, max_content_width=WIDTH, terminal_width=WIDTH)
            sections += _sections(child, below)
    return sections


def main() -> None:
    """Write the page, or compare it with --check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where the page is not current")
    text = page(dtf)
    if not parser.parse_args().check:
        PAGE.write_text(text)
    elif PAGE.read_text() != text:
        sys.exit("docs/cli.md is not current: make docs")


if __name__ == "__main__":
    main()
