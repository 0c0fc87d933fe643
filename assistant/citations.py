"""Citations of earlier answers: read from saved JSON, and found again in the documents of today."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from assistant.anchoring import Place, anchor
from assistant.errors import SettingsError, UnknownDocument
from assistant.library import Library
from assistant.values import Document
from assistant.words import content_words

FEWEST_WORDS = 4  # a shorter quote is not looked for in other documents: it may stand anywhere
READ = 20  # passages looked at for the words of a document that is gone


class SavedCitation(BaseModel):
    """One citation as `ask --json` writes it; what else it holds is passed over."""

    number: int = 0
    document_id: str
    source: str = ""
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    quote: str = Field(min_length=1)


class SavedAnswer(BaseModel):
    """One answer as `ask --json` writes it."""

    id: str | int | None = None
    citations: list[SavedCitation]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one saved citation; `source`, `start` and `end` say where its words stand now."""

    answer: str
    number: int
    state: str  # "intact", "moved", "source changed", "source gone"
    document_id: str
    source: str
    start: int
    end: int
    quote: str


def read(path: Path) -> list[SavedAnswer]:
    """The answers saved in a file: JSON lines, an array, or a single object.

    Raises SettingsError that names the file and the line or entry that is none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The file of answers {path} cannot be read ({error}). Name one that `ask --json` has written."
        ) from error
    if not text.strip():
        raise SettingsError(f"The file of answers {path} is empty. Save answers with `ask --json`.")
    return [_answer(path, at, entry) for at, entry in _entries(path, text)]


def outcomes(library: Library, answers: list[SavedAnswer]) -> Iterator[Outcome]:
    """What became of each citation, in order."""
    for at, answer in enumerate(answers, start=1):
        name = str(at if answer.id is None else answer.id)
        for cited in answer.citations:
            yield _outcome(library, name, cited)


def locate(
    library: Library, document_id: str, *, start: int, end: int, quote: str, source: str = ""
) -> tuple[Document, Place]:
    """The document that a citation cites, and where in it the quote stands now.

    A document that is no longer known by its id is looked for at its path, then by the quoted words, because
    a document that was moved and indexed anew has another id. Raises UnknownDocument.
    """
    try:
        document = library.document(document_id)
    except UnknownDocument:
        found = _at(library, source) or _holding(library, quote)
        if found is None:
            raise
        document = found
    return document, anchor(document.text, start, end, quote)


def _outcome(library: Library, name: str, cited: SavedCitation) -> Outcome:
    def told(state: str, document_id: str, source: str, start: int, end: int) -> Outcome:
        return Outcome(name, cited.number, state, document_id, source, start, end, cited.quote)

    try:
        document, place = locate(
            library,
            cited.document_id,
            start=cited.start,
            end=cited.end,
            quote=cited.quote,
            source=cited.source,
        )
    except UnknownDocument:
        return told("source gone", cited.document_id, cited.source, cited.start, cited.end)
    if place.state == "changed":
        return told("source changed", document.id, document.source, cited.start, cited.end)
    elsewhere = document.id != cited.document_id
    return told("moved" if elsewhere else place.state, document.id, document.source, place.start, place.end)


def _at(library: Library, source: str) -> Document | None:
    try:
        return library.document(source) if source else None
    except UnknownDocument:
        return None


def _holding(library: Library, quote: str) -> Document | None:
    """A document that holds all these words in order, whatever its id and path."""
    words = content_words(quote)
    if len(set(words)) < FEWEST_WORDS:
        return None
    passages = library.passages([passage_id for passage_id, _ in library.keywords.search(words, count=READ)])
    for document_id in sorted({passage.document_id for passage in passages.values()}):
        document = library.document(document_id)
        if anchor(document.text, 0, 0, quote).state != "changed":
            return document
    return None


def _entries(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    """Each entry with its place in the file: of one JSON value, or else of one on each line."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        pass
    else:
        entries = whole if isinstance(whole, list) else [whole]
        yield from ((f"entry {number}", entry) for number, entry in enumerate(entries, start=1))
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield f"line {number}", json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SettingsError(
                f"{path}, line {number}: It is not JSON ({error}). Save answers with `ask --json`."
            ) from error


def _answer(path: Path, at: str, entry: Any) -> SavedAnswer:
    try:
        return SavedAnswer.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        wrong = f"{where}: {first['msg']}" if where else first["msg"]
        raise SettingsError(
            f"{path}, {at}: It is no answer of `ask --json` ({wrong}). Save answers with that."
        ) from error
