"""The words of one Word paragraph as they are shown, equations included, and what hangs on places in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistant.reading import trees
from assistant.reading.building import squeezed

_SHOWN = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
# Deleted and moved words, field codes, the layout, and the second rendering of what Choice holds.
_LEFT_OUT = frozenset(
    "del moveFrom delText instrText delInstrText pPr rPr sdtPr Fallback rt annotationRef fldData".split()
)
_MADE_BY_PROGRAM = ("automatically generated", "AI-generated content")  # in a picture's description
_APPLIED = "\u2061"  # stands between a function's name and its argument, and shows nothing


@dataclass(frozen=True, slots=True)
class Anchored:
    """A text box (`element`), a picture's `description`, or a `note`: kind of reference and id."""

    element: Any | None = None
    description: str = ""
    note: tuple[str, str] = ("", "")


def words_and_anchors(paragraph: Any) -> tuple[str, list[Anchored]]:
    """The words of a paragraph, and what is anchored in it, in order."""
    words: list[str] = []
    anchors: list[Anchored] = []
    _visit(paragraph, words, anchors)
    return "".join(words), anchors


def _visit(element: Any, words: list[str], anchors: list[Anchored]) -> None:
    for one in element:
        name = trees.name(one)
        if name in _LEFT_OUT:
            continue
        if name in ("t", "sym"):
            words.append((one.text or "").replace(_APPLIED, " "))
        elif name in _SHOWN:
            words.append(_SHOWN[name])
        elif name in _MATHS:
            words.append(_MATHS[name](one))
        elif name in ("footnoteReference", "endnoteReference"):
            anchors.append(Anchored(note=(name, trees.attribute(one, "id"))))
        elif name == "txbxContent":
            anchors.append(Anchored(element=one))
        else:
            if name == "docPr" and (words_there := description_of(one)):
                anchors.append(Anchored(description=words_there))
            _visit(one, words, anchors)


def description_of(properties: Any) -> str:
    """The description that somebody wrote for a picture, "" if there is none or a program made it up."""
    words = squeezed(properties.get("descr", ""))
    return "" if any(mark in words for mark in _MADE_BY_PROGRAM) else words


# --- equations -----------------------------------------------------------------------------------------


def _inner(element: Any | None) -> str:
    words: list[str] = []
    if element is not None:
        _visit(element, words, [])
    return "".join(words).strip()


def _operand(element: Any, name: str) -> str:
    """A part of an equation, in brackets unless it is a single number or name."""
    words = _inner(trees.child(element, name))
    return words if words.isalnum() or not words else f"({words})"


def _root(element: Any) -> str:
    degree = _inner(trees.child(element, "deg"))
    return f"{degree}√{_operand(element, 'e')}"


def _delimited(element: Any) -> str:
    properties = trees.child(element, "dPr")
    ends = []
    for name, usual in (("begChr", "("), ("endChr", ")")):
        found = trees.child(properties, name) if properties is not None else None
        ends.append(usual if found is None else trees.attribute(found, "val"))
    return ends[0] + ", ".join(_inner(one) for one in trees.children(element, "e")) + ends[1]


def _sum(element: Any) -> str:
    found = trees.child(element, "naryPr", "chr")
    sign = trees.attribute(found, "val") if found is not None else "∫"
    limits = "".join(f"{mark}{_operand(element, name)}" for mark, name in (("_", "sub"), ("^", "sup")))
    return f" {sign}{limits} {_inner(trees.child(element, 'e'))}"


_MATHS: dict[str, Callable[[Any], str]] = {
    "f": lambda one: f"{_operand(one, 'num')}/{_operand(one, 'den')}",
    "sSup": lambda one: f"{_operand(one, 'e')}^{_operand(one, 'sup')}",
    "sSub": lambda one: f"{_operand(one, 'e')}_{_operand(one, 'sub')}",
    "sSubSup": lambda one: f"{_operand(one, 'e')}_{_operand(one, 'sub')}^{_operand(one, 'sup')}",
    "rad": _root,
    "d": _delimited,
    "nary": _sum,
}
