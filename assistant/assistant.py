"""`Assistant`: add, remove, sync, search and ask over one corpus; the public face of the package.

It opens what it needs when it is needed: creating one loads no model and no index.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from assistant import corpus
from assistant.addresses import is_url
from assistant.engine import Engine, Storage, open_engine, open_storage
from assistant.errors import AssistantError, FetchRefused
from assistant.settings import Settings, load
from assistant.values import Answer, Document, Failure, Hit, Progress, Receipt, SyncReport, Turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from langchain_core.runnables import Runnable

    from assistant.anchoring import Place
    from assistant.citations import Outcome
    from assistant.embedding import Embedder
    from assistant.fetching import Fetcher
    from assistant.library import Library
    from assistant.removal import Proof
    from assistant.webpages import WebPages

    Report = Callable[[Progress], None]


ASKED_AT_ONCE = 8  # streamed answers made at the same time; more wait

log = logging.getLogger(__name__)


def _quiet(_: Progress) -> None:
    """Report progress to nobody."""


class Assistant:
    """Cited answers from the documents of a corpus folder.

    >>> with Assistant(corpus_dir="corpus") as assistant:  # doctest: +SKIP
    ...     assistant.sync()
    ...     print(assistant.ask("How much did the economy grow?").citations[0].quote)
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        embedder: Embedder | None = None,
        fetcher: Fetcher | None = None,
        **overrides: Any,
    ) -> None:
        """Settings are read from the environment unless given; `overrides` are single settings.

        With `embedder`, assistants share one loaded model; a `fetcher` has limits or a network of its own.
        Raises SettingsError if a setting cannot be used.
        """
        self.settings = settings or load(**overrides)
        self._fetcher = fetcher
        self._embedder = embedder
        self._recovered = False  # the vectors were compared with the library since it was opened
        self._revision = 0
        self._answerers = ThreadPoolExecutor(ASKED_AT_ONCE, "answering")
        self._changing = threading.RLock()
        self._opening = threading.RLock()
        self._opened_storage: Storage | None = None
        self._opened_engine: Engine | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    # --- the corpus ------------------------------------------------------------------------------

    def sync(self, *, rebuild: bool = False, refresh: bool = False, progress: Report = _quiet) -> SyncReport:
        """Make the index agree with the corpus folder; with `rebuild`, from nothing.

        With `refresh`, web pages that have changed are fetched again first. Raises IndexUnusable or
        CorpusError; what cannot be read, or fetched, is named in `failures`.
        """
        from assistant import ingest

        if refresh:
            _ = self._library  # nothing is written while another process owns the index
            stale = self._web_pages.refresh(report=progress)
            report = self.sync(rebuild=rebuild, progress=progress)
            return replace(report, failures=(*stale, *report.failures))
        with self._changing:
            if rebuild:
                self._start_over()
            stores = self._engine.stores
            corpus.discard_parts(self.settings.corpus_dir)
            self._recovered = True  # which is the first thing a sync does
            made = ingest.sync(stores, report=progress)
            if made.added or made.changed or made.removed:
                self._revision += 1
            return made

    def follow(
        self, stop: Event, *, progress: Report = _quiet, sharing: bool = False
    ) -> Iterator[SyncReport | AssistantError]:
        """Sync whenever the corpus folder changes, until `stop` is set; yields what is new, errors as well.

        With `sharing`, other processes may have the index between one sync and the next.
        """
        from assistant.watching import follow

        def sync() -> SyncReport:
            try:
                return self.sync(progress=progress)
            finally:
                if sharing:
                    self.close()

        return follow(self.settings.corpus_dir, sync, stop)

    def add(
        self,
        paths: Sequence[Path | str],
        *,
        names: Sequence[str | None] | None = None,
        progress: Report = _quiet,
    ) -> SyncReport:
        """Copy files into the corpus, under `names` if given, and index them; a URL is fetched first.

        Paths may be folders or patterns. A name that is taken gets a number; a page that is here already is
        brought up to date. What cannot be read, or fetched, is named in `failures` and not kept.
        """
        _ = self._library  # nothing is copied while another process owns the index
        known = set(corpus.files(self.settings.corpus_dir))
        urls = [str(path) for path in paths if is_url(path)]
        fetched, unfetched = self._web_pages.add(urls, report=progress) if urls else ([], [])
        local = [at for at, path in enumerate(paths) if not is_url(path)]
        with self._changing:
            copied, failures = corpus.copy_in(
                self.settings.corpus_dir,
                [paths[at] for at in local],
                names=[names[at] for at in local] if names else None,
                max_bytes=self.settings.max_file_bytes,
            )
            report = self.sync(progress=progress)
            brought = [*fetched, *copied]
            refused = {failure.source for failure in report.failures}.intersection(brought)
            corpus.delete(self.settings.corpus_dir, sorted(refused - known))
            return _with(report, [*unfetched, *failures], brought)

    def remove(self, id_or_source: str) -> Receipt:
        """Delete a document's files from the corpus and every trace of it from the index.

        Raises UnknownDocument, or CorpusError if a file cannot be deleted.
        """
        from assistant import removal

        with self._changing:
            receipt = removal.remove(self._answering.stores, self.document(id_or_source))
            self._revision += 1
            return receipt

    @property
    def revision(self) -> int:
        """Grows whenever this assistant has changed the documents that it answers from."""
        return self._revision

    def documents(self) -> tuple[Document, ...]:
        """All documents, ordered by source, without their texts."""
        return self._library.documents()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is indexed."""
        return not self._library.passage_count()

    def document(self, id_or_source: str) -> Document:
        """One document, by its id, path or URL, with its text. Raises UnknownDocument."""
        return self._library.document(_named(id_or_source))

    def check(self) -> tuple[str, ...]:
        """Test every invariant on the real data; one sentence for each that fails."""
        from assistant.checking import problems

        with self._changing:
            return tuple(problems(self._engine.stores))

    def prove_removed(self, id_or_source: str, *, original: Path | None = None) -> Proof:
        """Search every byte of the index for a removed document.

        With the `original` file, its words are looked for as well. Raises CorpusError where there is
        nothing to go by.
        """
        from assistant import removal

        with self._changing:
            return removal.proof(self._engine.stores, id_or_source, original)

    # --- citations of earlier answers ------------------------------------------------------------

    def locate(
        self, document_id: str, *, start: int, end: int, quote: str, source: str = ""
    ) -> tuple[Document, Place]:
        """The cited document as it is now, and where in it the quoted words stand. Raises UnknownDocument."""
        from assistant import citations

        return citations.locate(self._library, document_id, start=start, end=end, quote=quote, source=source)

    def check_citations(self, path: Path) -> tuple[Outcome, ...]:
        """What became of each citation of the answers saved in a file. Raises SettingsError."""
        from assistant import citations

        answers = citations.read(path)
        with self._library.unchanging():
            return tuple(citations.outcomes(self._library, answers))

    # --- questions -------------------------------------------------------------------------------

    def ask(self, question: str, *, history: Sequence[Turn] = (), sources: Sequence[str] = ()) -> Answer:
        """Answer from the documents (of `sources` only, ids or paths, if given), or refuse.

        Raises SettingsError if the question is empty or too long, UnknownDocument for an unknown source.
        """
        answer: Answer = self.as_runnable().invoke(self._input(question, history, sources))
        return answer

    def stream(
        self, question: str, *, history: Sequence[Turn] = (), sources: Sequence[str] = ()
    ) -> Iterator[tuple[Hit, ...] | Answer]:
        """The retrieved passages as soon as they are there, then the answer.

        Both come from the documents as they are when the question is asked, whatever changes meanwhile.
        """
        from assistant.chain import hits

        given = self._input(question, history, sources)
        made: SimpleQueue[Any] = SimpleQueue()
        # In one thread from beginning to end, which a generator is not, because a snapshot belongs to one.
        self._answerers.submit(self._answer_into, made, given)
        while (chunk := made.get()) is not None:
            if isinstance(chunk, BaseException):
                raise chunk
            if "passages" in chunk:
                yield hits(chunk["passages"])
            if "answer" in chunk:
                yield chunk["answer"]

    def _answer_into(self, made: SimpleQueue[Any], given: dict[str, Any]) -> None:
        try:
            chain = self._answering.chain
            with self._library.unchanging():
                for chunk in chain.stream(given):
                    made.put(chunk)
        except BaseException as error:
            made.put(error)
        made.put(None)

    def search(
        self, query: str, *, k: int = 10, history: Sequence[Turn] = (), sources: Sequence[str] = ()
    ) -> tuple[Hit, ...]:
        """The `k` best passages for a query. Raises SettingsError if it is empty or too long."""
        from assistant.chain import clean_question, hits, understand

        asked = clean_question(_whole(query), self.settings.max_question_chars)
        retriever = self._answering.retriever
        with self._library.unchanging():
            words = understand(asked, _whole_turns(history), retriever).text
            return hits(retriever.invoke(words, documents=self._ids(sources), count=k))

    def as_runnable(self) -> Runnable[Any, Answer]:
        """The chain for LangChain: its input is a question, or `{"question": …, "documents": [ids]}`."""
        from langchain_core.runnables import RunnableConfig, RunnableLambda

        chain = self._answering.chain.pick("answer")

        def answered(given: Any, config: RunnableConfig) -> Any:
            with self._library.unchanging():
                return chain.invoke(given, config)

        # A function, because the chain is a generator, which cannot be awaited.
        return RunnableLambda(answered, name="ask")

    def examples(self, count: int = 4) -> tuple[str, ...]:
        """Questions that the documents themselves suggest and that get an answer."""
        suggested = [question for document in self.documents() for question in document.questions]
        found: list[str] = []
        for question in suggested[: 3 * count]:
            if len(found) < count and self.ask(question).answered:
                found.append(question)
        return tuple(found)

    # --- opening and closing ---------------------------------------------------------------------

    def warm_up(self) -> None:
        """Load the models and open the index now, so that the first question is as fast as the next."""
        self._engine.stores.embedder.query("warm up")
        if self._library.passage_count():
            self._answering.retriever.hits("warm up", count=1)
            self._answering.extractor.reader.load()

    def serve_at(self, url: str) -> None:
        """Tell other processes that find the index in use where it can be reached."""
        self._storage.ownership.say(url)

    def close(self) -> None:
        """Close the index and let another process have it. The assistant opens it again if used again."""
        with self._opening:
            if self._opened_engine:
                from assistant import ingest

                with suppress(AssistantError):  # a disk that is full does not keep us from closing
                    ingest.close(self._opened_engine.stores)
            if self._opened_storage:
                self._opened_storage.library.close()
                self._opened_storage.ownership.release()
            self._opened_engine = self._opened_storage = None
            self._recovered = False

    @property
    def _library(self) -> Library:
        return self._storage.library

    @property
    def _storage(self) -> Storage:
        with self._opening:
            if self._opened_storage is None:
                self._opened_storage = open_storage(self.settings.index_dir)
            return self._opened_storage

    @property
    def _engine(self) -> Engine:
        with self._opening:
            if self._opened_engine is None:
                self._opened_engine = open_engine(self.settings, self._library, self._loaded)
            return self._opened_engine

    @property
    def _loaded(self) -> Embedder:
        """The embedding model, which outlives the index it is used for."""
        if self._embedder is None:
            from assistant.embedding import Embedder

            self._embedder = Embedder(self.settings.embedding_model, threads=self.settings.threads)
        return self._embedder

    @property
    def _web_pages(self) -> WebPages:
        from assistant.fetching import Fetcher
        from assistant.webpages import WebPages

        return WebPages(
            self.settings.corpus_dir,
            self._fetcher or Fetcher(),
            max_bytes=self.settings.max_file_bytes,
            changing=self._changing,
        )

    @property
    def _answering(self) -> Engine:
        """The engine, fit to be asked: vectors that are lost or half-written are rebuilt; a log says so."""
        if not self._recovered:
            from assistant import ingest

            with self._changing:
                ingest.expect_vectors(self._engine.stores)
                for note in ingest.recover(self._engine.stores):
                    log.warning(note)
                self._recovered = True
        return self._engine

    def _start_over(self) -> None:
        """Empty the index folder, whatever state it is in, and open it again."""
        with self._opening:
            self.close()
            self._opened_storage = open_storage(self.settings.index_dir, anew=True)
            self._engine.stores.index.erase()

    def _input(self, question: str, history: Sequence[Turn], sources: Sequence[str]) -> dict[str, Any]:
        turns, documents = _whole_turns(history), self._ids(sources)
        return {"question": _whole(question), "history": turns, "documents": documents}

    def _ids(self, sources: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.document(source).id for source in sources)


def _named(id_or_source: str) -> str:
    """A URL in the form under which its page is kept; anything else as it is."""
    if "://" not in id_or_source:
        return id_or_source
    from assistant import fetching

    try:
        return fetching.canonical(id_or_source)
    except FetchRefused:
        return id_or_source


def _whole(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON and file names can hold but UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _whole_turns(history: Sequence[Turn]) -> tuple[Turn, ...]:
    return tuple(replace(turn, content=_whole(turn.content)) for turn in history)


def _with(report: SyncReport, failures: Sequence[Failure], copied: Sequence[str]) -> SyncReport:
    """The report of a sync as the report of an addition: only what was asked to be added fails it."""
    mine = tuple(failure for failure in report.failures if failure.source in copied)
    return replace(report, failures=(*failures, *mine))
