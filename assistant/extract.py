"""Choose the sentences that answer, or refuse: the one place where a citation is decided.

Reads the retrieved passages and their vectors; knows nothing of how they were found or are shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.embedding import Embedder
from assistant.errors import IndexUnusable
from assistant.library import Library
from assistant.values import Answer, AnswerSentence, Citation, Hit, Sentence
from assistant.verify import faults
from assistant.words import content_words, stem, stems

MOST_SENTENCES = 3
MOST_CHARS = 420  # quoted by one answer, the first sentence always included
WORTH = 0.8  # of the best sentence's score, for a further sentence to be shown


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer; `score` 0 to 1 and more, higher is better."""

    hit: Hit
    sentence: Sentence
    score: float
    coverage: float  # share of the question's rare words found in the sentence and its passage, 0 to 1


@dataclass(frozen=True, slots=True)
class Extractor:
    """Sentence choice over one library."""

    library: Library
    embedder: Embedder
    minimum_confidence: float

    def answer(self, question: str, hits: Sequence[Hit], *, asked: str = "") -> Answer:
        """One to three verbatim sentences, best first, or a refusal with the nearest ones.

        `question` stands alone; `asked` is what the user typed, where that differs.
        Raises IndexUnusable if a citation does not match its document.
        """
        candidates = self._candidates(question, hits)
        confidence = round(candidates[0].coverage, 2) if candidates else 0.0
        chosen = _chosen(candidates) if confidence >= self.minimum_confidence else []
        cited = [self._citation(candidate, number) for number, candidate in enumerate(chosen, start=1)]
        near = [] if chosen else _apart(candidates)[:MOST_SENTENCES]
        answer = Answer(
            question=asked or question,
            sentences=tuple(AnswerSentence(citation.quote, (citation.number,)) for citation in cited),
            citations=tuple(cited),
            answered=bool(cited),
            confidence=confidence,
            closest=tuple(
                self._citation(candidate, number) for number, candidate in enumerate(near, start=1)
            ),
            timings_ms={},
            note="" if cited else _refusal(question, near),
        )
        if wrong := faults(answer, self.library.text_at):
            raise IndexUnusable(f"{wrong[0]} Run: python -m assistant check")
        return answer

    def _candidates(self, question: str, hits: Sequence[Hit]) -> list[Candidate]:
        weights = self._weights(question)
        total = sum(weights.values()) or 1.0
        vector = self.embedder.query(question)
        known = self.library.vectors(self.embedder.name, [hit.passage.id for hit in hits])
        found = []
        for hit in hits:
            cosines = known[hit.passage.id] @ vector
            around = set(stems(" ".join([hit.title, *hit.passage.headings, hit.passage.text])))
            for at, sentence in enumerate(hit.passage.sentences):
                held = set(stems(sentence.text))
                inside = sum(weight for word, weight in weights.items() if word in held) / total
                near = sum(weight for word, weight in weights.items() if word in around) / total
                score = 0.45 * float(cosines[at + 1]) + 0.2 * float(cosines[0]) + 0.25 * inside + 0.1 * near
                found.append(Candidate(hit, sentence, round(score, 4), near))
        return sorted(found, key=lambda c: (-c.score, c.hit.rank, c.sentence.start))

    def _weights(self, question: str) -> dict[str, float]:
        """The inverse document frequency of each of the question's words, by stem."""
        words = {stem(word) for word in content_words(question)}
        count = self.library.passage_count()
        return {
            word: math.log(1 + count / (1 + held)) for word, held in self.library.term_counts(words).items()
        }

    def _citation(self, candidate: Candidate, number: int) -> Citation:
        passage, sentence = candidate.hit.passage, candidate.sentence
        return Citation(
            number=number,
            document_id=passage.document_id,
            title=candidate.hit.title,
            source=candidate.hit.source,
            start=sentence.start,
            end=sentence.end,
            quote=sentence.text,
            page=self.library.page_at(passage.document_id, sentence.start),
            section=_section(candidate.hit),
        )


def _apart(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates without those that say the same words as a better one."""
    seen: set[str] = set()
    kept = []
    for candidate in candidates:
        words = " ".join(stems(candidate.sentence.text))
        if words and words not in seen:
            seen.add(words)
            kept.append(candidate)
    return kept


def _chosen(candidates: Sequence[Candidate]) -> list[Candidate]:
    apart = _apart(candidates)
    chosen = apart[:1]
    for candidate in apart[1 : 2 * MOST_SENTENCES]:
        chars = sum(len(kept.sentence.text) for kept in (*chosen, candidate))
        if len(chosen) < MOST_SENTENCES and chars <= MOST_CHARS and candidate.score >= WORTH * apart[0].score:
            chosen.append(candidate)
    return chosen


def _refusal(question: str, near: Sequence[Candidate]) -> str:
    words = ", ".join(content_words(question)[:8])
    looked = f"Looked for: {words}." if words else ""
    found = "The nearest passages do not hold it." if near else "There is nothing like it in the documents."
    return f"{looked} {found}".strip()


def _section(hit: Hit) -> str | None:
    """The headings above a passage, without the one that is the title."""
    return " › ".join(name for name in hit.passage.headings if name != hit.title) or None
