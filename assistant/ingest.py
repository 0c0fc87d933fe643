"""Make the library and the vectors agree with the corpus folder: incremental, resumable, by content.

Reads the corpus, never writes to it.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence, Set
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from assistant import drafts
from assistant.corpus import NOT_INDEXED
from assistant.drafts import GROUP, Draft, Report, Unread
from assistant.embedding import Embedder, PassageText
from assistant.errors import CorpusError, IndexUnusable, UnknownDocument, UnreadableFile
from assistant.library import Library
from assistant.settings import Settings
from assistant.sidecars import origins
from assistant.values import Failure, Progress, SyncReport
from assistant.vectors import Index

RECIPE = "2"  # raise it when reading, cutting or embedding changes what is stored


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything a sync works with."""

    settings: Settings
    library: Library
    index: Index
    embedder: Embedder


@dataclass(slots=True)
class Changes:
    """What a look at the corpus found, compared with the library."""

    to_read: list[tuple[str, str]] = field(default_factory=list)  # source, document id
    aliases: dict[str, list[str]] = field(default_factory=dict)  # document id -> all its sources now
    gone: list[str] = field(default_factory=list)  # document ids
    unchanged: int = 0
    failures: list[Failure] = field(default_factory=list)


def sync(stores: Stores, *, report: Report = lambda _: None) -> SyncReport:
    """Index what was added or changed, and forget what is gone.

    A file that cannot be read is named in `failures`; the others are indexed. What was done before an
    interruption stays done. Raises IndexUnusable if the index cannot be written.
    """
    began = time.perf_counter()
    notes = recover(stores)
    before = stores.library.sources()
    again = _adopt_recipe(stores)
    changes = _compare(stores.settings.corpus_dir, before, again=again)
    result = _Result(unread=Unread(list(changes.failures)))
    if changes.to_read or changes.gone:
        stores.library.set_note("chroma", "writing")
    if again:
        result.emptied = True
        stores.index.erase()  # vectors of another model may have another length
    for document_id, sources in changes.aliases.items():
        stores.library.set_sources(document_id, sources)
    _index(stores, changes.to_read, result, report)
    gone = [*changes.gone, *sorted(result.unread.documents & {owner for owner, _ in before.values()})]
    if gone:
        stores.library.set_note("chroma", "removing")
    forget(stores, gone)
    note_origins(stores)
    if gone:
        purge(stores)
    elif result.stored or stores.library.note("vectors"):
        stores.library.vectors.drop_unused(stores.embedder.name)
    stores.library.set_note("vectors", "")
    stores.library.set_note("chroma", "clean")
    stores.library.set_note("recipe", _recipe(stores))
    after = stores.library.sources()
    return SyncReport(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(before.keys() & set(result.stored))),
        removed=tuple(sorted(before.keys() - after.keys())),
        unchanged=changes.unchanged,
        embedded=result.embedded,
        failures=tuple(result.unread.failures),
        notes=tuple(notes),
        seconds=time.perf_counter() - began,
    )


def note_origins(stores: Stores) -> None:
    """Let the library know which of its files were fetched, and from where."""
    hashes = {path: sha256 for path, (_, sha256) in stores.library.sources().items()}
    stores.library.set_origins(origins(stores.settings.corpus_dir, hashes))


def recover(stores: Stores) -> list[str]:
    """Rebuild the vectors from the library if they cannot be trusted. Says why in one sentence."""
    why = distrust(stores)
    if not why:
        return []
    if stores.library.note("chroma") == "removing":
        _finish_removal(stores)
        stores.library.compact()
    _rebuild(stores)
    stores.library.set_note("chroma", "clean")
    return [f"The vector index was rebuilt from the library, because {why}."]


def _finish_removal(stores: Stores) -> None:
    """Forget the document whose removal was interrupted after its files were deleted."""
    doomed = stores.library.note("doomed")
    with suppress(UnknownDocument):
        sources = stores.library.document(doomed).sources
        if not any((stores.settings.corpus_dir / source).exists() for source in sources):
            stores.library.remove([doomed])
            stores.library.vectors.drop_unused(stores.embedder.name)
    stores.library.set_note("doomed", "")


def expect_vectors(stores: Stores) -> None:
    """Raises IndexUnusable if the library's vectors are all of another embedding model."""
    if stores.library.passage_count() and not any(stores.library.vectors.every(stores.embedder.name, 1)):
        raise IndexUnusable(
            f"The index was made with another embedding model than {stores.embedder.name}. "
            "Run: python -m assistant sync"
        )


def distrust(stores: Stores) -> str:
    """Why the vectors cannot be trusted; empty if they can."""
    if stores.library.note("chroma") not in ("", "clean"):
        return "the last run did not finish"
    closed = not stores.index.opened and not stores.index.shared
    if closed and stores.library.note("seal") not in ("", stores.index.seal()):
        return "its files are not as the last run left them"
    try:
        held = stores.index.count()
        if closed:  # opening it has written them
            stores.library.set_note("seal", stores.index.seal())
    except IndexUnusable:
        return "it could not be opened"
    wanted = stores.library.passage_count()
    # On a server, another process may have added what this one does not know yet.
    agrees = held >= wanted if stores.index.shared else held == wanted
    return "" if agrees else "it did not hold the same passages"


def close(stores: Stores) -> None:
    """Close the vectors, and note how their files were left, so that later harm to them is noticed."""
    opened = stores.index.opened
    stores.index.close()
    if opened:
        stores.library.set_note("seal", stores.index.seal())


def _rebuild(stores: Stores) -> None:
    stores.index.rebuild(stores.library.vectors.every(stores.embedder.name))
    stores.library.set_note("seal", stores.index.seal())


def purge(stores: Stores) -> None:
    """Rewrite the files of the index from what the library holds, so that nothing deleted is left in them."""
    stores.library.vectors.drop_unused(stores.embedder.name)
    stores.library.compact()
    if not stores.index.shared:
        _rebuild(stores)


@dataclass(slots=True)
class _Result:
    stored: list[str] = field(default_factory=list)
    embedded: int = 0
    emptied: bool = False  # Chroma was, so that no passage of the library is in it
    unread: Unread = field(default_factory=Unread)


def _adopt_recipe(stores: Stores) -> bool:
    """Whether everything must be read again, because a setting that shapes the index has changed."""
    recipe, known = _recipe(stores), stores.library.note("recipe")
    if known in ("", recipe):
        stores.library.set_note("recipe", recipe)
        return False
    # No recipe is true of the library until all is read again, even if that is interrupted.
    stores.library.set_note("recipe", "unfinished")
    return True


def _recipe(stores: Stores) -> str:
    return f"{RECIPE} {stores.embedder.name} {stores.settings.passage_chars}"


# --- what changed --------------------------------------------------------------------------------


def scan(corpus_dir: Path, failures: list[Failure]) -> Iterator[str]:
    """Every file of the corpus as a path below it, in order; hidden files and links are passed over.

    A folder that cannot be listed becomes a failure.
    """
    if not corpus_dir.is_dir():
        raise CorpusError(
            f"The corpus folder {corpus_dir} does not exist. "
            "Create it, or name another in ASSISTANT_CORPUS_DIR."
        )

    def refuse(error: OSError) -> None:
        if isinstance(error, FileNotFoundError):  # deleted meanwhile
            return
        source = Path(error.filename).relative_to(corpus_dir).as_posix()
        failures.append(_unopened(source, error, "Its documents are not indexed"))

    found = []
    for folder, folders, files in os.walk(corpus_dir, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(folder, name)
            source = path.relative_to(corpus_dir).as_posix()
            if not name.startswith(".") and not path.is_symlink() and source not in NOT_INDEXED:
                found.append(source)
    return iter(sorted(found))


def _compare(corpus_dir: Path, known: dict[str, tuple[str, str]], *, again: bool) -> Changes:
    changes = Changes()
    now = _hashes(corpus_dir, changes.failures)
    holders: dict[str, str] = {sha256: document_id for document_id, sha256 in known.values()}
    by_content: dict[str, list[str]] = {}
    for source, sha256 in now.items():
        by_content.setdefault(sha256, []).append(source)
    paths: dict[str, list[str]] = {}
    for source, (owner, _) in sorted(known.items()):
        paths.setdefault(owner, []).append(source)
    kept = {holders[sha256] for sha256 in by_content if sha256 in holders}
    taken = set(kept)
    for sha256, sources in by_content.items():
        held = holders.get(sha256)
        document_id = held or _identify(sources[0], known, paths.keys(), taken)
        taken.add(document_id)
        before = paths.get(held or "", [])
        if held is None or again or _kind(sources) != _kind(before):
            changes.to_read.extend((source, document_id) for source in sources)
        else:
            changes.unchanged += 1
            if sources != before:
                changes.aliases[held] = sources
    changes.gone = sorted(paths.keys() - taken)
    return changes


def _kind(sources: Sequence[str]) -> str:
    """What the name tells of the kind: the same bytes read differently as .txt and as .md."""
    return Path(sources[0]).suffix.lower() if sources else ""


def _identify(source: str, known: dict[str, tuple[str, str]], owners: Set[str], taken: Set[str]) -> str:
    """The id of new content at this path: the path's own, if its old content is gone, else a new one."""
    if source in known and known[source][0] not in taken:
        return known[source][0]
    name = source
    while (found := first_id(name)) in owners or found in taken:
        name += "\0"
    return found


def first_id(source: str) -> str:
    """The id of a document first found at this path, unless another has it already."""
    return hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:12]


def _hashes(corpus_dir: Path, failures: list[Failure]) -> dict[str, str]:
    """The SHA-256 of every file's bytes; a file that vanishes meanwhile is not there."""
    found = {}
    for source in scan(corpus_dir, failures):
        path = corpus_dir / source
        try:
            source.encode()
            if not path.is_file():
                raise UnreadableFile("It is not a regular file. Remove it from the corpus.")
            with path.open("rb") as file:
                found[source] = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            continue
        except UnicodeEncodeError:
            shown = source.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            failures.append(Failure(shown, "Its name is not valid UTF-8. Rename it."))
        except UnreadableFile as error:
            failures.append(Failure(source, str(error)))
        except OSError as error:
            failures.append(_unopened(source, error, "It is not indexed"))
    return found


def _unopened(source: str, error: OSError, so: str) -> Failure:
    return Failure(source, f"It cannot be opened ({error.strerror}). {so}: check its permissions.")


# --- reading, embedding, storing -----------------------------------------------------------------


def _index(stores: Stores, to_read: Sequence[tuple[str, str]], result: _Result, report: Report) -> None:
    waiting = drafts.waiting(stores.settings.corpus_dir, to_read)
    done, total = 0, sum(one.size for one in waiting)
    with closing(drafts.groups(waiting, stores.settings, result.unread, report)) as groups:
        for group in groups:
            size = sum(draft.size for draft in group)
            for share in _embed(stores, [text for draft in group for text in draft.texts], result):
                report(Progress("embedding", done + int(size * share), total, unit="bytes"))
            _store(stores, group, result)
            done += size
    if result.stored:
        report(Progress("embedding", total, total, unit="bytes"))


def _embed(stores: Stores, texts: Sequence[PassageText], result: _Result) -> Iterator[float]:
    """Compute the vectors that are not known yet, and keep each batch as it comes; yields the share done.

    What is kept survives an interruption, so that the next sync does not compute it again.
    """
    model = stores.embedder.name
    by_key = {text.key: text for text in texts}
    known = stores.library.vectors.known_keys(model, list(by_key))
    missing = [text for key, text in by_key.items() if key not in known]
    if missing:
        stores.library.set_note("vectors", "some may be of no use")
    done = 0
    for at in range(0, len(missing), GROUP):
        some = missing[at : at + GROUP]
        with closing(stores.embedder.batches(some)) as batches:
            for batch in batches:
                stores.library.vectors.keep(model, {some[place].key: rows for place, rows in batch})
                done += len(batch)
                result.embedded += len(batch)
                yield done / len(missing)


def _store(stores: Stores, group: Sequence[Draft], result: _Result) -> None:
    """Store documents whose vectors are kept.

    New vectors, then the library in one step, then old vectors: a question meanwhile sees the old documents
    or the new ones, because ids that the library does not hold are passed over.
    """
    keyed = [
        (draft.document, list(zip(draft.passages, (text.key for text in draft.texts), strict=True)))
        for draft in group
    ]
    old = stores.library.vectors.keys_of([draft.document.id for draft in group])
    passages = [one for _, document in keyed for one in document]
    known = {} if result.emptied else old  # in Chroma
    fresh = [(passage, key) for passage, key in passages if known.get(passage.id) != key]
    for at in range(0, len(fresh), GROUP):
        some = fresh[at : at + GROUP]
        # As stored, so that a vector kept from before and a fresh one are the same numbers.
        vectors = stores.library.vectors.cached(stores.embedder.name, [key for _, key in some])
        stores.index.put([(passage.id, passage.document_id, vectors[key][0]) for passage, key in some])
    stores.library.put(keyed)
    if unused := sorted(old.keys() - {passage.id for passage, _ in passages}):
        stores.library.outlast_snapshots()
        stores.index.remove(unused)
    result.stored.extend(source for draft in group for source in draft.document.sources)


def forget(stores: Stores, document_ids: Sequence[str]) -> None:
    """Take documents out of the library, and so out of answers, and then their vectors out of Chroma."""
    ids = [passage.id for document_id in document_ids for passage in stores.library.passages_of(document_id)]
    stores.library.remove(document_ids)
    stores.library.outlast_snapshots()
    stores.index.remove(ids)
