"""The library's file: its tables, a connection for each thread, snapshots, transactions and the ledger.

The only importer of sqlite3. Readers see a transaction whole or not at all.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, IndexUnusable

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


class Connection(sqlite3.Connection):
    """A connection that a weak set can hold, so that it is closed when its thread ends."""


class Database:
    """The tables, in one file of a folder. One connection a thread; one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._local = threading.local()
        self._connections: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._writing = threading.RLock()
        self._settled = threading.Condition()
        self._snapshots: set[object] = set()  # those that are being read from
        self._create()

    @contextmanager
    def unchanging(self) -> Iterator[None]:
        """Inside it, this thread reads the library as it is now, whatever another one writes meanwhile."""
        db, mine = self.connection, object()
        with self._settled:
            self._snapshots.add(mine)
        try:
            db.execute("BEGIN")
            self.rows("SELECT count(*) FROM passages")  # it is the first read that settles what is seen
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

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing. Raises IndexUnusable if the disk refuses it."""
        with self._writing:
            db = self.connection
            try:
                with db:
                    yield db
            except sqlite3.DatabaseError as error:
                raise _unusable(self.path, error) from error

    @property
    def connection(self) -> Connection:
        """This thread's own, opened at first use. Raises IndexUnusable if the file cannot be opened."""
        db: Connection | None = getattr(self._local, "db", None)
        if db is None:
            try:
                db = _connected(self.path)
            except sqlite3.DatabaseError as error:
                raise _unusable(self.path, error) from error
            self._connections.add(db)
            self._local.db = db
        return db

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """All that a query finds. Raises IndexUnusable if the file cannot be read."""
        try:
            return self.connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _unusable(self.path, error) from error

    def row(self, query: str, values: Sequence[Any] = ()) -> Any:
        """The first row that a query finds, or None."""
        return next(iter(self.rows(query, values)), None)

    def note(self, name: str) -> str:
        """What the ledger says under this name; empty where it says nothing."""
        row = self.row("SELECT value FROM meta WHERE name = ?", (name,))
        return str(row[0]) if row else ""

    def set_note(self, name: str, value: str) -> None:
        if self.note(name) == value:
            return
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def counts(self) -> dict[str, int]:
        """How many rows there are of each kind; `vectors` counts the texts that have some."""
        tables = {
            "documents": "documents",
            "paths": "sources",
            "passages": "passages",
            "postings": "postings_docsize",  # has a row for each passage that the keyword index knows
            "vectors": "embeddings",
        }
        return {name: int(self.rows(f"SELECT count(*) FROM {table}")[0][0]) for name, table in tables.items()}

    def problems(self) -> list[str]:
        """What is wrong with the file itself, by SQLite's own checks; empty when all is well."""
        found = []
        for row in self.rows("PRAGMA integrity_check(5)"):
            if row[0] != "ok":
                found.append(f"library: {row[0]}")
        try:
            with self.writing() as db:
                db.execute("INSERT INTO postings(postings, rank) VALUES ('integrity-check', 1)")
        except IndexUnusable as error:
            found.append(f"library, keyword index: {error}")
        (extra,) = self.row("SELECT count(*) FROM postings WHERE rowid NOT IN (SELECT number FROM passages)")
        (lacking,) = self.row(
            "SELECT count(*) FROM passages WHERE number NOT IN (SELECT rowid FROM postings)"
        )
        if extra or lacking:
            found.append(f"library: {extra} postings without a passage, {lacking} passages without postings")
        return found

    def compact(self) -> None:
        """Rewrite the file so that nothing deleted is left in it. Raises IndexUnusable if it cannot be."""
        with self.writing() as db:
            db.execute("INSERT INTO postings(postings) VALUES ('optimize')")
        with self._writing:
            try:
                self.connection.execute("VACUUM")
                busy = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.DatabaseError as error:
                raise _unusable(self.path, error) from error
        if busy:
            raise IndexUnusable(
                f"{self.path} could not be written anew, because it is being read all the time. "
                "What was removed is in no answer; the next command takes it off the disk."
            )

    def close(self) -> None:
        for connection in list(self._connections):
            connection.close()
        self._connections.clear()
        self._local = threading.local()

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


def erase(folder: Path) -> None:
    """Delete the library in a folder, whatever state it is in. Raises IndexUnusable if that is refused."""
    try:
        for suffix in ("", "-wal", "-shm"):
            (folder / f"{FILE}{suffix}").unlink(missing_ok=True)
    except OSError as error:
        raise IndexUnusable(
            f"{folder / FILE} cannot be deleted ({error.strerror}). Make its folder writable."
        ) from error


def chunks(items: Sequence[str], count: int) -> Iterator[list[str]]:
    """The items in their order, at most `count` at a time."""
    for at in range(0, len(items), count):
        yield list(items[at : at + count])


def _connected(path: Path) -> Connection:
    db = sqlite3.connect(path, timeout=30, check_same_thread=False, factory=Connection)
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
