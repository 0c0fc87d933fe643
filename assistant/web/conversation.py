"""A conversation as values, and as the messages that show it. Knows nothing of gradio."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING, Any

from assistant import render
from assistant.errors import AssistantError
from assistant.values import Answer, Turn

if TYPE_CHECKING:
    from assistant.assistant import Assistant

BETWEEN_SENTENCES_S = 0.06  # long enough to be seen as a sequence, too short to be waited for
SHOWN_OF_LONG = 300  # characters of a question that is too long to be asked
ALWAYS_ANSWERED = "Which documents do you have?"
FAULT = "Something went wrong in the program, so the question was not answered. Ask it again."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and what became of it; exactly one of the other fields says it, once it has ended."""

    question: str
    status: str = ""  # while it is being answered
    answer: Answer | None = None
    shown: int | None = None  # sentences of the answer on display; None is all of them
    problem: str = ""  # why there is no answer, one sentence
    stop: Event = field(default_factory=Event, compare=False, repr=False)  # set when the reader stops it


Talk = tuple[Exchange, ...]
Message = dict[str, Any]  # as Gradio has it: role, content, options


def ask(assistant: Assistant, question: str, talk: Talk, *, documents: int) -> Iterator[Talk]:
    """The conversation as it grows by this question: searching, reading, the answer by sentences.

    Never raises: what goes wrong becomes the last exchange's problem. Ends early once it is stopped,
    because Gradio lets a stopped generator yield once more.
    """
    asked = Exchange(question, status=f"Searching {counted(documents)}…")
    for step in _steps(assistant, asked, turns(talk)):
        if asked.stop.is_set():
            return
        yield (*talk, step)


def _steps(assistant: Assistant, asked: Exchange, history: Sequence[Turn]) -> Iterator[Exchange]:
    yield asked
    try:
        for step in assistant.stream(asked.question, history=history):
            if isinstance(step, Answer):
                yield from _by_sentences(asked, step)
            else:
                yield replace(asked, status=f"Reading {counted(len(step), 'passage')}…")
    except AssistantError as error:
        yield _ended(asked, problem=str(error), most_chars=assistant.settings.max_question_chars)
    except Exception:  # the boundary: whatever it is, the reader gets one sentence
        log.exception("A question could not be answered.")
        yield _ended(asked, problem=FAULT, most_chars=assistant.settings.max_question_chars)


def objection(question: str, talk: Talk) -> str:
    """Why this question cannot be asked now, one sentence; empty if it can."""
    if not question.strip():
        return "The question is empty. Type what you want to know, then press Enter."
    if talk and talk[-1].status:
        return "The last question is still being answered. Wait for it, or stop it."
    return ""


def stopped(talk: Talk) -> Talk:
    """The conversation after the reader stopped it: an answer shown in part is shown whole.

    What is still on its way to the last question is dropped when it arrives.
    """
    if not talk or not talk[-1].status:
        return talk
    last = talk[-1]
    last.stop.set()
    end = replace(last, status="", shown=None)
    return (*talk[:-1], end if last.answer else replace(end, problem="Stopped."))


def turns(talk: Talk) -> tuple[Turn, ...]:
    """What was said about the documents so far as plain text, without the questions that got no answer."""
    said: list[Turn] = []
    for exchange in talk:
        if exchange.answer is not None and exchange.answer.kind != "about":
            said += [
                Turn("user", exchange.question),
                Turn("assistant", render.to_plain(exchange.answer)),
            ]
    return tuple(said)


def messages(talk: Talk) -> list[Message]:
    """The conversation as chat messages, in which nothing that was typed or read is markup."""
    shown: list[Message] = []
    for exchange in talk:
        question = render.words_to_chat(exchange.question, kind="asked")
        shown.append({"role": "user", "content": question})
        shown.append({"role": "assistant", "content": _reply(exchange), "options": _options(exchange)})
    return shown


def counted(count: int, noun: str = "document") -> str:
    """`1 document`, `1,200 documents`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _by_sentences(asked: Exchange, answer: Answer) -> Iterator[Exchange]:
    for count in range(1, len(answer.sentences)):
        yield replace(asked, answer=answer, shown=count)
        time.sleep(BETWEEN_SENTENCES_S)
    yield replace(asked, status="", answer=answer)


def _ended(asked: Exchange, *, problem: str, most_chars: int) -> Exchange:
    too_long = len(asked.question) > most_chars
    question = asked.question[:SHOWN_OF_LONG] + "…" if too_long else asked.question
    return Exchange(question, problem=problem)


def _reply(exchange: Exchange) -> str:
    if exchange.answer is not None:
        return render.to_chat(exchange.answer, sentences=exchange.shown)
    if exchange.problem:
        return render.words_to_chat(exchange.problem, kind="problem")
    return render.words_to_chat(exchange.status, kind="status")


def _options(exchange: Exchange) -> list[dict[str, str]]:
    """What can be chosen with a click, each with the question it asks."""
    choices = exchange.answer.choices if exchange.answer else ()
    return [{"label": render.visible(choice), "value": f"I mean {choice}"} for choice in choices]


def suggestions(assistant: Assistant, count: int = 4) -> Sequence[str]:
    """Questions to begin with: those that documents suggest, or else one that any corpus answers."""
    try:
        return assistant.examples(count) or (ALWAYS_ANSWERED,)
    except AssistantError:
        return ()
