"""From the lines of pages to paragraphs: by where lines stand, how long they are and what they say.

Knows nothing of PDF. Lengths are in points, `bottom` grows upwards.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from assistant.reading.columns import PageLine, parts
from assistant.reading.lines import LONGEST_TITLE, ends_sentence, marker_length

_EDGE_LINES = 3  # at the top and at the bottom of a page, where headers and footers stand
_FEWEST_PAGES = 3
_WIDE_GAP = 1.3  # times the usual distance of lines
_LARGE = 1.12  # times the usual size of letters
_SAME_SIZE = 0.12
_SHORTEST_WRAPPED = 35  # characters; a text column is wider, a line of a table or an address is not
_NUMBERS_IN_ROW = 0.4  # of the words in a table's row
_SAME_EDGE = 20.0
_PAGE_NUMBER = re.compile(r"(?:page |p\. ?|- ?|– ?)?(\d{1,4})(?: ?[-–]| ?(?:of|/) ?\d{1,4})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Joined lines. `pages` says at which character of `words` each of its pages begins."""

    kind: Literal["heading", "item", "paragraph", "table"]
    words: str
    pages: tuple[tuple[int, int], ...]
    level: int = 0
    marker: int = 0  # the length of an item's bullet
    rows: tuple[tuple[str, ...], ...] = ()  # of a table; `words` is empty then


@dataclass(frozen=True, slots=True)
class _Usual:
    """What is usual on a page: the distance of lines, and the right edge of lines by their left edge."""

    step: float
    edges: dict[int, float]

    def right_edge(self, line: PageLine) -> float:
        return self.edges.get(round(line.left / _SAME_EDGE), line.right)


def without_running_lines(pages: Sequence[Sequence[PageLine]]) -> Iterator[PageLine]:
    """All lines but page numbers, and headers and footers that most pages repeat."""
    repeats: Counter[str] = Counter()
    for lines in pages:
        repeats.update({_pattern(line.words) for line in _edge_lines(lines)})
    needed = max(_FEWEST_PAGES, len([lines for lines in pages if lines]) // 2 + 1)
    running = {pattern for pattern, count in repeats.items() if count >= needed}
    for lines in pages:
        edges = {
            id(line) for line in _edge_lines(lines) if _pattern(line.words) in running or _is_own_number(line)
        }
        # A page of nothing else is kept whole: the slides of a talk can be that short.
        yield from [line for line in lines if id(line) not in edges] or lines


def _edge_lines(lines: Sequence[PageLine]) -> Sequence[PageLine]:
    """The lines where headers and footers stand; they can come last in the file's order, or first."""
    count = max(1, min(_EDGE_LINES, len(lines) // 3))
    return [*lines[:count], *lines[-count:]]


def _pattern(words: str) -> str:
    """The words with numbers made equal; a line of several numbers is rather a table's than a header."""
    if not any(map(str.isalpha, words)) and not words.isdigit():
        return words
    return re.sub(r"\d+", "#", words)


def _is_own_number(line: PageLine) -> bool:
    found = _PAGE_NUMBER.fullmatch(line.words)
    return found is not None and int(found[1]) == line.page


def paragraphs(lines: Sequence[PageLine]) -> Iterator[Paragraph]:
    """The lines joined to headings, items, paragraphs and tables."""
    if not lines:
        return
    usual = _usual_by_page(lines)
    levels = _heading_lines(lines)
    for part in parts(lines):
        if part.rows:
            yield Paragraph("table", "", ((part.lines[0].page, 0),), rows=part.rows)
            continue
        group = [part.lines[0]]
        for before, after in pairwise(part.lines):
            if _continues(before, after, usual[before.page]):
                group.append(after)
            else:
                yield _paragraph(group, levels)
                group = [after]
        yield _paragraph(group, levels)


def _usual_by_page(lines: Iterable[PageLine]) -> dict[int, _Usual]:
    pages: dict[int, list[PageLine]] = defaultdict(list)
    for line in lines:
        pages[line.page].append(line)
    return {page: _usual(found) for page, found in pages.items()}


def _usual(lines: Sequence[PageLine]) -> _Usual:
    steps = [
        a.last_bottom - b.bottom for a, b in pairwise(lines) if 0 < a.last_bottom - b.bottom < 4 * a.height
    ]
    edges: dict[int, float] = {}
    for line in lines:
        for place in range(round(line.left / _SAME_EDGE) - 1, round(line.left / _SAME_EDGE) + 2):
            edges[place] = max(edges.get(place, 0.0), line.right)
    return _Usual(step=median(steps) if steps else 0.0, edges=edges)


def _heading_lines(lines: Sequence[PageLine]) -> dict[PageLine, int]:
    """The lines in larger letters than the document's and their page's text, each with its level."""
    letters: Counter[float] = Counter()
    pages: dict[int, list[float]] = defaultdict(list)
    for line in lines:
        letters[_size(line)] += len(line.words)
        pages[line.page].append(_size(line))
    body = letters.most_common(1)[0][0]
    usual = {page: max(body, median(sizes)) for page, sizes in pages.items()}
    large = [line for line in lines if 0 < usual[line.page] * _LARGE <= _size(line)]
    sizes = sorted({_size(line) for line in large}, reverse=True)
    return {line: min(sizes.index(_size(line)) + 1, 6) for line in large}


def _size(line: PageLine) -> float:
    """The size of the letters: the font's, or their height where the font is scaled afterwards."""
    return round(line.font_size if line.font_size > 2 else line.height, 1)


def _continues(before: PageLine, after: PageLine, usual: _Usual) -> bool:
    """Whether a line goes on with the sentence or paragraph of the line before it."""
    if marker_length(after.words):
        return False
    if abs(_size(after) - _size(before)) > _SAME_SIZE * _size(before):
        return False
    goes_on = after.words[0].islower() and not ends_sentence(before.words)
    step = before.last_bottom - after.bottom
    if before.page != after.page or step <= 0 or not before.height:
        return goes_on
    if usual.step and step > _WIDE_GAP * usual.step:
        return False
    if goes_on:
        return True
    if len(before.words) < _SHORTEST_WRAPPED or _is_row(after.words):
        return False
    return not _breaks_early(before, after, usual.right_edge(before))


def _is_row(words: str) -> bool:
    """Whether so many of the words are numbers that this is a table's row."""
    parts = words.split()
    numbers = sum(any(map(str.isdigit, part)) for part in parts)
    return numbers > 1 and numbers >= _NUMBERS_IN_ROW * len(parts) and not ends_sentence(words)


def _breaks_early(before: PageLine, after: PageLine, right_edge: float) -> bool:
    """Whether the next line's first word would have fitted, so that the line was ended on purpose."""
    letter = (after.right - after.left) / max(len(after.words), 1)
    first_word = len(after.words.split(" ", 1)[0]) + 1
    return before.right + first_word * max(letter, 0.0) < right_edge


def _paragraph(lines: Sequence[PageLine], levels: dict[PageLine, int]) -> Paragraph:
    words, pages = _joined(lines)
    level = levels.get(lines[0], 0)
    if level and len(words) <= LONGEST_TITLE and not words.endswith((".", ",", ";")):
        return Paragraph("heading", words, pages, level=level)
    if marker := marker_length(words):
        return Paragraph("item", words, pages, marker=marker)
    return Paragraph("paragraph", words, pages)


def _joined(lines: Sequence[PageLine]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The words of the lines, and where each page begins in them."""
    words = ""
    pages: dict[int, int] = {}
    parts: list[str] = []
    length = 0
    for line in lines:
        if parts:
            broken = words.endswith("-") and words[-2:-1].isalpha() and line.words[0].islower()
            parts[-1] = words[:-1] if broken else words + " "
            length += len(parts[-1]) - len(words)
        pages.setdefault(line.page, length)
        words = line.words
        parts.append(words)
        length += len(words)
    return "".join(parts), tuple(pages.items())
