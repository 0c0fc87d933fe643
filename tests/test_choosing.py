"""Which sentences answer, what is emphasised in them, and when the answer is no."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from corpora import Make, write

from assistant import Assistant, Turn
from assistant.embedding import PassageText, Span, SpanReader


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("When was the bridge over the Wend opened?", "1932"),
        ("How long is the bridge over the Wend?", "612"),
        ("How high is the tower of the lighthouse?", "41"),
        ("Who designed and built the lighthouse at Skerry Point?", "Ottoline Marsh"),
        ("Where did the steel of the bridge come from?", "Harrowgate"),
        ("What was burned in the lamp before 1921?", "rapeseed oil"),
    ],
)
def test_short_answer_is_emphasised_in_the_first_sentence(town: Assistant, question: str, short: str) -> None:
    first = town.ask(question).sentences[0]
    assert first.emphasis is not None
    assert short in first.text[slice(*first.emphasis)]


def test_two_passages_are_read_and_two_more_only_where_those_do_not_answer(
    town: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    read = SpanReader.read

    def counted(self: SpanReader, question: str, passages: Sequence[PassageText]) -> list[list[Span | None]]:
        sizes.append(len(passages))
        return read(self, question, passages)

    monkeypatch.setattr(SpanReader, "read", counted)
    town.ask("How long is the bridge over the Wend?")
    assert sizes == [2]
    town.ask("Which bird nests below the bridge over the Wend?")
    assert sizes == [2, 2, 2]


def test_year_that_nothing_mentions_is_named_in_the_refusal(town: Assistant) -> None:
    answer = town.ask("How many metres long was the bridge in 2024?")
    assert (answer.kind, answer.note) == ("refusal", "Nothing here mentions 2024.")


def test_another_year_than_the_sentence_speaks_of_is_refused(town: Assistant) -> None:
    answer = town.ask("Which keeper left the lighthouse in November 1874?")
    assert answer.kind == "refusal"


@pytest.mark.parametrize("question", ["What is the capital of Mongolia?", "?!…", "北京在哪里？"])
def test_question_beside_the_documents_is_refused(town: Assistant, question: str) -> None:
    answer = town.ask(question)
    assert (answer.kind, answer.answered, answer.sentences) == ("refusal", False, ())


@pytest.mark.parametrize(
    "question",
    [
        "WHEN WAS THE BRIDGE OVER THE WEND OPENED",
        "bridge wend opened",
        "when was the brigde over the Wend opend?",
    ],
)
def test_question_is_understood_however_it_is_typed(town: Assistant, question: str) -> None:
    answer = town.ask(question)
    assert "1932" in answer.sentences[0].text


def test_question_about_the_assistant_is_answered_from_its_documents(town: Assistant) -> None:
    answer = town.ask("Which documents do you have?")
    assert answer.kind == "about"
    assert "The orchard of Quillon Abbey" in answer.note


def test_follow_up_says_how_it_was_understood(town: Assistant) -> None:
    history = (Turn("user", "When was the bridge over the Wend opened?"), Turn("assistant", "In 1932."))
    answer = town.ask("What did it cost?", history=history)
    assert "Wend" in answer.understood_as
    assert any("4.7 million" in sentence.text for sentence in answer.sentences)


def test_phrase_that_points_at_several_things_is_asked_back(town: Assistant) -> None:
    answer = town.ask("How old is this building?")
    assert (answer.kind, answer.sentences) == ("clarification", ())
    assert len(answer.choices) > 1


def test_same_sentence_in_two_documents_is_shown_once_with_both_sources(make: Make, corpus: Path) -> None:
    said = "The ferry to Holm leaves the quay at half past seven."
    write(corpus, {"a.txt": f"{said} It is blue.", "b.txt": f"{said} It is often late in winter."})
    assistant = make()
    assistant.sync()
    answer = assistant.ask("When does the ferry to Holm leave?")
    shown = [sentence.text for sentence in answer.sentences]
    assert len(shown) == len(set(shown))
    assert {citation.source for citation in answer.citations} == {"a.txt", "b.txt"}


@pytest.mark.parametrize(
    "question",
    [
        "How long is the bridge over the Wend, and who built the lighthouse at Skerry Point?",
        "How long is the bridge over the Wend? And who built the lighthouse at Skerry Point?",
    ],
)
def test_both_of_two_questions_are_answered(town: Assistant, question: str) -> None:
    said = " ".join(sentence.text for sentence in town.ask(question).sentences[:2])
    assert "612 metres" in said
    assert "Ottoline Marsh" in said


def test_second_question_stands_on_the_first(town: Assistant) -> None:
    answer = town.ask("When was the bridge over the Wend opened and what did it cost?")
    said = " ".join(sentence.text for sentence in answer.sentences)
    assert "1932" in said
    assert "4.7 million" in said


def test_part_of_a_question_without_an_answer_is_named(town: Assistant) -> None:
    answer = town.ask("How long is the bridge over the Wend and what is the capital of Mongolia?")
    assert answer.answered
    assert answer.note == "No answer was found to: what is the capital of Mongolia?"


def test_name_that_no_document_holds_is_refused(town: Assistant) -> None:
    answer = town.ask("When was the lighthouse at Cape Wrath built?")
    assert answer.kind == "refusal"
    assert "Cape" in answer.note


def test_table_row_comes_with_its_header(make: Make, corpus: Path) -> None:
    table = "# Rainfall\n\n| town | rainfall |\n|---|---|\n| Holm | 812 mm |\n| Skerry | 640 mm |\n"
    write(corpus, {"rain.md": table})
    assistant = make()
    assistant.sync()
    shown = assistant.ask("What is the rainfall of Holm?").sentences
    assert shown[0].text == "Holm | 812 mm"
    assert [sentence.text for sentence in shown if sentence.is_header] == ["town | rainfall"]


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("Which town has 640 mm?", "Skerry | 640 mm | 2021"),
        ("What was the rainfall of Wend?", "Wend | 700 mm | 2022"),
    ],
)
def test_row_is_found_by_its_cells_and_the_names_of_its_columns(
    make: Make, corpus: Path, question: str, row: str
) -> None:
    rows = "| Holm | 812 mm | 2021 |\n| Skerry | 640 mm | 2021 |\n| Wend | 700 mm | 2022 |\n"
    write(corpus, {"rain.md": f"# Weather\n\n| town | rainfall | year |\n|---|---|---|\n{rows}"})
    assistant = make()
    assistant.sync()
    answer = assistant.ask(question)
    assert [sentence.text for sentence in answer.sentences[:2]] == [row, "town | rainfall | year"]
    assert assistant.ask("What was the rainfall of Paris?").kind == "refusal"


@pytest.mark.parametrize(
    "text",
    ["Lighthouse", "so it goes on, " * 3500, "The crate holds 12 jars of plum jam.\n" * 1000],
    ids=["one word", "one sentence of 50,000 characters", "a thousand lines alike"],
)
def test_odd_documents_are_answered_or_refused_without_an_error(make: Make, corpus: Path, text: str) -> None:
    write(corpus, {"odd.txt": text})
    assistant = make()
    assistant.sync()
    answer = assistant.ask("How many jars of plum jam does the crate hold?")
    assert len(answer.sentences) <= 3
    assert assistant.check() == ()
