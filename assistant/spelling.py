"""Mend misspelt words of a question with the words of the documents.

Only a word that no document holds and that is no common word is changed, so that a question about something
that is not there stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rapidfuzz.distance import DamerauLevenshtein

from assistant.words import porter, words

SHORTEST = 4  # letters of a word that is mended
LONG = 8  # from this length on, two slips are mended


def mended(
    text: str,
    *,
    passages_with: Callable[[list[str]], list[int]],
    is_common: Callable[[str], bool],
    stems_like: Callable[[str], Sequence[tuple[str, int]]],
    as_written: Callable[[str], str],
) -> str:
    """The text with each misspelt word replaced by the nearest word of the documents.

    `stems_like` gives the stems of the documents that begin alike, each with the number of passages that
    hold it; `as_written` a word of theirs with that stem. The distance is that of Damerau and Levenshtein:
    a letter more, less, other, or swapped with the next.
    """
    parts = [word for word in words(text) if len(word.text) >= SHORTEST and not word.number]
    held = passages_with([word.folded for word in parts])
    for word, count in reversed(list(zip(parts, held, strict=True))):
        if count or is_common(word.folded):
            continue
        if near := _nearest(porter(word.folded), stems_like(porter(word.folded))):
            better = _cased(as_written(near), word.text)
            text = text[: word.start] + better + text[word.end :]
    return text


def _nearest(word: str, known: Sequence[tuple[str, int]]) -> str:
    """The known stem within one slip (two in a long word), the commonest of the nearest; empty if none is."""
    most = 2 if len(word) >= LONG else 1
    found = [
        (distance, -count, other)
        for other, count in known
        if (distance := DamerauLevenshtein.distance(word, other, score_cutoff=most)) <= most
        and not (distance == 2 and word.startswith(other))  # "container" is no misspelt "contain"
    ]
    return min(found)[2] if found else ""


def _cased(word: str, like: str) -> str:
    return word.upper() if like.isupper() else word.capitalize() if like[0].isupper() else word
