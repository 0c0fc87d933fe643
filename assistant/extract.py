"""Choose the sentences that answer, or refuse, or ask back: the one place where a citation is decided.

Reads the retrieved passages and their vectors; knows nothing of how they were found or are shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant import ranking
from assistant.embedding import Embedder
from assistant.errors import IndexUnusable
from assistant.followups import Standing
from assistant.library import Library
from assistant.questions import Question, analyse
from assistant.shortanswer import emphasis
from assistant.signals import Candidate, Scored, weigh
from assistant.values import Answer, AnswerSentence, Citation, Hit
from assistant.verify import faults

MOST_SENTENCES = 3
MOST_CHARS = 600  # quoted by one answer; the best sentence is always quoted whole
# Measured together, see docs/answering.md.
JOIN_GAP = 2.5  # how far below the best sentence its neighbour may score and be quoted with it
LEAST_SHARE = 0.031  # of all sentences' softmax mass, for a further sentence of TYPICAL_CHARS to be shown
TYPICAL_CHARS = 150
ASK_BACK_BELOW = 0.5  # confidence in the best sentence, where the question points at something unnamed
POINTING_BACK = frozenset("it its they their them he his him she her this these those".split())


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of a document to be cited: a sentence, or two neighbours."""

    hit: Hit
    start: int
    end: int

    @property
    def text(self) -> str:
        begin = self.hit.passage.start
        return self.hit.passage.text[self.start - begin : self.end - begin]


@dataclass(frozen=True, slots=True)
class Extractor:
    """Sentence choice over one library."""

    library: Library
    embedder: Embedder
    minimum_confidence: float

    def answer(self, standing: Standing, hits: Sequence[Hit]) -> Answer:
        """One to three verbatim sentences, best first; or a refusal, or a question back, with the nearest.

        Raises IndexUnusable if a citation does not match its document.
        """
        question = analyse(standing.text, self.library.passages_with, self.library.passage_count())
        ranked = self._ranked(question, hits)
        blank = Answer(
            question=standing.asked,
            sentences=(),
            citations=(),
            answered=False,
            confidence=ranking.confidence(question, ranked),
            closest=(),
            timings_ms={},
            kind="refusal",
            understood_as=standing.text if standing.is_rewritten else "",
        )
        is_clear = not standing.dangling or blank.confidence >= ASK_BACK_BELOW
        choices = () if is_clear else _choices(ranked)
        if len(choices) > 1:
            note = f"What does “{standing.dangling}” refer to? The documents speak of several."
            made = replace(
                blank, kind="clarification", note=note, choices=choices, closest=self._closest(ranked)
            )
        elif ranked and blank.confidence >= self.minimum_confidence:
            made = self._answered(blank, question, ranked)
        else:
            made = replace(blank, note=self._refusal(question), closest=self._closest(ranked))
        if wrong := faults(made, self.library.text_at):
            raise IndexUnusable(f"{wrong[0]} Run: python -m assistant check")
        return made

    def _ranked(self, question: Question, hits: Sequence[Hit]) -> list[Scored]:
        vectors = self.library.vectors(self.embedder.name, [hit.passage.id for hit in hits])
        candidates = [Candidate(hit, vectors[hit.passage.id]) for hit in hits]
        vector = self.embedder.query(question.text)
        return ranking.rank(weigh(question, candidates, vector, self.embedder.words))

    def _answered(self, blank: Answer, question: Question, ranked: Sequence[Scored]) -> Answer:
        citations: list[Citation] = []
        sentences = []
        for group in _with_headers(_quotes(ranked), self.library):
            numbers = range(len(citations) + 1, len(citations) + 1 + len(group))
            citations += [self._citation(quote, number) for number, quote in zip(numbers, group, strict=True)]
            text = group[0].text
            sentences.append(AnswerSentence(text, tuple(numbers), emphasis=emphasis(question, text)))
        return replace(
            blank, kind="answer", answered=True, sentences=tuple(sentences), citations=tuple(citations)
        )

    def _closest(self, ranked: Sequence[Scored]) -> tuple[Citation, ...]:
        quotes = [_sentence(group[0]) for group in list(_distinct(ranked))[:MOST_SENTENCES]]
        return tuple(self._citation(quote, number) for number, quote in enumerate(quotes, start=1))

    def _citation(self, quote: Quote, number: int) -> Citation:
        passage = quote.hit.passage
        page, place = self.library.place_at(passage.document_id, quote.start)
        return Citation(
            number=number,
            document_id=passage.document_id,
            title=quote.hit.title,
            source=quote.hit.source,
            start=quote.start,
            end=quote.end,
            quote=quote.text,
            page=page,
            section=_section(quote.hit),
            place=place,
        )

    def _refusal(self, question: Question) -> str:
        """What is missing, where that is clear; else what was looked for."""
        held = self.library.passages_with(question.folded)
        unknown = [word for word, count in zip(question.folded, held, strict=True) if count == 0]
        written = {word.folded: word for word in question.words}
        missing = [
            written[word].text
            for word in unknown
            if word in written and (written[word].capital or written[word].number)
        ]
        if missing:
            return f"Nothing here mentions {' or '.join(missing[:3])}."
        looked = [written[word].text for word in question.folded if word in written][:8]
        return f"Looked for: {', '.join(looked)}." if looked else "The question names nothing to look for."


def _sentence(scored: Scored) -> Quote:
    sentence = scored.candidate.hit.passage.sentences[scored.at]
    return Quote(scored.candidate.hit, sentence.start, sentence.end)


def _distinct(ranked: Sequence[Scored]) -> Iterator[list[Scored]]:
    """The sentences, best first; those that say the same words as a better one stand with it."""
    groups: dict[tuple[str, ...], list[Scored]] = {}
    for scored in ranked:
        said = tuple(word.folded for word in scored.candidate.sentences[scored.at])
        groups.setdefault(said, []).append(scored)
    yield from (group for said, group in groups.items() if said)


def compose(ranked: Sequence[Scored]) -> list[list[Scored]]:
    """What to quote, best first: runs of neighbouring sentences in the order of the text.

    The best sentence comes with a neighbour that scores nearly as well (it holds the other half of the
    answer), or that says who "it" is; further sentences where they are likely for their length.
    """
    if not ranked:
        return []
    best = ranked[0]
    chosen = [_joined(best, ranked)]
    chars = sum(len(_text(scored)) for scored in chosen[0])
    mass = sum(math.exp(scored.score - best.score) for scored in ranked)
    for group in list(_distinct(ranked))[1:8]:
        one = group[0]
        is_worth = math.exp(one.score - best.score) / mass >= LEAST_SHARE * len(_text(one)) / TYPICAL_CHARS
        is_taken = any(one is scored for run in chosen for scored in run)
        if (
            is_worth
            and not is_taken
            and chars + len(_text(one)) <= MOST_CHARS
            and len(chosen) < MOST_SENTENCES
        ):
            chosen.append([one])
            chars += len(_text(one))
    return chosen


def _joined(best: Scored, ranked: Sequence[Scored]) -> list[Scored]:
    """The best sentence with the neighbour it leans on, or the one that scores nearly as well."""
    beside = [s for s in ranked if s.candidate is best.candidate and abs(s.at - best.at) == 1]
    opening = best.candidate.sentences[best.at][:1]
    if opening and opening[0].folded in POINTING_BACK:
        beside = [scored for scored in beside if scored.at < best.at] or beside
    elif beside and best.score - beside[0].score >= JOIN_GAP:
        beside = []
    if not beside or best.candidate.hit.passage.header or len(_text(best) + _text(beside[0])) > MOST_CHARS:
        return [best]
    return sorted((best, beside[0]), key=lambda scored: scored.at)


def _text(scored: Scored) -> str:
    return scored.candidate.hit.passage.sentences[scored.at].text


def _quotes(ranked: Sequence[Scored]) -> list[list[Quote]]:
    """The quotes of an answer, best first, each with the same words in other documents."""
    groups = list(_distinct(ranked))
    found = []
    for run in compose(ranked):
        first, last = _sentence(run[0]), _sentence(run[-1])
        quote = replace(first, end=last.end)
        same = next((group for group in groups if group[0] is run[0]), []) if len(run) == 1 else []
        found.append([quote, *_elsewhere(quote, same[1:])])
    return found


def _elsewhere(quote: Quote, group: Sequence[Scored]) -> list[Quote]:
    """The same characters in other documents."""
    found: dict[str, Quote] = {}
    for scored in group:
        other = _sentence(scored)
        document_id = other.hit.passage.document_id
        if other.text == quote.text and document_id != quote.hit.passage.document_id:
            found.setdefault(document_id, other)
    return list(found.values())[: MOST_SENTENCES - 1]


def _with_headers(chosen: list[list[Quote]], library: Library) -> list[list[Quote]]:
    """A table row is followed by the header row that gives it meaning."""
    found = []
    for group in chosen:
        found.append(group)
        passage = group[0].hit.passage
        if passage.header and passage.header[0] != group[0].start:
            found.append([_header(group[0].hit, passage.header, library)])
    return found[: MOST_SENTENCES + 1]


def _header(hit: Hit, span: tuple[int, int], library: Library) -> Quote:
    """The header row as a quote of its own, which may stand outside the passage."""
    start, end = span
    text = library.text_at(hit.passage.document_id, start, end)
    return Quote(replace(hit, passage=replace(hit.passage, start=start, end=end, text=text)), start, end)


def _choices(ranked: Sequence[Scored]) -> tuple[str, ...]:
    """The subjects that the best sentences speak of: sections of one document, or titles of several."""
    found = [scored.candidate.hit for scored in ranked]
    titles = list(dict.fromkeys(hit.title for hit in found))
    if len(titles) > 1:
        return tuple(titles[:4])
    return tuple(dict.fromkeys(section for hit in found if (section := _section(hit))))[:4]


def _section(hit: Hit) -> str | None:
    """The headings above a passage, without the one that is the title."""
    return " › ".join(name for name in hit.passage.headings if name != hit.title) or None
