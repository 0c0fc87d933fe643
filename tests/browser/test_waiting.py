"""What is seen while something takes long, with an assistant that takes as long as a test wants."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import Site, Visitor, serving
from playwright.sync_api import expect

from assistant import Assistant
from assistant.errors import IndexUnusable
from assistant.settings import load
from assistant.values import Answer, AnswerSentence, Citation, Document, Hit, Progress, SyncReport, Turn
from assistant.web import conversation
from assistant.web.conversation import Exchange
from assistant.web.talks import Talks

DOCUMENT = Document(
    "d1", "Tides", "tides.md", "text/markdown", "High water is at nine.", "0", (), (), "2026-01-01T00:00:00Z"
)
CITATION = Citation(1, "d1", "Tides", "tides.md", 0, 22, "High water is at nine.")
ANSWER = Answer("When?", (AnswerSentence(CITATION.quote, (1,)),), (CITATION,), True, 1.0, (), {})


class SlowAssistant:
    """Answers and adds only when it is let go; knows one document."""

    def __init__(self, corpus_dir: Path) -> None:
        self.settings = load(corpus_dir=corpus_dir)
        self.may_answer, self.may_add = threading.Event(), threading.Event()
        self.may_suggest = threading.Event()
        self.may_suggest.set()
        self.histories: list[tuple[Turn, ...]] = []
        self.failure: Exception | None = None

    def documents(self) -> tuple[Document, ...]:
        return (DOCUMENT,)

    def document(self, id_or_source: str) -> Document:
        return DOCUMENT

    def examples(self, count: int = 4) -> tuple[str, ...]:
        self.may_suggest.wait(20)
        return ()

    def stream(
        self, question: str, *, history: Sequence[Turn] = (), sources: Sequence[str] = ()
    ) -> Iterator[tuple[Hit, ...] | Answer]:
        self.histories.append(tuple(history))
        yield ()
        if self.failure:
            raise self.failure
        self.may_answer.wait(20)
        yield ANSWER

    def add(
        self, paths: Sequence[Path], *, names: Sequence[str], progress: Callable[[Progress], None]
    ) -> SyncReport:
        progress(Progress("embedding", 100_000, 2_000_000, unit="bytes"))
        time.sleep(0.5)
        progress(Progress("embedding", 500_000, 2_000_000, unit="bytes"))
        self.may_add.wait(20)
        return SyncReport(added=tuple(names))

    revision = 0

    def follow(self, stop: threading.Event) -> Iterator[SyncReport]:
        stop.wait()
        yield from ()

    def as_assistant(self) -> Assistant:
        return cast(Assistant, self)


@pytest.fixture
def slow(tmp_path: Path) -> SlowAssistant:
    return SlowAssistant(tmp_path)


@pytest.fixture(scope="module")
def slow_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SlowAssistant, Site]]:
    slow = SlowAssistant(tmp_path_factory.mktemp("slow"))
    with serving(slow.as_assistant()) as site:
        yield slow, site


def test_stop_ends_the_wait_and_the_next_question_is_answered(
    visitor: Visitor, slow_site: tuple[SlowAssistant, Site]
) -> None:
    slow, site = slow_site
    page = visitor.open(site.url)
    page.locator("#composer textarea").fill("When is high water?")
    page.keyboard.press("Enter")
    expect(page.locator("#chat .status")).to_contain_text("Reading")
    page.locator("#composer textarea").fill("Too soon?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("still being answered")).to_be_visible()
    assert page.locator("#composer textarea").input_value() == "Too soon?"
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#chat .problem")).to_have_text("Stopped.")
    slow.may_answer.set()
    page.locator("#composer textarea").fill("And now?")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#chat .said")).to_contain_text("High water is at nine.")
    assert slow.histories[-1] == ()


def test_question_asked_before_the_page_has_loaded_is_answered_and_stays(
    visitor: Visitor, slow_site: tuple[SlowAssistant, Site]
) -> None:
    slow, site = slow_site
    slow.may_answer.set()
    slow.may_suggest.clear()
    page = visitor.open(site.url)
    try:
        expect(page.locator("#heading .count")).to_have_text("1 document")
        page.locator("#composer textarea").fill("When is high water?")
        page.keyboard.press("Enter")
        expect(page.locator("#chat .said")).to_contain_text("High water is at nine.")
        with page.expect_response("**/gradio_api/run/predict*"):
            slow.may_suggest.set()
        page.wait_for_timeout(300)
        expect(page.locator("#chat .said")).to_contain_text("High water is at nine.")
    finally:
        slow.may_suggest.set()


def test_slow_adding_shows_progress_and_does_not_hold_up_a_question(
    visitor: Visitor, slow_site: tuple[SlowAssistant, Site], note_file: Path
) -> None:
    slow, site = slow_site
    slow.may_answer.set()
    page = visitor.open(site.url)
    page.locator("#files").set_input_files(note_file)
    expect(page.locator("#notices .adding")).to_contain_text(
        re.compile(r"Indexing 0\.5 of 2\.0 MB, \d{2,4} kB/s, \d{1,2} s left")
    )
    page.locator("#composer textarea").fill("When is high water?")
    page.keyboard.press("Enter")
    expect(page.locator("#chat .said")).to_contain_text("High water is at nine.")
    expect(page.locator("#notices .adding")).to_be_visible()
    slow.may_add.set()
    expect(page.locator("#notices")).to_contain_text(f"Added {note_file.name}")


def test_earlier_turns_are_handed_on_as_plain_words(slow: SlowAssistant) -> None:
    slow.may_answer.set()
    first = list(conversation.ask(slow.as_assistant(), "When <b>is</b> it?", (), documents=1))[-1]
    list(conversation.ask(slow.as_assistant(), "Why?", first, documents=1))
    assert slow.histories[1] == (Turn("user", "When <b>is</b> it?"), Turn("assistant", CITATION.quote))


def test_status_comes_before_the_answer(slow: SlowAssistant) -> None:
    slow.may_answer.set()
    steps = [talk[-1] for talk in conversation.ask(slow.as_assistant(), "When?", (), documents=1200)]
    assert [step.status for step in steps] == ["Searching 1,200 documents…", "Reading 0 passages…", ""]
    assert steps[-1].answer == ANSWER


@pytest.mark.parametrize(
    ("failure", "words"),
    [(IndexUnusable("The disk is full."), "The disk is full."), (ZeroDivisionError("x"), conversation.FAULT)],
)
def test_failure_is_one_sentence_and_no_turn(slow: SlowAssistant, failure: Exception, words: str) -> None:
    slow.failure = failure
    talk = list(conversation.ask(slow.as_assistant(), "When?", (), documents=1))[-1]
    assert (talk[-1].problem, talk[-1].answer) == (words, None)
    assert conversation.turns(talk) == ()


def test_stopping_shows_the_whole_of_a_partly_shown_answer() -> None:
    partly = Exchange("When?", status="Searching…", answer=ANSWER, shown=0)
    assert conversation.stopped((partly,)) == (Exchange("When?", answer=ANSWER),)
    assert conversation.stopped(()) == ()


def test_small_talk_is_no_turn(slow: SlowAssistant) -> None:
    about = Answer("Hello", (), (), False, 0.0, (), {}, kind="about", note="Ask me something.")
    assert conversation.turns((Exchange("Hello", answer=about),)) == ()


def test_conversations_are_kept_by_their_keys_the_latest_longest() -> None:
    keys, talk = [f"{number:032x}" for number in range(3)], (Exchange("When?", answer=ANSWER),)
    talks = Talks(most=2)
    for key in keys:
        talks.keep(key, talk)
    assert [talks.of(key) for key in keys] == [(), talk, talk]
    talks.keep(keys[1], ())
    talks.keep("guessable", talk)
    assert [talks.of(key) for key in (*keys, "guessable", "")] == [(), (), talk, (), ()]


def test_conversation_that_is_shown_again_waits_for_nothing() -> None:
    talks, waiting = Talks(), Exchange("When?", status="Searching…")
    talks.keep("0" * 32, (waiting,))
    [shown] = talks.of("0" * 32)
    assert (shown.status, shown.problem) == ("", "Stopped.")
    assert waiting.stop.is_set()


def test_messages_alternate() -> None:
    made: list[Any] = conversation.messages((Exchange("a", status="…"), Exchange("b", problem="c")))
    assert [message["role"] for message in made] == ["user", "assistant"] * 2
