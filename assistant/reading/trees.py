"""XML from anywhere as a tree: no entity is expanded, nothing is fetched. Knows nothing of formats.

Names are compared without their namespace: strict and usual Office files differ in nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from assistant.errors import UnreadableFile
from assistant.reading.decoding import decode

_DOCTYPE = re.compile(rb"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<!DOCTYPE[^>\[]*\[", re.S)
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]")  # libxml2 lets it pass and fails when it is asked for the words
_HALF = re.compile(r"&#(?:x0*d[89a-f][0-9a-f]{2}|0*5[5-7]\d{3});", re.IGNORECASE)  # of a pair of surrogates
_UTF_8 = re.compile(rb"""(?!\s*<\?xml[^>]*encoding\s*=\s*["'](?!utf-?8))""", re.IGNORECASE)
_TOO_DEEP = "Its parts are nested too deeply to be read: convert it to plain text."


class DamagedXml(UnreadableFile):
    """Its XML breaks the rules; what is left of it may be readable."""


def parse(source: bytes, *, mend: bool = False) -> Any:
    """The root element; comments and processing instructions are gone, and `mend` reads on after mistakes.

    Raises UnreadableFile for damaged XML and for XML that defines entities."""
    refuse_entities(source)
    if mend:
        source = _HALF.sub("", decode(source)[0]).encode("utf-8", "replace")
    elif _SURROGATE.search(source) and _UTF_8.match(source):
        raise DamagedXml("Its XML is damaged (it holds bytes that are no UTF-8).")
    parser = etree.XMLParser(
        encoding="utf-8" if mend else None,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=mend,
    )
    try:
        root = etree.fromstring(source, parser=parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if "depth" in str(error).lower():
            raise UnreadableFile(_TOO_DEEP) from error
        raise DamagedXml(f"Its XML is damaged ({_first_line(error)}).") from error
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise UnreadableFile(_TOO_DEEP)
    if root is None:
        raise DamagedXml("Its XML is damaged: save it again from where it was made.")
    return root


def refuse_entities(source: bytes) -> None:
    """Raises UnreadableFile if a document type defines entities: a few lines of them fill any memory."""
    plain = source.replace(b"\0", b"") if b"\0" in source[:64] else source
    start = plain.find(b"<!DOCTYPE")
    if start >= 0 and b"<!ENTITY" in plain[start:] and _DOCTYPE.match(plain.lstrip(b"\xef\xbb\xbf\xff\xfe")):
        raise UnreadableFile("Its XML defines entities, which can hide an attack: save it without a DOCTYPE.")


def name(element: Any) -> str:
    """The element's name without its namespace; "" for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, wanted: str) -> str:
    """The attribute of this name in any namespace, "" if there is none."""
    for key, value in element.items():
        if key.rpartition("}")[2] == wanted:
            return str(value)
    return ""


def children(element: Any, *names: str) -> Iterator[Any]:
    """The direct children of these names, of any name if none is given."""
    return (child for child in element if not names or name(child) in names)


def child(element: Any, *path: str) -> Any | None:
    """The first child of the first child of … these names; None where one is missing."""
    for step in path:
        element = next(children(element, step), None)
        if element is None:
            return None
    return element


def descendants(element: Any, *names: str) -> Iterator[Any]:
    """All elements of these names below this one, in document order."""
    return element.iter(*(f"{{*}}{one}" for one in names))  # type: ignore[no-any-return]


def words_of(element: Any | None) -> str:
    """All text in an element, "" for None."""
    return "" if element is None else "".join(element.itertext())


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:120]
