"""Jupyter notebooks: text cells as Markdown, code cells as code, and what the code printed. Runs nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from assistant.errors import UnreadableFile
from assistant.reading import markdown
from assistant.reading.building import Builder, first_heading, squeezed
from assistant.reading.decoding import decode
from assistant.reading.notes import counted, without_text
from assistant.values import Content

MEDIA_TYPE = "application/x-ipynb+json"
_LONGEST_OUTPUT = 20_000  # characters; a longer one is a log
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def read(data: bytes) -> Content:
    """The content of a notebook. Raises UnreadableFile if it is none, or empty."""
    source, _ = decode(data)
    try:
        value = json.loads(source.removeprefix("\ufeff"))
    except ValueError as error:
        raise UnreadableFile(
            f"It is not valid JSON ({squeezed(str(error))}), as a notebook is: save it again."
        ) from error
    if not is_notebook(value):
        raise UnreadableFile("It is named as a notebook and holds no cells: save it again from Jupyter.")
    return content(value)


def is_notebook(value: Any) -> bool:
    """Whether a JSON value is a notebook of version 3 or 4."""
    return isinstance(value, dict) and "nbformat" in value and bool({"cells", "worksheets"} & set(value))


def content(notebook: dict[str, Any]) -> Content:
    """The content of a notebook. Raises UnreadableFile if its cells are empty."""
    builder = Builder()
    cut = pictures = 0
    for cell in _cells(notebook):
        _add_cell(cell, builder)
        for output in _dicts(cell.get("outputs")):
            words = _COLOURS.sub("", _output(output))
            cut += len(words) > _LONGEST_OUTPUT
            pictures += not words and any(key.startswith("image/") for key in _dict(output.get("data")))
            builder.code(words[:_LONGEST_OUTPUT])
    text, blocks = builder.text, tuple(builder.blocks)
    if not text:
        raise UnreadableFile(without_text())
    title = _joined(_dict(notebook.get("metadata")).get("title"))
    return Content(
        title=squeezed(title) or first_heading(blocks, text, level=2),
        text=text,
        media_type=MEDIA_TYPE,
        blocks=blocks,
        notes=tuple(_notes(cut, pictures)),
    )


def _notes(cut: int, pictures: int) -> Iterator[str]:
    if cut:
        outputs = counted(cut, "output")
        yield f"Of {outputs} only the first {_LONGEST_OUTPUT:,} characters were read."
    if pictures:
        yield f"It shows {counted(pictures, 'picture')}: words inside a picture cannot be found."


def _cells(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for sheet in _dicts(notebook.get("worksheets")):  # version 3
        yield from _dicts(sheet.get("cells"))
    yield from _dicts(notebook.get("cells"))


def _add_cell(cell: dict[str, Any], builder: Builder) -> None:
    words = _joined(cell.get("source", cell.get("input")))
    if not words.strip():
        return
    match cell.get("cell_type"):
        case "markdown":
            _add_markdown(words, builder)
        case "heading":
            level = cell.get("level")
            builder.heading(words, level=level if isinstance(level, int) and 0 < level < 7 else 1)
        case _:
            builder.code(words)


def _add_markdown(words: str, builder: Builder) -> None:
    try:
        # A rule at the start of a cell would be taken for front matter.
        builder.embed(markdown.read(f"\n{words}".encode("utf-8", "replace")))
    except UnreadableFile:
        return  # nothing but markup, such as a picture


def _output(output: dict[str, Any]) -> str:
    """What an output shows as text."""
    if output.get("output_type") in ("error", "pyerr"):
        return ": ".join(filter(None, (_joined(output.get("ename")), _joined(output.get("evalue")))))
    shown = _dict(output.get("data"))
    return _joined(output.get("text") or shown.get("text/plain") or shown.get("text/markdown"))


def _joined(value: Any) -> str:
    """A notebook's text: a string, or a list of its lines."""
    if isinstance(value, list):
        return "".join(one for one in value if isinstance(one, str))
    return value if isinstance(value, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    yield from (one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()
