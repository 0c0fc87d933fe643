"""The library: documents, passages, keyword postings, the vector cache and the ledger, in one SQLite file.

The only importer of sqlite3. It is the truth about what is indexed: Chroma can be rebuilt from it without
embedding again. Readers see a document as it was or as it is, never half of it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant import postings
from assistant.errors import AssistantError, IndexUnusable, UnknownDocument
from assistant.values import Document, Origin, Page, Passage, Rows, Section, Sentence
from assistant.words import porter, words

FILE = "library.sqlite3"
TOKENIZER = "porter unicode61 remove_diacritics 2"
LAYOUT = "1"  # of the tables; another layout is built anew

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, media_type TEXT NOT NULL, sha256 TEXT NOT NULL,
    text TEXT NOT NULL, structure TEXT NOT NULL, added_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sources (
    path TEXT PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sources_by_document ON sources(document_id);
CREATE TABLE IF NOT EXISTS origins (
    path TEXT PRIMARY KEY, url TEXT NOT NULL, fetched_at TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS origins_by_url ON origins(url);
CREATE TABLE IF NOT EXISTS passages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL,
    sentences TEXT NOT NULL, headings TEXT NOT NULL, header TEXT, key TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS passages_by_document ON passages(document_id, start);
CREATE INDEX IF NOT EXISTS passages_by_key ON passages(key);
CREATE VIRTUAL TABLE IF NOT EXISTS postings USING fts5(text, tokenize = '{TOKENIZER}');
CREATE VIRTUAL TABLE IF NOT EXISTS terms USING fts5vocab('postings', 'row');
CREATE TABLE IF NOT EXISTS embeddings (
    model TEXT NOT NULL, key TEXT NOT NULL, rows INTEGER NOT NULL, vectors BLOB NOT NULL,
    PRIMARY KEY (model, key)) WITHOUT ROWID;
"""

# A table of a connection's own, in which the tokenizer of the postings spells out words.
SPELLING = f"""
CREATE VIRTUAL TABLE temp.spelling USING fts5(text, tokenize = '{TOKENIZER}');
CREATE VIRTUAL TABLE temp.spelled USING fts5vocab('temp', 'spelling', 'instance');
CREATE VIRTUAL TABLE temp.places USING fts5vocab('main', 'postings', 'instance');
"""

Vectors = NDArray[np.float32]
ORIGINS = "o.path, o.url, o.fetched_at FROM origins o JOIN sources s ON s.path = o.path"
# CROSS, so that SQLite takes the passages first: it chose to read every vector of the model, which took
# 0.6 s a question at 100,000 passages, against 0.005 s.
WITH_VECTORS = "passages p CROSS JOIN embeddings e ON e.key = p.key"
PASSAGE_COLUMNS = "p.id, p.document_id, p.start, p.end, p.text, p.sentences, p.headings, p.header"


class Names(NamedTuple):
    """A document's title, its source (a path, or the URL of a page that was fetched) and its path."""

    title: str
    source: str
    path: str


class _Connection(sqlite3.Connection):
    """A connection that a weak set can hold, so that it is closed when its thread ends."""


class Library:
    """The library in a folder. One connection a thread; one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._local = threading.local()
        self._connections: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._writing = threading.RLock()
        self._settled = threading.Condition()
        self._snapshots: set[object] = set()  # those that are being read from
        self._create()

    # --- reading ---------------------------------------------------------------------------------

    @contextmanager
    def unchanging(self) -> Iterator[None]:
        """Inside it, this thread reads the library as it is now, whatever another one writes meanwhile."""
        db, mine = self._db, object()
        with self._settled:
            self._snapshots.add(mine)
        try:
            db.execute("BEGIN")
            self.passage_count()  # it is the first read that settles what is seen
            yield
        finally:
            db.rollback()
            with self._settled:
                self._snapshots.discard(mine)
                self._settled.notify_all()

    def outlast_snapshots(self, timeout_s: float = 10) -> None:
        """Wait until whoever reads the library as it was before the last change has done so."""
        with self._settled:
            begun = set(self._snapshots)
            self._settled.wait_for(lambda: not begun & self._snapshots, timeout_s)

    def document(self, id_or_source: str) -> Document:
        """The document with this id, at this path below the corpus folder, or fetched from this URL.

        With its text. Raises UnknownDocument.
        """
        row = self._row(
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

    def text_at(self, document_id: str, start: int, end: int) -> str:
        """The characters of a document's text from `start` to `end`; empty where there are none."""
        row = self._row(
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

    def _part_at(self, kind: str, document_id: str, offset: int) -> dict[str, Any]:
        """The first of a document's pages or rows that holds this character; empty where none does."""
        row = self._row(
            "SELECT part.value FROM documents, json_each(documents.structure, ?1) part"
            " WHERE documents.id = ?2 AND json_extract(part.value, '$.start') <= ?3"
            " AND json_extract(part.value, '$.end') > ?3",
            (f"$.{kind}", document_id, offset),
        )
        return json.loads(row[0]) if row else {}

    def documents(self) -> tuple[Document, ...]:
        """All documents ordered by source, without their texts (`text` is empty)."""
        rows = self._rows("SELECT id, title, media_type, sha256, '', structure, added_at FROM documents")
        sources: dict[str, list[str]] = {}
        for path, document_id in self._rows("SELECT path, document_id FROM sources ORDER BY path"):
            sources.setdefault(document_id, []).append(path)
        fetched: dict[str, list[Origin]] = {}
        for document_id, *origin in self._rows(f"SELECT s.document_id, {ORIGINS} ORDER BY o.path"):
            fetched.setdefault(document_id, []).append(Origin(*origin))
        found = (
            _document(row, tuple(sources.get(row[0], ())), tuple(fetched.get(row[0], ()))) for row in rows
        )
        return tuple(sorted(found, key=lambda document: document.source))

    def sources(self) -> dict[str, tuple[str, str]]:
        """For every indexed path: the document's id and the SHA-256 of its bytes."""
        rows = self._rows(
            "SELECT s.path, d.id, d.sha256 FROM sources s JOIN documents d ON d.id = s.document_id"
        )
        return {path: (document_id, sha256) for path, document_id, sha256 in rows}

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages with these ids, by id; ids that the library does not hold are left out."""
        found = {}
        for chunk in _chunks(ids, 500):
            marks = ",".join("?" * len(chunk))
            for row in self._rows(f"SELECT {PASSAGE_COLUMNS} FROM passages p WHERE p.id IN ({marks})", chunk):
                found[row[0]] = _passage(row)
        return found

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """A document's passages in the order of its text."""
        rows = self._rows(
            f"SELECT {PASSAGE_COLUMNS} FROM passages p WHERE p.document_id = ? ORDER BY p.start",
            (document_id,),
        )
        return tuple(_passage(row) for row in rows)

    def keyword_search(
        self, words: Iterable[str], *, count: int, documents: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """Passage ids with their BM25 scores (higher is better), best first, for any of these words."""
        quoted = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
        if not quoted:
            return []
        only = f" AND p.document_id IN ({','.join('?' * len(documents))})" if documents else ""
        rows = self._rows(
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
        db = self._db
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
        rows = self._rows(
            "SELECT term, doc FROM terms WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ?",
            (stem[:1], chr(ord(stem[:1] or "a") + 1), len(stem) - 2, len(stem) + 2),
        )
        return [(term, int(count)) for term, count in rows]

    def as_written(self, stem: str) -> str:
        """A word of the passages that has this stem, in lower case; the stem itself where none is found."""
        row = self._row(
            "SELECT p.text FROM passages p"
            " WHERE p.number = (SELECT doc FROM temp.places WHERE term = ? LIMIT 1)",
            (stem,),
        )
        written = (word.folded for word in words(row[0] if row else "") if porter(word.folded) == stem)
        return next(written, stem)

    def names(self, document_ids: Iterable[str]) -> dict[str, Names]:
        """What these documents are called, by id."""
        found = {}
        for document_id in document_ids:
            if row := self._row("SELECT title FROM documents WHERE id = ?", (document_id,)):
                path = next(iter(self._sources(document_id)), "")
                source = _source(path, self._origins(document_id))
                found[document_id] = Names(_title(row[0], path or document_id), source, path)
        return found

    def passage_count(self) -> int:
        return int(self._rows("SELECT count(*) FROM passages")[0][0])

    def vectors(self, model: str, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """By passage id, the array (1 + its sentences, dimension): the passage, then its sentences."""
        found = {}
        for chunk in _chunks(passage_ids, 500):
            marks = ",".join("?" * len(chunk))
            rows = self._rows(
                f"SELECT p.id, e.rows, e.vectors FROM {WITH_VECTORS} WHERE e.model = ? AND p.id IN ({marks})",
                (model, *chunk),
            )
            for passage_id, count, blob in rows:
                found[passage_id] = _array(count, blob)
        return found

    def cached(self, model: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """The vectors already computed, by the key of the text that was embedded."""
        found = {}
        for chunk in _chunks(keys, 500):
            marks = ",".join("?" * len(chunk))
            rows = self._rows(
                f"SELECT key, rows, vectors FROM embeddings WHERE model = ? AND key IN ({marks})",
                (model, *chunk),
            )
            for key, count, blob in rows:
                found[key] = _array(count, blob)
        return found

    def keys_of(self, document_ids: Iterable[str]) -> dict[str, str]:
        """By the id of each passage of these documents, the key of its vectors."""
        return {
            passage_id: key
            for document_id in document_ids
            for passage_id, key in self._rows(
                "SELECT id, key FROM passages WHERE document_id = ?", (document_id,)
            )
        }

    def known_keys(self, model: str, keys: Sequence[str]) -> set[str]:
        """Those of these keys whose vectors are already computed."""
        found: set[str] = set()
        for chunk in _chunks(keys, 500):
            marks = ",".join("?" * len(chunk))
            rows = self._rows(
                f"SELECT key FROM embeddings WHERE model = ? AND key IN ({marks})", (model, *chunk)
            )
            found.update(row[0] for row in rows)
        return found

    def every_vector(self, model: str, count: int = 1000) -> Iterator[list[tuple[str, str, Vectors]]]:
        """Every passage as (id, document id, its vector), in batches of `count`."""
        last = ""
        while rows := self._rows(
            f"SELECT p.id, p.document_id, e.rows, e.vectors FROM {WITH_VECTORS}"
            " WHERE e.model = ? AND p.id > ? ORDER BY p.id LIMIT ?",
            (model, last, count),
        ):
            yield [(row[0], row[1], _array(row[2], row[3])[0]) for row in rows]
            last = rows[-1][0]

    def passage_ids(self) -> set[str]:
        return {row[0] for row in self._rows("SELECT id FROM passages")}

    def counts(self) -> dict[str, int]:
        """How many rows there are of each kind; `vectors` counts the texts that have some."""
        tables = {
            "documents": "documents",
            "paths": "sources",
            "passages": "passages",
            "postings": "postings_docsize",  # has a row for each passage that the keyword index knows
            "vectors": "embeddings",
        }
        return {
            name: int(self._rows(f"SELECT count(*) FROM {table}")[0][0]) for name, table in tables.items()
        }

    def stale_terms(self) -> set[str]:
        """Terms that stand in the pages of the keyword index although no passage has them any more."""
        pages = self._rows("SELECT id, block FROM postings_data")
        stored = {term for row, page in pages if postings.is_leaf(row) for term in postings.terms(page)}
        return stored - {row[0] for row in self._rows("SELECT term FROM terms")}

    def note(self, name: str) -> str:
        """What the ledger says under this name; empty where it says nothing."""
        row = self._row("SELECT value FROM meta WHERE name = ?", (name,))
        return str(row[0]) if row else ""

    # --- writing ---------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or nothing. Raises IndexUnusable if the disk refuses it."""
        with self._writing:
            db = self._db
            try:
                with db:
                    yield db
            except sqlite3.DatabaseError as error:
                raise _unusable(self.path, error) from error

    def set_note(self, name: str, value: str) -> None:
        if self.note(name) == value:
            return
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def cache(self, model: str, vectors: dict[str, Vectors]) -> None:
        """Keep computed vectors, by the key of the text that was embedded."""
        with self.writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)",
                [(model, key, len(rows), rows.astype("<f2").tobytes()) for key, rows in vectors.items()],
            )

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
        if now == self._rows("SELECT path, url, fetched_at FROM origins ORDER BY path"):
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

    def drop_unused_vectors(self, model: str) -> None:
        """Drop cached vectors that no passage uses, and those of any other model."""
        with self.writing() as db:
            db.execute(
                "DELETE FROM embeddings WHERE model <> ? OR key NOT IN (SELECT key FROM passages)", (model,)
            )

    def compact(self) -> None:
        """Rewrite the file so that nothing deleted is left in it. Raises IndexUnusable if it cannot be."""
        with self.writing() as db:
            db.execute("INSERT INTO postings(postings) VALUES ('optimize')")
        with self._writing:
            try:
                self._db.execute("VACUUM")
                busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.DatabaseError as error:
                raise _unusable(self.path, error) from error
        if busy:
            raise IndexUnusable(
                f"{self.path} could not be written anew, because it is being read all the time. "
                "What was removed is in no answer; the next command takes it off the disk."
            )

    def problems(self) -> list[str]:
        """What is wrong with the file itself, by SQLite's own checks; empty when all is well."""
        found = []
        for row in self._rows("PRAGMA integrity_check(5)"):
            if row[0] != "ok":
                found.append(f"library: {row[0]}")
        try:
            with self.writing() as db:
                db.execute("INSERT INTO postings(postings, rank) VALUES ('integrity-check', 1)")
        except IndexUnusable as error:
            found.append(f"library, keyword index: {error}")
        extra = self._rows("SELECT count(*) FROM postings WHERE rowid NOT IN (SELECT number FROM passages)")[
            0
        ][0]
        lacking = self._rows(
            "SELECT count(*) FROM passages WHERE number NOT IN (SELECT rowid FROM postings)"
        )[0][0]
        if extra or lacking:
            found.append(f"library: {extra} postings without a passage, {lacking} passages without postings")
        return found

    def close(self) -> None:
        for connection in list(self._connections):
            connection.close()
        self._connections.clear()
        self._local = threading.local()

    # --- inside ----------------------------------------------------------------------------------

    def _create(self) -> None:
        try:
            with self.writing() as db:
                db.executescript(SCHEMA)
            if self.note("layout") not in ("", LAYOUT):
                raise IndexUnusable(
                    f"{self.path} was written by another version of the assistant. "
                    "Run: python -m assistant sync --rebuild"
                )
            self.set_note("layout", LAYOUT)
        except AssistantError:
            self.close()
            raise

    @property
    def _db(self) -> sqlite3.Connection:
        db: _Connection | None = getattr(self._local, "db", None)
        if db is None:
            try:
                db = _connected(self.path)
            except sqlite3.DatabaseError as error:
                raise _unusable(self.path, error) from error
            self._connections.add(db)
            self._local.db = db
        return db

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """All that a query finds. Raises IndexUnusable if the file cannot be read."""
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _unusable(self.path, error) from error

    def _row(self, query: str, values: Sequence[Any] = ()) -> Any:
        """The first row that a query finds, or None."""
        return next(iter(self._rows(query, values)), None)

    def _sources(self, document_id: str) -> tuple[str, ...]:
        rows = self._rows("SELECT path FROM sources WHERE document_id = ? ORDER BY path", (document_id,))
        return tuple(row[0] for row in rows)

    def _origins(self, document_id: str) -> tuple[Origin, ...]:
        rows = self._rows(f"SELECT {ORIGINS} WHERE s.document_id = ? ORDER BY o.path", (document_id,))
        return tuple(Origin(*row) for row in rows)

    @staticmethod
    def _set_sources(db: sqlite3.Connection, document_id: str, paths: Sequence[str]) -> None:
        db.execute("DELETE FROM sources WHERE document_id = ?", (document_id,))
        db.executemany(
            "INSERT OR REPLACE INTO sources VALUES (?, ?)", [(path, document_id) for path in paths]
        )

    @staticmethod
    def _forget_passages(db: sqlite3.Connection, document_id: str) -> None:
        db.execute(
            "DELETE FROM postings WHERE rowid IN (SELECT number FROM passages WHERE document_id = ?)",
            (document_id,),
        )
        db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))

    def _put_document(self, db: sqlite3.Connection, document: Document) -> None:
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
    def _put_passage(db: sqlite3.Connection, passage: Passage, key: str) -> None:
        spans = [(s.start - passage.start, s.end - passage.start) for s in passage.sentences]
        done = db.execute(
            'INSERT INTO passages (id, document_id, start, "end", text, sentences, headings, header, key)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (passage.id, passage.document_id, passage.start, passage.end, passage.text, json.dumps(spans),
             json.dumps(passage.headings), json.dumps(passage.header) if passage.header else None, key),
        )  # fmt: skip
        db.execute("INSERT INTO postings (rowid, text) VALUES (?, ?)", (done.lastrowid, passage.text))


def erase(folder: Path) -> None:
    """Delete the library in a folder, whatever state it is in. Raises IndexUnusable if that is refused."""
    try:
        for suffix in ("", "-wal", "-shm"):
            (folder / f"{FILE}{suffix}").unlink(missing_ok=True)
    except OSError as error:
        raise IndexUnusable(
            f"{folder / FILE} cannot be deleted ({error.strerror}). Make its folder writable."
        ) from error


def _connected(path: Path) -> _Connection:
    db = sqlite3.connect(path, timeout=30, check_same_thread=False, factory=_Connection)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON")
        db.executescript(SPELLING)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _array(count: int, blob: bytes) -> Vectors:
    # Kept as float16: half the disk, and its rounding (0.0005) is finer than that of bfloat16 arithmetic.
    return np.frombuffer(blob, "<f2").reshape(count, -1).astype(np.float32)


def _chunks(items: Sequence[str], count: int) -> Iterator[list[str]]:
    for at in range(0, len(items), count):
        yield list(items[at : at + count])


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


def _unusable(path: Path, error: sqlite3.Error) -> IndexUnusable:
    said = str(error)
    if "disk is full" in said or "full" in said:
        return IndexUnusable(
            f"The disk that holds {path} is full. Free some space and run the command again."
        )
    if "readonly" in said or "unable to open" in said or "permission" in said.lower():
        return IndexUnusable(
            f"{path} cannot be written ({said}). "
            "Make its folder writable, or name another in ASSISTANT_INDEX_DIR."
        )
    if "disk I/O" in said:
        return IndexUnusable(
            f"{path} cannot be read or written ({said}). "
            "See that its disk has space and is sound, then run the command again."
        )
    if "locked" in said:
        return IndexUnusable(f"{path} is in use by another program ({said}). Close that and try again.")
    return IndexUnusable(f"{path} is damaged ({said}). Run: python -m assistant sync --rebuild")
