"""What the cells of a table say about the table, whatever the format."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_CELL = 500  # characters; a longer one is a page laid out with a table, not a table's


def is_layout(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table only places text on a page: one column, or cells as long as pages."""
    cells = sum(len(row) for row in rows)
    return cells <= len(rows) or any(len(cell) > LONGEST_CELL for row in rows for cell in row)


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first full row names the columns. In a table of names and values, no row does."""
    first = next((row for row in rows if len(list(filter(None, row))) > 1), ())
    return len(first) > 2
