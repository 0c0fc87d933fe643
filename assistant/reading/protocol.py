"""The words between reader and worker: one frame is JSON, then the document's text as UTF-8.

Each part is preceded by its length. Never pickle: the worker parses hostile files, so what it answers is
checked here before it becomes a value.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable
from typing import Any, get_args

from assistant.values import Block, BlockKind, Content, Page

LENGTHS = struct.Struct(">QQ")  # bytes of JSON, bytes of text
Message = dict[str, Any]

_KINDS: tuple[BlockKind, ...] = get_args(BlockKind)
_KIND_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Nonsense(ValueError):
    """An answer that no honest worker gives."""


def encode(message: Message, text: str = "") -> tuple[bytes, bytes, bytes]:
    """One frame as lengths, JSON and text, to be written in this order."""
    # ASCII, so that a file name that is not UTF-8 (surrogate escapes) survives the way.
    packed = json.dumps(message, separators=(",", ":")).encode("ascii")
    body = text.encode("utf-8")
    return LENGTHS.pack(len(packed), len(body)), packed, body


def pack(content: Content, sha256: str) -> Message:
    """Everything of a content but its text, as JSON values."""
    return {
        "sha256": sha256,
        "title": content.title,
        "media_type": content.media_type,
        "blocks": [_pack_block(block) for block in content.blocks],
        "pages": [(page.number, page.start, page.end) for page in content.pages],
        "facts": content.facts,
        "questions": content.questions,
        "notes": content.notes,
    }


def unpack(message: Message, text: str) -> tuple[Content, str]:
    """The content and the sha256 of a packed message.

    Raises Nonsense if a type, an order or an offset is wrong."""
    try:
        content = Content(
            title=_string(message["title"]),
            text=text,
            media_type=_string(message["media_type"]),
            blocks=_unpack_blocks(message["blocks"], length=len(text)),
            pages=_unpack_pages(message["pages"], length=len(text)),
            facts={_string(key): _string(value) for key, value in message["facts"].items()},
            questions=tuple(map(_string, message["questions"])),
            notes=tuple(map(_string, message["notes"])),
        )
        sha256 = _string(message["sha256"])
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise Nonsense(str(error)) from error
    if not _SHA256.fullmatch(sha256):
        raise Nonsense("sha256")
    return content, sha256


def _pack_block(block: Block) -> tuple[int, ...]:
    packed = (_KIND_NUMBERS[block.kind], block.start, block.end)
    if block.header is not None:
        return (*packed, block.level, *block.header)
    return (*packed, block.level) if block.level else packed


def _unpack_blocks(packed: Iterable[list[int]], *, length: int) -> tuple[Block, ...]:
    blocks: list[Block] = []
    reached = 0
    for number, start, end, *rest in packed:
        if not 0 <= number < len(_KINDS) or not reached <= start < end <= length:
            raise Nonsense(f"block {start}:{end}")
        blocks.append(_unpack_block(_KINDS[number], start, end, rest, length=length))
        reached = end
    return tuple(blocks)


def _unpack_block(kind: BlockKind, start: int, end: int, rest: list[int], *, length: int) -> Block:
    if not rest:
        return Block(kind, start, end)
    level, *header = rest
    if not header:
        return Block(kind, start, end, level)
    first, last = header
    if not 0 <= first < last <= length:
        raise Nonsense(f"header {first}:{last}")
    return Block(kind, start, end, level, (first, last))


def _unpack_pages(packed: Iterable[list[int]], *, length: int) -> tuple[Page, ...]:
    pages: list[Page] = []
    reached = 0
    for number, start, end in packed:
        if not reached <= start <= end <= length or number < 1:
            raise Nonsense(f"page {start}:{end}")
        pages.append(Page(number, start, end))
        reached = end
    return tuple(pages)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise Nonsense(f"{type(value).__name__} instead of a string")
    return value
