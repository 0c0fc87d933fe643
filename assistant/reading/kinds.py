"""Which kind of file these bytes are: by content first, then by suffix. Reads no text from them."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from assistant.errors import UnreadableFile
from assistant.reading.decoding import BINARY, unicode_codec


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
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = Kind(f"{_OFFICE}.wordprocessingml.document", "docx", (".docx", ".docm", ".dotx"))
PPTX = Kind(f"{_OFFICE}.presentationml.presentation", "pptx", (".pptx", ".pptm", ".ppsx"))
XLSX = Kind(f"{_OFFICE}.spreadsheetml.sheet", "xlsx", (".xlsx", ".xlsm", ".xltx"))
XLS = Kind("application/vnd.ms-excel", "xls", (".xls", ".xlt"))
CSV = Kind("text/csv", "csv", (".csv",))
TSV = Kind("text/tab-separated-values", "csv", (".tsv", ".tab"))
EPUB = Kind("application/epub+zip", "epub", (".epub",))
EML = Kind("message/rfc822", "eml", (".eml",))
MSG = Kind("application/vnd.ms-outlook", "msg", (".msg",))
RTF = Kind("application/rtf", "rtf", (".rtf",))
_ODF = "application/vnd.oasis.opendocument"
ODT = Kind(f"{_ODF}.text", "odf", (".odt", ".ott"))
ODS = Kind(f"{_ODF}.spreadsheet", "odf", (".ods",))
ODP = Kind(f"{_ODF}.presentation", "odf", (".odp",))
JSON = Kind("application/json", "json", (".json",))
JSONL = Kind("application/jsonl", "json", (".jsonl", ".ndjson"))
IPYNB = Kind("application/x-ipynb+json", "ipynb", (".ipynb",))
XML = Kind("application/xml", "xml", (".xml", ".rss", ".atom"))
ZIP = Kind("application/zip", "zip", (".zip",))

_TEXTS = (TEXT, MARKDOWN, HTML, CSV, TSV, EML, JSON, JSONL, IPYNB, XML)
_BINARY = (PDF, DOCX, PPTX, XLSX, XLS, EPUB, MSG, RTF, ODT, ODS, ODP, ZIP)  # told by their content alone
KINDS = _TEXTS + _BINARY
MEDIA_TYPES = tuple(kind.media_type for kind in KINDS)
SUFFIXES = {suffix: kind.media_type for kind in KINDS for suffix in kind.suffixes}

_BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
_BY_MEDIA_TYPE = {kind.media_type: kind for kind in KINDS}
_HEAD_BYTES = 4096
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?><!--.*?-->\s*)*+<(?:!doctype\s+html|html)\b", re.I | re.S
)
_MAIL_FIELD = r"(?:Return-Path|Received|Delivered-To|From|To|Subject|Date|Message-ID|MIME-Version|X-[\w-]+):"
_OPENINGS = (
    (re.compile(r"<\?xml\s|<(?:rss|feed)\b"), XML),
    (re.compile(r'\{\s*"[^"\n]*"\s*:|\[\s*[{\["]'), JSON),
    (re.compile(rf"(?:{_MAIL_FIELD}.*\r?\n(?:[ \t].*\n)*){{3}}", re.IGNORECASE), EML),
)
# Control characters that no text holds; tab, line ends, form feed, backspace and escape do occur.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\v\b\x1b"))
_CONTROLS_PER_BYTE = 1 / 200
_STRAY_CONTROLS = 3

_PLAIN_ADVICE = "Convert it to PDF, HTML, Markdown or plain text and add that."
_UNSUPPORTED_MAGIC: tuple[tuple[bytes, str], ...] = (
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
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def detect(data: bytes, *, suffix: str) -> Kind:
    """The kind of a file with these bytes and this lower-case suffix.

    Raises UnreadableFile for an empty file, for binary data and for a format that is known but not read."""
    if not data or data.removeprefix(codecs.BOM_UTF8).isspace() or data == codecs.BOM_UTF8:
        raise UnreadableFile("It is empty.")
    if _is_pdf(data, suffix=suffix):
        return PDF
    if data.startswith((*_ZIP_MAGIC, _OLE_MAGIC)):
        return _in_container(data)
    if data.startswith(b"{\\rtf"):
        return RTF
    _refuse_known(data)
    if unicode_codec(data) is None and _is_binary(data):
        raise UnreadableFile(BINARY)
    if _is_html(data):
        return HTML
    if suffix not in _BY_SUFFIX and (kind := _by_opening(data)):
        return kind
    named = _BY_SUFFIX.get(suffix, TEXT)
    if named in _BINARY:
        raise UnreadableFile(
            f"It is named as a {suffix[1:].upper()}, but holds none: download or export it again."
        )
    return named


def _is_pdf(data: bytes, *, suffix: str) -> bool:
    """PDF magic at the start, or a little later where the name or the bytes say that it is no text."""
    head = data[:1024]
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return True
    return b"%PDF-" in head and (suffix in PDF.suffixes or b"\0" in data)


def _in_container(data: bytes) -> Kind:
    """The kind of a file that is a zip file or an OLE file underneath."""
    from assistant.reading import containers  # its libraries are for these kinds alone

    find = containers.ole_media_type if data.startswith(_OLE_MAGIC) else containers.zip_media_type
    media_type = find(data)
    if media_type not in _BY_MEDIA_TYPE:
        raise UnreadableFile(f"It is of the kind {media_type}, which is not read. {_PLAIN_ADVICE}")
    return _BY_MEDIA_TYPE[media_type]


def _by_opening(data: bytes) -> Kind | None:
    """The kind of a text whose name says nothing, by how it begins; None for a plain one."""
    codec = unicode_codec(data) or "latin-1"
    opening = data[:_HEAD_BYTES].decode(codec, "ignore").lstrip("\ufeffï»¿").lstrip()
    return next((kind for pattern, kind in _OPENINGS if pattern.match(opening)), None)


def _refuse_known(data: bytes) -> None:
    for magic, name in _UNSUPPORTED_MAGIC:
        # Two-letter magic such as "BM" also starts words, so short ones need binary data behind them.
        if data.startswith(magic) and (len(magic) > 3 or _is_binary(data)):
            raise UnreadableFile(f"It is {name}, which is not read. {_PLAIN_ADVICE}")


def _is_binary(data: bytes) -> bool:
    if b"\0" in data:
        return True
    head = data[: 1 << 20]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > max(_STRAY_CONTROLS, len(head) * _CONTROLS_PER_BYTE)


def _is_html(data: bytes) -> bool:
    codec = unicode_codec(data) or "latin-1"
    return bool(_HTML_START.match(data[:_HEAD_BYTES].decode(codec, "ignore").lstrip("\ufeffï»¿")))
