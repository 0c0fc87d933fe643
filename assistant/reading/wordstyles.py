"""What a Word document's style sheet and numbering say: heading levels, and the label of each list item."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from assistant.reading import trees

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LEVELS = {"title": 1, "subtitle": 2}
_DEEPEST_OUTLINE = 8  # outline levels count from 0; 9 is body text
_PLACE = re.compile(r"%([1-9])")
_LONGEST_CHAIN = 20  # of styles based on styles
_ROMANS: tuple[tuple[int, str], ...] = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class _Style:
    """A paragraph style; `level` is 0 for no heading, `number` the list it belongs to."""

    parent: str = ""
    level: int = 0
    number: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class _Level:
    """How one level of a list is numbered."""

    form: str = "bullet"
    label: str = ""
    start: int = 1


@dataclass
class Styles:
    """Heading levels and list labels by paragraph; labels count on from paragraph to paragraph."""

    styles: dict[str, _Style] = field(default_factory=dict)
    lists: dict[str, dict[int, _Level]] = field(default_factory=dict)
    language: str = ""
    _counts: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def level(self, properties: Any | None) -> int:
        """The heading level of a paragraph with these properties, 0 if it is none."""
        own = _outline_level(properties)
        return own if own is not None else self._inherited(properties).level

    def bullet(self, properties: Any | None) -> str:
        """What stands before a list item with these properties, "" if it is none."""
        number = _number(properties) or self._inherited(properties).number
        if number is None or number[0] not in self.lists:
            return ""
        name, depth = number
        level = self.lists[name].get(depth, _Level())
        label = self._label(name, depth) if level.form not in ("bullet", "none") else "-"
        return f"{_INDENT * depth}{label or '-'} "

    def _label(self, name: str, depth: int) -> str:
        counts, levels = self._counts[name], self.lists[name]
        counts[depth] = counts.get(depth, levels.get(depth, _Level()).start - 1) + 1
        for deeper in [one for one in counts if one > depth]:
            del counts[deeper]

        def shown(place: re.Match[str]) -> str:
            at = int(place[1]) - 1
            level = levels.get(at, _Level())
            return _numeral(counts.get(at, level.start), level.form)

        return _PLACE.sub(shown, levels[depth].label)

    def _inherited(self, properties: Any | None) -> _Style:
        """What the paragraph's style says, or the nearest style it is based on."""
        name = _value(properties, "pStyle")
        level, number = 0, None
        for _ in range(_LONGEST_CHAIN):
            style = self.styles.get(name)
            if style is None:
                break
            level, number = level or style.level, number or style.number
            name = style.parent
        return _Style(level=level, number=number)


def load(styles: Any | None, numbering: Any | None) -> Styles:
    """The styles of a document, given the roots of its style and numbering parts."""
    return Styles(_styles(styles), _lists(numbering), _language(styles))


def _language(styles: Any | None) -> str:
    """The language that the text is in unless a passage says otherwise."""
    return (
        _value(trees.child(styles, "docDefaults", "rPrDefault", "rPr"), "lang") if styles is not None else ""
    )


def _styles(root: Any | None) -> dict[str, _Style]:
    if root is None:
        return {}
    return {
        trees.attribute(one, "styleId"): _style(one)
        for one in trees.children(root, "style")
        if trees.attribute(one, "type") == "paragraph"
    }


def _style(element: Any) -> _Style:
    label = _value(element, "name").casefold()
    properties = trees.child(element, "pPr")
    heading = _HEADING.fullmatch(label)
    level = int(heading[1]) if heading else _LEVELS.get(label, _outline_level(properties) or 0)
    return _Style(_value(element, "basedOn"), level, _number(properties))


def _lists(root: Any | None) -> dict[str, dict[int, _Level]]:
    """The levels of each numbering by its id."""
    if root is None:
        return {}
    forms = {
        trees.attribute(one, "abstractNumId"): {
            _integer(trees.attribute(level, "ilvl")): _list_level(level)
            for level in trees.children(one, "lvl")
        }
        for one in trees.children(root, "abstractNum")
    }
    return {
        trees.attribute(one, "numId"): forms.get(_value(one, "abstractNumId"), {})
        for one in trees.children(root, "num")
    }


def _list_level(element: Any) -> _Level:
    start = _value(element, "start")
    return _Level(
        form=_value(element, "numFmt") or "decimal",
        label=_value(element, "lvlText"),
        start=_integer(start) if start else 1,
    )


def _outline_level(properties: Any | None) -> int | None:
    """1 to 9 for a heading, 0 for body text, None if the properties do not say."""
    found = _value(properties, "outlineLvl")
    if not found:
        return None
    level = _integer(found)
    return level + 1 if level <= _DEEPEST_OUTLINE else 0


def _number(properties: Any | None) -> tuple[str, int] | None:
    """The id of the numbering and the depth in it; None if the properties do not say."""
    found = trees.child(properties, "numPr") if properties is not None else None
    if found is None:
        return None
    return _value(found, "numId"), min(_integer(_value(found, "ilvl")), 8)


def _value(element: Any | None, child: str) -> str:
    found = trees.child(element, child) if element is not None else None
    return trees.attribute(found, "val") if found is not None else ""


def _integer(words: str) -> int:
    return int(words) if words.isascii() and words.isdigit() and len(words) < 7 else 0


def _numeral(count: int, form: str) -> str:
    if form.endswith("Letter"):
        letters = chr(ord("a") + (count - 1) % 26) * min(1 + (count - 1) // 26, 20) if count > 0 else "0"
        return letters.upper() if form.startswith("upper") else letters
    if form.endswith("Roman") and 0 < count < 4000:
        numeral = _roman(count)
        return numeral.upper() if form.startswith("upper") else numeral
    return str(count)


def _roman(count: int) -> str:
    numeral = ""
    for value, letters in _ROMANS:
        numeral += letters * (count // value)
        count %= value
    return numeral
