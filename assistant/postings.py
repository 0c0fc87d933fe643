"""The terms that an FTS5 index really stores, in segments that its own functions may already pass over.

Deleting a row leaves its terms in place until segments are merged. SQLite shows only the living ones; this
reads the pages as https://sqlite.org/fts5.html#fts5_data_structures describes them. Pure functions of bytes.
"""

from __future__ import annotations

LEAF_PAGES = 31  # bits of a row's number that are the page of its segment
HEIGHTS = 5  # bits above them; 0 is a leaf
FIRST_SEGMENT = 1 << (LEAF_PAGES + HEIGHTS + 1)
MAIN_INDEX = b"0"  # stands before each term; a prefix index has another digit


def is_leaf(rowid: int) -> bool:
    """Whether this row of the `_data` table is a page of terms, and no page that leads to one."""
    return rowid >= FIRST_SEGMENT and (rowid >> LEAF_PAGES) & ((1 << (HEIGHTS + 1)) - 1) == 0


def terms(page: bytes) -> list[str]:
    """The terms of a leaf page. Raises ValueError if it is none."""
    found: list[str] = []
    try:
        body = int.from_bytes(page[2:4], "big")
        at, offset, term = body, 0, b""
        while at < len(page):
            step, at = _varint(page, at)
            offset += step
            kept, start = (0, offset) if not found else _varint(page, offset)
            length, start = _varint(page, start)
            term = term[:kept] + page[start : start + length]
            found.append(term.removeprefix(MAIN_INDEX).decode())
    except IndexError as error:
        raise ValueError("It ends too early.") from error
    return found


def _varint(page: bytes, at: int) -> tuple[int, int]:
    """A number of SQLite's variable length, and where it ends."""
    value = 0
    for _ in range(8):
        byte = page[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    return value << 8 | page[at], at + 1
