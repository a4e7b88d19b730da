"""A report as Markdown."""

from collections.abc import Iterator

from dtf.benchmarks.report.page import Page, Section, Table, Verdict


def markdown(page: Page) -> str:
    """The report as Markdown; plots are left to the page."""
    return "\n".join(_lines(page)) + "\n"


def verdict_word(verdict: Verdict) -> str:
    """Whether it was shown, in a few words."""
    if verdict.reached is None:
        return "cannot be told"
    if not verdict.reached:
        return "not reached"
    return "reached" if verdict.surely else "reached, but not surely"


def _lines(page: Page) -> Iterator[str]:
    yield f"# {page.title}"
    yield ""
    yield page.lead
    if page.verdicts:
        yield ""
        rows = tuple((verdict.what, verdict.found, verdict_word(verdict)) for verdict in page.verdicts)
        yield from _table(Table(head=("To be shown", "Found", ""), rows=rows))
    for section in page.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield f"## {section.title}"
    for paragraph in section.text:
        yield ""
        yield paragraph
    if section.items:
        yield ""
        yield from (f"- {item}" for item in section.items)
    if section.table is not None:
        yield ""
        yield from _table(section.table)


def _table(table: Table) -> Iterator[str]:
    yield _row(table.head)
    yield "|---" * len(table.head) + "|"
    yield from map(_row, table.rows)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
