"""JSON and JSON lines: a line of "path: value" for each value, a table for a list of flat records."""

from __future__ import annotations

import json
from typing import Any

from assistant.errors import UnreadableFile
from assistant.reading import ipynb
from assistant.reading import text as plain_text
from assistant.reading.building import Builder, squeezed
from assistant.reading.decoding import decode
from assistant.reading.notes import without_text
from assistant.reading.records import add_value
from assistant.values import Content

MEDIA_TYPE = "application/json"
LINES = "application/jsonl"
_TITLES = ("title", "name", "headline")


def read(data: bytes) -> Content:
    """The content of a JSON file; one that breaks the rules is read as plain text."""
    source, notes = decode(data)
    source = source.removeprefix("\ufeff")
    try:
        value, media_type = json.loads(source), MEDIA_TYPE
    except ValueError as error:
        lines = _lines(source)
        if not lines:
            reason = f"It is not valid JSON ({error}), so it was read as plain text."
            title, blocks = plain_text.structure(source)
            return Content(title, source, plain_text.MEDIA_TYPE, blocks, notes=(*notes, squeezed(reason)))
        value, media_type = lines, LINES
    if ipynb.is_notebook(value):
        return ipynb.content(value)
    builder = Builder()
    add_value(value, builder)
    if not builder.blocks:
        raise UnreadableFile(without_text())
    return Content(
        title=_title(value),
        text=builder.text,
        media_type=media_type,
        blocks=tuple(builder.blocks),
        notes=notes,
    )


def _lines(source: str) -> list[Any]:
    """The values of JSON lines; none if a line is no JSON."""
    try:
        found = [json.loads(line) for line in source.split("\n") if line.strip()]
    except ValueError:
        return []
    return found if any(isinstance(one, dict | list) for one in found) else []


def _title(value: Any) -> str:
    named = (value.get(name) for name in _TITLES) if isinstance(value, dict) else ()
    return next((squeezed(words) for words in named if isinstance(words, str) and words.strip()), "")
