"""Test every invariant on the real data."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.ingest import Stores, distrust
from assistant.values import Document, Passage


def problems(stores: Stores) -> Iterator[str]:
    """One sentence for each invariant that the index breaks."""
    if why := distrust(stores):
        yield f"{stores.index.where}: Chroma cannot be trusted, because {why}. Run: python -m assistant sync"
    yield from stores.library.problems()
    expected: set[str] = set()
    for listed in stores.library.documents():
        document = stores.library.document(listed.id)
        passages = stores.library.passages_of(document.id)
        expected |= {passage.id for passage in passages}
        if not document.sources:
            yield f"{document.id}: no file of the corpus holds this document."
        yield from _inexact(document, passages)
        yield from _unembedded(stores, document, passages)
    if not why or stores.index.opened:  # what cannot be trusted is not opened, which would change its files
        yield from _different(expected, stores.index.ids(), stores.index.where)


def _inexact(document: Document, passages: tuple[Passage, ...]) -> Iterator[str]:
    for passage in passages:
        if document.text[passage.start : passage.end] != passage.text:
            yield f"{document.source}: passage {passage.id} is not the text at {passage.start}-{passage.end}."
        for sentence in passage.sentences:
            if document.text[sentence.start : sentence.end] != sentence.text or not sentence.text:
                yield f"{document.source}: a sentence is not the text at {sentence.start}-{sentence.end}."


def _unembedded(stores: Stores, document: Document, passages: tuple[Passage, ...]) -> Iterator[str]:
    vectors = stores.library.vectors.of(stores.embedder.name, [passage.id for passage in passages])
    for passage in passages:
        if len(vectors.get(passage.id, ())) != 1 + len(passage.sentences):
            yield f"{document.source}: passage {passage.id} lacks vectors."


def _different(expected: set[str], indexed: set[str], where: str) -> Iterator[str]:
    remedy = "Run: python -m assistant sync --rebuild"
    if missing := len(expected - indexed):
        yield f"{where}: {missing} passages have no vector in Chroma. {remedy}"
    if extra := len(indexed - expected):
        yield f"{where}: {extra} vectors in Chroma belong to no passage. {remedy}"
