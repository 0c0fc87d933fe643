"""Web pages in the corpus: fetched, tried for readability, kept with a sidecar, and fetched again.

A copy that is here is replaced only by one that can be read.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from assistant import corpus, fetching
from assistant.errors import AssistantError, CorpusError
from assistant.fetching import Fetched, Fetcher, Known
from assistant.reading import SUFFIXES, Limits, Reader
from assistant.sidecars import WebPage, beside, pages, sha256_of
from assistant.values import Failure, Progress

_SUFFIX_OF = {media_type: suffix for suffix, media_type in reversed(SUFFIXES.items())}
_SUFFIX_OF["application/xhtml+xml"] = _SUFFIX_OF["text/html"]
_VAGUE = frozenset({"", "text/plain", "application/octet-stream"})  # the name in the URL says more

Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _Held:
    """The copy of a page that is in the corpus."""

    source: str
    page: WebPage
    sha256: str

    @property
    def known(self) -> Known | None:
        """What to ask the server about; nothing if the copy is older than what the sidecar says."""
        page = self.page
        return Known(page.final_url, page.etag, page.last_modified) if self.sha256 == page.sha256 else None


class WebPages:
    """The fetched pages of one corpus folder; `changing` is held while a file in it is written."""

    def __init__(
        self, corpus_dir: Path, fetcher: Fetcher, *, max_bytes: int, changing: AbstractContextManager[object]
    ) -> None:
        self._corpus_dir = corpus_dir
        self._fetcher = fetcher
        self._max_bytes = max_bytes
        self._changing = changing

    def add(self, urls: Sequence[str], *, report: Report) -> tuple[list[str], list[Failure]]:
        """Bring these pages into the corpus, or up to date if they are there.

        Returns their sources, and the URLs that could not be brought with the reason.
        """
        sources: list[str] = []
        failures: list[Failure] = []
        with Reader(Limits(max_bytes=self._max_bytes)) as reader:
            for done, url in enumerate(urls):
                report(Progress("fetching", done, len(urls), url))
                try:
                    address = fetching.canonical(url)
                    sources.append(self._bring(address, self._held_at(address), reader))
                except AssistantError as error:
                    failures.append(Failure(url, str(error)))
        return sources, failures

    def refresh(self, *, report: Report) -> list[Failure]:
        """Fetch every page again that has changed; one that fails is named, and its copy kept."""
        held = self._all_held()
        failures: list[Failure] = []
        with Reader(Limits(max_bytes=self._max_bytes)) as reader:
            for done, one in enumerate(held):
                report(Progress("fetching", done, len(held), one.page.url))
                try:
                    self._bring(one.page.url, one, reader)
                except AssistantError as error:
                    failures.append(Failure(one.page.url, str(error)))
        return failures

    def _bring(self, url: str, held: _Held | None, reader: Reader) -> str:
        """Fetch a page and keep it, over the copy that is `held`. Returns its source."""
        try:
            fetched = self._fetcher.fetch(url, known=held.known if held else None)
            if fetched is None:
                assert held is not None  # only a copy that is known can be unchanged
                return held.source
            with tempfile.TemporaryDirectory(prefix="assistant-") as folder:
                path = Path(folder, Path(held.source).name if held else file_name(fetched))
                path.write_bytes(fetched.body)
                reader.read(path)
                with self._changing:
                    return self._keep(fetched, path, held)
        except AssistantError as error:
            if held is None:
                raise
            day = held.page.fetched_at[:10]
            raise type(error)(f"{error} The copy of {day} is kept.") from error
        except OSError as error:
            raise CorpusError(f"It could not be kept in {self._corpus_dir} ({error.strerror}).") from error

    def _keep(self, fetched: Fetched, path: Path, held: _Held | None) -> str:
        held = held or self._held_at(fetched.url)  # which may have come while this one was fetched
        sha256 = hashlib.sha256(fetched.body).hexdigest()
        page = WebPage(
            url=fetched.url,
            final_url=fetched.final_url,
            fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
            content_type=fetched.content_type,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            sha256=sha256,
            replaces=held.sha256 if held else "",
        )
        if held is None or sha256_of(self._corpus_dir / held.source) != held.sha256:
            copied, failures = corpus.copy_in(self._corpus_dir, [path], names=None, max_bytes=self._max_bytes)
            if failures:
                raise CorpusError(failures[0].reason)
            try:
                corpus.replace(self._corpus_dir, beside(copied[0]), page.to_json())
            except OSError:
                corpus.delete(self._corpus_dir, copied)
                raise
            return copied[0]
        # The sidecar first: it is true of the old bytes and of the new ones, wherever this is interrupted.
        corpus.replace(self._corpus_dir, beside(held.source), page.to_json())
        if sha256 != held.sha256:
            corpus.replace(self._corpus_dir, held.source, fetched.body)
        return held.source

    def _held_at(self, url: str) -> _Held | None:
        return next(iter(self._all_held(url)), None)

    def _all_held(self, url: str = "") -> list[_Held]:
        """The copies of every page, or of the one at this URL."""
        found = [
            _Held(source, page, sha256_of(self._corpus_dir / source))
            for source, page in pages(self._corpus_dir, sorted(corpus.files(self._corpus_dir)))
            if url in ("", page.url)
        ]
        return [one for one in found if one.page.is_held_by(one.sha256)]


def file_name(fetched: Fetched) -> str:
    """A name that tells a person where the page is from, with the suffix of its kind."""
    address = urlsplit(fetched.final_url)
    host = (address.hostname or "").removeprefix("www.")
    last = unquote(address.path.rstrip("/").rpartition("/")[2])
    stem, suffix = os.path.splitext(last)
    if fetched.media_type not in _VAGUE or suffix.lower() not in SUFFIXES:
        suffix = _SUFFIX_OF.get(fetched.media_type, "")
    name = f"{host}_{stem}" if stem else host
    return corpus.safe_name(name.replace("/", "_") + suffix)
