"""The fitted weights: signals to a sentence's score, and to the probability that it answers.

`weights.json` is written by `tests/benchmarks/fit_weights.py`, which says how it was fitted and validated.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from assistant import answerability
from assistant.questions import Question
from assistant.signals import Scored, Signals

FILE = Path(__file__).with_name("weights.json")
BESIDE = 0.03  # most confidence for a sentence that is beside the question; 3 in 90 such were right
WHOLE_ROW = 0.6  # least confidence in a row that meets, with its header, every term of the question
Weights = dict[str, float]


@lru_cache(maxsize=1)
def weights() -> dict[str, Weights]:
    """The weights of each model by name; those of "answer" have an "intercept"."""
    read: dict[str, Weights] = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def by_signals(sentences: Sequence[Scored]) -> list[Scored]:
    """The sentences with the scores that their signals give them, best first."""
    for scored in sentences:
        scored.score = round(total(weights()["sentence"], scored.signals), 4)
    return _sorted(sentences)


def rank(sentences: Sequence[Scored]) -> list[Scored]:
    """The sentences of `by_signals` with what reading them said in their scores, best first."""
    for scored, share in zip(sentences, answerability.shares(sentences), strict=True):
        scored.score = round(total(weights()["reread"], reread_signals(scored, share)), 4)
    return _sorted(sentences)


def reread_signals(scored: Scored, share: float) -> Signals:
    """What decides the order in the end: the score by signals, and what reading the sentence said."""
    odds = scored.span.odds if scored.span else 0.0
    is_read = float(scored.span is not None)
    return {"score": scored.score, "is_read": is_read, "odds": odds, "odds_share": share}


def _sorted(sentences: Sequence[Scored]) -> list[Scored]:
    return sorted(sentences, key=lambda s: (-s.score, s.candidate.hit.rank, s.at))


def confidence(question: Question, ranked: Sequence[Scored]) -> float:
    """The probability, 0 to 1, that the best of the ranked sentences answers the question."""
    if not ranked or not question.terms:
        return 0.0
    signals = answerability.signals(question, ranked)
    logit = total(weights()["answer"], signals | {"intercept": 1.0})
    chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
    if ranked[0].candidate.is_table and ranked[0].met.all():
        chance = max(chance, WHOLE_ROW)
    return round(min(chance, BESIDE) if answerability.is_beside(question, ranked, signals) else chance, 2)


def total(by_name: Weights, signals: Signals) -> float:
    """The weighted sum of the signals that have a weight."""
    return sum(weight * signals[name] for name, weight in by_name.items())
