"""From an element tree to text and blocks: HTML's element names, and those of trafilatura's result."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from assistant.reading.building import Builder
from assistant.reading.tables import LONGEST_CELL

_SPACE = re.compile(r"\s+")
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite data del dfn em font hi i ins kbd label mark q ref s samp small span"
    " strike strong sub sup time tt u var wbr".split()
)
_SILENT = frozenset(
    "script style noscript template svg iframe object graphic img video audio canvas title".split()
)
_LISTS = frozenset(("ul", "ol", "list", "menu"))
_ITEMS = frozenset(("li", "item", "dt", "dd"))
_CELLS = frozenset(("td", "th", "cell"))
_BREAKS = frozenset(("br", "lb"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INDENT = "  "


@dataclass
class _Walk:
    """Where the walk stands: the words of the open paragraph, and the lists around it."""

    builder: Builder
    words: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # of the open lists; 0 for bullets
    bullet: str = ""  # of an item that has no words yet

    def end_paragraph(self) -> None:
        words = "".join(self.words)
        self.words.clear()
        if not words.strip():
            return
        if self.bullet:
            self.builder.item(words, bullet=self.bullet)
            self.bullet = ""
        else:
            self.builder.paragraph(words)


def add_element(element: Any, builder: Builder) -> None:
    """Add everything in the element to the text."""
    walk = _Walk(builder)
    _visit(element, walk)
    walk.end_paragraph()


def _visit(element: Any, walk: _Walk) -> None:
    name = element.tag
    if not isinstance(name, str) or name in _SILENT:
        return
    if name in _BREAKS:
        walk.words.append("\n")
    elif name in _INLINE or (name == "code" and not _is_block_of_code(element)):
        _visit_children(element, walk)
    else:
        walk.end_paragraph()
        _visit_block(element, name, walk)
        walk.end_paragraph()


def _visit_children(element: Any, walk: _Walk) -> None:
    _add_words(element.text, walk)
    for child in element:
        _visit(child, walk)
        _add_words(child.tail, walk)


def _add_words(words: str | None, walk: _Walk) -> None:
    if words:
        walk.words.append(_SPACE.sub(" ", words))


def _visit_block(element: Any, name: str, walk: _Walk) -> None:
    level = _heading_level(element, name)
    if level:
        walk.builder.heading("".join(element.itertext()), level=level)
    elif name in ("pre", "code"):
        walk.builder.code("".join(element.itertext()))
    elif name in _LISTS:
        _visit_list(element, name, walk)
    elif name in _ITEMS:
        _visit_item(element, walk)
    elif name == "table" and _is_table(element):
        rows = [[cell for cell in row if cell.tag in _CELLS] for row in element.iter("tr", "row")]
        walk.builder.table((list(map(_words_of, row)) for row in rows), has_header=_has_header(rows))
    else:
        _visit_children(element, walk)


def _heading_level(element: Any, name: str) -> int:
    """1 to 6 for a heading, else 0; "head" is trafilatura's name, with HTML's in `rend`."""
    if name == "head":
        return _HEADINGS.get(element.get("rend", ""), 2)
    return _HEADINGS.get(name, 0)


def _visit_list(element: Any, name: str, walk: _Walk) -> None:
    is_numbered = name == "ol" or element.get("rend") == "ol"
    walk.numbers.append(1 if is_numbered else 0)
    _visit_children(element, walk)
    walk.end_paragraph()
    walk.numbers.pop()
    if not walk.numbers:
        walk.builder.end_list()


def _visit_item(element: Any, walk: _Walk) -> None:
    number = walk.numbers[-1] if walk.numbers else 0
    if number:
        walk.numbers[-1] += 1
    walk.bullet = _INDENT * (len(walk.numbers) - 1) + (f"{number}. " if number else "- ")
    _visit_children(element, walk)
    walk.end_paragraph()
    walk.bullet = ""


def _is_block_of_code(element: Any) -> bool:
    return any("\n" in words for words in element.itertext())


def _is_table(element: Any) -> bool:
    """Whether a table holds data: a page can be laid out with one, and then its cells hold everything."""
    if next((inner for inner in element.iter("table") if inner is not element), None) is not None:
        return False
    cells = list(element.iter(*_CELLS))
    rows = list(element.iter("tr", "row"))
    return len(cells) > len(rows) and all(len("".join(cell.itertext())) <= LONGEST_CELL for cell in cells)


def _has_header(rows: list[list[Any]]) -> bool:
    """Whether the first full row names the columns. In a table of names and values, no row does."""
    first = next((row for row in rows if len(list(filter(_words_of, row))) > 1), [])
    if any(_is_head(cell) for row in rows for cell in row):
        return all(_is_head(cell) for cell in first if _words_of(cell))
    return len(first) > 2


def _is_head(cell: Any) -> bool:
    return bool(cell.tag == "th" or cell.get("role") == "head")


def _words_of(cell: Any) -> str:
    """The words of a cell, with a space between its lines and paragraphs."""
    return " ".join(" ".join(cell.itertext()).split())
