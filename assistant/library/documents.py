"""The library: documents and their passages, their keyword postings and their vectors.

It is the truth about what is indexed: Chroma can be rebuilt from it without embedding again. Readers see a
document as it was or as it is, never half of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from assistant.errors import UnknownDocument
from assistant.library.cache import VectorCache
from assistant.library.database import Connection, Database, chunks
from assistant.library.keywords import Keywords
from assistant.values import Document, Origin, Page, Passage, Rows, Section, Sentence

ORIGINS = "o.path, o.url, o.fetched_at FROM origins o JOIN sources s ON s.path = o.path"
PASSAGE_COLUMNS = "p.id, p.document_id, p.start, p.end, p.text, p.sentences, p.headings, p.header"


class Names(NamedTuple):
    """A document's title, its source (a path, or the URL of a page that was fetched) and its path."""

    title: str
    source: str
    path: str


class Library(Database):
    """The documents and passages of a folder, with the keyword index and the vectors kept for them."""

    @property
    def keywords(self) -> Keywords:
        return Keywords(self)

    @property
    def vectors(self) -> VectorCache:
        return VectorCache(self)

    def document(self, id_or_source: str) -> Document:
        """The document with this id, at this path below the corpus folder, or fetched from this URL.

        With its text. Raises UnknownDocument.
        """
        row = self.row(
            "SELECT id, title, media_type, sha256, text, structure, added_at FROM documents WHERE id = ?1"
            " OR id = (SELECT document_id FROM sources WHERE path = ?1 OR path ="
            " (SELECT path FROM origins WHERE url = ?1)) LIMIT 1",
            (id_or_source,),
        )
        if row is None:
            raise UnknownDocument(
                f"No document has the id, path or URL {id_or_source!r}. "
                "`python -m assistant list` shows them all."
            )
        return _document(row, self._sources(row[0]), self._origins(row[0]))

    def documents(self) -> tuple[Document, ...]:
        """All documents ordered by source, without their texts (`text` is empty)."""
        rows = self.rows("SELECT id, title, media_type, sha256, '', structure, added_at FROM documents")
        sources: dict[str, list[str]] = {}
        for path, document_id in self.rows("SELECT path, document_id FROM sources ORDER BY path"):
            sources.setdefault(document_id, []).append(path)
        fetched: dict[str, list[Origin]] = {}
        for document_id, *origin in self.rows(f"SELECT s.document_id, {ORIGINS} ORDER BY o.path"):
            fetched.setdefault(document_id, []).append(Origin(*origin))
        found = (
            _document(row, tuple(sources.get(row[0], ())), tuple(fetched.get(row[0], ()))) for row in rows
        )
        return tuple(sorted(found, key=lambda document: document.source))

    def names(self, document_ids: Iterable[str]) -> dict[str, Names]:
        """What these documents are called, by id."""
        found = {}
        for document_id in document_ids:
            if row := self.row("SELECT title FROM documents WHERE id = ?", (document_id,)):
                path = next(iter(self._sources(document_id)), "")
                source = _source(path, self._origins(document_id))
                found[document_id] = Names(_title(row[0], path or document_id), source, path)
        return found

    def sources(self) -> dict[str, tuple[str, str]]:
        """For every indexed path: the document's id and the SHA-256 of its bytes."""
        rows = self.rows(
            "SELECT s.path, d.id, d.sha256 FROM sources s JOIN documents d ON d.id = s.document_id"
        )
        return {path: (document_id, sha256) for path, document_id, sha256 in rows}

    def text_at(self, document_id: str, start: int, end: int) -> str:
        """The characters of a document's text from `start` to `end`; empty where there are none."""
        row = self.row(
            "SELECT substr(text, ?, ?) FROM documents WHERE id = ?", (start + 1, end - start, document_id)
        )
        return str(row[0]) if row else ""

    def place_at(self, document_id: str, offset: int) -> tuple[int | None, str]:
        """The number of the page that holds this character, None without pages; and how a reader names
        the page, slide or row, "" where there is none."""
        if page := self._part_at("pages", document_id, offset):
            return int(page["number"]), page.get("label") or f"p. {page['number']}"
        if rows := self._part_at("rows", document_id, offset):
            above = self.text_at(document_id, rows["start"], offset).count("\n")
            return None, f"row {rows['number'] + above:,}"
        return None, ""

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages with these ids, by id; ids that the library does not hold are left out."""
        found = {}
        for chunk in chunks(ids, 500):
            marks = ",".join("?" * len(chunk))
            for row in self.rows(f"SELECT {PASSAGE_COLUMNS} FROM passages p WHERE p.id IN ({marks})", chunk):
                found[row[0]] = _passage(row)
        return found

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """A document's passages in the order of its text."""
        rows = self.rows(
            f"SELECT {PASSAGE_COLUMNS} FROM passages p WHERE p.document_id = ? ORDER BY p.start",
            (document_id,),
        )
        return tuple(_passage(row) for row in rows)

    def passage_count(self) -> int:
        return int(self.rows("SELECT count(*) FROM passages")[0][0])

    def put(self, documents: Iterable[tuple[Document, Sequence[tuple[Passage, str]]]]) -> None:
        """Store documents with their passages, each with the key of its vectors; those that are there anew.

        An empty title is kept empty: readers are shown the name of the file, which may change.
        """
        with self.writing() as db:
            for document, passages in documents:
                self._put_document(db, document)
                for passage, key in passages:
                    self._put_passage(db, passage, key)

    def set_sources(self, document_id: str, paths: Sequence[str]) -> None:
        """Say which paths hold this document."""
        with self.writing() as db:
            self._set_sources(db, document_id, paths)

    def set_origins(self, origins: Iterable[Origin]) -> None:
        """Say where the files came from that were fetched, in place of all that was said before."""
        now = sorted((origin.path, origin.url, origin.fetched_at) for origin in origins)
        if now == self.rows("SELECT path, url, fetched_at FROM origins ORDER BY path"):
            return
        with self.writing() as db:
            db.execute("DELETE FROM origins")
            db.executemany("INSERT INTO origins VALUES (?, ?, ?)", now)

    def remove(self, document_ids: Iterable[str]) -> None:
        """Take documents out of every table. `compact` then takes their words off the disk."""
        with self.writing() as db:
            for document_id in document_ids:
                self._forget_passages(db, document_id)
                db.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def _part_at(self, kind: str, document_id: str, offset: int) -> dict[str, Any]:
        """The first of a document's pages or rows that holds this character; empty where none does."""
        row = self.row(
            "SELECT part.value FROM documents, json_each(documents.structure, ?1) part"
            " WHERE documents.id = ?2 AND json_extract(part.value, '$.start') <= ?3"
            " AND json_extract(part.value, '$.end') > ?3",
            (f"$.{kind}", document_id, offset),
        )
        return json.loads(row[0]) if row else {}

    def _sources(self, document_id: str) -> tuple[str, ...]:
        rows = self.rows("SELECT path FROM sources WHERE document_id = ? ORDER BY path", (document_id,))
        return tuple(row[0] for row in rows)

    def _origins(self, document_id: str) -> tuple[Origin, ...]:
        rows = self.rows(f"SELECT {ORIGINS} WHERE s.document_id = ? ORDER BY o.path", (document_id,))
        return tuple(Origin(*row) for row in rows)

    @staticmethod
    def _set_sources(db: Connection, document_id: str, paths: Sequence[str]) -> None:
        db.execute("DELETE FROM sources WHERE document_id = ?", (document_id,))
        db.executemany(
            "INSERT OR REPLACE INTO sources VALUES (?, ?)", [(path, document_id) for path in paths]
        )

    @staticmethod
    def _forget_passages(db: Connection, document_id: str) -> None:
        db.execute(
            "DELETE FROM postings WHERE rowid IN (SELECT number FROM passages WHERE document_id = ?)",
            (document_id,),
        )
        db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))

    def _put_document(self, db: Connection, document: Document) -> None:
        self._forget_passages(db, document.id)
        db.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET"
            " title = excluded.title, media_type = excluded.media_type, sha256 = excluded.sha256,"
            " text = excluded.text, structure = excluded.structure",
            (document.id, document.title, document.media_type, document.sha256, document.text,
             _structure(document), document.added_at),
        )  # fmt: skip
        self._set_sources(db, document.id, document.sources)

    @staticmethod
    def _put_passage(db: Connection, passage: Passage, key: str) -> None:
        done = db.execute(
            'INSERT INTO passages (id, document_id, start, "end", text, sentences, headings, header, key)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (passage.id, passage.document_id, passage.start, passage.end, passage.text,
             json.dumps(passage.sentence_spans), json.dumps(passage.headings),
             json.dumps(passage.header) if passage.header else None, key),
        )  # fmt: skip
        db.execute("INSERT INTO postings (rowid, text) VALUES (?, ?)", (done.lastrowid, passage.text))


def _passage(row: tuple[str, str, int, int, str, str, str, str | None]) -> Passage:
    passage_id, document_id, start, end, text, sentences, headings, header = row
    return Passage(
        id=passage_id,
        document_id=document_id,
        start=start,
        end=end,
        text=text,
        sentences=tuple(Sentence(start + a, start + b, text[a:b]) for a, b in json.loads(sentences)),
        headings=tuple(json.loads(headings)),
        header=tuple(json.loads(header)) if header else None,
    )


def _structure(document: Document) -> str:
    whole = asdict(document)
    return json.dumps(
        {name: whole[name] for name in ("sections", "pages", "rows", "facts", "questions", "notes")}
    )


def _document(
    row: tuple[str, str, str, str, str, str, str], sources: tuple[str, ...], origins: tuple[Origin, ...]
) -> Document:
    document_id, title, media_type, sha256, text, structure, added_at = row
    parts = json.loads(structure)
    path = sources[0] if sources else ""
    return Document(
        id=document_id,
        title=_title(title, path or document_id),
        source=_source(path, origins),
        media_type=media_type,
        text=text,
        sha256=sha256,
        sections=tuple(Section(s["start"], s["end"], tuple(s["headings"])) for s in parts["sections"]),
        pages=tuple(Page(**page) for page in parts["pages"]),
        rows=tuple(Rows(**rows) for rows in parts.get("rows", ())),
        added_at=added_at,
        sources=sources,
        facts=parts["facts"],
        questions=tuple(parts["questions"]),
        notes=tuple(parts["notes"]),
        origins=origins,
    )


def _source(path: str, origins: Sequence[Origin]) -> str:
    """Where a document comes from: the URL of a page that was fetched, else its path."""
    return next((origin.url for origin in origins if origin.path == path), path)


def _title(title: str, name: str) -> str:
    return title or Path(name).stem
