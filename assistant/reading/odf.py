"""OpenDocument text, spreadsheets and presentations: the same elements arranged in three ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from assistant.errors import UnreadableFile
from assistant.reading import trees
from assistant.reading.archives import LOCKED, Archive
from assistant.reading.building import Builder, first_heading, page_spans, squeezed
from assistant.reading.notes import counted, picture_note, without_text
from assistant.reading.sheets import Budget, NumberedRow, add_sheet, budget_notes, within
from assistant.reading.tables import has_header, is_layout
from assistant.values import Content

_PREFIX = "application/vnd.oasis.opendocument."
_SHEETS, _SLIDES = f"{_PREFIX}spreadsheet", f"{_PREFIX}presentation"
_SILENT = frozenset("tracked-changes annotation annotation-end notes forms sequence-decls settings".split())
_SPACES = {"tab": "\t", "line-break": "\n"}
_MOST_REPEATS = 200  # of one cell in a row; a row is filled up with empty ones to a thousand
_INDENT = "  "


@dataclass
class _Walk:
    """Where the walk over the document stands."""

    builder: Builder = field(default_factory=Builder)
    budget: Budget = field(default_factory=Budget)
    starts: dict[int, int] = field(default_factory=dict)  # of slides
    slides: int = 0
    notes: int = 0
    waiting: list[Any] = field(default_factory=list)  # notes and text boxes of the paragraph at hand


def read(data: bytes) -> Content:
    """The content of an OpenDocument file. Raises UnreadableFile if it is locked, damaged or empty."""
    archive = Archive(data)
    media_type = archive.read("mimetype").decode("ascii", "replace").strip().removesuffix("-template")
    if "META-INF/manifest.xml" in archive and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise UnreadableFile(LOCKED)
    root = trees.parse(archive.read("content.xml"))
    walk = _Walk()
    body = trees.child(root, "body")
    for part in trees.children(body) if body is not None else ():
        for element in trees.children(part):
            _add_part(element, walk, media_type)
    text, blocks = walk.builder.text, tuple(walk.builder.blocks)
    pictures = len(list(trees.descendants(root, "image")))
    if not blocks:
        raise UnreadableFile(without_text(pictures))
    title, facts = _properties(archive)
    return Content(
        title=title or first_heading(blocks, text) if media_type != _SHEETS else title,
        text=text,
        media_type=media_type,
        blocks=blocks,
        rows=tuple(walk.builder.rows),
        pages=page_spans(walk.starts, pages=walk.slides, length=len(text), name="slide"),
        facts=facts,
        notes=tuple(_notes(root, walk, pictures)),
    )


def _notes(root: Any, walk: _Walk, pictures: int) -> Iterator[str]:
    comments = len(list(trees.descendants(root, "annotation")))
    if comments:
        yield f"It has {counted(comments, 'comment')}, which cannot be found or quoted."
    if pictures:
        yield picture_note(pictures)
    yield from budget_notes(walk.budget)


def _properties(archive: Archive) -> tuple[str, dict[str, str]]:
    if "meta.xml" not in archive:
        return "", {}
    meta = trees.child(trees.parse(archive.read("meta.xml")), "meta")
    said = {trees.name(one): squeezed(trees.words_of(one)) for one in meta} if meta is not None else {}
    facts = {
        "author": said.get("initial-creator") or said.get("creator", ""),
        "date": (said.get("date") or said.get("creation-date", ""))[:10],
        "language": said.get("language", ""),
    }
    return said.get("title", ""), {name: words for name, words in facts.items() if words}


def _add_part(element: Any, walk: _Walk, media_type: str) -> None:
    if media_type == _SHEETS and trees.name(element) == "table":
        add_sheet(walk.builder, trees.attribute(element, "name"), _numbered(element, walk), walk.budget)
    elif media_type == _SLIDES and trees.name(element) == "page":
        _add_slide(element, walk)
    else:
        _add(element, walk)


def _add_slide(page: Any, walk: _Walk) -> None:
    walk.slides += 1
    before = len(walk.builder.blocks)
    frames = list(trees.children(page))
    for frame in sorted(frames, key=lambda one: trees.attribute(one, "class") != "title"):
        if trees.attribute(frame, "class") == "title":
            walk.builder.heading(
                " ".join(_shown(one, walk) for one in trees.descendants(frame, "p")), level=1
            )
        else:
            _add(frame, walk)
    notes = trees.child(page, "notes")
    said = [_shown(one, walk) for one in trees.descendants(notes, "p")] if notes is not None else []
    if any(map(str.strip, said)):
        walk.builder.heading("Notes", level=2)
        for words in said:
            walk.builder.paragraph(words)
    if len(walk.builder.blocks) > before:
        walk.starts[walk.slides] = walk.builder.blocks[before].start


def _add(element: Any, walk: _Walk) -> None:
    """Add everything in an element: paragraphs, headings, lists, tables, and what holds them."""
    match trees.name(element):
        case "h":
            level = trees.attribute(element, "outline-level")
            walk.builder.heading(_shown(element, walk), level=int(level) if level in set("123456789") else 1)
        case "p":
            walk.builder.paragraph(_shown(element, walk))
        case "list":
            _add_list(element, walk, depth=0)
            walk.builder.end_list()
        case "table":
            _add_table(element, walk)
        case name if name not in _SILENT:
            for child in trees.children(element):
                _add(child, walk)
    _add_waiting(walk)


def _add_waiting(walk: _Walk) -> None:
    """Add the notes and text boxes of the paragraph before."""
    waiting, walk.waiting = walk.waiting, []
    for element in waiting:
        if trees.name(element) != "note":
            _add(element, walk)
            continue
        walk.notes += 1
        words = " ".join(_shown(one, walk) for one in trees.descendants(element, "p"))
        walk.builder.end_list()
        walk.builder.item(words, bullet=f"Footnote {walk.notes}: ")
        walk.builder.end_list()


def _add_list(element: Any, walk: _Walk, *, depth: int) -> None:
    for item in trees.children(element, "list-item", "list-header"):
        for child in trees.children(item):
            if trees.name(child) == "list":
                _add_list(child, walk, depth=depth + 1)
            elif trees.name(child) in ("p", "h"):
                walk.builder.item(_shown(child, walk), bullet=_INDENT * depth + "- ")
            else:
                _add(child, walk)


def _add_table(element: Any, walk: _Walk) -> None:
    rows = [cells for _, cells in within(_numbered(element, walk), walk.budget)]
    if is_layout(rows):
        for cell in trees.descendants(element, "table-cell"):
            for child in trees.children(cell):
                _add(child, walk)
        return
    walk.builder.table(rows, has_header=has_header(rows))


def _numbered(table: Any, walk: _Walk) -> Iterator[NumberedRow]:
    """The rows of a table with their numbers; of equal ones the first few, of empty ones one."""
    number = 1
    for cells, repeats in _rows(table, walk):
        for at in range(min(repeats, _MOST_REPEATS) if any(cells) else 1):
            yield number + at, cells
        number += repeats


def _rows(table: Any, walk: _Walk) -> Iterator[tuple[list[str], int]]:
    """The rows of a table, each with how often it is repeated."""
    for element in trees.children(table):
        name = trees.name(element)
        if name == "table-row":
            yield _cells(element, walk), _repeats(element, "number-rows-repeated")
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(element, walk)


def _cells(row: Any, walk: _Walk) -> list[str]:
    cells: list[str] = []
    for cell in trees.children(row, "table-cell", "covered-table-cell"):
        words = " ".join(_shown(one, walk) for one in trees.descendants(cell, "p", "h"))
        cells.extend([squeezed(words)] * min(_repeats(cell, "number-columns-repeated"), _MOST_REPEATS))
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _repeats(element: Any, name: str) -> int:
    found = trees.attribute(element, name)
    return int(found) if found.isascii() and found.isdigit() and len(found) < 8 else 1


def _shown(element: Any, walk: _Walk) -> str:
    """The words of a paragraph; notes and text boxes in it wait until it ends."""
    parts = [element.text or ""]
    for child in trees.children(element):
        name = trees.name(child)
        if name in ("note", "text-box"):
            walk.waiting.append(child)
        elif name == "s":
            parts.append(" ")
        elif name in _SPACES:
            parts.append(_SPACES[name])
        elif name not in _SILENT:
            parts.append(_shown(child, walk))
        parts.append(child.tail or "")
    return "".join(parts)
