"""Two questions in one: take them apart, and put their answers together.

Knows nothing of the documents, nor of how an answer is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from assistant.followups import Standing, stand_alone
from assistant.values import Answer, AnswerSentence, Citation, Turn
from assistant.words import STOP_WORDS, fold, words

MOST_PARTS = 3
MOST_SENTENCES = 3  # shown for all parts together
ASKING = r"(?:who|whom|whose|what|when|where|why|which|how)\b"
BETWEEN = re.compile(rf"\?\s+(?:and\s+|but\s+|also\s+)?(?={ASKING})|,?\s+and\s+(?={ASKING})", re.IGNORECASE)
OPENS = re.compile(rf"(?:.*\s)?{ASKING}", re.IGNORECASE | re.DOTALL)


def parts(standing: Standing) -> tuple[Standing, ...]:
    """The questions in a question, in order; a later one stands on those before it ("… and who signed it?").

    One that is no compound comes back as it is.
    """
    pieces = [piece.strip() for piece in BETWEEN.split(standing.text) if piece.strip()]
    if not 1 < len(pieces) <= MOST_PARTS or not all(_asks(piece) for piece in pieces):
        return (standing,)
    before: list[Turn] = []
    found = []
    for piece in pieces:
        found.append(replace(stand_alone(piece, before), asked=piece))
        before.append(Turn("user", piece))
    return tuple(found)


def _asks(piece: str) -> bool:
    """Whether it asks something of its own: it has an interrogative, and words that name a subject."""
    kept = [word for word in words(piece) if fold(word.text) not in STOP_WORDS]
    return bool(OPENS.match(piece)) and bool(kept)


def merged(standing: Standing, answers: Sequence[Answer]) -> Answer:
    """One answer of several: the best quote for each part first, three at most, each quote once.

    It is as sure as its least sure part that is answered; a part without an answer is named in `note`.
    """
    given = [answer for answer in answers if answer.answered]
    whole = replace((given or list(answers))[0], question=standing.asked, understood_as="")
    if standing.is_rewritten:
        whole = replace(whole, understood_as=standing.text)
    if not given:
        return whole
    shown: dict[tuple[str, int, int], tuple[AnswerSentence, list[Citation]]] = {}
    for row in zip_longest(*(_quotes(answer) for answer in given)):
        for sentence, cited in filter(None, row):
            shown.setdefault((cited[0].document_id, cited[0].start, cited[0].end), (sentence, cited))
    sentences: list[AnswerSentence] = []
    citations: list[Citation] = []
    for sentence, cited in list(shown.values())[:MOST_SENTENCES]:
        first = len(citations) + 1
        citations += [replace(citation, number=first + at) for at, citation in enumerate(cited)]
        sentences.append(replace(sentence, citations=tuple(range(first, first + len(cited)))))
    missing = [answer.question for answer in answers if not answer.answered]
    return replace(
        whole,
        sentences=tuple(sentences),
        citations=tuple(citations),
        confidence=min(answer.confidence for answer in given),
        note=f"No answer was found to: {'; '.join(missing)}" if missing else "",
    )


def _quotes(answer: Answer) -> list[tuple[AnswerSentence, list[Citation]]]:
    """Each sentence with its citations."""
    by_number = {citation.number: citation for citation in answer.citations}
    return [(sentence, [by_number[number] for number in sentence.citations]) for sentence in answer.sentences]
