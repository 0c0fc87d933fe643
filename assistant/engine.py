"""What an assistant holds while it is open: the index folder, and what finds and answers in it.

Each part is loaded when it is first asked for. Knows nothing of when the index has to change.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError
from assistant.settings import Settings

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from assistant.embedding import Embedder
    from assistant.extract import Extractor
    from assistant.ingest import Stores
    from assistant.library import Library
    from assistant.ownership import Ownership
    from assistant.retrieval import Retriever


@dataclass(frozen=True, slots=True)
class Storage:
    """The index folder, ours while this is held, and the library in it."""

    ownership: Ownership
    library: Library


@dataclass(frozen=True)
class Engine:
    """What finds and answers; a sync needs only the stores, and LangChain takes half a second to load."""

    stores: Stores

    @cached_property
    def retriever(self) -> Retriever:
        from assistant.reranking import Reranker
        from assistant.retrieval import Retriever

        stores, reranker = self.stores, self.stores.settings.reranker
        return Retriever(
            library=stores.library,
            index=stores.index,
            embedder=stores.embedder,
            candidates=stores.settings.candidates,
            reranker=Reranker(reranker) if reranker else None,
        )

    @cached_property
    def extractor(self) -> Extractor:
        from assistant.embedding import SpanReader
        from assistant.extract import Extractor

        stores = self.stores
        reader = SpanReader(stores.embedder)
        return Extractor(stores.library, stores.embedder, reader, stores.settings.minimum_confidence)

    @cached_property
    def chain(self) -> Runnable[Any, dict[str, Any]]:
        from assistant.chain import build

        return build(
            self.retriever,
            self.extractor,
            max_question_chars=self.stores.settings.max_question_chars,
            documents=self.stores.library.documents,
        )


def open_storage(index_dir: Path, *, anew: bool = False) -> Storage:
    """Take the index folder and open its library, or a new one with `anew`.

    Raises IndexLocked if another process owns the folder, IndexUnusable if it cannot be opened or written.
    """
    from assistant.library import Library, erase
    from assistant.ownership import Ownership

    ownership = Ownership(index_dir)
    try:
        if anew:
            erase(index_dir)
        return Storage(ownership, Library(index_dir))
    except AssistantError:
        ownership.release()
        raise


def open_engine(settings: Settings, library: Library, embedder: Embedder) -> Engine:
    """The library together with the vectors that belong to it, ready to find and to answer."""
    from assistant.ingest import Stores
    from assistant.vectors import Index

    index = Index(settings.index_dir, url=settings.chroma_url, collection=settings.chroma_collection)
    return Engine(Stores(settings, library, index, embedder))
