"""The retriever: passages by meaning and by keywords, their scores fused.

The only LangChain `BaseRetriever`. Knows nothing of sentences or answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from assistant.embedding import Embedder
from assistant.library import Library
from assistant.reranking import Reranker
from assistant.values import Hit
from assistant.vectors import Index
from assistant.words import content_words

# Weight of BM25 beside the cosine. Measured on six data sets, against reciprocal rank fusion as well.
KEYWORD_SHARE = 0.35
RERANKED = 30  # passages that a reranker reads for each question, at least
SENTENCE_SHARE = 0.2  # of a passage's closest sentence, beside the passage as a whole
REPEATED = 0.05  # what further passages of a document lose to the best ones of others
KEYWORDS_DEEP = 4  # times as many keyword scores as candidates, for what was found by meaning


class FoundPassage(LangChainDocument):
    """A retrieved passage as LangChain sees it; `hit` is the same as our own value, and is not serialised."""

    hit: Any = Field(exclude=True)


class Retriever(BaseRetriever):
    """Passages of the library for a question, best first."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: Library
    index: Index
    embedder: Embedder
    candidates: int = 50
    reranker: Reranker | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        documents: Sequence[str] = (),
        count: int = 10,
    ) -> list[LangChainDocument]:
        return [
            FoundPassage(
                id=hit.passage.id,
                page_content=hit.passage.text,
                metadata={
                    "document_id": hit.passage.document_id,
                    "source": hit.source,
                    "title": hit.title,
                    "start": hit.passage.start,
                    "end": hit.passage.end,
                    "score": hit.score,
                    "rank": hit.rank,
                    "found_by": list(hit.found_by),
                },
                hit=hit,
            )
            for hit in self.hits(query, documents=documents, count=count)
        ]

    def hits(self, query: str, *, documents: Sequence[str] = (), count: int = 10) -> tuple[Hit, ...]:
        """The `count` best passages; of these documents only, where any are named."""
        near, spoken = self._by_meaning(query, documents), self._by_keywords(query, documents)
        ids = list(dict.fromkeys([*near, *list(spoken)[: self.candidates]]))
        scores = fuse(self._closeness(query, ids), spoken)
        passages = self.library.passages(list(scores))
        scores = spread(scores, {passage_id: passage.document_id for passage_id, passage in passages.items()})
        ranked = sorted(passages, key=lambda passage_id: (-scores[passage_id], passage_id))
        if self.reranker and ranked:
            ranked = ranked[: max(count, RERANKED)]
            texts = [passages[passage_id].text for passage_id in ranked]
            relevance = self.reranker.relevance(query, texts)
            scores = {i: _of_fused(chance) for i, chance in zip(ranked, relevance, strict=True)}
            ranked = sorted(ranked, key=lambda passage_id: (-scores[passage_id], passage_id))
        ranked = ranked[:count]
        names = self.library.names({passages[passage_id].document_id for passage_id in ranked})
        return tuple(
            Hit(
                passage=passages[passage_id],
                title=names[passages[passage_id].document_id].title,
                source=names[passages[passage_id].document_id].source,
                score=scores[passage_id],
                rank=rank,
                found_by=_found_by(passage_id, near, spoken),
                keywords=round(spoken.get(passage_id, 0.0), 4),
                path=names[passages[passage_id].document_id].path,
            )
            for rank, passage_id in enumerate(ranked, start=1)
        )

    def _by_meaning(self, query: str, documents: Sequence[str]) -> list[str]:
        return self.index.search(self.embedder.query(query), count=self.candidates, documents=documents)

    def _by_keywords(self, query: str, documents: Sequence[str]) -> dict[str, float]:
        words = content_words(query)
        return dict(
            self.library.keywords.search(words, count=KEYWORDS_DEEP * self.candidates, documents=documents)
        )

    def _closeness(self, query: str, ids: Sequence[str]) -> dict[str, float]:
        """By passage id, the cosine of the passage and of its best sentence, weighed together.

        Exact: Chroma's order is approximate, and what the keywords found has no cosine yet.
        """
        vector = self.embedder.query(query)
        known = self.library.vectors.of(self.embedder.name, ids)
        cosines = {passage_id: rows @ vector for passage_id, rows in known.items()}
        return {
            passage_id: float((1 - SENTENCE_SHARE) * rows[0] + SENTENCE_SHARE * rows.max())
            for passage_id, rows in cosines.items()
        }


def fuse(closeness: dict[str, float], bm25: dict[str, float]) -> dict[str, float]:
    """The score of each passage, up to 1 + KEYWORD_SHARE: its closeness, and its share of the best BM25.

    Rounded, so that arithmetic noise in the vectors does not decide the order.
    """
    best = max(bm25.values(), default=0.0) or 1.0
    return {
        passage_id: round(close + KEYWORD_SHARE * bm25.get(passage_id, 0.0) / best, 4)
        for passage_id, close in closeness.items()
    }


def spread(scores: dict[str, float], documents: dict[str, str]) -> dict[str, float]:
    """The scores with REPEATED less for all but the best passage of each document.

    Several documents are then found before many passages of one.
    """
    found, seen = {}, set()
    for passage_id in sorted(documents, key=lambda passage_id: (-scores[passage_id], passage_id)):
        is_further = documents[passage_id] in seen
        seen.add(documents[passage_id])
        found[passage_id] = round(scores[passage_id] - REPEATED * is_further, 4)
    return found


def _of_fused(relevance: float) -> float:
    """A reranker's relevance, 0 to 1, on the scale of fused scores, which the fitted weights can read."""
    return round((1 + KEYWORD_SHARE) * relevance, 4)


def _found_by(passage_id: str, near: Sequence[str], spoken: dict[str, float]) -> tuple[str, ...]:
    ways = {"meaning": near, "keywords": spoken}
    return tuple(name for name, ids in ways.items() if passage_id in ids)
