"""EPUB: the chapters of a book in reading order, each under its heading. Shows what its pages show."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from assistant.errors import UnreadableFile
from assistant.reading import html, trees
from assistant.reading.archives import DAMAGED, Archive
from assistant.reading.building import Builder, squeezed
from assistant.reading.notes import listed, without_text
from assistant.values import Content

MEDIA_TYPE = "application/epub+zip"
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "image/svg+xml", "")


@dataclass(frozen=True)
class _Book:
    """The parts of a book: its description, its pages in order, and their titles in its contents."""

    metadata: dict[str, list[str]]
    pages: tuple[str, ...]
    labels: dict[str, str]


def read(data: bytes) -> Content:
    """The content of a book. Raises UnreadableFile if it is damaged, protected or shows no text."""
    archive = Archive(data)
    book = _book(archive)
    _refuse_protected(archive, book)
    builder = Builder()
    title, facts = "".join(book.metadata.get("title", [])[:1]), _facts(book.metadata)
    _add_opening(title, book, builder)
    unread, count = [], 0
    for name in book.pages:
        try:
            count += _add_page(archive, name, book.labels.get(name, ""), builder)
        except UnreadableFile:
            unread.append(posixpath.basename(name))
    if not count:
        raise UnreadableFile(DAMAGED if unread else without_text())
    notes = (f"Parts of it could not be read: {listed(unread)}.",) if unread else ()
    return Content(
        title=title,
        text=builder.text,
        media_type=MEDIA_TYPE,
        blocks=tuple(builder.blocks),
        facts=facts,
        notes=notes,
    )


def _add_opening(title: str, book: _Book, builder: Builder) -> None:
    """Add what stands on a book's cover, so that it can be found and cited."""
    builder.heading(title, level=1)
    if authors := book.metadata.get("creator"):
        builder.paragraph(f"Authors: {', '.join(authors)}")
    for description in book.metadata.get("description", [])[:1]:
        builder.embed(html.fragment(description))


def _add_page(archive: Archive, name: str, label: str, builder: Builder) -> bool:
    """Add one page, under its title in the contents if it has no heading; whether it shows text."""
    source, _ = html.decode_page(archive.read(name))
    page = html.fragment(source)
    if page.text and label and not any(block.kind == "heading" for block in page.blocks[:3]):
        builder.heading(label, level=2)
    builder.embed(page, below=1)
    return bool(page.text)


def _facts(metadata: dict[str, list[str]]) -> dict[str, str]:
    facts = {
        "author": ", ".join(metadata.get("creator", [])),
        "publisher": ", ".join(metadata.get("publisher", [])),
        "date": "".join(metadata.get("date", [])[:1])[:10],
        "language": ", ".join(metadata.get("language", [])),
    }
    return {name: words for name, words in facts.items() if words}


# --- the package ---------------------------------------------------------------------------------------


def _book(archive: Archive) -> _Book:
    root_name = _root_name(archive)
    root = trees.parse(archive.read(root_name))
    folder = posixpath.dirname(root_name)
    items = {trees.attribute(one, "id"): one for one in trees.descendants(root, "item")}
    spine = [items.get(trees.attribute(one, "idref")) for one in trees.descendants(root, "itemref")]
    pages = [
        _path(folder, trees.attribute(one, "href"))
        for one in spine
        if one is not None
        and "nav" not in trees.attribute(one, "properties").split()
        and trees.attribute(one, "media-type") in _PAGES
    ]
    return _Book(_metadata(root), tuple(dict.fromkeys(pages)), dict(_labels(archive, folder, items.values())))


def _root_name(archive: Archive) -> str:
    """The name of the package document."""
    container = trees.parse(archive.read(_CONTAINER))
    named = (unquote(trees.attribute(one, "full-path")) for one in trees.descendants(container, "rootfile"))
    found = next((name for name in named if name in archive), "")
    if not found:
        raise UnreadableFile(DAMAGED)
    return found


def _metadata(root: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    metadata = trees.child(root, "metadata")
    for element in metadata.iter() if metadata is not None else ():
        words = squeezed(element.text or "")
        if words:
            found.setdefault(trees.name(element), []).append(words)
    return found


def _labels(archive: Archive, folder: str, items: Any) -> Iterator[tuple[str, str]]:
    """The pages and their titles in the table of contents, old (NCX) or new (XHTML)."""
    for item in items:
        is_new = "nav" in trees.attribute(item, "properties").split()
        if not is_new and trees.attribute(item, "media-type") != "application/x-dtbncx+xml":
            continue
        name = _path(folder, trees.attribute(item, "href"))
        try:
            root = trees.parse(archive.read(name), mend=True)
        except UnreadableFile:
            continue  # the book can be read without its contents
        yield from _new_labels(root, name) if is_new else _old_labels(root, name)


def _new_labels(root: Any, name: str) -> Iterator[tuple[str, str]]:
    for link in trees.descendants(root, "a"):
        yield _path(posixpath.dirname(name), trees.attribute(link, "href")), squeezed(trees.words_of(link))


def _old_labels(root: Any, name: str) -> Iterator[tuple[str, str]]:
    for point in trees.descendants(root, "navPoint"):
        content, label = trees.child(point, "content"), trees.child(point, "navLabel")
        if content is not None:
            target = _path(posixpath.dirname(name), trees.attribute(content, "src"))
            yield target, squeezed(trees.words_of(label))


def _path(folder: str, target: str) -> str:
    """The name of the member that a link in this folder points to."""
    return posixpath.normpath(posixpath.join("/", folder, unquote(target.partition("#")[0]))).lstrip("/")


def _refuse_protected(archive: Archive, book: _Book) -> None:
    """Raises UnreadableFile if pages are encrypted; fonts often are, and are not needed."""
    if _ENCRYPTION not in archive:
        return
    root = trees.parse(archive.read(_ENCRYPTION))
    locked = {unquote(trees.attribute(one, "URI")) for one in trees.descendants(root, "CipherReference")}
    if locked & set(book.pages):
        raise UnreadableFile("It is protected against copying (DRM): add a copy that is not.")
