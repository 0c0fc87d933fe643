"""Choose the sentences that answer, or refuse, or ask back: the one place where a citation is decided.

Reads the retrieved passages and their vectors; knows nothing of how they were found or are shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant import ranking
from assistant.answerability import shares
from assistant.embedding import Embedder, Span, SpanReader
from assistant.errors import IndexUnusable
from assistant.followups import Standing
from assistant.library import Library
from assistant.questions import Question, analyse
from assistant.signals import Candidate, Scored, weigh
from assistant.values import Answer, AnswerSentence, Citation, Hit
from assistant.verify import faults

# Passages read together with the question by the model that knows where an answer stands: as many as a small
# machine has processors, and as many again where the first hold no answer with log odds of ENOUGH.
READ_FIRST, READ_MOST = 2, 4
ENOUGH = -2.0
SHORT_FROM = 0.1  # probability by reading from which the words that answer are emphasised; see docs
MOST_SHORT = 0.7  # of a sentence; where more of it answers, nothing is emphasised
MOST_QUOTES = 3
MOST_SENTENCES = 4  # in all quotes together
MOST_CHARS = 800  # quoted by one answer; the best sentence is always quoted whole
# Measured together, see docs/answering.md.
SHARPNESS = 0.65  # of the scores' softmax: on questions they were not fitted on they are too sure
LEAST_WORTH = 0.087  # least probability for each TYPICAL_CHARS of a further sentence
TYPICAL_CHARS = 100
SENTENCES_WEIGHED = 8
ASK_BACK_BELOW = 0.5  # confidence in the best sentence, where the question points at something unnamed
CLOSE_RIVAL = 1.0  # at or above that confidence, how far below the best sentence another subject's may score
MOST_CHOICES = 4
POINTING_BACK = frozenset("it its they their them he his him she her this these those".split())


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of a document to be cited: a sentence, or two neighbours."""

    hit: Hit
    start: int
    end: int
    short: tuple[int, int] | None = None  # of its text: the words in it that answer

    @property
    def is_header(self) -> bool:
        """Whether it names the columns of a table."""
        header = self.hit.passage.header
        return header is not None and header[0] == self.start

    @property
    def text(self) -> str:
        begin = self.hit.passage.start
        return self.hit.passage.text[self.start - begin : self.end - begin]


@dataclass(frozen=True, slots=True)
class Extractor:
    """Sentence choice over one library."""

    library: Library
    embedder: Embedder
    reader: SpanReader
    minimum_confidence: float

    def answer(self, standing: Standing, hits: Sequence[Hit]) -> Answer:
        """One to three verbatim sentences, best first; or a refusal, or a question back, with the nearest.

        Raises IndexUnusable if a citation does not match its document.
        """
        passages_with, count = self.library.keywords.passages_with, self.library.passage_count()
        question = analyse(standing.text, passages_with, count, asked=standing.asked)
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
        choices = _choices(ranked, blank.confidence) if standing.dangling else ()
        if len(choices) > 1:
            note = f"What does “{standing.dangling}” refer to? The documents speak of several."
            made = replace(
                blank, kind="clarification", note=note, choices=choices, closest=self._closest(ranked)
            )
        elif ranked and blank.confidence >= self.minimum_confidence:
            made = self._answered(blank, ranked)
        else:
            made = replace(blank, note=self._refusal(question), closest=self._closest(ranked))
        if wrong := faults(made, self.library.text_at):
            raise IndexUnusable(f"{wrong[0]} Run: python -m assistant check")
        return made

    def weighed(self, question: Question, hits: Sequence[Hit]) -> list[Scored]:
        """Every sentence of the passages, best first by its signals; the best passages are read."""
        vectors = self.library.vectors.of(self.embedder.name, [hit.passage.id for hit in hits])
        candidates = [Candidate(hit, vectors[hit.passage.id], self._header_of(hit)) for hit in hits]
        vector = self.embedder.query(question.text)
        sentences = ranking.by_signals(weigh(question, candidates, vector, self.embedder.words))
        best = list({id(scored.candidate): scored.candidate for scored in sentences}.values())
        said = self._read(question, best[:READ_FIRST])
        if not any(span and span.odds >= ENOUGH for spans in said.values() for span in spans):
            said |= self._read(question, best[READ_FIRST:READ_MOST])
        for scored in sentences:
            if id(scored.candidate) in said:
                scored.span = said[id(scored.candidate)][scored.at]
        return sentences

    def _read(self, question: Question, candidates: Sequence[Candidate]) -> dict[int, list[Span | None]]:
        """For each candidate, by its identity, where its sentences answer."""
        read = self.reader.read(question.text, [candidate.with_context for candidate in candidates])
        return {id(candidate): spans for candidate, spans in zip(candidates, read, strict=True)}

    def _ranked(self, question: Question, hits: Sequence[Hit]) -> list[Scored]:
        ranked = ranking.rank(self.weighed(question, hits))
        # A header row gives meaning to the rows below it, and is quoted with them, but it answers nothing.
        headers = {(hit.passage.document_id, hit.passage.header[0]) for hit in hits if hit.passage.header}
        return [scored for scored in ranked if _place(scored) not in headers] or ranked

    def _header_of(self, hit: Hit) -> str:
        span = hit.passage.header
        return self.library.text_at(hit.passage.document_id, *span) if span else ""

    def _answered(self, blank: Answer, ranked: Sequence[Scored]) -> Answer:
        citations: list[Citation] = []
        sentences = []
        for group in _with_headers(_quotes(ranked), self.library):
            numbers = range(len(citations) + 1, len(citations) + 1 + len(group))
            citations += [self._citation(quote, number) for number, quote in zip(numbers, group, strict=True)]
            quote = group[0]
            sentences.append(
                AnswerSentence(quote.text, tuple(numbers), emphasis=quote.short, is_header=quote.is_header)
            )
        return replace(
            blank, kind="answer", answered=True, sentences=tuple(sentences), citations=tuple(citations)
        )

    def _closest(self, ranked: Sequence[Scored]) -> tuple[Citation, ...]:
        quotes = [_sentence(group[0]) for group in list(_distinct(ranked))[:MOST_QUOTES]]
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
            path=quote.hit.path,
            place=place,
        )

    @staticmethod
    def _refusal(question: Question) -> str:
        """What is missing, where that is clear; else what was looked for."""
        written = {word.folded: word for word in question.words}
        unknown = (
            written[word]
            for word, term in zip(question.folded, question.terms, strict=True)
            if term in question.unknown and word in written
        )
        missing = [word.text for word in unknown if word.capital or word.number]
        if missing:
            return f"Nothing here mentions {' or '.join(missing[:3])}."
        looked = [written[word].text for word in question.folded if word in written][:8]
        return f"Looked for: {', '.join(looked)}." if looked else "The question names nothing to look for."


def _place(scored: Scored) -> tuple[str, int]:
    passage = scored.candidate.hit.passage
    return passage.document_id, passage.sentences[scored.at].start


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

    After the best sentence, each that is likely enough, for its length, to hold the answer, if its passage
    holds a word of the question; and the sentence before one that begins with "It". Neighbours become one
    quote.
    """
    worth = _worth(ranked)
    by_place = {(id(scored.candidate), scored.at): scored for scored in ranked}
    chosen: list[Scored] = []
    alone: set[int] = set()  # what other documents say too is quoted by itself, with all its sources
    for group in list(_distinct(ranked))[:SENTENCES_WEIGHED]:
        one = group[0]
        alone |= {id(one)} if len(group) > 1 or one.candidate.is_table else set()
        if chosen and (worth[id(one)] < LEAST_WORTH or not one.met_passage.any()):
            continue
        before = by_place.get((id(one.candidate), one.at - 1)) if _points_back(one) else None
        for scored in (one, before):
            if scored and not any(scored is other for other in chosen) and _fits(scored, chosen):
                chosen.append(scored)
        if len(chosen) >= MOST_SENTENCES:
            break
    return _runs(chosen, alone)[:MOST_QUOTES]


def _worth(ranked: Sequence[Scored]) -> dict[int, float]:
    """For each sentence, by its identity, the probability that it is the one that answers, by its length.

    The softmax of the scores, which are those of a conditional logit, for each TYPICAL_CHARS.
    """
    best = ranked[0].score if ranked else 0.0
    powers = [math.exp(SHARPNESS * (scored.score - best)) for scored in ranked]
    mass = sum(powers)
    return {
        id(scored): power / mass * TYPICAL_CHARS / max(1, len(scored.text))
        for scored, power in zip(ranked, powers, strict=True)
    }


def _points_back(scored: Scored) -> bool:
    """Whether the sentence begins with a word that stands for something said before it."""
    opening = scored.candidate.sentences[scored.at][:1]
    return bool(opening) and opening[0].folded in POINTING_BACK


def _fits(one: Scored, chosen: Sequence[Scored]) -> bool:
    """Whether an answer that quotes these has room for one more; for the first there always is."""
    return not chosen or sum(len(scored.text) for scored in (*chosen, one)) <= MOST_CHARS


def _runs(chosen: Sequence[Scored], alone: set[int]) -> list[list[Scored]]:
    """The sentences with neighbours put together, in the order of the first of each run."""
    runs: list[list[Scored]] = []
    for one in chosen:
        for run in runs:
            is_near = one.at in (run[0].at - 1, run[-1].at + 1) and one.candidate is run[0].candidate
            if is_near and not any(id(scored) in alone for scored in (one, *run)):
                run.append(one)
                run.sort(key=lambda scored: scored.at)
                break
        else:
            runs.append([one])
    return runs


def _quotes(ranked: Sequence[Scored]) -> list[list[Quote]]:
    """The quotes of an answer, best first, each with the same words in other documents."""
    groups = list(_distinct(ranked))
    likely = {id(s): share for s, share in zip(ranked, shares(ranked), strict=True)}
    found = []
    for run in compose(ranked):
        first, last = _sentence(run[0]), _sentence(run[-1])
        best = max(run, key=lambda scored: likely[id(scored)])
        short = _short(best, first.start) if likely[id(best)] >= SHORT_FROM else None
        quote = replace(first, end=last.end, short=short)
        same = next((group for group in groups if group[0] is run[0]), []) if len(run) == 1 else []
        found.append([quote, *_elsewhere(quote, same[1:])])
    return found


def _short(scored: Scored, start: int) -> tuple[int, int] | None:
    """The words of a sentence that answer, from the start of its quote; None if they are most of it."""
    if scored.span is None or scored.span.end - scored.span.start > MOST_SHORT * len(scored.text):
        return None
    shift = scored.candidate.hit.passage.start - start
    return scored.span.start + shift, scored.span.end + shift


def _elsewhere(quote: Quote, group: Sequence[Scored]) -> list[Quote]:
    """The same characters in other documents."""
    found: dict[str, Quote] = {}
    for scored in group:
        other = _sentence(scored)
        document_id = other.hit.passage.document_id
        if other.text == quote.text and document_id != quote.hit.passage.document_id:
            found.setdefault(document_id, other)
    return list(found.values())[: MOST_QUOTES - 1]


def _with_headers(chosen: list[list[Quote]], library: Library) -> list[list[Quote]]:
    """A table row is followed by the header row that gives it meaning, each header once."""
    found: dict[tuple[str, int], list[Quote]] = {}
    for group in chosen:
        first, header = group[0], group[0].hit.passage.header
        headers = [[_header(first.hit, header, library)]] if header and not first.is_header else []
        for quotes in (group, *headers):
            found.setdefault((quotes[0].hit.passage.document_id, quotes[0].start), quotes)
    return list(found.values())[: MOST_QUOTES + 1]


def _header(hit: Hit, span: tuple[int, int], library: Library) -> Quote:
    """The header row as a quote of its own, which may stand outside the passage."""
    start, end = span
    text = library.text_at(hit.passage.document_id, start, end)
    return Quote(replace(hit, passage=replace(hit.passage, start=start, end=end, text=text)), start, end)


def _choices(ranked: Sequence[Scored], confidence: float) -> tuple[str, ...]:
    """The subjects that a question may be about: titles of several documents, or sections of one.

    Where the best sentence is likely, only those whose best sentence scores nearly as well.
    """
    least = ranked[0].score - CLOSE_RIVAL if ranked and confidence >= ASK_BACK_BELOW else -math.inf
    found = [scored.candidate.hit for scored in ranked if scored.score >= least]
    titles = list(dict.fromkeys(hit.title for hit in found))
    if len(titles) > 1:
        return tuple(titles[:MOST_CHOICES])
    return tuple(dict.fromkeys(section for hit in found if (section := _section(hit))))[:MOST_CHOICES]


def _section(hit: Hit) -> str | None:
    """The headings above a passage, without the one that is the title."""
    return " › ".join(name for name in hit.passage.headings if name != hit.title) or None
