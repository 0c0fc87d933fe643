"""What speaks for the best sentence answering at all: named numbers for a fitted model to weigh.

The question may be about a neighbouring fact: another year, another person, the opposite. Pure functions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

from assistant.questions import NEGATIONS, WEAK_SUPERLATIVES, Question
from assistant.signals import TYPED, Scored, Signals, opposed, span
from assistant.words import STOP_WORDS, is_year

UNREAD = -12.0  # log odds of what was not read: as low as what was
ALIKE = 0.5  # nearness in meaning, 0 to 0.9, from which on a word of the documents may stand for another


def signals(question: Question, ranked: Sequence[Scored]) -> Signals:
    """The signals of an answer whose best sentence is `ranked[0]`, beside that sentence's own."""
    best = ranked[0]
    found = {f"best_{name}": value for name, value in best.signals.items()}
    found |= _rivals(question, ranked) | _missing(question, ranked) | _contradicted(question, best)
    return found | _read(ranked)


def shares(sentences: Sequence[Scored]) -> list[float]:
    """For each sentence the probability, 0 to 1, that it is the one that answers, by reading alone.

    Their sum is below 1: it may be that none does.
    """
    powers = [math.exp(scored.span.odds) if scored.span else 0.0 for scored in sentences]
    return [power / (1 + sum(powers)) for power in powers]


def _read(ranked: Sequence[Scored]) -> Signals:
    """What reading the sentences together with the question said."""
    odds = [scored.span.odds if scored.span else UNREAD for scored in ranked]
    likely = shares(ranked)
    return {
        "best_odds": odds[0],
        "best_odds_share": likely[0],
        "most_odds": max(odds),
        "odds_total": sum(likely),
    }


def is_beside(question: Question, ranked: Sequence[Scored], found: Signals) -> bool:
    """Whether the best sentence is about something else: another year, or a name or words found nowhere."""
    bodies = frozenset().union(*(scored.candidate.body for scored in ranked))
    unknown_year = bool(question.years - bodies)
    nothing_met = not any(scored.met_passage.any() for scored in ranked)
    return bool(found["year_other"]) or unknown_year or nothing_met or _has_stranger(question, ranked)


def _has_stranger(question: Question, ranked: Sequence[Scored]) -> bool:
    """Whether the question has a name that no document holds, nor anything like it.

    A name of several words is known by any of them. Abbreviations are passed over, because documents spell
    them out, and so is a question in capitals.
    """
    if not question.unknown or 2 * len(question.names) > len(question.words):
        return False
    places = {term: at for at, term in enumerate(question.terms)}
    near = np.max([np.maximum(scored.soft, scored.met_passage) for scored in ranked], axis=0)
    for is_name, group in groupby(question.words, lambda word: word.capital and not word.text.isupper()):
        stems = {word.stem for word in group} if is_name else set()
        if stems and stems <= question.unknown and all(near[places[stem]] < ALIKE for stem in stems):
            return True
    return False


def _rivals(question: Question, ranked: Sequence[Scored]) -> Signals:
    """How the best sentence stands against the others."""
    best, weights = ranked[0], question.weights
    passage = best.candidate.hit.passage
    scores = np.array([scored.score for scored in ranked])
    share = 1 / float(np.exp(scores - scores[0]).sum())
    same = [s for s in ranked if s.candidate.hit.passage.document_id == passage.document_id]
    others = [s for s in ranked if s.candidate.hit.passage.document_id != passage.document_id]
    cosines = list({id(s.candidate): s.signals["passage_cosine"] for s in ranked}.values())
    elsewhere = max((s.signals["passage_cosine"] for s in others), default=0.0)
    return {
        "score_share": share,
        "score_lead": float(scores[0] - scores[1]) if len(scores) > 1 else 0.0,
        "rival_covered": max((float(weights @ s.met) for s in others), default=0.0)
        - float(weights @ best.met),
        "cosine_over_mean": max(cosines) - float(np.mean(cosines)),
        "cosine_elsewhere": elsewhere - max(cosines),
        "most_covered": max(float(weights @ s.met) for s in ranked),
        "document_covered": float(weights @ np.max([s.met_passage for s in same], axis=0)),
        "same_document": len(same) / len(ranked),
        "keywords_share": best.candidate.hit.keywords / (2.2 * float(question.idf.sum()) + 1e-9),
        "terms": float(len(question.terms)),
        "idf": float(question.idf.sum()),
        "question_length": float(len(question.words)),
    }


def _missing(question: Question, ranked: Sequence[Scored]) -> Signals:
    """What the question asks about and the passage does not speak of."""
    best = ranked[0]
    relative = question.idf / question.idf.max(initial=1e-9)
    mine = [scored.soft for scored in ranked if scored.candidate is best.candidate]
    soft = np.maximum(np.max(mine, axis=0), best.met_passage)
    missing = relative * (1 - soft)
    missing_here = relative * (1 - np.maximum(best.soft, 0.8 * best.met_near))
    nowhere = relative * (np.max([scored.met_passage for scored in ranked], axis=0) == 0)
    places = {term: at for at, term in enumerate(question.terms)}
    names = [places[name] for name in question.names if name in places]
    body = best.candidate.body
    typed = question.kind in TYPED
    return {
        "passage_soft": float(question.weights @ soft),
        "passage_soft_min": float(soft.min(initial=1.0)),
        "missing_most": float(missing.max(initial=0.0)),
        "missing_sentence_most": float(missing_here.max(initial=0.0)),
        "missing_count": float((missing > 0.5).sum()),
        "missing_everywhere": float(nowhere.sum()),
        "unknown": float(nowhere[question.idf >= question.idf.max(initial=0.0)].sum()),
        "name_missing": float(sum(1 - soft[at] for at in names)),
        "name_missing_near": float(sum(best.met_near[at] == 0 for at in names)),
        "number_missing": float(len(question.numbers - body)),
        "number_missing_near": float(len(question.numbers - best.candidate.near(best.at))),
        "superlative_missing": float(len(question.superlatives - WEAK_SUPERLATIVES - body)),
        "spot_missing": float(typed and best.spots == 0),
        "focus_missing": float(bool(question.focus) and question.focus not in body),
    }


def _contradicted(question: Question, best: Scored) -> Signals:
    """What the passage says instead: another name, another year, the opposite."""
    candidate = best.candidate
    sentence = candidate.sentences[best.at]
    places = {term: at for at, term in enumerate(question.terms)}
    unmet = any(best.met_near[places[name]] == 0 for name in question.names if name in places)
    others = {word.stem for word in sentence if word.capital and not word.number} - question.stems
    around = candidate.sentences[max(0, best.at - 1) : best.at + 2]
    years = {word.number for part in around for word in part if is_year(word.number)}
    kept = [[word.stem for word in part if word.folded not in STOP_WORDS] for part in candidate.sentences]
    pairs = frozenset(pair for part in kept for pair in pairwise(part))
    return {
        "name_other": float(bool(others) and unmet),
        "year_other": float(bool(question.years) and bool(years) and not question.years & years),
        "denial_missing": float(question.negated and not any(word.stem in NEGATIONS for word in sentence)),
        "antonym_near": opposed(question, candidate.near(best.at)),
        "bigrams_passage": len(question.bigrams & pairs) / max(1, len(question.bigrams)),
        "pairs_near": span(question, sentence),
    }
