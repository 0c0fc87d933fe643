"""Find cited words again in a text that may have changed since they were cited.

Pure functions of text: the chat and `check --citations` both go by them. Words count as found only if they
are all there, in order; nothing is matched approximately.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

State = Literal["intact", "moved", "changed"]

# What a reader is shown in place of control characters and halves of pairs; it may come back in a quote.
_SHOWN = "\ufffd"
_HIDDEN = r"[\ufffd\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands now, as indices into the text; "changed" if the text no longer holds it."""

    start: int
    end: int
    state: State


def anchor(text: str, start: int, end: int, quote: str) -> Place:
    """The place of a quote that was cited at `start` to `end`: there, or at its occurrence nearest to it.

    Only the space between its words may differ, as when lines were broken anew. Without a quote, the place is
    taken as it was given.
    """
    start = max(0, min(start, len(text)))
    end = max(start, min(end, len(text)))
    words = quote.split()
    if not words or text[start:end] == quote:
        return Place(start, end, "intact")
    pattern = re.compile(r"\s+".join(_literal(word) for word in words))
    if pattern.fullmatch(text[start:end].strip()):
        return Place(start, end, "intact")
    found = [match.span() for match in pattern.finditer(text)]
    if not found:
        return Place(start, start, "changed")
    return Place(*min(found, key=lambda span: abs(span[0] - start)), "moved")


def _literal(word: str) -> str:
    return re.escape(word).replace(_SHOWN, _HIDDEN)
