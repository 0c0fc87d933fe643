"""XML: a feed as its articles, any other tree as headings, paragraphs, records and "name: value" lines."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from html import escape
from typing import Any

from assistant.errors import UnreadableFile
from assistant.reading import html, trees
from assistant.reading.building import Builder, first_heading, squeezed
from assistant.reading.notes import without_text
from assistant.reading.records import is_table, table_rows
from assistant.values import Content

MEDIA_TYPE = "application/xml"
_FEEDS = ("rss", "feed", "RDF")
_ENTRIES = ("item", "entry")
_BODIES = ("encoded", "content", "description", "summary")  # the fullest first
_DATES = ("pubDate", "published", "updated", "date", "lastBuildDate")
_TITLES = frozenset("title head heading headline caption label".split())
_TEXTS = frozenset("p para paragraph description summary abstract note text body quote".split())
_LONGEST_VALUE = 120  # characters; a longer one is a text, not a value
_DEEPEST_HEADING = 6
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&#?\w+;")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")


def read(data: bytes) -> Content:
    """The content of an XML file. Raises UnreadableFile if it is damaged or holds no text."""
    try:
        return _content(trees.parse(data))
    except trees.DamagedXml as error:
        return _content(trees.parse(data, mend=True), f"{error} What could be read of it was.")


def _content(root: Any, *notes: str) -> Content:
    builder = Builder()
    is_feed = trees.name(root) in _FEEDS and next(trees.descendants(root, *_ENTRIES), None) is not None
    title, facts = _add_feed(root, builder) if is_feed else ("", {})
    if not is_feed:
        _add_element(root, builder, level=1)
    text, blocks = builder.text, tuple(builder.blocks)
    if not text:
        raise UnreadableFile(without_text())
    return Content(
        title=title or first_heading(blocks, text),
        text=text,
        media_type=MEDIA_TYPE,
        blocks=blocks,
        facts=facts,
        notes=notes,
    )


# --- feeds: RSS 2.0, RSS 1.0 and Atom ------------------------------------------------------------------


def _add_feed(root: Any, builder: Builder) -> tuple[str, dict[str, str]]:
    """Add a feed; returns its title and facts."""
    channel = trees.child(root, "channel")
    channel = root if channel is None else channel
    title = squeezed(trees.words_of(trees.child(channel, "title")))
    builder.heading(title, level=1)
    for name in ("description", "subtitle"):
        _add_markup(trees.child(channel, name), builder)
    for entry in trees.descendants(root, *_ENTRIES):
        _add_entry(entry, builder)
    facts = {"date": _day(_first(channel, *_DATES)), "language": _first(channel, "language")}
    return title, {name: words for name, words in facts.items() if words}


def _add_entry(entry: Any, builder: Builder) -> None:
    builder.heading(_fragment(trees.child(entry, "title")).text, level=2)
    said = [("Date", _day(_first(entry, *_DATES))), ("Author", _author(entry))]
    builder.paragraph("\n".join(f"{name}: {words}" for name, words in said if words))
    bodies = (_fragment(trees.child(entry, name)) for name in _BODIES)
    builder.embed(next((body for body in bodies if body.text), html.fragment("")), below=2)


def _author(entry: Any) -> str:
    named = trees.child(entry, "author", "name")
    return squeezed(trees.words_of(named)) if named is not None else _first(entry, "creator", "author")


def _day(words: str) -> str:
    """The day of a point in time as ISO 8601, its words where they cannot be understood."""
    try:
        return parsedate_to_datetime(words).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return words[:10] if _ISO.match(words) else words


def _first(element: Any, *names: str) -> str:
    found = (squeezed(trees.words_of(trees.child(element, name))) for name in names)
    return next((words for words in found if words), "")


def _add_markup(element: Any | None, builder: Builder) -> None:
    builder.embed(_fragment(element), below=2)


def _fragment(element: Any | None) -> Content:
    """The HTML that an element holds as text, or the words of what it holds as elements."""
    return _as_html(trees.words_of(element))


def _as_html(words: str) -> Content:
    """What a text shows that can be HTML: without a tag in it, the text itself."""
    return html.fragment(words if _MARKUP.search(words) else escape(words, quote=False))


# --- any other tree ------------------------------------------------------------------------------------


def _add_element(element: Any, builder: Builder, *, level: int) -> None:
    inner = list(trees.children(element))
    if not inner:
        _add_leaf(element, builder, level=level)
    elif _is_mixed(element):
        builder.end_list()
        builder.paragraph(squeezed(" ".join(element.itertext())))
    else:
        _add_attributes(element, builder)
        records = [_record(one) for one in inner]
        if len({trees.name(one) for one in inner}) == 1 and is_table(records) and all(records):
            builder.table(table_rows(records))
            return
        for one in inner:
            _add_element(one, builder, level=level + 1)


def _add_leaf(element: Any, builder: Builder, *, level: int) -> None:
    """Add an element that holds only text: a title, a paragraph, or a value with its name."""
    name, words = trees.name(element), squeezed(element.text or "")
    if name.casefold() in _TITLES:
        builder.end_list()
        builder.heading(words, level=min(max(level - 1, 1), _DEEPEST_HEADING))
    elif name.casefold() in _TEXTS or len(words) > _LONGEST_VALUE:
        builder.end_list()
        builder.embed(_as_html(element.text or ""), below=level)
    elif words:
        builder.item(f"{name}: {words}", bullet="")
    _add_attributes(element, builder)


def _add_attributes(element: Any, builder: Builder) -> None:
    said = [f"{key.rpartition('}')[2]} {squeezed(value)}" for key, value in element.items() if value.strip()]
    if said:
        builder.item(f"{trees.name(element)}: {', '.join(said)}", bullet="")


def _is_mixed(element: Any) -> bool:
    """Whether words stand between the elements inside, as in a paragraph."""
    return bool((element.text or "").strip()) or any((one.tail or "").strip() for one in element)


def _record(element: Any) -> dict[str, Any]:
    """The fields of an element that holds one value each, from attributes and elements; {} if it does not."""
    fields: dict[str, Any] = {key.rpartition("}")[2]: value for key, value in element.items()}
    for one in trees.children(element):
        name = trees.name(one)
        if len(one) or one.items() or name in fields:
            return {}
        fields[name] = one.text or ""
    return fields if not (element.text or "").strip() else {}
