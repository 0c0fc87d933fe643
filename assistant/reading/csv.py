"""Comma-separated values and their kin: one row a line, with the delimiter that fits."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from assistant.errors import UnreadableFile
from assistant.reading.building import Builder
from assistant.reading.decoding import decode
from assistant.values import Content

MEDIA_TYPE = "text/csv"
_TABS = "text/tab-separated-values"
_DELIMITERS = ",\t;|"
_SAMPLE_ROWS = 50
_SAMPLE_CHARS = 100_000
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NAMED = re.compile(r'\s*"?sep=(.)"?\s*\n')  # what Excel writes, and reads, as the first line
_VALUE = re.compile(r"[-+(]?\s*[$€£¥]?\s*\d[\d\s.,:/%eE+()-]*")


def read(data: bytes) -> Content:
    """The content of a table as text. Raises UnreadableFile if its cells hold nothing."""
    text, notes = decode(data)
    text = text.removeprefix("\ufeff")
    named = _NAMED.match(text)
    delimiter = named[1] if named else _delimiter(text[:_SAMPLE_CHARS])
    text = text[named.end() :] if named else text
    builder = Builder()
    builder.sheet(
        enumerate(_rows(text, delimiter), start=1), has_header=_has_header(text[:_SAMPLE_CHARS], delimiter)
    )
    if not builder.blocks:
        raise UnreadableFile("Its cells are empty: check that it is the file you meant.")
    return Content(
        title="",
        text=builder.text,
        media_type=_TABS if delimiter == "\t" else MEDIA_TYPE,
        blocks=tuple(builder.blocks),
        rows=tuple(builder.rows),
        notes=notes,
    )


def _rows(text: str, delimiter: str) -> Iterator[Sequence[str]]:
    csv.field_size_limit(sys.maxsize)  # a quote that is never closed makes one cell of the rest
    lines = (
        line[0] for line in _LINE.finditer(text)
    )  # one at a time: a list of them takes three times the text
    yield from csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _delimiter(sample: str) -> str:
    """The delimiter that gives most rows the same number of cells, more than one."""
    return max(_DELIMITERS, key=lambda delimiter: _fit(sample, delimiter))


def _fit(sample: str, delimiter: str) -> tuple[float, int]:
    """The share of rows that have the commonest number of cells, and that number; (0, 0) if it is one."""
    sizes = Counter(len(row) for row in islice(_rows(sample, delimiter), _SAMPLE_ROWS) if any(row))
    if not sizes:
        return 0.0, 0
    size, count = sizes.most_common(1)[0]
    return (count / sizes.total(), size) if size > 1 else (0.0, 0)


def _has_header(sample: str, delimiter: str) -> bool:
    """Whether the first full row names the columns: no cell of it is a number or a date."""
    rows = islice(_rows(sample, delimiter), _SAMPLE_ROWS)
    first = next((row for row in rows if len(list(filter(None, row))) > 1), ())
    return not any(_VALUE.fullmatch(cell.strip()) for cell in first)
