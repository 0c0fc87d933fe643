"""Spreadsheets of every format: sheets with rows of cells as text and blocks, and cells as they are shown."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from assistant.errors import UnreadableFile
from assistant.reading.building import Builder
from assistant.values import Content

MOST_CELLS = 3_000_000  # of a workbook; more take longer than a file may
_DIGITS = 15  # that Excel computes with; the rest is an artefact of binary numbers
NumberedRow = tuple[int, Sequence[str]]  # counted from 1, as a spreadsheet program does

_PERCENT = re.compile(r"0(?:\.(0+))?%")


@dataclass
class Budget:
    """How many more cells may be read; below 0 where rows were left out."""

    cells: int = field(default_factory=lambda: MOST_CELLS)


def add_sheet(builder: Builder, name: str, rows: Iterable[NumberedRow], budget: Budget) -> None:
    """Add a sheet under a heading with its name; nothing if it is empty."""
    kept = within(rows, budget)
    first = next(kept, None)
    if first is None:
        return
    builder.heading(name, level=2)
    builder.sheet(chain([first], kept))


def within(rows: Iterable[NumberedRow], budget: Budget) -> Iterator[NumberedRow]:
    """The rows that are not empty, so far as the budget goes."""
    for number, cells in rows:
        budget.cells -= len(cells) or 1
        if budget.cells < 0:
            return
        if any(cells):
            yield number, cells


def content(
    builder: Builder, *, title: str, media_type: str, facts: dict[str, str], notes: list[str]
) -> Content:
    """The content of a workbook. Raises UnreadableFile if all its sheets are empty."""
    if not builder.blocks:
        why = " ".join(notes)
        raise UnreadableFile(why or "All its sheets are empty: check that it is the file you meant.")
    return Content(
        title=title,
        text=builder.text,
        media_type=media_type,
        blocks=tuple(builder.blocks),
        rows=tuple(builder.rows),
        facts=facts,
        notes=tuple(notes),
    )


def budget_notes(budget: Budget) -> list[str]:
    """That rows were left out, if so."""
    if budget.cells >= 0:
        return []
    return [f"It has more than {MOST_CELLS:,} cells, and what follows them was not read: split it."]


def shown(value: object, number_format: str = "") -> str:
    """A cell's value as the spreadsheet shows it, so far as its number format is a usual one."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, number_format)
    if isinstance(value, datetime.datetime):
        is_day = value.time() == datetime.time()
        return value.date().isoformat() if is_day else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _number(value: float, number_format: str) -> str:
    percent = _PERCENT.fullmatch(number_format)
    if percent:
        return f"{value * 100:.{len(percent[1] or '')}f}%"
    if isinstance(value, float):
        is_whole = value.is_integer() and abs(value) < 10**_DIGITS
        return str(int(value)) if is_whole else f"{value:.{_DIGITS}g}"
    return str(value)
