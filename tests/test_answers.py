"""What an answer promises: exact citations, the same words each time, an honest refusal."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from corpora import BRIDGE, LIGHTHOUSE, QUESTIONS, TOWN, Make, answers, faultless, untimed, write
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import Assistant, Turn, render
from assistant.errors import UnknownDocument

VOCABULARY = sorted({word.strip(".,🎉#") for text in TOWN.values() for word in text.split()})


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_keeps_every_promise(town: Assistant, question: str) -> None:
    assert faultless(town, town.ask(question))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(VOCABULARY) | st.text(max_size=8), min_size=1, max_size=10).map(" ".join))
def test_an_answer_to_any_words_keeps_every_promise(town: Assistant, words: str) -> None:
    answer = town.ask(f"What about {words}?")
    assert faultless(town, answer)
    assert untimed(town.ask(f"What about {words}?")) == untimed(answer)


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("When was the lighthouse at Skerry Point built?", "1874"),
        ("How long is the bridge over the Wend?", "612 metres"),
        ("Which apple is the rarest of the orchard?", "Velvet Russet"),
        ("Who was the last keeper of the lighthouse?", "Josiah Bramble"),
    ],
)
def test_a_plain_question_is_answered_with_the_sentence_that_answers(
    town: Assistant, question: str, quoted: str
) -> None:
    answer = town.ask(question)
    assert quoted in answer.citations[0].quote
    assert answer.citations[0].quote in answer.sentences[0].text


def test_an_answer_after_an_emoji_is_exact(town: Assistant) -> None:
    [citation, *_] = town.ask("Who was the engineer of the lighthouse?").citations
    text = town.document("lighthouse.md").text
    assert text[citation.start : citation.end] == citation.quote
    assert "🎉" in text[: citation.end]


def test_a_question_about_something_else_is_refused_with_the_nearest_passages(town: Assistant) -> None:
    answer = town.ask("Who won the football world cup of 1998?")
    assert not answer.answered
    assert (answer.kind, answer.sentences, answer.citations) == ("refusal", (), ())
    assert faultless(town, answer)


def test_the_same_question_gives_the_same_json_byte_for_byte(town: Assistant) -> None:
    def said() -> str:
        return "\n".join(json.dumps(render.to_json(answer)) for answer in answers(town))

    assert said() == said()


def test_questions_asked_at_once_are_answered_as_one_by_one(town: Assistant) -> None:
    alone = answers(town)
    with ThreadPoolExecutor(8) as pool:
        together = [untimed(answer) for answer in pool.map(town.ask, QUESTIONS * 4)]
    assert together == alone * 4


@pytest.mark.usefixtures("settled")
def test_questions_asked_during_a_sync_are_answered_from_the_old_or_the_new(make: Make, corpus: Path) -> None:
    assistant = make()
    with ThreadPoolExecutor(2) as pool:
        for year in range(1933, 1937):
            write(corpus, {"places/bridge.md": BRIDGE.replace("1932", str(year))})
            (corpus / "lighthouse.md").unlink(missing_ok=True)
            syncing = pool.submit(assistant.sync)
            while not syncing.done():
                said = assistant.ask("When was the bridge over the river Wend opened?")
                assert said.citations == () or any(
                    str(known) in citation.quote for known in range(1932, 1938) for citation in said.citations
                )
            syncing.result()
            write(corpus, {"lighthouse.md": LIGHTHOUSE})
            assistant.sync()
    assert assistant.check() == ()


def test_only_the_named_documents_are_asked(town: Assistant) -> None:
    for name in ("places/orchard.txt", town.document("places/orchard.txt").id):
        answer = town.ask("How long is the bridge over the Wend?", sources=[name])
        assert {c.source for c in (*answer.citations, *answer.closest)} <= {"places/orchard.txt"}
        assert {hit.source for hit in town.search("bridge", sources=[name])} == {"places/orchard.txt"}


def test_asking_an_unknown_document_is_an_error_that_names_it(town: Assistant) -> None:
    with pytest.raises(UnknownDocument, match=r"nothing\.md"):
        town.ask("Why?", sources=["nothing.md"])


def test_hits_are_ranked_and_exact(town: Assistant) -> None:
    hits = town.search("lighthouse lamp", k=3)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        text = town.document(hit.passage.document_id).text
        assert text[hit.passage.start : hit.passage.end] == hit.passage.text
        assert set(hit.found_by) <= {"meaning", "keywords"}
        assert hit.found_by
    assert len(town.search("lighthouse lamp", k=1)) == 1


def test_a_question_of_a_conversation_keeps_every_promise(town: Assistant) -> None:
    history = [
        Turn("user", "When was the lighthouse at Skerry Point built?"),
        Turn("assistant", "The lighthouse at Skerry Point was built in 1874 by the engineer Ottoline Marsh."),
    ]
    answer = town.ask("How high is its tower?", history=history)
    assert faultless(town, answer)
    assert untimed(answer) == untimed(town.ask("How high is its tower?", history=history))


def test_examples_are_questions_of_the_documents_that_get_an_answer(make: Make, corpus: Path) -> None:
    front = "---\nquestions:\n  - How long is the bridge over the Wend?\n  - What is the moon made of?\n---\n"
    write(corpus, {"bridge.md": front + BRIDGE})
    assistant = make()
    assistant.sync()
    assert assistant.examples() == ("How long is the bridge over the Wend?",)


def test_documents_say_where_they_come_from(town: Assistant) -> None:
    for listed in town.documents():
        whole = town.document(listed.id)
        assert listed.text == ""
        assert whole.text
        assert (whole.source, whole.title, whole.sha256) == (listed.source, listed.title, listed.sha256)
        assert whole.title
