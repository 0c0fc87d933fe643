"""Old Excel (xls): every sheet under its name, one row a line. Computes no formula and runs no macro."""

from __future__ import annotations

import datetime
import io
import struct
from collections.abc import Iterator, Sequence
from typing import Any

import xlrd

from assistant.errors import UnreadableFile
from assistant.reading.archives import DAMAGED, LOCKED
from assistant.reading.building import Builder, squeezed
from assistant.reading.sheets import Budget, add_sheet, budget_notes, content, shown
from assistant.values import Content

MEDIA_TYPE = "application/vnd.ms-excel"
# What xlrd raises on damaged files.
_FAILURES = (
    xlrd.XLRDError,
    xlrd.compdoc.CompDocError,
    struct.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    ArithmeticError,
)


def read(data: bytes) -> Content:
    """The content of a workbook. Raises UnreadableFile if it is locked, damaged or empty."""
    builder, budget = Builder(), Budget()
    try:
        with xlrd.open_workbook(
            file_contents=data, logfile=io.StringIO(), formatting_info=True, on_demand=True, ragged_rows=True
        ) as book:
            author = squeezed(str(book.user_name or ""))
            for number in range(book.nsheets):
                sheet = book.sheet_by_index(number)
                add_sheet(builder, sheet.name, enumerate(_rows(book, sheet), start=1), budget)
                book.unload_sheet(number)
    except _FAILURES as error:
        raise UnreadableFile(LOCKED if "encrypted" in str(error) else DAMAGED) from error
    facts = {"author": author} if author else {}
    return content(builder, title="", media_type=MEDIA_TYPE, facts=facts, notes=budget_notes(budget))


def _rows(book: Any, sheet: Any) -> Iterator[Sequence[str]]:
    for number in range(sheet.nrows):
        yield [_shown(book, cell) for cell in sheet.row(number)]


def _shown(book: Any, cell: Any) -> str:
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return ""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR!"))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return shown(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_DATE:
        return shown(_date(cell.value, book.datemode))
    return shown(cell.value, _number_format(book, cell.xf_index))


def _date(value: float, mode: int) -> datetime.datetime | datetime.time | float:
    """The moment that a number stands for; the number itself where it stands for none."""
    try:
        moment: datetime.datetime = xlrd.xldate_as_datetime(value, mode)
    except (xlrd.xldate.XLDateError, ValueError, OverflowError):
        return value
    return moment.time() if 0 <= value < 1 else moment


def _number_format(book: Any, index: int | None) -> str:
    if index is None or index >= len(book.xf_list):
        return ""
    found = book.format_map.get(book.xf_list[index].format_key)
    return str(found.format_str) if found is not None else ""
