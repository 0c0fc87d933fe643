"""The words between reader and worker: one frame is JSON, the document's text as UTF-8, and its blocks.

Each part is preceded by its length. Blocks are packed, because a large table has millions of them, which as
JSON take more memory than everything else. Never pickle: the worker parses hostile files, so what it answers
is checked here before it becomes a value.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from assistant.values import Block, BlockKind, Content, Page, Rows

LENGTHS = struct.Struct(">QQQ")  # bytes of JSON, of text, of blocks
Message = dict[str, Any]
Span = tuple[int, int]
Frame = tuple[bytes | bytearray, ...]

_KINDS: tuple[BlockKind, ...] = get_args(BlockKind)
_KIND_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_BLOCK = struct.Struct(">BBIIII")  # kind, level, start, end, and start and end of the header, both 0 for none
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Nonsense(ValueError):
    """An answer that no honest worker gives."""


def encode(message: Message, text: str = "", blocks: bytes | bytearray = b"") -> Frame:
    """One frame as lengths, JSON, text and blocks, to be written in this order."""
    # ASCII, so that a file name that is not UTF-8 (surrogate escapes) survives the way.
    packed = json.dumps(message, separators=(",", ":")).encode("ascii")
    body = text.encode("utf-8")
    return LENGTHS.pack(len(packed), len(body), len(blocks)), packed, body, blocks


def pack(content: Content, sha256: str) -> Message:
    """Everything of a content but its text and blocks, as JSON values."""
    return {
        "sha256": sha256,
        "title": content.title,
        "media_type": content.media_type,
        "pages": [(page.number, page.start, page.end, page.label) for page in content.pages],
        "rows": [(rows.number, rows.start, rows.end) for rows in content.rows],
        "facts": content.facts,
        "questions": content.questions,
        "notes": content.notes,
    }


def pack_blocks(blocks: Sequence[Block]) -> bytearray:
    """The blocks, a fixed number of bytes for each."""
    packed = bytearray(_BLOCK.size * len(blocks))
    for at, one in enumerate(blocks):
        header = one.header or (0, 0)
        kind = _KIND_NUMBERS[one.kind]
        _BLOCK.pack_into(packed, at * _BLOCK.size, kind, one.level, one.start, one.end, *header)
    return packed


def unpack(message: Message, text: str, blocks: bytes | bytearray) -> tuple[Content, str]:
    """The content and the sha256 of a packed message.

    Raises Nonsense if a type, an order or an offset is wrong."""
    try:
        content = Content(
            title=_string(message["title"]),
            text=text,
            media_type=_string(message["media_type"]),
            blocks=tuple(_unpack_blocks(blocks, length=len(text))),
            pages=tuple(_unpack_pages(message["pages"], length=len(text))),
            rows=tuple(_unpack_rows(message["rows"], length=len(text))),
            facts={_string(key): _string(value) for key, value in message["facts"].items()},
            questions=tuple(map(_string, message["questions"])),
            notes=tuple(map(_string, message["notes"])),
        )
        sha256 = _string(message["sha256"])
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, struct.error) as error:
        raise Nonsense(str(error)) from error
    if not _SHA256.fullmatch(sha256):
        raise Nonsense("sha256")
    return content, sha256


def _unpack_blocks(packed: bytes | bytearray, *, length: int) -> Iterator[Block]:
    reached = 0
    header: Span | None = None
    for number, level, start, end, first, last in _BLOCK.iter_unpack(packed):
        if number >= len(_KINDS) or not reached <= start < end <= length:
            raise Nonsense(f"block {start}:{end}")
        if not 0 <= first <= last <= length or (first == last != 0):
            raise Nonsense(f"header {first}:{last}")
        if not last:
            header = None
        elif header != (first, last):  # the rows of a table share theirs
            header = (first, last)
        yield Block(_KINDS[number], start, end, level, header)
        reached = end


def _unpack_pages(packed: Iterable[tuple[int, int, int, str]], *, length: int) -> Iterator[Page]:
    reached = 0
    for number, start, end, label in packed:
        if not reached <= start <= end <= length or number < 1:
            raise Nonsense(f"page {start}:{end}")
        yield Page(number, start, end, _string(label))
        reached = end


def _unpack_rows(packed: Iterable[tuple[int, int, int]], *, length: int) -> Iterator[Rows]:
    reached = 0
    for number, start, end in packed:
        if not reached <= start < end <= length or number < 1:
            raise Nonsense(f"rows {start}:{end}")
        yield Rows(number, start, end)
        reached = end


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise Nonsense(f"{type(value).__name__} instead of a string")
    return value
