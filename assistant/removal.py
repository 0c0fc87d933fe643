"""Remove a document for good, say what was deleted where, and prove later that nothing of it is left.

What is kept to prove it, in `index/removed/`, are salted fingerprints: no word, name or number of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from assistant import corpus, ingest, traces
from assistant.errors import CorpusError, IndexUnusable, UnknownDocument
from assistant.ingest import Stores
from assistant.reading import Limits, Reader
from assistant.traces import Fingerprints
from assistant.values import Document, Passage, Receipt
from assistant.words import porter, words

FOLDER = "removed"
MOST = 256  # windows of a document's text, and as many of its vectors
REMEDY = "Run: python -m assistant sync --rebuild"
SHORTEST_WORD = 5  # bytes; a shorter one may stand in any file by chance


@dataclass(frozen=True, slots=True)
class Proof:
    """What a search for a removed document looked through, and what it found: one sentence each."""

    document_id: str
    files: int
    bytes: int
    windows: int
    words: int
    problems: tuple[str, ...]


def remove(stores: Stores, document: Document) -> Receipt:
    """Delete a document's files from the corpus, and everything that was made of them.

    It is gone from answers before the files of the index are written anew. Interrupted, the next command goes
    on. Raises CorpusError if a file cannot be deleted.
    """
    root = stores.settings.corpus_dir
    before = _held(stores)
    size = sum((root / source).stat().st_size for source in document.sources if (root / source).exists())
    _keep(stores, document)
    stores.library.set_note("chroma", "removing")
    stores.library.set_note("doomed", document.id)
    files = corpus.delete(root, document.sources)
    ingest.forget(stores, [document.id])
    ingest.note_origins(stores)
    stores.library.set_note("doomed", "")  # before the file is written anew, so that not even the id is left
    ingest.purge(stores)
    stores.library.set_note("chroma", "clean")
    after = _held(stores)
    deleted = {
        place: {what: count - after[place][what] for what, count in held.items()}
        for place, held in before.items()
    }
    return Receipt(
        document_id=document.id,
        title=document.title,
        source=document.source,
        sources=document.sources,
        removed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        deleted={"corpus": {"files": files, "bytes": size}, **deleted},
    )


def proof(stores: Stores, name: str, original: Path | None) -> Proof:
    """Search every byte of the index for what was removed under this id or path.

    With the `original` file its words are looked for too. Raises CorpusError where there is nothing to go by.
    """
    document_id, prints = _kept(stores, name)
    if prints is None and original is None:
        raise CorpusError(
            f"No document {name!r} was removed by this index, or index/ was made anew since. "
            "To search for its words, name the file it was made of with --original."
        )
    try:
        there = stores.library.document(document_id)
        problems = [f"{there.source} holds this document. Remove it with: python -m assistant remove"]
        return Proof(document_id, 0, 0, 0, 0, tuple(problems))
    except UnknownDocument:
        pass
    paths = _files(stores)
    spelled = _distinctive(stores, original) if original else set()
    windows = prints or Fingerprints(b"", (), ())
    found = [
        *_leftovers(stores, paths, windows),
        *_spelled(paths, spelled),
        *_in_postings(stores, spelled if original else None),
        *_unfinished(stores),
    ]
    size = sum(path.stat().st_size for path in paths if path.exists())
    return Proof(document_id, len(paths), size, len(windows.digests), len(spelled), tuple(found))


# --- what is kept --------------------------------------------------------------------------------


def _keep(stores: Stores, document: Document) -> None:
    passages = stores.library.passages_of(document.id)
    taken = [*traces.windows(_texts(passages), MOST), *traces.windows(_numbers(stores, passages), MOST)]
    prints = traces.fingerprints(taken, secrets.token_bytes(16))
    record = {"salt": prints.salt.hex(), "sums": prints.sums, "digests": prints.digests}
    path = _record(stores, document.id)
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(exist_ok=True)
        part.write_text(json.dumps(record), encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise IndexUnusable(
            f"{path.parent} cannot be written ({error.strerror}), so nothing was removed. "
            "See that its disk has space and can be written, then try again."
        ) from error


def _kept(stores: Stores, name: str) -> tuple[str, Fingerprints | None]:
    """The id that is meant by an id or path, and the fingerprints of the document that had it."""
    for document_id in (name, ingest.first_id(name)):
        try:
            record = json.loads(_record(stores, document_id).read_text(encoding="utf-8"))
            salt, sums, digests = bytes.fromhex(record["salt"]), record["sums"], record["digests"]
            return document_id, Fingerprints(salt, tuple(sums), tuple(digests))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexUnusable(
                f"What was kept to prove the removal of {name!r} cannot be read ({error}). "
                "Name the file it was made of with --original."
            ) from error
    return name, None


def _record(stores: Stores, document_id: str) -> Path:
    name = hashlib.blake2b(document_id.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return stores.settings.index_dir / FOLDER / f"{name}.json"


def _texts(passages: Sequence[Passage]) -> list[bytes]:
    """The text from each sentence on, as it stands in the library's pages."""
    return [
        passage.text[sentence.start - passage.start :].encode("utf-8", "replace")
        for passage in passages
        for sentence in passage.sentences
    ]


def _numbers(stores: Stores, passages: Sequence[Passage]) -> list[bytes]:
    """The vectors in the two forms in which they are stored: halves in the library, floats in Chroma."""
    vectors = stores.library.vectors.of(stores.embedder.name, [passage.id for passage in passages])
    floats = [np.asarray(rows[0], "<f4").tobytes() for rows in vectors.values()]
    return floats + [np.asarray(row, "<f2").tobytes() for rows in vectors.values() for row in rows]


# --- what is looked for --------------------------------------------------------------------------


def _held(stores: Stores) -> dict[str, dict[str, int]]:
    """How much there is, by place."""
    return {"library": stores.library.counts(), "chroma": {"vectors": stores.index.count()}}


def _files(stores: Stores) -> list[Path]:
    """Every file of the index but the fingerprints themselves."""
    root = stores.settings.index_dir
    paths = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    return [path for path in paths if path.relative_to(root).parts[0] != FOLDER]


def _leftovers(stores: Stores, paths: Sequence[Path], prints: Fingerprints) -> Iterator[str]:
    held = {path: found for path in paths if (found := traces.found_in(prints, path))}
    if not held:
        return
    shared = _of_others(stores, prints)
    for path, found in held.items():
        if left := len(found - shared):
            yield f"{path}: {left} of {len(prints.digests)} pieces of the document are in it. {REMEDY}"


def _of_others(stores: Stores, prints: Fingerprints) -> set[str]:
    """The pieces that documents which are still here hold as well."""
    shared: set[str] = set()
    for listed in stores.library.documents():
        document = stores.library.document(listed.id)
        passages = stores.library.passages_of(document.id)
        pieces = [document.text.encode("utf-8", "replace"), *_numbers(stores, passages)]
        shared |= set().union(*(traces.found(prints, piece) for piece in pieces))
    return shared


def _distinctive(stores: Stores, original: Path) -> set[bytes]:
    """The words of a file, and their stems, that no document which is still here holds."""
    if not original.is_file():
        raise CorpusError(f"There is no file {original} to take words from. Check the path.")
    with Reader(Limits(max_bytes=stores.settings.max_file_bytes)) as reader:
        found = {word.folded: word for word in words(reader.read(original).content.text)}
    folded = sorted(found)
    counts = dict(zip(folded, stores.library.keywords.passages_with(folded), strict=True))
    spelled = {
        spelling.encode("utf-8", "replace")
        for word, count in counts.items()
        if not count
        for spelling in (found[word].text, word, porter(found[word].folded))
    }
    spelled = {word for word in spelled if len(word) >= SHORTEST_WORD}
    return spelled - {word for word in spelled if any(word in held for held in _readable(stores))}


def _readable(stores: Stores) -> Iterator[bytes]:
    """What may be read in the index by right: the texts, titles and paths of the documents in it."""
    for listed in stores.library.documents():
        document = stores.library.document(listed.id)
        for text in (document.text, document.title, *document.sources):
            yield text.encode("utf-8", "replace")
            yield text.casefold().encode("utf-8", "replace")


def _spelled(paths: Sequence[Path], wanted: set[bytes]) -> Iterator[str]:
    for path in paths:
        held = path.read_bytes() if wanted else b""
        if left := sum(word in held for word in wanted):
            yield f"{path}: {left} of {len(wanted)} words of the document are in it. {REMEDY}"


def _in_postings(stores: Stores, spelled: set[bytes] | None) -> Iterator[str]:
    """Terms that SQLite has hidden but not yet dropped: of a removed document, or of an edited one."""
    stale = stores.library.keywords.stale_terms()
    if spelled is not None:
        stale = {term for term in stale if term.encode() in spelled}
        if stale:
            yield f"The keyword index holds {len(stale)} words of the document. {REMEDY}"
    elif stale:
        yield (
            f"The keyword index holds {len(stale)} words that no document has any more, as after an edit. "
            "To see whether they are of this one, name the file it was made of with --original."
        )


def _unfinished(stores: Stores) -> Iterator[str]:
    if stores.library.note("chroma") != "clean":
        yield "A removal has not finished. Run: python -m assistant sync"
    yield from stores.library.problems()
