"""Plain columns."""

from collections.abc import Sequence

from dtf.domain.escape import one_line

#: No column is made narrower.
_NARROWEST = 8


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Lines of left-aligned columns, the widest one but the first shortened until a line fits.

    The first column is what people copy into the next command.

    Args:
        titles: The head of each column.
        rows: The cells; foreign text in them is escaped here.
        width: Columns of the terminal.
    """
    cells = [[one_line(cell, 200) for cell in row] for row in [titles, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(titles))]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths[1:]) > _NARROWEST:
        widths[widths.index(max(widths[1:]), 1)] -= 1
    return ["  ".join(_fit(cell, widths[i]) for i, cell in enumerate(row)).rstrip() for row in cells]


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "~"
