"""The vectors that were computed, kept by model and by the key of the text that was embedded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.library.database import Database, chunks

Vectors = NDArray[np.float32]
# CROSS, so that SQLite takes the passages first: it chose to read every vector of the model, which took
# 0.6 s a question at 100,000 passages, against 0.005 s.
WITH_VECTORS = "passages p CROSS JOIN embeddings e ON e.key = p.key"


@dataclass(frozen=True)
class VectorCache:
    """The vectors of passages and of their sentences, from which Chroma is rebuilt without embedding."""

    database: Database

    def of(self, model: str, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """By passage id, the array (1 + its sentences, dimension): the passage, then its sentences."""
        rows = self._among(
            f"SELECT p.id, e.rows, e.vectors FROM {WITH_VECTORS} WHERE e.model = ? AND p.id IN",
            model,
            passage_ids,
        )
        return {passage_id: _array(count, blob) for passage_id, count, blob in rows}

    def cached(self, model: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """The vectors already computed, by the key of the text that was embedded."""
        rows = self._among(
            "SELECT key, rows, vectors FROM embeddings WHERE model = ? AND key IN", model, keys
        )
        return {key: _array(count, blob) for key, count, blob in rows}

    def known_keys(self, model: str, keys: Sequence[str]) -> set[str]:
        """Those of these keys whose vectors are already computed."""
        return {
            row[0]
            for row in self._among("SELECT key FROM embeddings WHERE model = ? AND key IN", model, keys)
        }

    def keys_of(self, document_ids: Iterable[str]) -> dict[str, str]:
        """By the id of each passage of these documents, the key of its vectors."""
        return {
            passage_id: key
            for document_id in document_ids
            for passage_id, key in self.database.rows(
                "SELECT id, key FROM passages WHERE document_id = ?", (document_id,)
            )
        }

    def every(self, model: str, count: int = 1000) -> Iterator[list[tuple[str, str, Vectors]]]:
        """Every passage as (id, document id, its vector), in batches of `count`."""
        last = ""
        while rows := self.database.rows(
            f"SELECT p.id, p.document_id, e.rows, e.vectors FROM {WITH_VECTORS}"
            " WHERE e.model = ? AND p.id > ? ORDER BY p.id LIMIT ?",
            (model, last, count),
        ):
            yield [(row[0], row[1], _array(row[2], row[3])[0]) for row in rows]
            last = rows[-1][0]

    def keep(self, model: str, vectors: dict[str, Vectors]) -> None:
        """Keep computed vectors, by the key of the text that was embedded."""
        with self.database.writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)",
                [(model, key, len(rows), rows.astype("<f2").tobytes()) for key, rows in vectors.items()],
            )

    def drop_unused(self, model: str) -> None:
        """Drop cached vectors that no passage uses, and those of any other model."""
        with self.database.writing() as db:
            db.execute(
                "DELETE FROM embeddings WHERE model <> ? OR key NOT IN (SELECT key FROM passages)", (model,)
            )

    def _among(self, query: str, model: str, values: Sequence[str]) -> Iterator[Any]:
        """The rows of a query that ends in "IN", for a model and any number of values."""
        for chunk in chunks(values, 500):
            marks = ",".join("?" * len(chunk))
            yield from self.database.rows(f"{query} ({marks})", (model, *chunk))


def _array(count: int, blob: bytes) -> Vectors:
    # Kept as float16: half the disk, and its rounding (0.0005) is finer than that of bfloat16 arithmetic.
    return np.frombuffer(blob, "<f2").reshape(count, -1).astype(np.float32)
