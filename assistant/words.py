"""Words of a text: folded, split and reduced to stems. Pure functions of text.

`porter` is the stem of SQLite's `porter unicode61 remove_diacritics 2`, by which the keyword index goes.
`stem`, by which words are compared, also makes "grew" and "grow" one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import simplemma
import Stemmer

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
_stemmer = Stemmer.Stemmer("porter")

# Words that carry no subject of their own.
STOP_WORDS = frozenset(
    """
    a about above after again against all also am an and any are as at be because been before being
    below between both but by can cannot could d did didn do does doesn doing don done down during
    each few for from further give given had hadn has hasn have haven having he her here hers
    herself him himself his how i if in into is isn it its itself just kind known called let list ll
    m many may me might more most much must my myself name named no nor not now of off on once only
    or other ought our ours ourselves out over own please re s same shall she should shouldn so some
    such t tell than that the their theirs them themselves then there these they this those through
    to too type under until up upon us ve very was wasn we were weren what when where whether which
    while who whom whose why will with won would wouldn according couldn aren yes you your yours
    yourself yourselves
    """.split()
)
NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty".split()
    )
} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "seventy": "70",
    "eighty": "80",
    "ninety": "90",
}
NUMBER_WORDS |= {"hundred": "100", "dozen": "12"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text, where it stands, and its shape."""

    text: str  # as written
    folded: str
    stem: str
    start: int
    end: int
    number: str  # "1987", "4"; empty if it is not a number
    capital: bool  # begins with a capital, and not only because a sentence begins there


def fold(text: str) -> str:
    """Lower case without accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(ch for ch in decomposed if not unicodedata.combining(ch)).lower()


def porter(word: str) -> str:
    """The stem of a folded word (Porter 1980)."""
    return _stemmer.stemWord(word) or word  # of "s" it leaves nothing


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of a folded word's dictionary form, in English."""
    return porter(simplemma.lemmatize(word, lang="en"))


def words(text: str) -> list[Word]:
    """The words of a text in order."""
    return [_word(text, match) for match in _TOKEN.finditer(text)]


def _word(text: str, match: re.Match[str]) -> Word:
    written = match[0]
    folded = fold(written)
    number = folded.replace(",", "") if folded[0].isdigit() else NUMBER_WORDS.get(folded, "")
    capital = written[0].isupper() and folded not in STOP_WORDS and _is_name(text, match)
    return Word(written, folded, stem(folded), match.start(), match.end(), number, capital)


def _is_name(text: str, match: re.Match[str]) -> bool:
    """Whether a capital stands for a name: inside a sentence, or followed by another capital."""
    before = text[max(0, match.start() - 8) : match.start()].rstrip()
    if before and before[-1] not in '.!?:\n"“':
        return True
    if match[0].isupper() and len(match[0]) > 1:
        return True
    after = text[match.end() : match.end() + 2]
    return len(after) == 2 and after[0] in " -" and after[1].isupper()


def is_year(number: str) -> bool:
    """Whether a number reads as a year."""
    return len(number) == 4 and number.isdigit() and 1000 <= int(number) <= 2100


def stems_of(parts: Iterable[Word]) -> frozenset[str]:
    """The stems of words, with numbers also as figures."""
    listed = list(parts)
    return frozenset(word.stem for word in listed) | frozenset(word.number for word in listed if word.number)


def content_words(text: str) -> list[str]:
    """The folded words that name a subject, in order, each once; all of the words if none does."""
    found = list(dict.fromkeys(fold(match[0]) for match in _TOKEN.finditer(text)))
    return [word for word in found if word not in STOP_WORDS] or found
