"""What a file is, is decided by its content first, then by its name."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from conftest import page_of, pdf

from assistant.errors import UnreadableFile
from assistant.reading import MEDIA_TYPES, SUFFIXES
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.txt", b"# Plain, *really*", "text/plain"),
        ("a.MD", b"# Words", "text/markdown"),
        ("a.markdown", b"# Words", "text/markdown"),
        ("a.unknown", b"Words", "text/plain"),
        ("noname", b"Words", "text/plain"),
        ("a.htm", b"Words <b>here</b>", "text/html"),
        ("a.txt", b"\n<!DOCTYPE html><p>Words", "text/html"),
        ("a.pdf", b"<html><p>Words", "text/html"),
        ("a.txt", pdf([page_of(["Words"])]), "application/pdf"),
        ("a.txt", b"A PDF starts with %PDF-1.7, says the book.", "text/plain"),
        ("a.txt", b"BMW builds cars.", "text/plain"),
        ("a.txt", b"MZ is a magic number.", "text/plain"),
        ("a.csv", b"{\\rtf1 Words}", "application/rtf"),
        ("noname", b'{"name": "Ada"}', "application/json"),
        ("a.txt", b'{"name": "Ada"}', "text/plain"),
        ("noname", b'<?xml version="1.0"?><ship>Ada</ship>', "application/xml"),
        ("a.xml", b'<?xml version="1.0"?><html><p>Words', "text/html"),
        ("a.json", b"No JSON, only words.", "text/plain"),
    ],
)
def test_the_kind_follows_the_content_then_the_name(
    read: Read, name: str, data: bytes, media_type: str
) -> None:
    assert read(name, data).media_type == media_type


def test_every_kind_is_listed() -> None:
    assert set(SUFFIXES.values()) == set(MEDIA_TYPES)


@pytest.mark.parametrize("data", [b"\x00\x01\x02 words", b"words " * 50 + b"\x00", bytes(range(1, 32)) * 9])
def test_binary_data_is_refused_whatever_its_name(read: Read, data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"looks like binary data, not text\. Convert it to PDF"):
        read("a.txt", data)


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.zip", "a.rtf", "a.msg", "a.epub", "a.pdf"])
def test_a_text_with_the_name_of_another_kind_is_refused(read: Read, name: str) -> None:
    with pytest.raises(UnreadableFile, match="holds none: download or export it again"):
        read(name, "Only words.")


def test_random_bytes_are_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile):
        read("a.md", os.urandom(5000).replace(b"\0", b""))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"PK\x03\x04" + b"\0" * 22 + b"word/document.xml", "damaged"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image"),
        (b"\xff\xd8\xff\xe0\0", "a JPEG image"),
    ],
)
def test_a_known_format_that_is_not_read_is_named(read: Read, data: bytes, kind: str) -> None:
    with pytest.raises(UnreadableFile, match=f"It is {kind}"):
        read("a.txt", data)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.pdf"])
@pytest.mark.parametrize("data", [b"", b" \n\t\r\n ", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_an_empty_file_is_refused(read: Read, name: str, data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="It is empty"):
        read(name, data)
