"""HTML: the main article of a page as trafilatura finds it, or all of its text. Fetches and runs nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import lxml.html
from lxml import etree
from trafilatura import bare_extraction

from assistant.errors import UnreadableFile
from assistant.reading.building import Builder, first_heading, squeezed
from assistant.reading.decoding import decode, printable, refuse_if_lost, unicode_codec
from assistant.reading.markup import add_element
from assistant.values import Content

MEDIA_TYPE = "text/html"
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*>")
_CHARSET = re.compile(rb"""<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_TEXT_CHARSET = re.compile(
    r"(?:utf-?8|iso|windows|cp|latin|koi8|euc|shift|sjis|gb|big5|mac|tis|us-ascii|ascii)", re.I
)
_WESTERN = frozenset(
    ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii")
)  # in HTML all mean windows-1252
_LEFT_OUT = "//nav|//footer|//aside|//button|//select"
_HIDDEN = "//body//*[@hidden or @aria-hidden='true' or contains(translate(@style,' ',''),'display:none')]"
_SMALLEST_SHARE = 0.3  # an article with less of the page's letters than that was not recognised


@dataclass(frozen=True)
class _Found:
    """A text with its blocks, and what the page says about itself."""

    builder: Builder
    title: str = ""
    facts: dict[str, str] = field(default_factory=dict)


def read(data: bytes) -> Content:
    """The content of an HTML page. Raises UnreadableFile if it shows no text."""
    source, notes = decode_page(data)
    tree = _parse(source)
    article, page = _article(tree), _page(tree)
    is_found = article.builder.length >= _SMALLEST_SHARE * page.builder.length
    builder = article.builder if is_found else page.builder
    text, blocks = builder.text, tuple(builder.blocks)
    if not text:
        raise UnreadableFile(
            "It shows no text without its scripts: save the page as it is displayed, or as PDF."
        )
    refuse_if_lost(text)
    return Content(
        title=article.title or page.title or first_heading(blocks, text),
        text=text,
        media_type=MEDIA_TYPE,
        blocks=blocks,
        facts=article.facts,
        notes=notes,
    )


def fragment(source: str) -> Content:
    """Everything that a piece of HTML shows, such as a book's chapter or a message; its text can be empty."""
    if not source or source.isspace():
        return Content(title="", text="", media_type=MEDIA_TYPE, blocks=())
    found = _shown(_parse(source))
    text, blocks = found.builder.text, tuple(found.builder.blocks)
    return Content(title=found.title, text=text, media_type=MEDIA_TYPE, blocks=blocks)


def decode_page(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The source by its byte order mark, the encoding that it declares, or a guess."""
    declared = _CHARSET.search(data[:4096])
    if unicode_codec(data) is None and declared:
        name = declared.group(1).decode("ascii").lower()
        name = "cp1252" if name in _WESTERN else name
        if _TEXT_CHARSET.match(name) and not name.startswith("utf-8"):
            try:
                return data.decode(name), ()
            except (UnicodeDecodeError, LookupError):
                pass
    return decode(data)


def _parse(source: str) -> Any:
    """The page as a tree, without what it does not show: hidden text would otherwise be found and cited."""
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True)
    try:
        tree = lxml.html.document_fromstring(_DECLARATION.sub("", printable(source)), parser=parser)
    except etree.ParserError as error:
        raise UnreadableFile("It is empty.") from error
    if any("Excessive depth" in entry.message for entry in parser.error_log):  # the rest was cut off
        raise UnreadableFile("Its elements are nested too deeply to be read: convert it to plain text.")
    _drop(tree, _HIDDEN)
    return tree


def _drop(tree: Any, path: str) -> None:
    for element in tree.xpath(path):
        if element.getparent() is not None:
            element.drop_tree()


def _article(tree: Any) -> _Found:
    """The main article, without navigation, comments and advertisements; an empty one if none is found."""
    builder = Builder()
    declared = _declared(tree)  # before trafilatura changes the tree
    try:
        found = bare_extraction(
            tree,
            with_metadata=True,
            include_comments=False,
            include_tables=True,
            date_extraction_params={"extensive_search": False, "original_date": True},
        )
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        found = None  # trafilatura fails on some odd pages; their text is still there to be read
    if found is None or isinstance(found, dict):
        return _Found(builder)
    if found.body is not None:
        add_element(found.body, builder)
    return _Found(builder, title=squeezed(found.title or ""), facts=_facts(found, declared))


@dataclass(frozen=True, slots=True)
class _Declared:
    """What a page says about itself to machines."""

    words: str  # all of it, in lower case
    authors: str
    language: str


def _facts(found: Any, declared: _Declared) -> dict[str, str]:
    """Author, publisher, date and language, so far as the page declares them.

    trafilatura also guesses an author from the text, and takes the server's address for a publisher."""
    named = {
        "author": declared.authors or found.author,
        "publisher": found.sitename,
        "date": found.date,
        "language": declared.language or found.language,
    }
    facts = {name: squeezed(value) for name, value in named.items() if value and squeezed(value)}
    for name in ("author", "publisher"):
        if facts.get(name, "").casefold() not in declared.words:
            facts.pop(name, None)
    if re.fullmatch(r"\S+\.\S+", facts.get("publisher", "")):
        del facts["publisher"]
    return facts


def _declared(tree: Any) -> _Declared:
    names = tree.xpath("//*[@itemprop='author']/descendant-or-self::*[@itemprop='name']")
    authors = ", ".join(dict.fromkeys(filter(None, (squeezed(one.text_content()) for one in names))))
    languages = tree.xpath("/html/@lang|/html/@*[name()='xml:lang']")
    said = tree.xpath("//meta/@content|//script[@type='application/ld+json']/text()")
    words = squeezed(" ".join([*said, authors])).casefold()
    return _Declared(words, authors, squeezed("".join(languages[:1])))


def _page(tree: Any) -> _Found:
    """Everything that the page shows outside its navigation."""
    _drop(tree, _LEFT_OUT)
    return _shown(tree)


def _shown(tree: Any) -> _Found:
    builder = Builder()
    for body in tree.xpath("/html/body"):
        add_element(body, builder)
    return _Found(builder, title=squeezed(" ".join(tree.xpath("/html/head/title[1]//text()"))))
