"""The questions of a data set, asked, and each answer judged against the gold one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.assistant import Assistant
from assistant.evaluate.dataset import Case, indexed
from assistant.settings import Settings
from assistant.values import Answer, Citation, Hit
from assistant.words import fold


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
