"""Text recognition with Tesseract, where it is installed: the lines of scanned pages, with their places."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

import pypdfium2

from assistant.reading.building import squeezed
from assistant.reading.columns import Cell, PageLine

_DPI = 300  # what Tesseract is trained for
_MOST_PIXELS = 25_000_000
_POINTS_PER_INCH = 72
_MOST_SECONDS = 75.0  # for all pages of a file
_MOST_LANGUAGES = 3
_LEAST_CONFIDENCE = 30.0  # of 100; below it stand specks and lines that were taken for letters
_WORD_LEVEL = "5"
_LARGE = 1.5  # times the usual height; the height of a line depends on its letters
_WIDE_GAP = 1.5  # times the usual height
_LINE_KEYS = ("block_num", "par_num", "line_num")


@dataclass(frozen=True)
class Recognised:
    """The lines of the pages on which words were found, by page number; `unreached` had no time left."""

    pages: Mapping[int, list[PageLine]] = field(default_factory=dict)
    unreached: tuple[int, ...] = ()
    is_available: bool = False

    @property
    def facts(self) -> dict[str, str]:
        """That the words of these pages were recognised from a picture."""
        return {"text recognition": f"pages {', '.join(map(str, self.pages))}"} if self.pages else {}


def recognised(document: pypdfium2.PdfDocument, numbers: Sequence[int]) -> Recognised:
    """The lines of these pages, as many as the time allows; none where Tesseract is not installed."""
    program = shutil.which("tesseract")
    if program is None:
        return Recognised()
    deadline = time.monotonic() + _MOST_SECONDS
    pages: dict[int, list[PageLine]] = {}
    for at, number in enumerate(numbers):
        left_s = deadline - time.monotonic()
        if left_s < 1:
            return Recognised(pages, unreached=tuple(numbers[at:]), is_available=True)
        if lines := _page(document, number, program, left_s):
            pages[number] = lines
    return Recognised(pages, is_available=True)


def _page(document: pypdfium2.PdfDocument, number: int, program: str, timeout_s: float) -> list[PageLine]:
    try:
        page = document[number - 1]
        width, height = page.get_size()
        scale = min(_DPI / _POINTS_PER_INCH, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
        picture = _picture(page, scale)
        page.close()
        table = _run(program, ["stdin", "stdout", "-l", _languages(program), "tsv"], picture, timeout_s)
    except (pypdfium2.PdfiumError, subprocess.SubprocessError, OSError, ValueError):
        return []
    return list(_lines(table, number, scale=scale, height=height))


def _picture(page: pypdfium2.PdfPage, scale: float) -> bytes:
    """The page as a grey picture in the PGM format, which needs no library."""
    bitmap = page.render(scale=scale, grayscale=True)
    width, height, stride = bitmap.width, bitmap.height, bitmap.stride
    pixels = bytes(bitmap.buffer)
    rows = (pixels[at * stride : at * stride + width] for at in range(height))
    return f"P5 {width} {height} 255\n".encode() + b"".join(rows)


def _run(program: str, arguments: Sequence[str], picture: bytes, timeout_s: float) -> str:
    ran = subprocess.run(
        [program, *arguments],
        input=picture,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=timeout_s,
        check=True,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    )
    return ran.stdout.decode("utf-8", "replace")


@cache
def _languages(program: str) -> str:
    """The languages that are installed, the first few of them; people install those that they read."""
    listed = _run(program, ["--list-langs"], b"", 10.0).splitlines()[1:]
    found = [name for name in listed if name not in ("osd", "equ") and "/" not in name]
    return "+".join(found[:_MOST_LANGUAGES]) or "eng"


def _lines(table: str, number: int, *, scale: float, height: float) -> Iterator[PageLine]:
    """The lines of Tesseract's table of words; its places count pixels from the top."""
    rows = csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = (row for row in rows if row.get("level") == _WORD_LEVEL and _is_sure(row))
    lines = [
        [_Word.of(row, scale=scale, height=height) for row in line]
        for _, line in groupby(words, key=lambda row: [row[key] for key in _LINE_KEYS])
    ]
    usual = median([_height(line) for line in lines]) if lines else 0.0
    for line in lines:
        text = squeezed(" ".join(word.text for word in line))
        if any(map(str.isalnum, text)):
            bottom = min(word.bottom for word in line)
            is_large = _height(line) > _LARGE * usual
            yield PageLine(
                page=number,
                words=text,
                left=line[0].left,
                right=line[-1].right,
                bottom=bottom,
                last_bottom=bottom,
                height=usual,
                font_size=_height(line) if is_large else usual,
                cells=_cells(line, usual),
            )


class _Word(NamedTuple):
    """A word and its place on the page, in points from the bottom."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    @classmethod
    def of(cls, row: Mapping[str, str], *, scale: float, height: float) -> _Word:
        left, top, width, depth = (float(row[key]) / scale for key in ("left", "top", "width", "height"))
        return cls(row["text"], left, left + width, height - top, height - top - depth)


def _height(line: Sequence[_Word]) -> float:
    return max(word.top for word in line) - min(word.bottom for word in line)


def _cells(line: Sequence[_Word], height: float) -> tuple[Cell, ...]:
    """The parts of a line between wide gaps; none if there is no such gap."""
    cells = [[line[0]]]
    for before, after in pairwise(line):
        if after.left - before.right > _WIDE_GAP * height:
            cells.append([])
        cells[-1].append(after)
    if len(cells) == 1:
        return ()
    return tuple(
        Cell(cell[0].left, cell[-1].right, squeezed(" ".join(word.text for word in cell))) for cell in cells
    )


def _is_sure(row: Mapping[str, str]) -> bool:
    try:
        return float(row["conf"]) >= _LEAST_CONFIDENCE and bool(row["text"].strip())
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
