"""The keyword index: passages by their words, and the words that the passages hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant import postings
from assistant.library.database import Database
from assistant.words import porter, words

FORMS_FROM = 10  # passages, in which the forms of a word are looked for


@dataclass(frozen=True)
class Keywords:
    """The postings of every passage, which FTS5 stems and counts."""

    database: Database

    def search(
        self, words: Iterable[str], *, count: int, documents: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """Passage ids with their BM25 scores (higher is better), best first, for any of these words."""
        quoted = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
        if not quoted:
            return []
        only = f" AND p.document_id IN ({','.join('?' * len(documents))})" if documents else ""
        rows = self.database.rows(
            "SELECT p.id, -bm25(postings) AS score FROM postings"
            " JOIN passages p ON p.number = postings.rowid"
            f" WHERE postings MATCH ?{only} ORDER BY score DESC, p.id LIMIT ?",
            (quoted, *documents, count),
        )
        return [(passage_id, score) for passage_id, score in rows]

    def passages_with(self, words: Sequence[str]) -> list[int]:
        """In how many passages each word occurs, in any form that the keyword index takes for the same.

        The index's own tokenizer stems the words; a word of several tokens ("3.1") counts as its rarest.
        """
        db = self.database.connection
        db.execute("SAVEPOINT spelling")  # not a transaction: there may be one, of `unchanging`
        db.executemany("INSERT INTO temp.spelling (rowid, text) VALUES (?, ?)", list(enumerate(words)))
        tokens = db.execute("SELECT doc, term FROM temp.spelled").fetchall()
        db.execute("DELETE FROM temp.spelling")
        db.execute("RELEASE spelling")
        counts: dict[int, int] = {}
        for at, term in tokens:
            row = db.execute("SELECT doc FROM terms WHERE term = ?", (term,)).fetchone()
            held = int(row[0]) if row else 0
            counts[at] = min(counts.get(at, held), held)
        return [counts.get(at, 0) for at in range(len(words))]

    def stems_like(self, stem: str) -> list[tuple[str, int]]:
        """The stems of the postings with the same first letter and about the same length, and how many
        passages hold each."""
        rows = self.database.rows(
            "SELECT term, doc FROM terms WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ?",
            (stem[:1], chr(ord(stem[:1] or "a") + 1), len(stem) - 2, len(stem) + 2),
        )
        return [(term, int(count)) for term, count in rows]

    def forms(self, stem: str) -> list[str]:
        """The words of up to FORMS_FROM passages that have this stem, in lower case."""
        rows = self.database.rows(
            "SELECT p.text FROM passages p WHERE p.number IN"
            " (SELECT DISTINCT doc FROM temp.places WHERE term = ? LIMIT ?)",
            (stem, FORMS_FROM),
        )
        written = {word.folded for row in rows for word in words(row[0]) if word.folded[:1] == stem[:1]}
        return sorted(word for word in written if porter(word) == stem)

    def stale_terms(self) -> set[str]:
        """Terms that stand in the pages of the keyword index although no passage has them any more."""
        pages = self.database.rows("SELECT id, block FROM postings_data")
        stored = {term for row, page in pages if postings.is_leaf(row) for term in postings.terms(page)}
        return stored - {row[0] for row in self.database.rows("SELECT term FROM terms")}
