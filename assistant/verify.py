"""The check that every shown sentence passes: is it supported, and by exactly which characters?"""

from __future__ import annotations

from collections.abc import Callable

from assistant.values import Answer, Citation

TextAt = Callable[[str, int, int], str]  # document id, start, end -> the characters there; "" where none are


def is_intact(citation: Citation, text_at: TextAt) -> bool:
    """Whether the document holds the quote at exactly the cited characters."""
    return (
        0 <= citation.start < citation.end
        and text_at(citation.document_id, citation.start, citation.end) == citation.quote
    )


def faults(answer: Answer, text_at: TextAt) -> list[str]:
    """What is wrong with an answer's citations, one sentence each; empty when every sentence is supported."""
    found = []
    numbers = {citation.number: citation for citation in answer.citations}
    used = {number for sentence in answer.sentences for number in sentence.citations}
    if used != set(numbers):
        found.append(f"Cited numbers {sorted(used)} are not the citations' {sorted(numbers)}.")
    for citation in (*answer.citations, *answer.closest):
        if not is_intact(citation, text_at):
            found.append(f"Citation {citation.number} of {citation.source} does not match its document.")
    for sentence in answer.sentences:
        quotes = [numbers[number].quote for number in sentence.citations if number in numbers]
        if sentence.text not in quotes:
            found.append(f"The sentence {sentence.text[:60]!r} is not word for word in what it cites.")
    return found
