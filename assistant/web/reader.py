"""The part of a document that a reader sees around a citation, as values for JSON; nothing is markup."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from assistant import render
from assistant.anchoring import Place
from assistant.values import Document

AROUND = 20_000  # characters shown on each side of a citation


def excerpt(
    document: Document, place: Place, *, begin: int | None = None, stop: int | None = None
) -> dict[str, Any]:
    """The document around a place: what it is, and its text in parts, each of one kind.

    `begin` and `stop` ask for other characters than those around the place. `from` and `to` in the
    outcome say which characters these are, of `length` in all.
    """
    begin, end = _window(
        document.text,
        place.start - AROUND if begin is None else begin,
        place.end + AROUND if stop is None else stop,
    )
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "origins": [{"url": origin.url, "fetched_at": origin.fetched_at} for origin in document.origins],
        "sources": list(document.sources),
        "media_type": document.media_type,
        "added_at": document.added_at,
        "facts": {name: str(value) for name, value in document.facts.items() if str(value)},
        "notes": list(document.notes),
        "state": place.state,
        "section": _section(document, place.start),
        "page": next((page.number for page in document.pages if page.start <= place.start < page.end), None),
        "from": begin,
        "to": end,
        "length": len(document.text),
        "parts": list(_parts(document, begin, end, place)),
    }


def _section(document: Document, at: int) -> str:
    """The headings above a place, outermost first, without the one that is the title."""
    found = [section.headings for section in document.sections if section.start <= at < section.end]
    deepest = max(found, key=len, default=())
    return " › ".join(render.visible(name) for name in deepest if name != document.title)


def _window(text: str, begin: int, end: int) -> tuple[int, int]:
    """A span inside the text, cut at line ends where one is near."""
    begin, end = max(0, begin), min(len(text), end)
    if begin:
        begin = max(begin, text.find("\n", begin, begin + 500) + 1)
    if end < len(text):
        line_end = text.rfind("\n", max(begin, end - 500), end)
        end = line_end + 1 if line_end >= 0 else end
    return begin, end


def _parts(document: Document, begin: int, end: int, place: Place) -> Iterator[dict[str, Any]]:
    headings = {
        section.start: (section.start + len(section.headings[-1]), len(section.headings))
        for section in document.sections
        if section.headings and document.text.startswith(section.headings[-1], section.start)
    }
    pages = {page.start: page.number for page in document.pages}
    ends = {stop for stop, _ in headings.values()}
    cuts = sorted({begin, end, *headings, *ends, *pages, place.start, place.end})
    level = heading_end = 0
    for start, stop in pairwise(cuts):
        if not begin <= start < stop <= end:
            continue
        if start in headings:
            heading_end, level = headings[start]
        part: dict[str, Any] = {"text": render.visible(document.text[start:stop])}
        if start < heading_end:
            part["level"] = level
        if start in pages:
            part["page"] = pages[start]
        if place.start <= start < place.end:
            part["cited"] = True
        yield part
