"""The span reader finds where a passage answers a question, and sees when it does not."""

from __future__ import annotations

import pytest

from assistant.embedding import Embedder, PassageText, Span, SpanReader

TEXT = (
    "The ferry to Holm was begun in 1871 by the shipowner Ada Brook. It crossed the sound twice a day. "
    "A storm sank it in 1902, and the bridge took its place."
)
SENTENCES = ((0, 63), (64, 97), (98, 153))
FERRY = PassageText(TEXT, SENTENCES, "The ferry to Holm. ")
ORCHARD = PassageText("The orchard has 280 trees.", ((0, 26),))


@pytest.fixture(scope="module")
def reader(embedder: Embedder) -> SpanReader:
    return SpanReader(embedder)


def best(spans: list[Span | None]) -> Span:
    return max((span for span in spans if span), key=lambda span: span.odds)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who started the ferry?", "Ada Brook"),
        ("When was the ferry lost?", "1902"),
        ("How often did the ferry run?", "twice a day"),
        ("What replaced it?", "the bridge"),
    ],
)
def test_the_answer_is_found_in_its_sentence(reader: SpanReader, question: str, answer: str) -> None:
    [spans] = reader.read(question, [FERRY])
    found = best(spans)
    words = TEXT[found.start : found.end]
    assert answer in words
    assert len(words) < len(answer) + 20
    [sentence] = [at for at, span in enumerate(spans) if span is found]
    start, end = SENTENCES[sentence]
    assert start <= found.start < found.end <= end


def test_what_a_passage_does_not_say_has_lower_odds(reader: SpanReader) -> None:
    answered, unanswered = (
        best(reader.read(question, [FERRY])[0]).odds
        for question in ("Who started the ferry?", "Which animals live on Holm?")
    )
    assert unanswered < 0 < answered


def test_a_passage_is_read_the_same_whatever_others_are_read_with_it(reader: SpanReader) -> None:
    question = "When was the ferry lost?"
    assert reader.read(question, [ORCHARD, FERRY, ORCHARD])[1] == reader.read(question, [FERRY])[0]


def test_a_sentence_past_what_the_model_reads_has_no_span(reader: SpanReader) -> None:
    start = len(TEXT) * 20
    long = PassageText(TEXT * 20 + "The end.", ((0, 63), (start, start + 8)))
    [[first, last]] = reader.read("Who started the ferry?", [long])
    assert first is not None
    assert last is None


def test_a_question_of_any_length_leaves_room_for_the_passage(reader: SpanReader) -> None:
    [spans] = reader.read("Who started the ferry? " * 200, [FERRY])
    assert all(spans)
    assert reader.read("Who?", []) == []
