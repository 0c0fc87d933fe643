"""The retrieval chain as a LangChain Runnable: a question in, an `Answer` out, streamed on the way.

What flows out: the retrieved `passages`, then the `answer`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableGenerator
from langchain_core.runnables.utils import AddableDict

from assistant import compound
from assistant.about import reply
from assistant.errors import SettingsError
from assistant.extract import Extractor
from assistant.followups import Standing, stand_alone
from assistant.retrieval import Retriever
from assistant.spelling import mended
from assistant.values import Answer, Document, Hit, Turn

PASSAGES_READ = 12  # retrieved passages whose sentences are weighed


def build(
    retriever: Retriever,
    extractor: Extractor,
    *,
    max_question_chars: int,
    documents: Callable[[], Sequence[Document]],
) -> Runnable[Any, AddableDict]:
    """The chain. Its input is a question, or `{"question": …, "history": [turns], "documents": [ids]}`.

    It streams `{"passages": …}`, then `{"answer": …}`. One generator, because `RunnablePassthrough.assign`
    starts a thread, and with it a database connection, for each step of each question.
    """

    def steps(inputs: Iterator[str | dict[str, Any]]) -> Iterator[AddableDict]:
        for given in inputs:
            began = time.perf_counter()
            fields: dict[str, Any] = {"question": given} if isinstance(given, str) else given
            question = clean_question(fields["question"], max_question_chars)
            if said := reply(question, documents):
                yield AddableDict(answer=_about(question, said, time.perf_counter() - began))
                continue
            standing = understand(question, fields.get("history", ()), retriever)
            asked = compound.parts(standing)
            found = [
                retriever.invoke(part.text, documents=fields.get("documents", ()), count=PASSAGES_READ)
                for part in asked
            ]
            retrieved = time.perf_counter()
            yield AddableDict(
                passages=list({document.id: document for row in found for document in row}.values())
            )
            made = [extractor.answer(part, hits(row)) for part, row in zip(asked, found, strict=True)]
            answer = compound.merged(standing, made) if len(made) > 1 else made[0]
            ended = time.perf_counter()
            timings = _timings(retrieve=retrieved - began, answer=ended - retrieved, total=ended - began)
            yield AddableDict(answer=replace(answer, timings_ms=timings))

    return RunnableGenerator(steps)


def understand(question: str, history: Sequence[Turn], retriever: Retriever) -> Standing:
    """The question as it is looked for: standing alone, and with the documents' spelling."""
    standing = stand_alone(question, history)
    library, embedder = retriever.library, retriever.embedder
    text = mended(
        standing.text,
        passages_with=library.keywords.passages_with,
        is_common=embedder.is_common,
        stems_like=library.keywords.stems_like,
        forms=library.keywords.forms,
    )
    return replace(standing, text=text)


def _timings(**seconds: float) -> dict[str, float]:
    return {name: round(1000 * value, 2) for name, value in seconds.items()}


def _about(question: str, said: str, seconds: float) -> Answer:
    """A reply about the assistant itself: nothing is quoted, so it has no sentences."""
    return Answer(
        question=question,
        sentences=(),
        citations=(),
        answered=False,
        confidence=0.0,
        closest=(),
        timings_ms=_timings(total=seconds),
        kind="about",
        note=said,
    )


def hits(found: Sequence[Any]) -> tuple[Hit, ...]:
    """Our own values again, from what the retriever handed to LangChain."""
    return tuple(document.hit for document in found)


def clean_question(question: str, most_chars: int) -> str:
    """The question on one line. Raises SettingsError if it is empty or too long."""
    words = re.sub(r"[\s\x00-\x1f\x7f]+", " ", question).strip()
    if not words:
        raise SettingsError("The question is empty. Type what you want to know.")
    if len(words) > most_chars:
        raise SettingsError(
            f"The question has {len(words):,} characters; at most {most_chars:,} can be read. Shorten it."
        )
    return words
