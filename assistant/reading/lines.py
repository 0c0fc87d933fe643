"""The lines of a plain text, and what a line's looks say. Decides no block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST_HEADING = 80
LONGEST_TITLE = 120
MOST_LINES = 50_000  # in a group; what holds more is cut, so that one long table does not take all memory
LONGEST_HARD_WRAP = 120  # a longer line was not wrapped by an editor: it is a paragraph
_TITLE_WORDS = 20
_TAB = 8

_LINE = re.compile(r"[^\n]+")
_MARKER = re.compile(
    r"(?:[•‣◦▪●○■□►▶➢✓✔·]\s*(?=\S)|[-*+–—]\s+(?=\S)|\d{1,2}[.)]\s+(?=\S)|[a-z][)]\s+(?=\S)"
    r"|\((?:[a-z]|\d{1,2}|[ivx]{1,4})\)\s+(?=\S))"
)
# Matched at the start of every line, so each alternative must fail early on prose.
_CODE = re.compile(
    r"\$ |>>> |#include\b|#!|//|/\*|</?\w|import [\w., ]+$|from [\w.]+ import\b"
    r"|(?:def|class|for|if|while|with|elif) .*\):$|(?:try|else):$"
    r"|(?:return|const|let|var|function|public)\b.*[;({=]"
    r"|[\w.]+\(.*\)[;:]?$|[\w.\[\]\"']+\s*[-+*/|]?=\s*\S|[\"']\w+[\"']\s*:|[\])},]+$"
)
_STATEMENT = re.compile(r"\w\(|[={}\[\]]")
_SENTENCE_ENDS = tuple(".!?…。！？")
_CLOSERS = "\"'”’»)]*_"


class Line(NamedTuple):
    """One line without its surrounding white space: `text[start:end] == words`."""

    start: int
    end: int
    indent: int  # in columns
    words: str


def groups(text: str) -> Iterator[list[Line]]:
    """The runs of lines between blank lines, MOST_LINES at a time."""
    group: list[Line] = []
    reached = 0
    for match in _LINE.finditer(text):
        start, end = match.span()
        if group and (start > reached + 1 or len(group) == MOST_LINES):  # more than one line end between
            yield group
            group = []
        reached = end
        line = _line(match.group(), start)
        if line is not None:
            group.append(line)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _line(raw: str, start: int) -> Line | None:
    rest = raw.lstrip()
    if not rest:
        return None
    lead = len(raw) - len(rest)
    words = rest.rstrip()
    indent = 0 if not lead else lead + raw[:lead].count("\t") * (_TAB - 1)
    return Line(start + lead, start + lead + len(words), indent, words)


def marker_length(words: str) -> int:
    """How many characters a bullet or number takes at the start of a list item; 0 if there is none."""
    found = _MARKER.match(words)
    return found.end() if found else 0


def ends_sentence(words: str) -> bool:
    """Whether the line ends as a sentence does, closing quotes and brackets aside."""
    return words.rstrip(_CLOSERS).endswith(_SENTENCE_ENDS)


def looks_like_heading(words: str) -> bool:
    """Short, without closing punctuation, and not starting in lower case."""
    first = words[0]
    return (
        len(words) <= LONGEST_HEADING
        and words[-1] not in ".!…:;,。！，；：-–—"
        and (first.isdigit() or (first.isalpha() and not first.islower()) or first in "“\"'‘¿¡")
        and any(map(str.isalpha, words))
        and not ends_sentence(words.rstrip("?？"))
    )


def looks_like_title(words: str) -> bool:
    """A headline: short, with letters, and no sentence that ends in a period."""
    return (
        len(words) <= LONGEST_TITLE
        and len(words.split()) <= _TITLE_WORDS
        and words[-1] not in ".…:;,。，；："
        and any(map(str.isalpha, words))
        and not words.rstrip(_CLOSERS).endswith((".", "…", "。"))
        and not looks_like_code(words)
    )


def looks_like_code(words: str) -> bool:
    """Whether the line could stand in a program; a single one is no proof."""
    if words[-1] in "{}":
        return True
    if words[-1] == ";":  # so do the parts of a legal list end
        return _STATEMENT.search(words) is not None
    return _CODE.match(words) is not None
