"""Score the assistant on a data set folder: `docs.jsonl` and `questions.jsonl`.

A document is `{"id", "text"}`; a question is `{"id", "question", "conversation"?, "answers", "evidence":
[{"doc_id", "start"?, "end"?}], "answerable"}`. Every question is answered once without a threshold, so that
the whole curve of coverage against precision comes from one run.
"""

from __future__ import annotations

import json
import math
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.values import Answer, Citation, Hit, Turn
from assistant.words import fold

RESAMPLES = 2000  # of the paired bootstrap
SEED = 20
WORST = 10


@dataclass(frozen=True, slots=True)
class Case:
    """A question of the data set. `gold` are names of files in the evaluated corpus."""

    id: str
    question: str
    history: tuple[Turn, ...]
    answers: tuple[str, ...]
    gold: frozenset[str]
    spans: tuple[tuple[str, int, int], ...]  # file, start, end
    answerable: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the assistant made of a case; `answer` was given without a threshold."""

    case: Case
    answer: Answer
    hits: tuple[Hit, ...]
    search_ms: float
    intact: bool

    def answered(self, threshold: float) -> bool:
        return self.answer.answered and self.answer.confidence >= threshold

    @property
    def first_right(self) -> bool:
        return bool(self.answer.citations) and is_right(self.answer.citations[0], self.case)

    @property
    def any_right(self) -> bool:
        return any(is_right(citation, self.case) for citation in self.answer.citations[:3])

    @property
    def first_in_gold(self) -> bool:
        return bool(self.answer.citations) and self.answer.citations[0].source in self.case.gold

    @property
    def quoted_evidence(self) -> float:
        """The share of the gold characters that the first three citations quote."""
        wanted = {(source, at) for source, start, end in self.case.spans for at in range(start, end)}
        cited = self.answer.citations[:3]
        quoted = {(c.path or c.source, at) for c in cited for at in range(c.start, c.end)}
        return len(wanted & quoted) / max(1, len(wanted))

    @property
    def is_localised(self) -> bool:
        """Whether the first citation shares characters with the gold evidence."""
        first = self.answer.citations[:1]
        return any(
            source == (c.path or c.source) and c.start < end and start < c.end
            for c in first
            for source, start, end in self.case.spans
        )

    def right(self, threshold: float) -> bool:
        """Right or refused: the first quote right where there is an answer, a refusal where there is none."""
        if self.case.answerable:
            return self.answered(threshold) and self.first_right
        return not self.answered(threshold)


def run(
    folder: Path,
    settings: Settings,
    *,
    hide_gold: bool = False,
    limit: int | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[Outcome]:
    """Index the folder's documents and answer its questions.

    With `hide_gold` every question is answered with its gold documents left out, so that a refusal is right.
    Raises SettingsError if the folder is not a data set.
    """
    with indexed(folder, settings) as (assistant, cases):
        cases = cases[:limit] if limit else cases
        sources = [document.source for document in assistant.documents()]
        outcomes = []
        for number, case in enumerate(cases, start=1):
            only = [source for source in sources if source not in case.gold] if hide_gold else []
            outcomes.append(_outcome(assistant, case, only))
            report(number, len(cases))
        return outcomes


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


def table(found: dict[str, Any]) -> str:
    """A summary for a terminal."""
    lines = [f"{name:<20}{value:>10.4f}" for name, value in found["figures"].items()]
    lines += ["", f"{'kind':<20}{'questions':>10}{'answered':>10}{'right':>10}"]
    for kind, row in found["kinds"].items():
        lines.append(
            f"{kind:<20}{row['questions']:>10}{row['answered']:>10.3f}{row['right_or_refused']:>10.3f}"
        )
    lines += ["", f"{'confidence':<20}{'answers':>10}{'said':>10}{'right':>10}"]
    for row in found["reliability"]:
        band = f"{row['from']:.1f}-{row['to']:.1f}"
        lines.append(f"{band:<20}{row['answers']:>10}{row['said']:>10.3f}{row['right']:>10.3f}")
    lines += ["", f"{'threshold':<20}{'coverage':>10}{'precision':>10}"]
    for row in found["curve"]:
        lines.append(f"{row['threshold']:<20.2f}{row['coverage']:>10.3f}{row['precision']:>10.3f}")
    lines += ["", "Worst:"]
    for row in found["worst"]:
        lines += [
            f"  {row['confidence']:.2f}  {row['question']}",
            f"        chose: {' '.join(row['chosen'])[:150]}",
        ]
        lines.append(f"        expected: {row['expected']}"[:170])
    for name, row in found.get("compared", {}).items():
        lines += ["", f"{name}: {row['gain']:+.4f} (95 % interval {row['low']:+.4f} to {row['high']:+.4f})"]
    return "\n".join(lines)


def draw_curve(points: Sequence[dict[str, float]], path: Path) -> None:
    """Draw coverage against precision as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([p["coverage"] for p in points], [p["precision"] for p in points], marker="o", markersize=3)
    for point in points[::4]:
        axes.annotate(f"{point['threshold']:.1f}", (point["coverage"], point["precision"]), fontsize=8)
    axes.set(
        xlabel="coverage: questions answered",
        ylabel="precision: answers right",
        xlim=(0, 1.02),
        ylim=(0, 1.02),
    )
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


# --- the data set --------------------------------------------------------------------------------


@contextmanager
def indexed(folder: Path, settings: Settings) -> Iterator[tuple[Assistant, list[Case]]]:
    """An assistant over the folder's documents, in a temporary place, and the folder's questions."""
    documents, questions = _rows(folder / "docs.jsonl"), _rows(folder / "questions.jsonl")
    with tempfile.TemporaryDirectory(prefix="evaluate-") as place:
        corpus = Path(place, "corpus")
        corpus.mkdir()
        files = {str(row["id"]): _file_name(str(row["id"]), at) for at, row in enumerate(documents)}
        for row in documents:
            (corpus / files[str(row["id"])]).write_text(row["text"], encoding="utf-8")
        here = {
            "corpus_dir": corpus,
            "index_dir": Path(place, "index"),
            "minimum_confidence": 0.0,
            "chroma_url": "",
        }
        with Assistant(settings.model_copy(update=here)) as assistant:
            assistant.sync()
            yield assistant, [_case(row, files) for row in questions]


def _file_name(document_id: str, number: int) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", document_id)[:80].lstrip(".") + f"_{number}.txt"


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path} cannot be read ({error}). A data set folder holds docs.jsonl and questions.jsonl."
        ) from error


def _case(row: dict[str, Any], files: dict[str, str]) -> Case:
    said = row.get("conversation") or []
    turns = [Turn(turn["role"], turn.get("content") or turn.get("text", "")) for turn in said]
    asked = row.get("question") or (turns[-1].content if turns else "")
    evidence = row.get("evidence") or []
    answerable = bool(row.get("answerable", True))
    spans = tuple(
        (files[str(e["doc_id"])], e["start"], e["end"])
        for e in evidence
        if e.get("start") is not None and e.get("end") and str(e["doc_id"]) in files
    )
    return Case(
        id=str(row["id"]),
        question=asked,
        history=tuple(turns[:-1] if turns and turns[-1].role == "user" else turns),
        answers=tuple(row.get("answers") or ()),
        gold=frozenset(files[str(e["doc_id"])] for e in evidence if str(e["doc_id"]) in files),
        spans=spans,
        answerable=answerable,
        kind=_kind(asked) if answerable else str(row.get("answerability", "unanswerable")).lower(),
    )


def _kind(question: str) -> str:
    found = re.search(r"\b(who|when|where|why|which|what|how (?:many|much|long|old)|how)\b", question.lower())
    return found[1] if found else "other"


# --- asking and judging --------------------------------------------------------------------------


def _outcome(assistant: Assistant, case: Case, sources: Sequence[str]) -> Outcome:
    answer = assistant.ask(case.question, history=case.history, sources=sources)
    began = time.perf_counter()
    hits = assistant.search(case.question, k=10, history=case.history, sources=sources)
    return Outcome(
        case, answer, hits, 1000 * (time.perf_counter() - began), _intact(assistant, answer.citations)
    )


def _intact(assistant: Assistant, citations: Sequence[Citation]) -> bool:
    return all(
        assistant.document(citation.document_id).text[citation.start : citation.end] == citation.quote
        for citation in citations
    )


def is_right(citation: Citation, case: Case) -> bool:
    """Whether the quote holds a gold answer and is of a gold document."""
    return holds(citation.quote, case.answers) and (not case.gold or citation.source in case.gold)


def holds(quote: str, answers: Sequence[str]) -> bool:
    """Whether a quote holds any of the answers, in whatever case and punctuation."""
    said = _plain(quote)
    return any(_plain(answer).strip() and _plain(answer) in said for answer in answers)


def _plain(text: str) -> str:
    """Folded, without articles and punctuation, with a space at either end, as SQuAD's scoring does."""
    words = re.sub(r"[^\w%$]+", " ", fold(text))
    kept = re.sub(r"\b(?:a|an|the)\b", " ", words).split()
    return f" {' '.join(kept)} "


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
