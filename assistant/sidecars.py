"""What is known about a fetched page: a hidden JSON file beside its original in the corpus.

The original is its page only while its bytes are those that were fetched: once a person has changed it, it
is a file like any other.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from assistant.values import Origin

SUFFIX = ".page.json"


@dataclass(frozen=True, slots=True)
class WebPage:
    """Where an original came from. `etag` and `last_modified` are the server's own words, or empty."""

    url: str  # as it was asked for, in canonical form
    final_url: str  # after redirects
    fetched_at: str  # ISO 8601, UTC
    content_type: str
    etag: str
    last_modified: str
    sha256: str  # of the original's bytes
    # Of the bytes before, which are still there if the program was stopped just before they were replaced.
    replaces: str = ""

    def is_held_by(self, sha256: str) -> bool:
        """Whether a file with this SHA-256 is the page, and not something that was written over it."""
        return sha256 != "" and sha256 in (self.sha256, self.replaces)

    def to_json(self) -> bytes:
        """The bytes of the sidecar."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode() + b"\n"


def beside(source: str) -> str:
    """The path of the sidecar of this file, both below the corpus folder."""
    folder, slash, name = source.rpartition("/")
    return f"{folder}{slash}.{name}{SUFFIX}"


def pages(corpus_dir: Path, sources: Iterable[str]) -> Iterator[tuple[str, WebPage]]:
    """Those of these files that have a sidecar, with what it says; one that is not ours is passed over."""
    for source in sources:
        path = os.path.join(corpus_dir, beside(source))  # most files have none: a Path for each takes longer
        if os.path.isfile(path) and (page := _read(Path(path))) is not None:
            yield source, page


def origins(corpus_dir: Path, hashes: Mapping[str, str]) -> list[Origin]:
    """Where those of these files came from that were fetched; `hashes` has the SHA-256 of each."""
    found = pages(corpus_dir, hashes)
    return [
        Origin(source, page.url, page.fetched_at) for source, page in found if page.is_held_by(hashes[source])
    ]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes; empty where no such file can be read, or a link is in its place."""
    try:
        if path.is_symlink() or not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _read(path: Path) -> WebPage | None:
    """What a sidecar says, whoever wrote it."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    names = {field.name for field in fields(WebPage)}
    if not isinstance(found, dict) or found.keys() != names:
        return None
    if not all(isinstance(value, str) for value in found.values()):
        return None
    page = WebPage(**found)
    return page if page.url.startswith(("http://", "https://")) else None
