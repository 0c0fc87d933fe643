"""Which kind of file a zip file or an OLE file is: by its own table of contents, not by its name."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import olefile

from assistant.errors import UnreadableFile
from assistant.reading.archives import DAMAGED, LOCKED, Archive

ZIP = "application/zip"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_MAIN_PART = re.compile(r'ContentType\s*=\s*["\']([^"\']+\.main\+xml|[^"\']+sheet\.binary[^"\']+)["\']')
_OFFICE_KINDS = (  # in the type of the main part, those with macros included
    ("sheet.binary", ""),
    ("word", f"{_OFFICE}.wordprocessingml.document"),
    ("presentation", f"{_OFFICE}.presentationml.presentation"),
    ("powerpoint", f"{_OFFICE}.presentationml.presentation"),
    ("excel", f"{_OFFICE}.spreadsheetml.sheet"),
    ("spreadsheet", f"{_OFFICE}.spreadsheetml.sheet"),
)
_DECLARED = re.compile(r"application/(?:epub\+zip|vnd\.oasis\.opendocument\.\w+)")
_STREAMS = (
    ("EncryptedPackage", LOCKED),
    ("WordDocument", "It is an old Word document (doc): save it as docx or PDF and add that."),
    (
        "PowerPoint Document",
        "It is an old PowerPoint presentation (ppt): save it as pptx or PDF and add that.",
    ),
)

_FAILURES = (  # of olefile and of those who use what it gives, on a damaged file
    OSError,
    ArithmeticError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    struct.error,
)


def zip_media_type(data: bytes) -> str:
    """The media type of a zip file; a zip file of nothing in particular is an archive.

    Raises UnreadableFile if it is damaged."""
    archive = Archive(data)
    if "mimetype" in archive:
        declared = _DECLARED.match(archive.read("mimetype")[:200].decode("ascii", "replace"))
        if declared:
            return declared[0].removesuffix("-template")
    if "[Content_Types].xml" in archive:
        return _office_kind(archive.read("[Content_Types].xml").decode("utf-8", "replace"))
    return "application/epub+zip" if "META-INF/container.xml" in archive else ZIP


def _office_kind(types: str) -> str:
    found = _MAIN_PART.search(types)
    kind = next((kind for mark, kind in _OFFICE_KINDS if mark in found[1]), "") if found else ZIP
    if not kind:
        raise UnreadableFile("It is a binary Excel workbook (xlsb): save it as xlsx and add that.")
    return kind


def ole_media_type(data: bytes) -> str:
    """The media type of an OLE file: an old workbook or an Outlook message.

    Raises UnreadableFile for all others, and if it is damaged."""
    with opened(data) as file:
        names = {entry[0] for entry in file.listdir()}
    for name, reason in _STREAMS:
        if name in names:
            raise UnreadableFile(reason)
    if names & {"Workbook", "Book"}:
        return "application/vnd.ms-excel"
    if "__properties_version1.0" in names:
        return "application/vnd.ms-outlook"
    raise UnreadableFile(
        "It is an old Office file of a kind that is not read: save it in a current format, or as PDF."
    )


@contextmanager
def opened(data: bytes) -> Iterator[Any]:
    """An OLE file to read from (`olefile.OleFileIO`). Raises UnreadableFile where it turns out damaged."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            # Its chains of sectors may go in circles: what they say of their length has to fit the file.
            if max(file.num_mini_fat_sectors * file.sector_size, file.root.size) > len(data):
                raise UnreadableFile(DAMAGED)
            yield file
    except _FAILURES as error:
        raise UnreadableFile(DAMAGED) from error
