"""What the gaps inside the lines of a page say: where a table has its columns, and where a page has two.

Knows nothing of PDF. Lengths are in points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from statistics import median
from typing import NamedTuple

_FEWEST_ROWS = {2: 3, 3: 2}  # by columns: two short pieces side by side happen by chance
_LONGEST_CELL = 60  # characters; where most lines have a longer one, it is text with a gap in it
_FEWEST_COLUMN_LINES = 5
_COLUMN_CHARS = 25  # half of a column's lines are at least so long, where cells of a table are not
WIDE_GAP = 0.9  # times the height of a line; a space is 0.3, in justified text up to 0.7
_SAME_LINE = 0.3  # times the height of a line
_WIDEST_STEP = 4.0  # times the height of a line, from one row to the next
_MARKER = re.compile(r"[(\[]?[\w.]{0,6}[.)\]]|\.\d+|[^\w\s]")
_NUMBER = re.compile(r"[-+(]?\W?\d[\d\s.,:/%()+-]*")


class Cell(NamedTuple):
    """The words between two wide gaps of a line."""

    left: float
    right: float
    words: str


class PageLine(NamedTuple):
    """One line of a page. All measures are 0 where they are not known."""

    page: int
    words: str
    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    last_bottom: float = 0.0  # lower than `bottom` where a hyphen joined the next line
    height: float = 0.0
    font_size: float = 0.0
    cells: tuple[Cell, ...] = ()  # where wide gaps part the line, at least two


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive lines: a table with its rows, or lines that are none."""

    lines: Sequence[PageLine]
    rows: tuple[tuple[str, ...], ...] = ()


class _Row(NamedTuple):
    """What stands at one height of a page: lines that follow each other from left to right."""

    lines: tuple[PageLine, ...]
    cells: tuple[Cell, ...]

    @property
    def has_columns(self) -> bool:
        """Whether wide gaps part it; the gap behind a list item's number or bullet does not count."""
        return len(self.cells) > 2 or (len(self.cells) == 2 and not _MARKER.fullmatch(self.cells[0].words))


def names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row of a table is full and holds no number. In names and values, no row does."""
    first = rows[0]
    return len(rows) > 1 and len(first) > 2 and all(first) and not any(map(_NUMBER.fullmatch, first))


def parts(lines: Sequence[PageLine]) -> Iterator[Part]:
    """The lines in order, those of a table together."""
    rest: list[PageLine] = []
    for run in _runs(_by_height(lines)):
        rows = _table(run)
        found = [line for row in run for line in row.lines]
        if not rows:
            rest.extend(found)
            continue
        if rest:
            yield Part(rest)
            rest = []
        yield Part(found, rows)
    if rest:
        yield Part(rest)


def _by_height(lines: Sequence[PageLine]) -> Iterator[_Row]:
    """The lines, joined where they stand side by side; PDFium parts a line at some of its gaps."""
    row: list[PageLine] = []
    for line in lines:
        if row and not _is_beside(row[-1], line):
            yield _row(row)
            row = []
        row.append(line)
    if row:
        yield _row(row)


def _row(lines: Sequence[PageLine]) -> _Row:
    cells = (line.cells or (Cell(line.left, line.right, line.words),) for line in lines)
    return _Row(tuple(lines), tuple(chain.from_iterable(cells)))


def _is_beside(before: PageLine, after: PageLine) -> bool:
    height = max(before.height, after.height)
    is_level = before.page == after.page and abs(before.last_bottom - after.bottom) < _SAME_LINE * height
    return is_level and after.left - before.right > WIDE_GAP * height


def _runs(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Rows of one page that follow each other and all have columns; every other one alone."""
    run: list[_Row] = []
    for row in rows:
        if run and not (row.has_columns and run[-1].has_columns and _follows(run[-1], row)):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _follows(above: _Row, below: _Row) -> bool:
    before, after = above.lines[-1], below.lines[0]
    step = before.last_bottom - after.bottom
    return before.page == after.page and 0 < step <= _WIDEST_STEP * max(before.height, after.height)


def _table(run: Sequence[_Row]) -> tuple[tuple[str, ...], ...]:
    """The rows of a table, a cell for each column; none if they have no columns in common."""
    columns = _columns([cell for row in run for cell in row.cells])
    if not run[0].has_columns or len(run) < _FEWEST_ROWS.get(len(columns), 1):
        return ()
    if sum(any(len(cell.words) > _LONGEST_CELL for cell in row.cells) for row in run) * 2 > len(run):
        return ()
    filled = [{_place(cell, columns): cell.words for cell in row.cells} for row in run]
    if any(len(places) < len(row.cells) for places, row in zip(filled, run, strict=True)):
        return ()
    return tuple(tuple(places.get(at, "") for at in range(len(columns))) for places in filled)


def _columns(cells: Sequence[Cell]) -> list[tuple[float, float]]:
    """The spans that cells share from line to line."""
    columns: list[tuple[float, float]] = []
    for cell in sorted(cells):
        if columns and cell.left <= columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], cell.right))
        else:
            columns.append((cell.left, max(cell.left, cell.right)))
    return columns


def _place(cell: Cell, columns: Sequence[tuple[float, float]]) -> int:
    return next(at for at, (left, right) in enumerate(columns) if left <= cell.left <= right)


def in_reading_order(lines: Sequence[PageLine]) -> list[PageLine]:
    """The lines of a page; where lines run across two columns of prose, the left column comes first."""
    ordered: list[PageLine] = []
    for is_pair, run in groupby(_by_height(lines), key=lambda row: len(row.cells) == 2):
        rows = list(run)
        if is_pair and _are_prose(rows):
            ordered.extend(_column(rows, 0))
            ordered.extend(_column(rows, 1))
        else:
            ordered.extend(line for row in rows for line in row.lines)
    return ordered


def _are_prose(rows: Sequence[_Row]) -> bool:
    """Whether rows of two cells each are two columns of prose: a gap in common, and long lines."""
    if len(rows) < _FEWEST_COLUMN_LINES:
        return False
    left, right = ([row.cells[at] for row in rows] for at in (0, 1))
    is_apart = max(cell.right for cell in left) < min(cell.left for cell in right)
    return is_apart and all(
        median(len(cell.words) for cell in column) >= _COLUMN_CHARS for column in (left, right)
    )


def _column(rows: Sequence[_Row], at: int) -> Iterator[PageLine]:
    for row in rows:
        left, right, words = row.cells[at]
        line = row.lines[min(at, len(row.lines) - 1)]
        yield line._replace(words=words, left=left, right=right, last_bottom=line.bottom, cells=())
