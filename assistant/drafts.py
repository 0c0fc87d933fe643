"""Files of the corpus, read and cut into what is to be embedded, ahead of the embedding.

Knows nothing of the index.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from assistant import passages as cutting
from assistant.embedding import PassageText
from assistant.errors import UnreadableFile
from assistant.reading import Limits, Reader
from assistant.settings import Settings
from assistant.values import Content, Document, Failure, Passage, Progress

GROUP = 1024  # passages that are embedded and stored together, at least
MOST_DOCUMENTS = 256  # in a group, where they are small

Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that is to be read."""

    document_id: str
    sources: tuple[str, ...]  # the paths that hold it
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that was read and cut, not yet embedded or stored."""

    document: Document
    passages: tuple[Passage, ...]
    texts: tuple[PassageText, ...]
    size: int  # bytes of its file


@dataclass(slots=True)
class Unread:
    """What could not be read."""

    failures: list[Failure] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)  # those whose file no longer yields a text


def waiting(corpus_dir: Path, to_read: Sequence[tuple[str, str]]) -> list[Waiting]:
    """The documents of these (source, document id), in order."""
    sources_of: dict[str, list[str]] = {}
    for source, document_id in to_read:
        sources_of.setdefault(document_id, []).append(source)
    return [
        Waiting(document_id, tuple(sources), _size(corpus_dir / sources[0]))
        for document_id, sources in sources_of.items()
    ]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # deleted meanwhile
        return 0


def groups(
    waiting: Sequence[Waiting], settings: Settings, unread: Unread, report: Report
) -> Generator[list[Draft]]:
    """Drafts in groups of GROUP passages or more, or MOST_DOCUMENTS; what cannot be read goes to `unread`.

    The next group is read in a thread of its own while the caller works on one. Where the caller stops, the
    file at hand is given up.
    """
    with (
        Reader(Limits(max_bytes=settings.max_file_bytes)) as reader,
        ThreadPoolExecutor(1, thread_name_prefix="reading") as thread,
    ):
        made = _grouped(_drafts(reader, waiting, settings, unread, report))
        coming: Future[list[Draft]] = thread.submit(next, made, [])
        try:
            while group := coming.result():
                coming = thread.submit(next, made, [])
                yield group
        except BaseException:  # also Ctrl-C, and the caller's end
            reader.interrupt()
            raise


def _grouped(drafts: Iterator[Draft]) -> Iterator[list[Draft]]:
    group: list[Draft] = []
    held = 0
    for draft in drafts:
        group.append(draft)
        held += len(draft.texts)
        if held >= GROUP or len(group) == MOST_DOCUMENTS:
            yield group
            group, held = [], 0
    if group:
        yield group


def _drafts(
    reader: Reader, waiting: Sequence[Waiting], settings: Settings, unread: Unread, report: Report
) -> Iterator[Draft]:
    for number, one in enumerate(waiting, start=1):
        report(Progress("reading", number, len(waiting), one.sources[0]))
        there = [source for source in one.sources if (settings.corpus_dir / source).exists()]
        if not there:  # deleted since the sync began
            unread.documents.add(one.document_id)
            continue
        try:
            read = reader.read(settings.corpus_dir / there[0])
        except UnreadableFile as error:
            if (settings.corpus_dir / there[0]).exists():
                unread.failures.extend(Failure(source, str(error)) for source in there)
            unread.documents.add(one.document_id)
            continue
        yield _draft(read.content, read.sha256, one, there, settings)


def _draft(
    content: Content, sha256: str, waiting: Waiting, sources: Sequence[str], settings: Settings
) -> Draft:
    document = Document(
        id=waiting.document_id,
        title=content.title,
        source=sources[0],
        media_type=content.media_type,
        text=content.text,
        sha256=sha256,
        sections=cutting.sections(content),
        pages=content.pages,
        rows=content.rows,
        added_at=datetime.now(UTC).isoformat(timespec="seconds"),
        sources=tuple(sources),
        facts=content.facts,
        questions=content.questions,
        notes=content.notes,
    )
    passages = cutting.split(content, document_id=waiting.document_id, longest_chars=settings.passage_chars)
    texts = tuple(
        PassageText(passage.text, passage.sentence_spans, _context(content.title, passage.text))
        for passage in passages
    )
    return Draft(document, passages, texts, waiting.size)


def _context(title: str, passage: str) -> str:
    """What a passage is embedded after: the document's title, which helps to find it but is not cited.

    Measured: the nearest heading beside it gained nothing.
    """
    return f"{title}\n" if title and not passage.startswith(title) else ""
