"""Read a question: its terms and their weights, its names and numbers, and the kind of answer it asks for.

Pure functions of text; the corpus enters as how many passages hold a stem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.words import STOP_WORDS, Word, is_year, stem, words

Floats = NDArray[np.float64]


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in text.split())


NEGATIONS = _stems(
    "not no never nor none nobody nothing neither without cannot t unable fail failed lack lacked "
    "except instead rather unlike refuse refused"
)
SUPERLATIVES = _stems(
    "most least first last largest biggest greatest highest lowest smallest longest shortest oldest "
    "earliest latest youngest best worst main primary only original final fewest newest tallest deepest "
    "fastest strongest second third fourth fifth"
)
WEAK_SUPERLATIVES = _stems("only main")  # often left unsaid by the sentence that answers

# Words that say little of a subject; in a small corpus their frequency makes them look rare.
GENERIC = _stems(
    "make made happen use used using go went get got come came take took become became begin began work "
    "way thing part good great new different certain various several include including involve allow "
    "provide show cause effect result reason example mean main important people person year time day "
    "month date type kind sort form term word number amount many long large small big high low often "
    "usually sometimes always never still else other another besides describe describes consider refer "
    "say said state think thought believe want need help try tell find found give given happening occur "
    "occurred related relate associated exist own one two first last today current currently following "
    "according approximately exactly specifically specific purpose role goal within"
)
GENERIC_SHARE = 0.4

PERSON_NOUNS = _stems(
    "person man woman people president king queen author writer artist scientist researcher actor "
    "actress singer player coach leader director inventor engineer politician philosopher mathematician "
    "physicist chemist emperor pope bishop general governor mayor minister founder composer musician "
    "architect quarterback linebacker character explorer poet officer designer economist historian "
    "theorist professor"
)
PLACE_NOUNS = _stems(
    "city country state place town river region area province county continent island mountain ocean "
    "sea lake location nation village street stadium university school hometown capital district "
    "neighborhood venue territory"
)
DATE_NOUNS = _stems("year date day month century decade time era season")
NUMBER_NOUNS = _stems(
    "number amount percentage percent population size length height cost price rate age distance speed "
    "temperature area depth weight share score total salary proportion fraction ratio value"
)
MEASURES = frozenset(
    "many much long old far tall high often big large fast deep wide heavy hot few late early".split()
)
YES_NO = frozenset("is are was were do does did can could has have had will should".split())

DECADE = re.compile(r"['’]?s\b")  # after a number: "the 1970s" are no single year

_PAIRS = """
before after|first last|most least|more less|more fewer|largest smallest|largest least|
highest lowest|increase decrease|increased decreased|rise fall|rose fell|north south|east west|
northern southern|eastern western|begin end|began ended|start end|started ended|win lose|won lost|
beat lost|old new|oldest newest|oldest youngest|earliest latest|early late|above below|high low|
higher lower|larger smaller|bigger smaller|greater lesser|longer shorter|long short|male female|
man woman|men women|son daughter|father mother|king queen|husband wife|brother sister|buy sell|
bought sold|import export|same different|public private|internal external|inside outside|
maximum minimum|major minor|positive negative|strong weak|strength weakness|success failure|
rich poor|hot cold|warm cold|wet dry|summer winter|day night|love hate|life death|born died|
birth death|open close|opened closed|enter leave|join leave|joined left|accept reject|
accepted rejected|allow forbid|allowed forbidden|legal illegal|possible impossible|like dislike|
agree disagree|agreed disagreed|support oppose|supported opposed|friend enemy|attack defend|
offense defense|offensive defensive|top bottom|left right|upper lower|front back|full empty|
heavy light|dark light|thick thin|wide narrow|urban rural|supply demand|create destroy|
created destroyed|add remove|added removed|appear disappear|include exclude|included excluded|
simple complex|easy hard|easy difficult|true false|war peace|past future|ancient modern|
catholic protestant|liberal conservative|democrat republican|domestic foreign|local national|
gain loss|gained lost|profit loss|advantage disadvantage|benefit drawback|cause prevent|help harm|
many few|best worst|better worse|common rare|common uncommon|frequent rare|never always|all none|
land sea|single multiple|aerobic anaerobic|renewable nonrenewable|constant variable|expensive cheap|
poorest richest|lower raise|slow fast|slowest fastest|encourage discourage|encouraged discouraged|
solid liquid|liquid gas"""


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for pair in _PAIRS.replace("\n", "").split("|"):
        one, other = (stem(word) for word in pair.split())
        found[one] = found.get(one, frozenset()) | {other}
        found[other] = found.get(other, frozenset()) | {one}
    return found


ANTONYMS = _opposites()


@dataclass(frozen=True)
class Question:
    """What a question asks. `idf` is the inverse document frequency of each term; `weights` sums to 1."""

    text: str
    words: list[Word]
    terms: list[str]  # distinct content stems, in order
    folded: list[str]  # the word behind each term
    idf: Floats  # natural logarithm
    weights: Floats
    names: frozenset[str]  # stems
    numbers: frozenset[str]
    years: frozenset[str]
    kind: str  # person, date, number, place, cause, definition, manner, name, yesno, other
    focus: str  # stem of the noun asked for ("which CITY", "how many POINTS"), or empty
    negated: bool
    superlatives: frozenset[str]
    stems: frozenset[str]
    bigrams: frozenset[tuple[str, str]]
    unknown: frozenset[str]  # terms that the user typed and no passage of the corpus holds


def analyse(
    text: str, passages_with: Callable[[list[str]], list[int]], passage_count: int, *, asked: str = ""
) -> Question:
    """Read a question. `passages_with(words)` says in how many of the corpus's passages each word occurs.

    `asked` is what the user typed, where `text` also has words of the conversation.
    """
    parts = words(text)
    kind, focus = kind_of(parts)
    terms = _terms(parts)
    frequency = np.array(passages_with(list(terms.values())), np.float64)
    names = {word.folded for word in parts if word.capital}
    share = [GENERIC_SHARE if term in GENERIC and word not in names else 1.0 for term, word in terms.items()]
    idf = np.log((passage_count + 1) / (frequency + 0.5)).clip(0.1) * np.array(share)
    numbers = frozenset(word.number for word in parts if word.number)
    kept = [word.stem for word in parts if word.folded not in STOP_WORDS]
    stems = frozenset(word.stem for word in parts)
    return Question(
        text=text,
        words=parts,
        terms=list(terms),
        folded=list(terms.values()),
        idf=idf,
        weights=idf / idf.sum() if len(idf) else idf,
        names=frozenset(word.stem for word in parts if word.capital and not word.number),
        numbers=numbers,
        years=frozenset(
            word.number for word in parts if is_year(word.number) and not DECADE.match(text, word.end)
        ),
        kind=kind,
        focus=focus,
        negated=bool(stems & NEGATIONS),
        superlatives=stems & SUPERLATIVES,
        stems=stems,
        bigrams=frozenset(pairwise(kept)),
        unknown=frozenset(term for term, count in zip(terms, frequency, strict=True) if count == 0)
        & frozenset(word.stem for word in (words(asked) if asked else parts)),
    )


def _terms(parts: Sequence[Word]) -> dict[str, str]:
    """The content stems with the word behind each; the first words of all where there are none."""
    found: dict[str, str] = {}
    for word in parts:
        if word.folded not in STOP_WORDS and (len(word.folded) > 1 or word.number):
            found.setdefault(word.stem, word.folded)
    return found or {word.stem: word.folded for word in parts[:8]}


def kind_of(parts: Sequence[Word]) -> tuple[str, str]:
    """The kind of answer expected, and the stem of the noun asked for (empty if none is)."""
    for at, word in enumerate(parts):
        after = parts[at + 1 : at + 5]
        noun = next((w.stem for w in after if w.folded not in STOP_WORDS and not w.number), "")
        follow = after[0].folded if after else ""
        simple = {"when": "date", "where": "place", "why": "cause"}.get(word.folded)
        if simple:
            return simple, ""
        if word.folded in ("who", "whom", "whose"):
            return "person", noun if word.folded == "whose" else ""
        if word.folded == "how":
            counted = noun if follow in ("many", "few") else ""
            return ("number", counted) if follow in MEASURES else ("manner", "")
        if word.folded in ("what", "which"):
            return _kind_of_what(parts, after, noun)
    if parts and parts[0].folded in YES_NO:
        return "yesno", ""
    return "other", ""


def _kind_of_what(parts: Sequence[Word], after: Sequence[Word], noun: str) -> tuple[str, str]:
    follow = after[0].folded if after else ""
    window = [word.stem for word in after]
    if follow in YES_NO or follow == "s":
        asked = window[1:3]
        if {"caus", "reason"} & set(window):
            return "cause", ""
        if any(word in NUMBER_NOUNS for word in asked):
            return "number", noun
        if any(word in DATE_NOUNS for word in asked):
            return "date", noun
        if follow in ("is", "are", "was", "were") and sum(w.folded not in STOP_WORDS for w in parts) <= 3:
            return "definition", noun
        return "other", noun
    groups = (
        ("person", PERSON_NOUNS),
        ("place", PLACE_NOUNS),
        ("date", DATE_NOUNS),
        ("number", NUMBER_NOUNS),
    )
    for word in window[:3]:
        for kind, nouns in groups:
            if word in nouns:
                return kind, word
    return ("name", noun) if noun else ("other", noun)
