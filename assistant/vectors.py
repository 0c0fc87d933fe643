"""The Chroma index of passage vectors: a cache of what the library knows. The only importer of chromadb.

It holds ids and vectors, never text.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from assistant.errors import IndexUnusable, SettingsError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

FOLDER = "chroma"
FRESH = "chroma.new"  # where it is built anew, while questions still go to the old one
BATCH = 250  # records a call; measured fastest of 100..5000
# Chroma's index is approximate: a search this wide found all of the true first 50 at 40,000 passages.
CONFIGURATION: dict[str, Any] = {"hnsw": {"space": "cosine", "ef_search": 200}}


class Index:
    """The vectors of one library, in `index/chroma/` or on a Chroma server."""

    def __init__(self, folder: Path, *, url: str = "", collection: str = "passages") -> None:
        self._folder = folder / FOLDER
        self._url = url
        self._name = collection
        self._client: ClientAPI | None = None
        self._open: Collection | None = None
        self._lock = threading.RLock()  # a search waits while the index is rebuilt

    @property
    def shared(self) -> bool:
        """Whether other processes may use the same vectors."""
        return bool(self._url)

    @property
    def opened(self) -> bool:
        """Whether its files are in use by this process; a server's never are."""
        return self._client is not None and not self.shared

    @property
    def where(self) -> str:
        return self._url or str(self._folder)

    def search(self, vector: NDArray[np.float32], *, count: int, documents: Sequence[str] = ()) -> list[str]:
        """Passage ids, nearest first; of these documents only, where any are named."""
        only: Any = {"document_id": {"$in": list(documents)}} if documents else None
        with self._lock, self._calling():
            found = self._collection.query(
                query_embeddings=vector.reshape(1, -1), n_results=count, where=only, include=[]
            )
        return list(found["ids"][0])

    def put(self, records: Sequence[tuple[str, str, NDArray[np.float32]]]) -> None:
        """Store (passage id, document id, vector), replacing those that are there."""
        for at in range(0, len(records), BATCH):
            batch = records[at : at + BATCH]
            with self._calling():
                self._collection.upsert(
                    ids=[passage_id for passage_id, _, _ in batch],
                    embeddings=np.stack([vector for _, _, vector in batch]),
                    metadatas=[{"document_id": document_id} for _, document_id, _ in batch],
                )
        if not self.shared:
            _blank_unused(self._folder)

    def remove(self, ids: Sequence[str]) -> None:
        """Take passages out; ids that are not there are passed over."""
        for at in range(0, len(ids), BATCH):
            with self._calling():
                self._collection.delete(ids=list(ids[at : at + BATCH]))

    def ids(self) -> set[str]:
        """Every passage id in the index."""
        with self._calling():
            return set(self._collection.get(include=[])["ids"])

    def count(self) -> int:
        """How many passages are in the index."""
        with self._calling():
            return self._collection.count()

    def rebuild(self, batches: Iterator[list[tuple[str, str, NDArray[np.float32]]]]) -> None:
        """Hold these and nothing else. On this machine the files are new: what was deleted is gone from disk.

        Questions go to the old ones until all is ready. On a server the collection stays, because other
        processes may be asking it.
        """
        if not self.shared:
            self._replace(batches)
            return
        with self._lock:
            extra = self.ids()
            for batch in batches:
                self.put(batch)
                extra -= {passage_id for passage_id, _, _ in batch}
            self.remove(sorted(extra))

    def _replace(self, batches: Iterator[list[tuple[str, str, NDArray[np.float32]]]]) -> None:
        folder = self._folder.with_name(FRESH)
        shutil.rmtree(folder, ignore_errors=True)
        fresh = Index(folder)
        try:
            fresh.count()  # which makes the files, even where there is nothing to hold
            for batch in batches:
                fresh.put(batch)
            fresh.close()
            with self._lock:
                self.erase()
                fresh._folder.rename(self._folder)
        except OSError as error:
            raise IndexUnusable(
                f"{self._folder} cannot be replaced ({error.strerror}). Make its folder writable."
            ) from error
        finally:
            fresh.close()
            shutil.rmtree(folder, ignore_errors=True)

    def erase(self) -> None:
        """Delete the collection, and on this machine its files."""
        if self._url:
            with self._calling():
                if self._name in [collection.name for collection in self._connected.list_collections()]:
                    self._connected.delete_collection(self._name)
            self._open = None
            return
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def seal(self) -> str:
        """A digest of all its files on this machine: another one, and somebody else has touched them."""
        if self.shared:
            return ""
        digest = hashlib.sha256()
        for path in sorted(self._folder.rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(self._folder)}\0{path.stat().st_size}\0".encode())
                with suppress(OSError), path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def close(self) -> None:
        if self._client is not None:
            if self._url:
                _disconnect(self._client)
            self._client.close()  # type: ignore[attr-defined]  # the clients have it, their base class not
        self._client = self._open = None

    @property
    def _connected(self) -> ClientAPI:
        if self._client is None:
            self._client = _server(self._url) if self._url else _embedded(self._folder)
        return self._client

    @property
    def _collection(self) -> Collection:
        with self._lock:
            if self._open is None:
                self._open = self._connected.get_or_create_collection(
                    self._name,
                    embedding_function=None,
                    configuration=CONFIGURATION,  # type: ignore[arg-type]
                )
                if not self.shared:
                    self._open.count()  # which writes its files
                    _blank_unused(self._folder)
            return self._open

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Whatever Chroma or the way to it raises becomes IndexUnusable, in one sentence."""
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except (ChromaError, httpx.HTTPError) as error:
            self._open = None  # another process may have made the collection anew: look it up again
            said = " ".join(str(error).split())[:200] or type(error).__name__
            if self._url:
                raise IndexUnusable(
                    f"The Chroma server at {self._url} failed ({said}). See that it runs, and try again."
                ) from error
            raise IndexUnusable(
                f"The vector index in {self._folder} cannot be used ({said}). See that its disk has space "
                "and can be written, then run: python -m assistant sync --rebuild"
            ) from error


def _blank_unused(folder: Path) -> None:
    """Zero the HNSW files that hold no vector yet.

    Chroma 1.5.9 makes them of memory as it finds it, whenever it is opened: text that this process has read
    was seen in them, also of documents since removed. From the first 1,000 vectors on, the files hold vectors
    and nothing else.
    """
    for header in folder.glob("*/header.bin"):
        _, _, held, _ = struct.unpack_from("<4Q", header.read_bytes(), 4)
        for file in (header.with_name("data_level0.bin"), header.with_name("length.bin")):
            if held == 0:
                with file.open("r+b") as whole:
                    whole.write(bytes(file.stat().st_size))


def _disconnect(client: Any) -> None:
    """Chroma 1.5.9 closes a client without the connections of its two parts."""
    for part in (client, client._admin_client):
        part._server._session.close()


def _embedded(folder: Path) -> ClientAPI:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    except OSError as error:
        raise IndexUnusable(f"{folder} cannot be written ({error.strerror}). Make it writable.") from error
    except ChromaError:
        # Chroma 1.5.9 keeps a client that failed to start, and would hand it out for this path again.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)
        raise


def _server(url: str) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"ASSISTANT_CHROMA_URL cannot be {url!r}: write it as http://host:port.")
    try:
        return chromadb.HttpClient(
            host=parts.hostname,
            port=parts.port or (443 if parts.scheme == "https" else 8000),
            ssl=parts.scheme == "https",
            settings=Settings(anonymized_telemetry=False),
        )
    except ValueError as error:  # what chromadb raises when nothing answers
        raise IndexUnusable(
            f"No Chroma server answers at {url}. Start one with `chroma run`, or unset ASSISTANT_CHROMA_URL."
        ) from error
