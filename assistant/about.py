"""Small talk, and questions about the assistant itself: answered from the list of documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.values import Document

SHOWN = 5  # titles named in a message

SMALL_TALK = re.compile(
    r"(?:hi|hello|hey|hiya|greetings|good (?:morning|afternoon|evening|day)|thx|cheers|(?:good)?bye|see you"
    r"|thanks?(?: you)?(?: (?:so|very) much)?|ok(?:ay)?|great|nice|cool|perfect|test|sorry|never ?mind"
    r"|how are you(?: (?:today|doing))?|what'?s up|are you there|you'?re welcome)"
    r"(?:[\s,]+(?:there|again|all|everyone|assistant|for (?:your|the) help|for that))*"
)
DOCUMENTS = r"(?:documents?|files?|sources?|articles?|texts?|material)"
ABOUT = re.compile(
    r"(?:please |can you |could you )?(?:"
    r"what (?:can|could|do) (?:you|i|we) (?:do|answer|ask|tell|know|help)(?: (?:you|me|us|with|here|about))*"
    r"|what (?:kinds? of |sorts? of )?(?:questions?|things) can (?:you|i|we) (?:answer|ask)(?: you)?"
    rf"|(?:which|what|how many) {DOCUMENTS}"
    r"(?: do(?:es)? (?:you|it|we) (?:have|know|use|read|cover)"
    r"| are (?:there|here|available|loaded|indexed|in (?:here|the corpus)))?"
    rf"|(?:list|show|name)(?: me)?(?: all)?(?: (?:the|your))? {DOCUMENTS}"
    rf"|what (?:is|are) (?:your|the) {DOCUMENTS}(?: about)?|what is in the corpus"
    r"|who are you|what are you|what is this|how do (?:you|i|we) (?:work|use (?:this|you|it))|help"
    r")"
)


def reply(question: str, documents: Callable[[], Sequence[Document]]) -> str:
    """What to say to small talk or a question about the assistant; empty for any other question.

    `documents` is called only where they are to be named."""
    words = re.sub(r"[\s?!.]+", " ", question.lower()).strip()
    if ABOUT.fullmatch(words):
        return f"{_holdings(documents())} Each sentence I show is quoted from them, word for word."
    if SMALL_TALK.fullmatch(words):
        return f"Ask me something about the documents. {_holdings(documents())}"
    return ""


def _holdings(documents: Sequence[Document]) -> str:
    if not documents:
        return "I answer from documents, and there are none yet. Add one to begin."
    count = "one document" if len(documents) == 1 else f"{len(documents)} documents"
    names = "; ".join(f"“{document.title}”" for document in documents[:SHOWN])
    more = f"; and {len(documents) - SHOWN} more" if len(documents) > SHOWN else ""
    return f"I answer from {count}: {names}{more}."
