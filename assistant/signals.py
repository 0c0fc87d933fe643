"""What speaks for each sentence of the found passages: one named number each, for a fitted model to weigh.

Pure functions of texts and vectors.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.embedding import PassageText, Span
from assistant.questions import ANTONYMS, NEGATIONS, WEAK_SUPERLATIVES, Floats, Question
from assistant.values import Hit
from assistant.words import NUMBER_WORDS, STOP_WORDS, Word, is_year, stem, stems_of, words

Vectors = NDArray[np.float32]
WordVectors = Callable[[list[str]], Vectors]  # words -> unit vectors (words, dimension)
Signals = dict[str, float]

SAME_FAMILY = 0.7  # credit for a word that shares all but its ending with a term
LEANING = frozenset(
    "it its they their them he his she her this these those such however but and also".split()
)
MONTHS = frozenset(
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
SCALES = frozenset("hundred thousand million billion trillion percent percentage dozen".split())
CAUSE_CUES = frozenset(
    "because since due therefore cause causes caused reason reasons result results resulting led thus so "
    "order owing thanks hence consequently why allows allow enabling".split()
)
MANNER_CUES = frozenset("by through using via with use used uses method process first then".split())
PLACE_CUES = frozenset(
    "in at near from to into located on across within between north south east west".split()
)
CUES = {"cause": CAUSE_CUES, "manner": MANNER_CUES, "place": PLACE_CUES}
PEOPLE_ENDINGS = ("er", "or", "ers", "ors", "ist", "ists", "ans", "people")
TYPED = frozenset(("date", "number", "person", "place"))
NUMBER_STEMS = {stem(word): number for word, number in NUMBER_WORDS.items()}
DEFINES = re.compile(
    r"^\W*(?:(?:an?|the)\s+)?[^,.;]{1,80}?(?:\s*\([^)]*\))?,?[^.;]{0,60}?"
    r"\b(?:is|are|was|were|refers? to|means?|describes?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Candidate:
    """A found passage with its vectors: first its own, then one for each sentence."""

    hit: Hit
    vectors: Vectors
    header: str = ""  # of table rows: the row that names their columns

    @cached_property
    def sentences(self) -> list[list[Word]]:
        """The words of each sentence."""
        return [words(sentence.text) for sentence in self.hit.passage.sentences]

    @property
    def with_context(self) -> PassageText:
        """The passage as it is read together with a question: after its title."""
        passage = self.hit.passage
        return PassageText(passage.text, passage.sentence_spans, f"{self.hit.title}. ")

    @property
    def is_table(self) -> bool:
        """Whether its sentences are rows of a table."""
        return self.hit.passage.header is not None

    @cached_property
    def stems(self) -> list[frozenset[str]]:
        """The stems of each sentence; a row has those of its header too, which give it meaning."""
        columns = stems_of(words(self.header))
        return [stems_of(sentence) | columns for sentence in self.sentences]

    @cached_property
    def head(self) -> frozenset[str]:
        """The stems of the title and headings."""
        return stems_of(words(" ".join([self.hit.title, *self.hit.passage.headings])))

    @cached_property
    def body(self) -> frozenset[str]:
        """The stems of the passage, its title and headings."""
        return self.head.union(*self.stems)

    def near(self, at: int) -> frozenset[str]:
        """The stems of a sentence and its two neighbours."""
        return frozenset().union(*self.stems[max(0, at - 1) : at + 2])


@dataclass(slots=True)
class Scored:
    """A sentence of a candidate with its signals. `score`: the ranker's, higher is better, no fixed range."""

    candidate: Candidate
    at: int  # of the sentence in its passage
    signals: Signals
    met: Floats  # by the sentence: how well each question term is met, 0 to 1
    met_near: Floats  # by the sentence and its neighbours
    met_passage: Floats  # by the passage, its title and headings
    soft: Floats  # like `met`, with credit for words of near meaning
    spots: int  # words that could be the answer
    score: float = field(default=0.0)
    span: Span | None = None  # of the passage, where the answer may stand; None if it was not read

    @property
    def text(self) -> str:
        """The sentence as it stands in its document."""
        return self.candidate.hit.passage.sentences[self.at].text


def weigh(
    question: Question, candidates: Sequence[Candidate], vector: Vectors, word_vectors: WordVectors
) -> list[Scored]:
    """Every sentence of the candidates (which come best first) with its signals."""
    reading = _Reading(question, candidates, vector, word_vectors)
    return [
        reading.scored(rank, at)
        for rank, candidate in enumerate(candidates)
        for at in range(len(candidate.sentences))
    ]


class _Reading:
    """One question read against its candidates: what the signals of all sentences share."""

    def __init__(
        self, question: Question, candidates: Sequence[Candidate], vector: Vectors, word_vectors: WordVectors
    ) -> None:
        self.question = question
        self.candidates = candidates
        self.cosines = [np.asarray(candidate.vectors @ vector, np.float64) for candidate in candidates]
        vocabulary = frozenset().union(*(candidate.body for candidate in candidates))
        self.families = [_family(term, vocabulary) for term in question.terms]
        self.top_score = max((candidate.hit.score for candidate in candidates), default=0.0)
        self.top_keywords = max((candidate.hit.keywords for candidate in candidates), default=0.0) or 1.0
        self.top_cosine = max((float(c[1:].max()) for c in self.cosines if len(c) > 1), default=0.0)
        self.met = [[self.coverage(found) for found in candidate.stems] for candidate in candidates]
        self.met_body = [self.coverage(candidate.body) for candidate in candidates]
        self._columns, self._near = self._synonyms(word_vectors)

    def coverage(self, found: frozenset[str]) -> Floats:
        """How well each term is met: 1 by its stem, SAME_FAMILY by a word of its family, else 0."""
        met = np.zeros(len(self.question.terms))
        for at, term in enumerate(self.question.terms):
            if term in found or NUMBER_STEMS.get(term, "") in found:
                met[at] = 1.0
            elif not self.families[at].isdisjoint(found):
                met[at] = SAME_FAMILY
        return met

    def _synonyms(self, word_vectors: WordVectors) -> tuple[dict[str, int], Floats]:
        """A column for every word of the candidates, and each term's nearness to it, 0 to 0.9."""
        parts = (word.folded for c in self.candidates for sentence in c.sentences for word in sentence)
        vocabulary = sorted({word for word in parts if word not in STOP_WORDS})
        if not vocabulary or not self.question.folded:
            return {}, np.zeros((len(self.question.terms), 0))
        cosines = word_vectors(self.question.folded) @ word_vectors(vocabulary).T
        return {word: at for at, word in enumerate(vocabulary)}, ((cosines - 0.3) / 0.5).clip(0, 0.9)

    def soft(self, met: Floats, sentence: Sequence[Word]) -> Floats:
        columns = [self._columns[word.folded] for word in sentence if word.folded in self._columns]
        return np.maximum(met, self._near[:, columns].max(axis=1)) if columns else met

    def scored(self, rank: int, at: int) -> Scored:
        candidate, question = self.candidates[rank], self.question
        sentence, met = candidate.sentences[at], self.met[rank][at]
        met_near = self.coverage(candidate.near(at))
        soft = self.soft(met, sentence)
        spots = answer_spots(question, sentence)
        found = (
            self._closeness(rank, at)
            | self._coverage_signals(rank, at, met_near, soft)
            | _agreement(question, candidate, at)
            | _spot_signals(question, sentence, spots, soft)
            | self._place(rank, at)
            | _shape(question, candidate, at, self.coverage(stems_of(sentence[:8])))
        )
        return Scored(candidate, at, found, met, met_near, self.met_body[rank], soft, len(spots))

    def _closeness(self, rank: int, at: int) -> Signals:
        """Cosines with the question."""
        passage, *cosines = self.cosines[rank]
        neighbours = [cosines[other] for other in (at - 1, at + 1) if 0 <= other < len(cosines)]
        return {
            "cosine": cosines[at],
            "passage_cosine": passage,
            "neighbour_cosine": max(neighbours, default=cosines[at]),
            "cosine_gap": self.top_cosine - cosines[at],
        }

    def _coverage_signals(self, rank: int, at: int, met_near: Floats, soft: Floats) -> Signals:
        """How much of the question's weight the sentence meets, and its surroundings."""
        question, mets = self.question, self.met[rank]
        met, weights = mets[at], question.weights
        others = np.max([*mets[:at], *mets[at + 1 :], np.zeros(len(met))], axis=0)
        length = len(self.candidates[rank].sentences[at])
        return {
            "covered": float(weights @ met),
            "covered_passage": float(weights @ self.met_body[rank]),
            "covered_near": float(weights @ met_near),
            "covered_only_here": float(weights @ (met - others).clip(0)),
            "soft": float(weights @ soft),
            "soft_min": float(soft.min(initial=1.0)) if len(soft) else 0.0,
            # Okapi BM25's saturation by length, with 25 words as the average.
            "keywords": float(weights @ met) * 2.2 / (1.2 * (0.25 + 0.75 * length / 25) + 1),
        }

    def _place(self, rank: int, at: int) -> Signals:
        """Where the sentence stands among what was found."""
        hit = self.candidates[rank].hit
        return {
            "rank": 1 / (1 + rank),
            "score": hit.score,
            "score_gap": self.top_score - hit.score,
            "passage_keywords": hit.keywords / self.top_keywords,
            "first": float(at == 0),
        }


def _family(term: str, vocabulary: frozenset[str]) -> frozenset[str]:
    """The stems that share all but a term's ending, at least five letters."""
    if len(term) < 5:
        return frozenset()
    head = term[: max(5, len(term) - 3)]
    return frozenset(v for v in vocabulary if v.startswith(head) and abs(len(v) - len(term)) <= 4)


def answer_spots(question: Question, sentence: Sequence[Word]) -> list[int]:
    """Indices of the words that could be the answer: of the right shape, and not in the question already."""
    fresh = [
        at
        for at, word in enumerate(sentence)
        if word.stem not in question.stems and word.folded not in STOP_WORDS
    ]
    capitals = [at for at in fresh if sentence[at].capital]
    if question.kind == "date":
        return [at for at in fresh if _is_date(sentence[at], question.focus)]
    if question.kind == "number":
        return [
            at
            for at, word in enumerate(sentence)
            if (word.number and word.number not in question.numbers) or word.folded in SCALES
        ]
    if question.kind == "person":
        return capitals or [at for at in fresh if sentence[at].folded.endswith(PEOPLE_ENDINGS)]
    if question.kind == "place":
        return capitals or [at for at in fresh if at and sentence[at - 1].folded in PLACE_CUES]
    if question.kind == "cause":
        cues = [
            at
            for at, word in enumerate(sentence)
            if word.folded in CAUSE_CUES or (word.folded == "to" and at)
        ]
        return [at for at in fresh if any(0 < at - cue <= 4 for cue in cues)]
    return fresh


def _is_date(word: Word, focus: str) -> bool:
    is_named = word.folded in MONTHS or word.folded in DAYS or word.folded in ("century", "decade")
    return is_year(word.number) or is_named or bool(word.number and focus not in ("year", ""))


def _spot_signals(
    question: Question, sentence: Sequence[Word], spots: Sequence[int], soft: Floats
) -> Signals:
    """Whether something that could be the answer stands near the question's words."""
    index = {term: at for at, term in enumerate(question.terms)}
    hits = [(at, index[word.stem]) for at, word in enumerate(sentence) if word.stem in index]
    best = close = 0.0
    for spot in spots:
        near: dict[int, float] = {}
        for at, term in hits:
            near[term] = max(near.get(term, 0.0), 1 / (1 + abs(at - spot) / 4))
        best = max(best, sum(float(question.weights[term]) * value for term, value in near.items()))
        close = max(close, sum(float(question.weights[term]) for term, value in near.items() if value >= 0.4))
    focus = question.focus
    cues = CUES.get(question.kind, frozenset())
    return {
        "spot": float(bool(spots)),
        "spot_typed": float(bool(spots) and question.kind in TYPED),
        "spot_near": best,
        "spot_share": close,
        "kind_cue": float(any(word.folded in cues for word in sentence)),
        "focus": float(bool(focus) and any(focus == word.stem for word in sentence)),
        "focus_soft": float(soft[index[focus]]) if focus in index else 0.0,
    }


def _agreement(question: Question, candidate: Candidate, at: int) -> Signals:
    """Names, numbers, pairs of words, negations and opposites, compared with the question's."""
    sentence, found = candidate.sentences[at], candidate.stems[at]
    kept = [word.stem for word in sentence if word.folded not in STOP_WORDS]
    denied = any(word.stem in NEGATIONS for word in sentence)
    superlatives = question.superlatives - WEAK_SUPERLATIVES - candidate.near(at)
    return {
        "bigrams": len(question.bigrams & frozenset(pairwise(kept))) / max(1, len(question.bigrams)),
        "span": span(question, sentence),
        "order": _order(question, sentence),
        "names": _share(question.names, found),
        "names_passage": _share(question.names, candidate.body),
        "numbers": _share(question.numbers, found),
        "numbers_passage": _share(question.numbers, candidate.body),
        "negation": float(question.negated != denied),
        "antonym": opposed(question, found),
        "superlative": float(bool(superlatives)),
    }


def _shape(question: Question, candidate: Candidate, at: int, met_opening: Floats) -> Signals:
    """What kind of sentence it is."""
    sentence = candidate.sentences[at]
    text = candidate.hit.passage.sentences[at].text
    fresh = sum(word.stem not in question.stems for word in sentence if word.folded not in STOP_WORDS)
    defines = question.kind in ("definition", "other") and bool(DEFINES.match(text))
    return {
        "fresh": min(fresh, 12) / 12,
        "length": math.log1p(len(sentence)),
        "short": float(len(sentence) < 5 and not candidate.is_table),
        "asks": float(text.rstrip().endswith("?")),
        "leans": float(bool(sentence) and sentence[0].folded in LEANING),
        "defines": float(defines and float(question.weights @ met_opening) > 0.5),
    }


def span(question: Question, sentence: Sequence[Word]) -> float:
    """How close the matched terms stand: over neighbouring matches, the lesser weight by their distance."""
    places = {term: at for at, term in enumerate(question.terms)}
    where = [(at, places[word.stem]) for at, word in enumerate(sentence) if word.stem in places]
    weights = question.weights
    return sum(
        float(min(weights[a], weights[b])) / max(1, j - i) for (i, a), (j, b) in pairwise(where) if a != b
    )


def _order(question: Question, sentence: Sequence[Word]) -> float:
    """Share of the matched terms that stand in the question's order; 0 with fewer than two."""
    places = {term: at for at, term in enumerate(question.terms)}
    first = list(dict.fromkeys(places[word.stem] for word in sentence if word.stem in places))
    if len(first) < 2:
        return 0.0
    longest = [1] * len(first)
    for i, here in enumerate(first):
        longest[i] += max((longest[j] for j in range(i) if first[j] < here), default=0)
    return max(longest) / len(first)


def opposed(question: Question, found: frozenset[str]) -> float:
    """1 when the opposite of a question word is there and the word itself is not."""
    return float(
        any(term not in found and ANTONYMS.get(term, frozenset()) & found for term in question.stems)
    )


def _share(wanted: frozenset[str], found: frozenset[str]) -> float:
    """Share of the wanted that is found; 1 when nothing is wanted."""
    return len(wanted & found) / len(wanted) if wanted else 1.0
