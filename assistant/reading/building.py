"""Put a text together from the parts of a marked-up document, and remember where each part stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain

from assistant.reading.decoding import printable
from assistant.values import Block, BlockKind, Content, Page, Rows

CELL_BREAK = " | "
_MANY_EMPTY = re.compile(r" \|(?:  \|){20,} ")  # cells that only lead to one far to the right
DEEPEST_LEVEL = 9  # of a heading


class Builder:
    """Collects blocks in reading order: a blank line between them, list items and rows on their own lines."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.rows: list[Rows] = []
        self._parts: list[str] = []
        self._length = 0
        self._is_open_list = False
        self._next_number = 0  # of the row that would go on from the last

    @property
    def length(self) -> int:
        """How many characters the text has so far."""
        return self._length

    @property
    def text(self) -> str:
        """Everything so far."""
        return "".join(self._parts)

    def heading(self, words: str, *, level: int) -> None:
        """A heading; nothing if it has no words."""
        self._block("heading", squeezed(words), level=level)

    def paragraph(self, words: str) -> None:
        """A paragraph; its line breaks stay, other white space is squeezed."""
        lines = (squeezed(line) for line in printable(words).split("\n"))
        self._block("paragraph", "\n".join(filter(None, lines)))

    def code(self, words: str) -> None:
        """Verbatim lines. The block starts at the first character that is not white space."""
        lines = printable(words).rstrip().lstrip("\n")
        indent = len(lines) - len(lines.lstrip())
        self._block("code", lines[indent:], prefix=lines[:indent])

    def item(self, words: str, *, bullet: str) -> None:
        """A list item on its own line; the bullet is shown and not part of the block."""
        self._block("item", squeezed(words), prefix=bullet, is_list=True)

    def table(
        self,
        rows: Iterable[Sequence[str]],
        *,
        has_header: bool = True,
        header: tuple[int, int] | None = None,
    ) -> tuple[int, int] | None:
        """Rows of cells, one a line; each knows the header, the first row with more than one cell filled.

        A table that goes on from another is given that one's `header`. Returns where the header stands."""
        self.end_list()
        for cells in rows:
            header = self._row(cells, header, has_header=has_header)
        self.end_list()
        return header

    def sheet(self, rows: Iterable[tuple[int, Sequence[str]]], *, has_header: bool = True) -> None:
        """A table whose rows have numbers in the file, by which they can be cited."""
        self.end_list()
        header: tuple[int, int] | None = None
        for number, cells in rows:
            before = len(self.blocks)
            header = self._row(cells, header, has_header=has_header)
            if len(self.blocks) > before:
                self._number(number)
        self.end_list()

    def _number(self, number: int) -> None:
        """The last block is the row of this number: it goes on from the rows before, or starts others."""
        block, last = self.blocks[-1], self.rows[-1] if self.rows else None
        is_next = last is not None and last.end + 1 == block.start and self._next_number == number
        if last is not None and is_next:
            self.rows[-1] = Rows(last.number, last.start, block.end)
        else:
            self.rows.append(Rows(number, block.start, block.end))
        self._next_number = number + 1

    def aside(self, words: str) -> None:
        """Text that is shown and covered by no block."""
        self._start_line()
        self._add(printable(words).strip())

    def embed(self, content: Content, *, below: int = 0) -> None:
        """Another content's text and blocks; its headings go `below` levels deeper."""
        if not content.text:
            return
        self._start_line()
        offset = self._length
        self._add(content.text)
        for block in content.blocks:
            level = min(block.level + below, DEEPEST_LEVEL) if block.level else 0
            header = block.header and (block.header[0] + offset, block.header[1] + offset)
            self.blocks.append(Block(block.kind, block.start + offset, block.end + offset, level, header))
        self.rows.extend(Rows(one.number, one.start + offset, one.end + offset) for one in content.rows)

    def _row(
        self, cells: Sequence[str], header: tuple[int, int] | None, *, has_header: bool
    ) -> tuple[int, int] | None:
        """Add a row; returns where the header stands, which can be this row."""
        words = _MANY_EMPTY.sub(" | … | ", CELL_BREAK.join(map(squeezed, cells))).strip().rstrip("| ")
        is_added = self._block("row", words, is_list=True, header=header)
        if is_added and header is None and has_header and len(list(filter(str.strip, cells))) > 1:
            return self.blocks[-1].start, self.blocks[-1].end
        return header

    def end_list(self) -> None:
        """What follows stands apart from the list or table above."""
        self._is_open_list = False

    def _block(
        self,
        kind: BlockKind,
        words: str,
        *,
        prefix: str = "",
        level: int = 0,
        is_list: bool = False,
        header: tuple[int, int] | None = None,
    ) -> bool:
        if not words:
            return False
        self._start_line(is_list=is_list)
        self._add(prefix)
        start = self._length
        self._add(words)
        self.blocks.append(Block(kind, start, self._length, level, header))
        return True

    def _start_line(self, *, is_list: bool = False) -> None:
        if self._length:
            self._add("\n" if is_list and self._is_open_list else "\n\n")
        self._is_open_list = is_list

    def _add(self, words: str) -> None:
        self._parts.append(words)
        self._length += len(words)


def squeezed(words: str) -> str:
    """The words on one line, with single spaces between them and no control characters."""
    return " ".join(printable(words).split())


def first_heading(blocks: Iterable[Block], text: str, *, level: int = 1) -> str:
    """The words of the first heading of this level or further out, "" if there is none."""
    found = (
        text[block.start : block.end] for block in blocks if block.kind == "heading" and block.level <= level
    )
    return next(chain(found, [""]))


def page_spans(starts: dict[int, int], *, pages: int, length: int, name: str = "") -> tuple[Page, ...]:
    """Every page from its first character to the next page's first; a page without text is empty.

    `name` is what a page is called, such as "slide"."""
    end = length
    spans = []
    for number in range(pages, 0, -1):
        start = starts.get(number, end)
        spans.append(Page(number, start, end, f"{name} {number}" if name else ""))
        end = start
    return tuple(reversed(spans))
