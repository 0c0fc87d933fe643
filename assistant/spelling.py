"""Mend misspelt words of a question with the words of the documents.

Only a word that no document holds and that is no common word is changed, so that a question about something
that is not there stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rapidfuzz.distance import DamerauLevenshtein

from assistant.words import porter, words

SHORTEST = 4  # letters of a word that is mended
LONG = 9  # from this length on, two slips are mended
STEMS_TRIED = 8  # the nearest, whose words are looked at


def mended(
    text: str,
    *,
    passages_with: Callable[[list[str]], list[int]],
    is_common: Callable[[str], bool],
    stems_like: Callable[[str], Sequence[tuple[str, int]]],
    forms: Callable[[str], Sequence[str]],
) -> str:
    """The text with each misspelt word replaced by the nearest word of the documents.

    `stems_like` gives the stems of the documents that begin alike, each with the number of passages that
    hold it; `forms` their words with that stem. The distance is that of Damerau and Levenshtein: a letter
    more, less, other, or swapped with the next.
    """
    parts = [word for word in words(text) if len(word.text) >= SHORTEST and not word.number]
    held = passages_with([word.folded for word in parts])
    for word, count in reversed(list(zip(parts, held, strict=True))):
        if count or is_common(word.folded):
            continue
        if near := _nearest(word.folded, stems_like, forms):
            text = text[: word.start] + _cased(near, word.text) + text[word.end :]
    return text


def _nearest(
    word: str,
    stems_like: Callable[[str], Sequence[tuple[str, int]]],
    forms: Callable[[str], Sequence[str]],
) -> str:
    """The nearest known word within one slip (two in a long word), of the commonest stem; empty if none is.

    A slip near the end can make its stem another ("facilty", "facility"), so stems may be one further off.
    """
    most = 2 if len(word) >= LONG else 1
    stem = porter(word)
    near = [
        (distance, -count, other)
        for other, count in stems_like(stem)
        if (distance := DamerauLevenshtein.distance(stem, other, score_cutoff=most + 1)) <= most + 1
    ]
    found = [
        (distance, fewer, form)
        for _, fewer, other in sorted(near)[:STEMS_TRIED]
        for form in forms(other)
        if (distance := DamerauLevenshtein.distance(word, form, score_cutoff=most)) <= most
        and not (distance == 2 and word.startswith(form))  # "container" is no misspelt "contain"
    ]
    return min(found)[2] if found else ""


def _cased(word: str, like: str) -> str:
    return word.upper() if like.isupper() else word.capitalize() if like[0].isupper() else word
