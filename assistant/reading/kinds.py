"""Which kind of file these bytes are: by content first, then by suffix. Opens and parses nothing."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from assistant.errors import UnreadableFile
from assistant.reading.decoding import BINARY, byte_order_mark


@dataclass(frozen=True, slots=True)
class Kind:
    """A format that can be read: `module` is the module of this package whose `read(data)` does it."""

    media_type: str
    module: str
    suffixes: tuple[str, ...]


TEXT = Kind("text/plain", "text", (".txt", ".text"))
MARKDOWN = Kind("text/markdown", "markdown", (".md", ".markdown", ".mdown", ".mkd"))
HTML = Kind("text/html", "html", (".html", ".htm", ".xhtml"))
PDF = Kind("application/pdf", "pdf", (".pdf",))

KINDS = (TEXT, MARKDOWN, HTML, PDF)
MEDIA_TYPES = tuple(kind.media_type for kind in KINDS)
SUFFIXES = {suffix: kind.media_type for kind in KINDS for suffix in kind.suffixes}

_BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
_HEAD_BYTES = 4096
_HTML_START = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
# Control characters that no text holds; tab, line ends, form feed, backspace and escape do occur.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\v\b\x1b"))
_CONTROLS_PER_BYTE = 1 / 200
_STRAY_CONTROLS = 3

_PLAIN_ADVICE = "Convert it to PDF, HTML, Markdown or plain text and add that."
_UNSUPPORTED_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (doc, xls, ppt or msg)"),
    (b"{\\rtf", "an RTF document"),
    (b"%!PS", "a PostScript file"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"ID3", "an MP3 recording"),
    (b"OggS", "an Ogg recording"),
    (b"RIFF", "a sound, image or video file"),
)
_ZIP_MEMBERS: tuple[tuple[bytes, str], ...] = (
    (b"word/", "a Word document (docx)"),
    (b"xl/", "an Excel workbook (xlsx)"),
    (b"ppt/", "a PowerPoint presentation (pptx)"),
    (b"application/epub+zip", "an EPUB book"),
    (b"application/vnd.oasis.opendocument", "an OpenDocument file"),
)


def detect(data: bytes, *, suffix: str) -> Kind:
    """The kind of a file with these bytes and this lower-case suffix.

    Raises UnreadableFile for an empty file, for binary data and for a format that is known but not read."""
    if not data or data.removeprefix(codecs.BOM_UTF8).isspace() or data == codecs.BOM_UTF8:
        raise UnreadableFile("It is empty.")
    if _is_pdf(data, suffix=suffix):
        return PDF
    _refuse_known(data)
    if byte_order_mark(data) is None and _is_binary(data):
        raise UnreadableFile(BINARY)
    if _is_html(data):
        return HTML
    if suffix in PDF.suffixes:
        raise UnreadableFile("It is named as a PDF, but holds none: download or export it again.")
    return _BY_SUFFIX.get(suffix, TEXT)


def _is_pdf(data: bytes, *, suffix: str) -> bool:
    """PDF magic at the start, or a little later where the name or the bytes say that it is no text."""
    head = data[:1024]
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return True
    return b"%PDF-" in head and (suffix in PDF.suffixes or b"\0" in data)


def _refuse_known(data: bytes) -> None:
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise UnreadableFile(f"It is {_zip_kind(data)}, which is not read yet. {_PLAIN_ADVICE}")
    for magic, name in _UNSUPPORTED_MAGIC:
        # Two-letter magic such as "BM" also starts words, so short ones need binary data behind them.
        if data.startswith(magic) and (len(magic) > 3 or _is_binary(data)):
            raise UnreadableFile(f"It is {name}, which is not read. {_PLAIN_ADVICE}")


def _zip_kind(data: bytes) -> str:
    """What a zip file is, by the names of its members: at its start, or in the directory at its end."""
    names = data[:_HEAD_BYTES] + data[-(1 << 16) :]
    return next((kind for mark, kind in _ZIP_MEMBERS if mark in names), "a zip archive")


def _is_binary(data: bytes) -> bool:
    if b"\0" in data:
        return True
    head = data[: 1 << 20]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > max(_STRAY_CONTROLS, len(head) * _CONTROLS_PER_BYTE)


def _is_html(data: bytes) -> bool:
    codec = byte_order_mark(data) or "latin-1"
    return bool(_HTML_START.match(data[:_HEAD_BYTES].decode(codec, "ignore").lstrip("\ufeffï»¿")))
