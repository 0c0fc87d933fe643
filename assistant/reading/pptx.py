"""PowerPoint (pptx): one page a slide, with its title, bullets, tables, charts and speaker notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from assistant.errors import UnreadableFile
from assistant.reading import trees
from assistant.reading.building import Builder, first_heading, page_spans
from assistant.reading.notes import listed, picture_note, without_text
from assistant.reading.office import Package, Relationship
from assistant.reading.tables import has_header
from assistant.reading.wordruns import description_of
from assistant.values import Content

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_TITLES = ("title", "ctrTitle")
_RUNNING = ("ftr", "sldNum", "dt", "hdr", "sldImg")  # placeholders for footers, numbers, the slide's picture
_SHAPES = ("sp", "grpSp", "graphicFrame", "pic", "AlternateContent", "Choice")
_INDENT = "  "


@dataclass
class _Slide:
    """The slide at hand, and what the walk over it needs."""

    package: Package
    builder: Builder
    links: dict[str, Relationship]
    is_bulleted: bool = False  # where the layout gives bullets: in the body
    pictures: int = 0


def read(data: bytes) -> Content:
    """The content of a presentation. Raises UnreadableFile if it is damaged or shows no text."""
    package = Package(data)
    slides = _slides(package)
    builder = Builder()
    starts: dict[int, int] = {}
    pictures, empty = 0, []
    for number, name in enumerate(slides, start=1):
        before = len(builder.blocks)
        pictures += _add_slide(name, package, builder)
        if len(builder.blocks) > before:
            starts[number] = builder.blocks[before].start
        else:
            empty.append(number)
    text, blocks = builder.text, tuple(builder.blocks)
    if not text:
        raise UnreadableFile(without_text(pictures))
    title, facts = package.properties()
    return Content(
        title=title or first_heading(blocks, text),
        text=text,
        media_type=MEDIA_TYPE,
        blocks=blocks,
        pages=page_spans(starts, pages=len(slides), length=len(text), name="slide"),
        facts=facts,
        notes=tuple(_notes(empty, pictures)),
    )


def _notes(empty: Sequence[int], pictures: int) -> Iterator[str]:
    if empty:
        which = f"Slide {empty[0]} shows" if len(empty) == 1 else f"Slides {listed(empty)} show"
        yield f"{which} no text."
    if pictures:
        yield picture_note(pictures)


def _slides(package: Package) -> list[str]:
    """The names of the slides' parts in the order in which they are shown."""
    main = package.main()
    links = package.relationships(main)
    ids = [
        value
        for one in trees.descendants(package.part(main), "sldId")
        for key, value in one.items()
        if key.endswith("}id")
    ]
    targets = [links[one].target for one in ids if one in links]
    return [target for target in targets if target in package.archive]


def _add_slide(name: str, package: Package, builder: Builder) -> int:
    """Add one slide with its notes; returns how many pictures it shows."""
    slide = _Slide(package, builder, package.relationships(name))
    root = package.part(name)
    shapes = list(_shapes(trees.child(root, "cSld", "spTree")))
    # The title can be drawn last, and stands first.
    for shape in sorted(shapes, key=lambda one: _placeholder(one) not in _TITLES):
        _add_shape(shape, slide)
    notes = package.optional(name, "notesSlide")
    if notes is not None:
        _add_notes(notes, builder)
    return slide.pictures


def _add_notes(root: Any, builder: Builder) -> None:
    paragraphs = [
        _words(paragraph)
        for shape in _shapes(trees.child(root, "cSld", "spTree"))
        if trees.name(shape) == "sp" and _placeholder(shape) not in _RUNNING
        for paragraph in trees.descendants(shape, "p")
    ]
    if any(map(str.strip, paragraphs)):
        builder.heading("Notes", level=2)
        for words in paragraphs:
            builder.paragraph(words)


def _shapes(tree: Any | None) -> Iterator[Any]:
    """All shapes, those of groups among them; of alternatives the first."""
    for shape in trees.children(tree, *_SHAPES) if tree is not None else ():
        if trees.name(shape) in ("grpSp", "AlternateContent", "Choice"):
            yield from _shapes(shape)
        else:
            yield shape


def _placeholder(shape: Any) -> str:
    """What the shape is for: "title", "body", …; "" if it is no placeholder."""
    found = next(trees.descendants(shape, "ph"), None)
    return "" if found is None else trees.attribute(found, "type") or "body"


def _add_shape(shape: Any, slide: _Slide) -> None:
    purpose = _placeholder(shape)
    if purpose in _RUNNING:
        return
    if trees.name(shape) == "pic":
        _add_picture(shape, slide)
    elif purpose in _TITLES:
        words = " ".join(map(_words, trees.descendants(shape, "p")))
        slide.builder.heading(words, level=1)
    elif trees.name(shape) == "sp":
        slide.is_bulleted = purpose in ("body", "obj")
        for paragraph in trees.descendants(shape, "p"):
            _add_paragraph(paragraph, slide)
        slide.builder.end_list()
    else:
        _add_frame(shape, slide)


def _add_picture(shape: Any, slide: _Slide) -> None:
    slide.pictures += 1
    for properties in trees.descendants(shape, "cNvPr"):
        slide.builder.paragraph(description_of(properties))


def _add_paragraph(paragraph: Any, slide: _Slide) -> None:
    words = _words(paragraph)
    if not words.strip():
        return
    properties = trees.child(paragraph, "pPr")
    level = trees.attribute(properties, "lvl") if properties is not None else ""
    if _has_bullet(properties, slide):
        slide.builder.item(words, bullet=_INDENT * int(level if level in "12345678" and level else 0) + "- ")
    else:
        slide.builder.end_list()
        slide.builder.paragraph(words)


def _has_bullet(properties: Any | None, slide: _Slide) -> bool:
    """Whether a paragraph has a bullet of its own, or by the layout that its shape follows."""
    own = {trees.name(one) for one in properties} if properties is not None else set()
    if "buNone" in own:
        return False
    return bool(own & {"buChar", "buAutoNum", "buBlip"}) or slide.is_bulleted


def _words(paragraph: Any) -> str:
    """The words of a paragraph; a break inside it becomes a line end."""
    parts = trees.descendants(paragraph, "t", "br")
    return "".join("\n" if trees.name(part) == "br" else part.text or "" for part in parts)


def _add_frame(frame: Any, slide: _Slide) -> None:
    """Add a table, a chart, or the words of a diagram."""
    for table in trees.descendants(frame, "tbl"):
        rows = [
            [" ".join(map(_words, trees.descendants(cell, "p"))) for cell in trees.children(row, "tc")]
            for row in trees.children(table, "tr")
        ]
        slide.builder.table(rows, has_header=has_header(rows))
    for found, kind in (("chart", "chart"), ("relIds", "diagramData")):
        for reference in trees.descendants(frame, found):
            _add_linked(reference, kind, slide)


def _add_linked(reference: Any, kind: str, slide: _Slide) -> None:
    """Add a chart's values or a diagram's words, which are parts of their own."""
    target = next(
        (slide.links[value].target for value in reference.attrib.values() if value in slide.links), ""
    )
    if target not in slide.package.archive:
        return
    root = slide.package.part(target)
    if kind == "chart":
        _add_chart(root, slide.builder)
        return
    for paragraph in trees.descendants(root, "p"):
        slide.builder.item(_words(paragraph), bullet="- ")
    slide.builder.end_list()


def _add_chart(root: Any, builder: Builder) -> None:
    """Add a chart's title, and its values as a table with one column a series."""
    for title in trees.descendants(root, "title"):
        builder.paragraph(" ".join(map(_words, trees.descendants(title, "p"))))
    series = list(trees.descendants(root, "ser"))
    names = ["".join(_values(trees.child(one, "tx"))) for one in series]
    categories = next((found for one in series if (found := _values(trees.child(one, "cat")))), [])
    columns = [_values(trees.child(one, "val")) or _values(trees.child(one, "yVal")) for one in series]
    rows = [list(row) for row in zip_longest(categories, *columns, fillvalue="")]
    builder.table([["Category", *names], *rows] if any(names) else rows, has_header=any(names))


def _values(element: Any | None) -> list[str]:
    """The values that the chart was last drawn with, one for each point."""
    if element is None:
        return []
    return [trees.words_of(value) for value in trees.descendants(element, "v")]
