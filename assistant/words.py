"""Words as the keyword index sees them: folded, split and stemmed. Pure functions of text.

The same tokens as SQLite's `porter unicode61 remove_diacritics 2`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import Stemmer

WORD = re.compile(r"[^\W_]+")
_stemmer = Stemmer.Stemmer("porter")

# Words that carry no subject of their own in a question.
STOP_WORDS = frozenset(
    """
    a about an and are as at be been being by can could did do does doing for from give had has have having
    he her hers him his how i if in into is it its me my of on or our out please s she should so some such
    t tell than that the their them then there these they this those to us was we were what when where
    which while who whom whose why will with would you your
    """.split()
)


def fold(text: str) -> str:
    """Lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(ch for ch in decomposed if not unicodedata.combining(ch)).lower()


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    return str(_stemmer.stemWord(word))


def stems(text: str) -> list[str]:
    """The stem of every word, in order."""
    return [stem(word) for word in WORD.findall(fold(text))]


def content_words(question: str) -> list[str]:
    """The words of a question that name its subject, in order, each once; all of them if none does."""
    words = list(dict.fromkeys(WORD.findall(fold(question))))
    return [word for word in words if word not in STOP_WORDS] or words
