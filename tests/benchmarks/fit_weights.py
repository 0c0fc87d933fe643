"""Fit `assistant/weights.json` on data set folders, and say how well it does on sets it was not fitted on.

    PYTHONPATH=. python tests/benchmarks/fit_weights.py FOLDER FOLDER … [--write]

A folder is a data set, or holds articles that the reader never saw (`comprehension/held_out/`).

Three models. The sentence model is a conditional logit over the sentences found for a question: it raises the
one that holds a gold answer above the others. The reread model is another on four numbers: that score, and
what the span reader (`fit_reader.py`) said of the best passages. The answer model is a logistic regression on
whether the best sentence answers. It learns refusing from questions without an answer and from answerable
ones with their gold documents left out; its probability is then calibrated (Platt 1999) on the questions as
they were asked. All sets weigh the same.
For each set the scores of weights fitted on all the other sets are printed; `--write` then writes the weights
fitted on all.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from material import articles, write_data_set
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant import answerability, evaluate, ranking, settings
from assistant.assistant import Assistant
from assistant.chain import PASSAGES_READ, understand
from assistant.evaluate import Case
from assistant.extract import compose
from assistant.questions import Question, analyse
from assistant.signals import Scored

Floats = NDArray[np.float64]
REREAD = ("is_read", "odds", "odds_share", "score")
SENTENCE_L2 = 5.0
ANSWER_C = 0.05


@dataclass
class Example:
    """One question as it was asked of the index. `right` marks the sentences that hold a gold answer."""

    data: str
    variant: str  # "asked", "hidden"
    case: Case
    question: Question
    sentences: list[Scored]
    right: Floats
    rows: Floats = field(init=False)  # signals
    read: Floats = field(init=False)  # what decides in the end: the score by signals, and reading
    ranked: list[Scored] = field(default_factory=list)
    quoted: list[bool] = field(default_factory=list)
    answer_row: Floats | None = None

    @property
    def is_answerable(self) -> bool:
        return self.variant == "asked" and self.case.answerable

    def quotes_right(self) -> list[bool]:
        """For each quote of the composed answer, whether it holds a gold answer."""
        place = {id(scored): at for at, scored in enumerate(self.sentences)}
        return [any(self.right[place[id(scored)]] for scored in run) for run in compose(self.ranked)]


class Order(NamedTuple):
    """Fitted weights that put sentences in order."""

    by_signals: Floats
    reread: Floats


# --- examples ------------------------------------------------------------------------------------


def collect(folder: Path) -> list[Example]:
    """Ask every question of a data set, and its variants, and keep the signals."""
    found = []
    with _data_set(folder) as place, evaluate.indexed(place, settings.load()) as (assistant, cases):
        everything = [document.source for document in assistant.documents()]
        for case in cases:
            found.append(_example(assistant, folder.name, "asked", case, ()))
            if not (case.answerable and case.gold and len(everything) > len(case.gold) + 5):
                continue
            others = [source for source in everything if source not in case.gold]
            found.append(_example(assistant, folder.name, "hidden", case, others))
    return found


@contextmanager
def _data_set(folder: Path) -> Iterator[Path]:
    """The folder; one of articles written for training (`material.py`) as a data set."""
    written = [] if (folder / "questions.jsonl").exists() else sorted(folder.glob("*.txt"))
    if not written:
        yield folder
        return
    with TemporaryDirectory() as place:
        write_data_set(articles(written), Path(place))
        yield Path(place)


def _example(assistant: Assistant, data: str, variant: str, case: Case, sources: Sequence[str]) -> Example:
    extractor = assistant._engine.extractor
    standing = understand(case.question, case.history, assistant._engine.retriever)
    hits = assistant.search(standing.text, k=PASSAGES_READ, sources=sources)
    library = extractor.library
    question = analyse(
        standing.text, library.keywords.passages_with, library.passage_count(), asked=standing.asked
    )
    sentences = extractor.weighed(question, hits)
    right = np.array([float(variant == "asked" and _holds(scored, case)) for scored in sentences])
    example = Example(data, variant, case, question, sentences, right)
    names = sorted(sentences[0].signals) if sentences else []
    example.rows = np.array([[scored.signals[name] for name in names] for scored in sentences])
    return example


def _holds(scored: Scored, case: Case) -> bool:
    hit = scored.candidate.hit
    sentence = hit.passage.sentences[scored.at]
    if hit.source not in case.gold:
        return False
    for source, start, end in case.spans if not case.answers else ():
        shared = min(end, sentence.end) - max(start, sentence.start)
        if source == hit.source and shared > 0.5 * min(end - start, sentence.end - sentence.start):
            return True
    return evaluate.holds(sentence.text, case.answers)


# --- the sentence model --------------------------------------------------------------------------


def fit_order(examples: Sequence[Example]) -> Order:
    """Weights of the sentence signals, and of what decides in the end, each in the order of its names."""
    by_signals = _conditional_logit(examples, lambda example: example.rows)
    _score(examples, by_signals)
    return Order(by_signals, _conditional_logit(examples, lambda example: example.read))


def _score(examples: Sequence[Example], by_signals: Floats) -> None:
    """Give every sentence the score of its signals, and set `read`."""
    for example in examples:
        scores = np.round(example.rows @ by_signals, 4)
        for scored, score in zip(example.sentences, scores, strict=True):
            scored.score = float(score)
        likely = answerability.shares(example.sentences)
        found = [ranking.reread_signals(s, share) for s, share in zip(example.sentences, likely, strict=True)]
        example.read = np.array([[one[name] for name in REREAD] for one in found])


def _conditional_logit(examples: Sequence[Example], rows_of: Callable[[Example], Floats]) -> Floats:
    used = [e for e in examples if e.is_answerable and e.right.any() and not e.right.all()]
    sizes = np.array([len(e.right) for e in used])
    rows, right = np.concatenate([rows_of(e) for e in used]), np.concatenate([e.right for e in used])
    held = Counter(e.data for e in used)
    importance = np.array([1 / held[e.data] for e in used])
    importance *= len(used) / importance.sum()
    spread = rows.std(axis=0) + 1e-6
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(len(used)), sizes)

    def loss(beta: Floats) -> tuple[float, Floats]:
        scores = (rows / spread) @ beta
        scores -= np.maximum.reduceat(scores, starts)[owner]
        power = np.exp(scores)
        total = np.add.reduceat(power, starts)
        good = np.add.reduceat(power * right, starts)
        pull = (power / total[owner] - power * right / good[owner]) * importance[owner]
        value = -(importance * np.log(good / total)).sum() + SENTENCE_L2 * (beta @ beta) / 2
        return float(value), (rows / spread).T @ pull + SENTENCE_L2 * beta

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x / spread)


def rank(examples: Sequence[Example], order: Order) -> None:
    """Put every example's sentences in the order of the fitted scores, and read the answer's signals."""
    examples = [example for example in examples if example.sentences]
    _score(examples, order.by_signals)
    for example in examples:
        for scored, score in zip(example.sentences, np.round(example.read @ order.reread, 4), strict=True):
            scored.score = float(score)
        example.ranked = sorted(example.sentences, key=lambda s: (-s.score, s.candidate.hit.rank, s.at))
        example.quoted = example.quotes_right()
        signals = answerability.signals(example.question, example.ranked)
        example.answer_row = np.array([signals[name] for name in sorted(signals)])


# --- the answer model ----------------------------------------------------------------------------


def fit_answers(examples: Sequence[Example]) -> dict[str, float]:
    """Weights of the answer signals by name, with "intercept"."""
    rows, labels, weights, names = [], [], [], []
    sizes = Counter((example.data, example.variant) for example in examples)
    for example in _judged(examples):
        assert example.answer_row is not None
        names = names or sorted(answerability.signals(example.question, example.ranked))
        rows.append(example.answer_row)
        labels.append(float(example.is_answerable))
        weights.append(1.0 / sizes[example.data, example.variant])
    matrix, importance, is_right = np.array(rows), np.array(weights), np.array(labels) == 1
    for side in (is_right, ~is_right):
        importance[side] *= len(rows) / 2 / importance[side].sum()
    mean, spread = matrix.mean(axis=0), matrix.std(axis=0) + 1e-6
    model = LogisticRegression(C=ANSWER_C, max_iter=3000)
    model.fit((matrix - mean) / spread, labels, sample_weight=importance)
    beta = model.coef_[0] / spread
    found = dict(zip(names, (float(b) for b in beta), strict=True))
    return found | {"intercept": float(model.intercept_[0] - mean @ beta)}


def calibrated(examples: Sequence[Example], weights: dict[str, float]) -> dict[str, float]:
    """The answer weights with slope and intercept fitted to how often answers are right, all sets alike."""
    asked = [e for e in examples if e.variant == "asked" and e.answer_row is not None]
    labels = [float(e.case.answerable and _answers(e)) for e in asked]
    held = Counter(e.data for e in asked)
    logits = np.array([[logit(e, weights)] for e in asked])
    model = LogisticRegression(C=1e6).fit(logits, labels, sample_weight=[1 / held[e.data] for e in asked])
    slope, shift = float(model.coef_[0, 0]), float(model.intercept_[0])
    scaled = {name: slope * weight for name, weight in weights.items()}
    return scaled | {"intercept": scaled["intercept"] + shift}


def _judged(examples: Sequence[Example]) -> Iterator[Example]:
    """Right answers, and questions without one; a wrong answer to a question that has one teaches neither."""
    for example in examples:
        if example.answer_row is not None and (not example.is_answerable or _answers(example)):
            yield example


def _answers(example: Example) -> bool:
    """Whether the first quote answers; where gold answers are prose, whether it is in a gold document."""
    if example.right.any() or len(example.case.answers) > 1 or example.case.spans:
        return example.quoted[0]
    return example.ranked[0].candidate.hit.source in example.case.gold


def logit(example: Example, weights: dict[str, float]) -> float:
    if example.answer_row is None:
        return -30.0
    names = sorted(name for name in weights if name != "intercept")
    return float(example.answer_row @ np.array([weights[name] for name in names]) + weights["intercept"])


# --- reporting -----------------------------------------------------------------------------------


def report(examples: Sequence[Example], weights: dict[str, float], threshold: float) -> dict[str, float]:
    """The figures of one data set."""
    asked = [e for e in examples if e.variant == "asked"]
    answerable = [e for e in asked if e.case.answerable]
    chance = {id(e): 1 / (1 + np.exp(-logit(e, weights))) for e in examples}
    found = {
        "first": float(np.mean([_answers(e) for e in answerable])),
        "any": float(np.mean([_answers(e) or any(e.quoted) for e in answerable])),
        "answered": float(np.mean([chance[id(e)] >= threshold for e in answerable])),
    }
    for name, negatives in (
        ("unanswerable", [e for e in asked if not e.case.answerable]),
        ("hidden", [e for e in examples if e.variant == "hidden"]),
    ):
        if negatives and answerable:
            labels = [1] * len(answerable) + [0] * len(negatives)
            found[f"auc_{name}"] = float(
                roc_auc_score(labels, [chance[id(e)] for e in (*answerable, *negatives)])
            )
            found[f"refused_{name}"] = float(np.mean([chance[id(e)] < threshold for e in negatives]))
    right = [
        (_answers(e) and chance[id(e)] >= threshold) if e.case.answerable else chance[id(e)] < threshold
        for e in asked
    ]
    return found | {"right_or_refused": float(np.mean(right))}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    threshold = settings.load().minimum_confidence
    examples = [example for folder in args.folders for example in collect(folder)]
    for name in [folder.name for folder in args.folders]:
        train, test = [e for e in examples if e.data != name], [e for e in examples if e.data == name]
        if train:
            rank(examples, fit_order(train))
            print(name, "left out:", _line(report(test, calibrated(train, fit_answers(train)), threshold)))
    order = fit_order(examples)
    rank(examples, order)
    answer = calibrated(examples, fit_answers(examples))
    for name in [folder.name for folder in args.folders]:
        print(name, "fitted:", _line(report([e for e in examples if e.data == name], answer, threshold)))
    if args.write:
        names = sorted(next(example for example in examples if example.sentences).sentences[0].signals)
        fitted = {
            "sentence": _rounded(dict(zip(names, order.by_signals, strict=True))),
            "reread": _rounded(dict(zip(REREAD, order.reread, strict=True))),
            "answer": _rounded(answer),
        }
        ranking.FILE.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")


def _line(figures: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in figures.items())


def _rounded(weights: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in weights.items()}


if __name__ == "__main__":
    main()
