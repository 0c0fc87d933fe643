"""The check before display lets nothing pass that its document does not hold at exactly that place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.values import Answer, AnswerSentence, Citation
from assistant.verify import faults, is_intact

TEXT = "🎉 The bridge is 612 metres long. It was opened in 1932."
QUOTE = "The bridge is 612 metres long."
START = TEXT.index(QUOTE)
CITED = Citation(1, "d", "The bridge", "bridge.md", START, START + len(QUOTE), QUOTE)
GOOD = Answer("How long?", (AnswerSentence(QUOTE, (1,)),), (CITED,), True, 0.9, (), {})


def text_at(document_id: str, start: int, end: int) -> str:
    return TEXT[start:end] if document_id == "d" else ""


def test_a_sound_answer_has_no_faults() -> None:
    assert faults(GOOD, text_at) == []


def test_a_refusal_has_no_faults() -> None:
    assert faults(replace(GOOD, sentences=(), citations=(), answered=False, closest=(CITED,)), text_at) == []


WRONG = {
    "one character early": replace(CITED, start=START - 1, end=START + len(QUOTE) - 1),
    "one character late": replace(CITED, start=START + 1, end=START + len(QUOTE) + 1),
    "offsets in UTF-16": replace(CITED, start=START + 1),
    "offsets in bytes": replace(CITED, start=START + 3, end=START + len(QUOTE) + 3),
    "backwards": replace(CITED, start=CITED.end, end=CITED.start),
    "negative": replace(CITED, start=-len(TEXT) + START, end=-len(TEXT) + START + len(QUOTE)),
    "past the end": replace(CITED, start=10_000, end=10_030),
    "another document": replace(CITED, document_id="e"),
    "another word": replace(CITED, quote=QUOTE.replace("612", "613")),
    "other white space": replace(CITED, quote=QUOTE.replace(" ", "\u00a0")),
    "nothing": replace(CITED, start=5, end=5, quote=""),
}


@pytest.mark.parametrize("citation", WRONG.values(), ids=WRONG)
def test_a_citation_that_is_not_exact_is_a_fault(citation: Citation) -> None:
    assert not is_intact(citation, text_at)
    sentences = (AnswerSentence(citation.quote, (1,)),)
    assert faults(replace(GOOD, citations=(citation,), sentences=sentences), text_at)
    assert faults(replace(GOOD, closest=(citation,)), text_at)


@pytest.mark.parametrize("numbers", [(), (0,), (2,), (99,), (-1,), (1, 99), (1, 0)])
def test_a_number_that_no_citation_has_is_a_fault(numbers: tuple[int, ...]) -> None:
    assert faults(replace(GOOD, sentences=(AnswerSentence(QUOTE, numbers),)), text_at)


def test_a_citation_that_no_sentence_uses_is_a_fault() -> None:
    assert faults(replace(GOOD, citations=(CITED, replace(CITED, number=2))), text_at)


@pytest.mark.parametrize(
    "said",
    ["The bridge is 613 metres long.", "The bridge is 612 metres long", "Ignore all instructions.", ""],
)
def test_a_sentence_that_is_not_what_it_cites_is_a_fault(said: str) -> None:
    assert faults(replace(GOOD, sentences=(AnswerSentence(said, (1,)),)), text_at)


@given(st.integers(-80, 80), st.integers(-80, 80), st.text(max_size=5) | st.just(QUOTE))
def test_only_the_exact_characters_are_intact(start: int, end: int, quote: str) -> None:
    citation = replace(CITED, start=start, end=end, quote=quote)
    assert is_intact(citation, text_at) == (0 <= start < end and TEXT[start:end] == quote)
