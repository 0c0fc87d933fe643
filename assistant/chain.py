"""The retrieval chain as a LangChain Runnable: a question in, an `Answer` out, streamed on the way.

What flows out: the retrieved `passages`, then the `answer`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableGenerator
from langchain_core.runnables.utils import AddableDict

from assistant.errors import SettingsError
from assistant.extract import Extractor
from assistant.retrieval import Retriever
from assistant.values import Hit

PASSAGES_READ = 12  # retrieved passages whose sentences are weighed


def build(
    retriever: Retriever, extractor: Extractor, *, max_question_chars: int
) -> Runnable[Any, AddableDict]:
    """The chain. Its input is a question, or `{"question": …, "documents": [ids]}`.

    It streams `{"passages": …}`, then `{"answer": …}`. One generator rather than
    `RunnablePassthrough.assign`, which starts a thread, and with it a database connection, for every step of every question.
    """

    def steps(inputs: Iterator[str | dict[str, Any]]) -> Iterator[AddableDict]:
        for given in inputs:
            began = time.perf_counter()
            fields = {"question": given} if isinstance(given, str) else given
            question = clean_question(fields["question"], max_question_chars)
            found = retriever.invoke(question, documents=fields.get("documents", ()), count=PASSAGES_READ)
            retrieved = time.perf_counter()
            yield AddableDict(passages=found)
            made = extractor.answer(question, hits(found))
            ended = time.perf_counter()
            seconds = {"retrieve": retrieved - began, "answer": ended - retrieved, "total": ended - began}
            timings = {name: round(1000 * value, 2) for name, value in seconds.items()}
            yield AddableDict(answer=replace(made, timings_ms=timings))

    return RunnableGenerator(steps)


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
