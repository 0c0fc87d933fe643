"""Outcomes to figures: how often right, how sure, how fast, and what one run gains over another."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from typing import Any

from assistant.evaluate.judging import Outcome

RESAMPLES = 2000  # of the paired bootstrap
SEED = 20
WORST = 10


def figures(outcomes: Sequence[Outcome], threshold: float, *, hide_gold: bool = False) -> dict[str, float]:
    """The figures at a threshold of confidence: fractions, unless the name says ms or chars."""
    if hide_gold:
        return {"refused": _mean(not outcome.answered(threshold) for outcome in outcomes)}
    asked = [outcome for outcome in outcomes if outcome.case.answerable]
    idle = [outcome for outcome in outcomes if not outcome.case.answerable]
    given = [outcome for outcome in asked if outcome.answered(threshold)]
    found: dict[str, float] = {
        "questions": len(outcomes),
        "quote_integrity": _mean(outcome.intact for outcome in outcomes),
        "answered": len(given) / max(1, len(asked)),
        "first_quote_right": sum(outcome.first_right for outcome in given) / max(1, len(asked)),
        "any_quote_right": sum(outcome.any_right for outcome in given) / max(1, len(asked)),
        "cited_gold_doc": sum(outcome.first_in_gold for outcome in given) / max(1, len(asked)),
        "quoted_chars": _mean(sum(len(c.quote) for c in outcome.answer.citations) for outcome in given),
        "right_or_refused": _mean(outcome.right(threshold) for outcome in outcomes),
    }
    placed = [outcome for outcome in given if outcome.case.spans]
    if placed:
        found["localised"] = _mean(outcome.is_localised for outcome in placed)
        found["evidence_quoted"] = _mean(outcome.quoted_evidence for outcome in placed)
    if idle:
        found["rejected"] = _mean(not outcome.answered(threshold) for outcome in idle)
    found |= _search_figures([outcome for outcome in asked if outcome.case.gold])
    for name, values in (
        ("ask_ms", [outcome.answer.timings_ms["total"] for outcome in outcomes]),
        ("search_ms", [outcome.search_ms for outcome in outcomes]),
    ):
        found |= {f"{name}_p50": _percentile(values, 0.5), f"{name}_p95": _percentile(values, 0.95)}
    return found


def by_kind(outcomes: Sequence[Outcome], threshold: float) -> dict[str, dict[str, float]]:
    """The main figures for each kind of question: its first interrogative word, or that it has no answer."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.case.kind, []).append(outcome)
    return {
        kind: {
            "questions": len(group),
            "answered": _mean(outcome.answered(threshold) for outcome in group),
            "right_or_refused": _mean(outcome.right(threshold) for outcome in group),
        }
        for kind, group in sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))
    }


def reliability(outcomes: Sequence[Outcome], bins: int = 10) -> list[dict[str, float]]:
    """How often answers of each band of confidence are right: what `confidence` says against what is so."""
    bands: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.answer.citations:
            bands.setdefault(min(int(outcome.answer.confidence * bins), bins - 1), []).append(outcome)
    return [
        {
            "from": band / bins,
            "to": (band + 1) / bins,
            "answers": len(group),
            "said": _mean(outcome.answer.confidence for outcome in group),
            "right": _mean(outcome.case.answerable and outcome.any_right for outcome in group),
        }
        for band, group in sorted(bands.items())
    ]


def curve(outcomes: Sequence[Outcome]) -> list[dict[str, float]]:
    """Coverage (share of questions answered) against precision (share of answers right), by threshold."""
    points = []
    for threshold in [step / 20 for step in range(20)]:
        given = [outcome for outcome in outcomes if outcome.answered(threshold)]
        right = sum(outcome.case.answerable and outcome.any_right for outcome in given)
        precision = right / len(given) if given else 1.0
        points.append(
            {"threshold": threshold, "coverage": len(given) / max(1, len(outcomes)), "precision": precision}
        )
    return points


def worst(outcomes: Sequence[Outcome], threshold: float) -> list[dict[str, Any]]:
    """The questions that went wrong by most: confident in a wrong answer, or refusing a right one."""
    wrong = [outcome for outcome in outcomes if not outcome.right(threshold)]
    wrong.sort(key=lambda outcome: -abs(outcome.answer.confidence - threshold))
    return [
        {
            "id": outcome.case.id,
            "question": outcome.case.question,
            "confidence": outcome.answer.confidence,
            "chosen": [citation.quote for citation in (*outcome.answer.citations, *outcome.answer.closest)][
                :1
            ],
            "expected": list(outcome.case.answers[:2]) if outcome.case.answerable else "a refusal",
        }
        for outcome in wrong[:WORST]
    ]


def compare(first: Sequence[bool], second: Sequence[bool]) -> tuple[float, float, float]:
    """The mean gain of `second` over `first`, pair by pair, with its 95 % paired bootstrap interval."""
    gains = [int(b) - int(a) for a, b in zip(first, second, strict=True)]
    if not gains:
        return 0.0, 0.0, 0.0
    draw = random.Random(SEED)
    means = sorted(statistics.fmean(draw.choices(gains, k=len(gains))) for _ in range(RESAMPLES))
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]
    return statistics.fmean(gains), low, high


def compared(
    first: Sequence[Outcome], first_threshold: float, second: Sequence[Outcome], second_threshold: float
) -> dict[str, dict[str, float]]:
    """The gain of the second run over the first, by figure, with its interval."""
    pairs = {
        "right_or_refused": (
            [outcome.right(first_threshold) for outcome in first],
            [outcome.right(second_threshold) for outcome in second],
        ),
        "first_quote_right": (
            [outcome.answered(first_threshold) and outcome.first_right for outcome in first],
            [outcome.answered(second_threshold) and outcome.first_right for outcome in second],
        ),
    }
    gains = {name: compare(one, other) for name, (one, other) in pairs.items()}
    return {name: {"gain": gain, "low": low, "high": high} for name, (gain, low, high) in gains.items()}


def summary(outcomes: Sequence[Outcome], threshold: float, *, hide_gold: bool = False) -> dict[str, Any]:
    """Everything that `evaluate` reports, ready for JSON."""
    return {
        "threshold": threshold,
        "figures": figures(outcomes, threshold, hide_gold=hide_gold),
        "kinds": by_kind(outcomes, threshold),
        "reliability": reliability(outcomes),
        "curve": curve(outcomes),
        "worst": worst(outcomes, threshold),
    }


def _search_figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    if not outcomes:
        return {}
    found = {
        "doc_hit@1": _mean(bool(o.hits) and o.hits[0].source in o.case.gold for o in outcomes),
        "doc_recall@5": _mean(
            len(o.case.gold & {hit.source for hit in o.hits[:5]}) / len(o.case.gold) for o in outcomes
        ),
        "ndcg@10": _mean(_ndcg(o) for o in outcomes),
    }
    marked = [_overlap(outcome) for outcome in outcomes if outcome.case.spans]
    if marked:
        found |= {"span_recall@5": _mean(r for r, _ in marked), "span_iou@5": _mean(iou for _, iou in marked)}
    return found


def _ndcg(outcome: Outcome) -> float:
    ranked = list(dict.fromkeys(hit.source for hit in outcome.hits))
    gain = sum(1 / math.log2(rank + 2) for rank, source in enumerate(ranked) if source in outcome.case.gold)
    return gain / sum(1 / math.log2(rank + 2) for rank in range(min(10, len(outcome.case.gold))))


def _overlap(outcome: Outcome) -> tuple[float, float]:
    """Recall of the gold characters in the first five hits, and intersection over union with them."""
    wanted = {(source, at) for source, start, end in outcome.case.spans for at in range(start, end)}
    shown = {(hit.source, at) for hit in outcome.hits[:5] for at in range(hit.passage.start, hit.passage.end)}
    both = len(wanted & shown)
    return both / len(wanted), both / len(wanted | shown)


def _mean(values: Any) -> float:
    listed = [float(value) for value in values]
    return statistics.fmean(listed) if listed else 0.0


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
