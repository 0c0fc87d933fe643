"""Word (docx): paragraphs, headings by style, lists, tables, notes and text boxes. Runs no macro.

Headers, footers and deleted words are left out; comments are counted in a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from assistant.errors import UnreadableFile
from assistant.reading import trees, wordstyles
from assistant.reading.building import Builder, first_heading, squeezed
from assistant.reading.notes import counted, picture_note, without_text
from assistant.reading.office import Package
from assistant.reading.tables import has_header, is_layout
from assistant.reading.wordruns import Anchored, words_and_anchors
from assistant.values import Content

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_TRANSPARENT = frozenset(
    "sdt sdtContent ins moveTo customXml smartTag AlternateContent Choice body txbxContent tc".split()
)
_NOTES = {"footnoteReference": ("footnotes", "footnote"), "endnoteReference": ("endnotes", "endnote")}


@dataclass
class _Walk:
    """Where the walk over the document stands."""

    builder: Builder
    styles: wordstyles.Styles
    notes: dict[tuple[str, str], Any] = field(default_factory=dict)  # by kind of reference and id
    is_list: bool = False
    used: set[tuple[str, str]] = field(default_factory=set)


def read(data: bytes) -> Content:
    """The content of a Word document. Raises UnreadableFile if it is damaged or holds no text."""
    package = Package(data)
    main = package.main()
    root = package.part(main)
    walk = _Walk(
        builder=Builder(),
        styles=wordstyles.load(package.optional(main, "styles"), package.optional(main, "numbering")),
        notes=_note_bodies(package, main),
    )
    _blocks(trees.child(root, "body"), walk)
    return _content(package, main, root, walk)


def _content(package: Package, main: str, root: Any, walk: _Walk) -> Content:
    text, blocks = walk.builder.text, tuple(walk.builder.blocks)
    pictures = len(list(trees.descendants(root, "blip", "imagedata")))
    if not text:
        raise UnreadableFile(without_text(pictures))
    title, facts = package.properties()
    if walk.styles.language:
        facts.setdefault("language", walk.styles.language)
    return Content(
        title=title or first_heading(blocks, text, level=9),
        text=text,
        media_type=MEDIA_TYPE,
        blocks=blocks,
        facts=facts,
        notes=tuple(_notes(package, main, pictures)),
    )


def _notes(package: Package, main: str, pictures: int) -> Iterator[str]:
    comments = package.optional(main, "comments")
    count = len(list(trees.children(comments, "comment"))) if comments is not None else 0
    if count:
        yield f"It has {counted(count, 'comment')}, which cannot be found or quoted."
    if pictures:
        yield picture_note(pictures)


def _note_bodies(package: Package, main: str) -> dict[tuple[str, str], Any]:
    found = {}
    for reference, (kind, element) in _NOTES.items():
        part = package.optional(main, kind)
        for one in trees.children(part, element) if part is not None else ():
            found[reference, trees.attribute(one, "id")] = one
    return found


def _blocks(parent: Any | None, walk: _Walk) -> None:
    """Add all paragraphs and tables in an element."""
    for element in trees.children(parent) if parent is not None else ():
        match trees.name(element):
            case "p":
                _paragraph(element, walk)
            case "tbl":
                _table(element, walk)
            case name if name in _TRANSPARENT:
                _blocks(element, walk)


def _paragraph(element: Any, walk: _Walk) -> None:
    words, anchors = words_and_anchors(element)
    properties = trees.child(element, "pPr")
    if words.strip():
        _add(words, properties, walk)
    for anchor in anchors:
        _anchored(anchor, walk)


def _add(words: str, properties: Any | None, walk: _Walk) -> None:
    level = walk.styles.level(properties)
    bullet = "" if level else walk.styles.bullet(properties)
    if walk.is_list and not bullet:
        walk.builder.end_list()
    walk.is_list = bool(bullet)
    if level:
        walk.builder.heading(words, level=level)
    elif bullet:
        walk.builder.item(words, bullet=bullet)
    else:
        walk.builder.paragraph(words)


def _anchored(anchor: Anchored, walk: _Walk) -> None:
    """Add what hangs on a place in a paragraph: a note, a text box, or a picture's description."""
    if anchor.element is not None:
        _blocks(anchor.element, walk)
        return
    if anchor.description:
        walk.builder.paragraph(anchor.description)
        return
    body = walk.notes.get(anchor.note)
    if body is None or anchor.note in walk.used:
        return
    walk.used.add(anchor.note)
    label = "Footnote" if anchor.note[0] == "footnoteReference" else "Endnote"
    walk.builder.end_list()
    walk.builder.item(_cell(body), bullet=f"{label} {len(walk.used)}: ")
    walk.builder.end_list()


def _table(element: Any, walk: _Walk) -> None:
    walk.is_list = False
    rows = [list(_parts(row, "tc")) for row in _parts(element, "tr")]
    if is_layout([list(map(_cell, row)) for row in rows]):
        for row in rows:
            for cell in row:
                _blocks(cell, walk)
        walk.builder.end_list()
        return
    is_marked = next(trees.descendants(element, "tblHeader"), None) is not None
    filled = [list(map(_cell, row)) for row in rows]
    walk.builder.table(filled, has_header=is_marked or has_header(filled))
    for row in rows:
        for cell in row:
            _inside(cell, walk)


def _inside(cell: Any, walk: _Walk) -> None:
    """Add what hangs on places in a table's cell, after the table."""
    for paragraph in trees.descendants(cell, "p"):
        for anchor in words_and_anchors(paragraph)[1]:
            _anchored(anchor, walk)


def _parts(element: Any, wanted: str) -> Iterator[Any]:
    """The rows of a table ("tr") or the cells of a row ("tc"), also those in a control or an insertion."""
    for one in trees.children(element, wanted, "sdt", "sdtContent", "ins", "customXml"):
        if trees.name(one) == wanted:
            yield one
        else:
            yield from _parts(one, wanted)


def _cell(element: Any) -> str:
    """The words of a cell or a note on one line, those of a table inside it too."""
    parts = [
        words_and_anchors(one)[0] for one in trees.descendants(element, "p") if not _is_boxed(one, element)
    ]
    return squeezed(" ".join(parts))


def _is_boxed(paragraph: Any, top: Any) -> bool:
    """Whether a paragraph stands in a text box below this element: it is added apart."""
    parent = paragraph.getparent()
    while parent is not None and parent is not top:
        if trees.name(parent) == "txbxContent":
            return True
        parent = parent.getparent()
    return False
