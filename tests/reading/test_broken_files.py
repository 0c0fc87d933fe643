"""What mutated files taught: every reader refuses or reads, and nothing else is raised."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import pytest
from conftest import check, page_of, pdf
from hypothesis import given, settings
from hypothesis import strategies as st
from making import epub, ole, opendocument, outlook, zipped

from assistant.errors import UnreadableFile
from assistant.reading import dispatch
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]

TABLE = '<table:table><table:table-row><table:table-cell table:number-columns-repeated="3"><text:p>x</text:p>'
TABLE += "</table:table-cell></table:table-row></table:table>"
SEEDS: Mapping[str, bytes] = {
    "a.rtf": rb"{\rtf1\ansi{\fonttbl{\f0\fcharset128 A;}}\pard\s1 W\'fc\u8212?\par"
    rb"\intbl a\cell b\cell\row{\*\x}}",
    "a.xml": b"<rss><channel><title>News</title><item><title>A</title><description>B</description></item>"
    b"</channel></rss>",
    "b.xml": b"<a><b c='1'>x</b><b c='2'>y</b><p>mixed <i>words</i></p></a>",
    "a.json": b'{"a": [{"b": 1, "c": "x"}, {"b": 2}], "d": {"e": [1, [2]]}}',
    "a.ipynb": b'{"nbformat": 4, "cells": [{"cell_type": "markdown", "source": ["# T"]},'
    b' {"cell_type": "code", "source": "x", "outputs": [{"output_type": "stream", "text": ["4"]}]}]}',
    "a.csv": b'Ship,Load\n"Ada, and",7\nBo;x,8',
    "a.eml": b"From: A <a@b.c>\nSubject: =?utf-8?q?x?=\nDate: Fri, 03 May 2024 12:30:00 +0200\n"
    b'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/html\n\n<p>W</p>\n--x--\n',
    "a.msg": outlook({0x37: "Ships", 0x1000: "Words."}, fixed={0x39: 133_000_000_000_000_000}),
    "a.epub": epub({"a.xhtml": "<h1>One</h1><p>Salt.</p>"}),
    "a.odt": opendocument("text", f"<text:h>S</text:h><text:list><text:list-item/></text:list>{TABLE}"),
    "a.zip": zipped({"a.md": "# x", "b.csv": "a,b\n1,2"}),
    "a.pdf": pdf([page_of(["Ship  Load", "Words here."])]),
}
PIECES = [b"", b"\0", b"\xff\xff\xff\xff", b"<", b">", b'"', b"{", b"}", b"[", b"\\", b"\n", b"-1", b"9" * 12]
PIECES += [b"&#xD800;", b"\xed\xa0\x80", b"<![CDATA[", b"NaN"]


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(sorted(SEEDS)),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(PIECES), st.integers(0, 30)), max_size=4),
)
def test_mutated_files_are_read_or_refused(name: str, edits: list[tuple[float, bytes, int]]) -> None:
    data = SEEDS[name]
    for place, piece, dropped in edits:
        at = int(place * len(data))
        data = data[:at] + piece + data[at + dropped :]
    try:
        content = dispatch.read(data, name=name)
    except UnreadableFile:
        return
    check(content)
    assert content.text.encode()


def test_a_member_without_a_name_is_passed_over(read: Read) -> None:
    archive = zipped({"a.txt": "Words.", "z.txt": "x"}).replace(b"z.txt", b"\0.txt")
    assert read("a.zip", archive).text == "a.txt\n\nWords."


@pytest.mark.parametrize(
    "holder", ["<rss><channel><title>{}</title><item/></channel></rss>", "<a><p>{}</p></a>"]
)
def test_xml_with_half_a_surrogate_is_read(read: Read, holder: str) -> None:
    content = read("a.xml", holder.format("<![CDATA[x@y]]>").encode().replace(b"@", b"\xed\xa0\x80"))
    assert "x" in content.text
    assert content.notes == (
        "Its XML is damaged (it holds bytes that are no UTF-8). What could be read of it was.",
    )


@pytest.mark.parametrize("half", ["&#xD800;", "&#x00dfff;", "&#55296;"])
def test_xml_that_names_half_a_surrogate_is_read(read: Read, half: str) -> None:
    assert read("a.xml", f"<a><p>x{half}y</p></a>").text == "xy"


def test_a_message_from_an_impossible_year_keeps_its_date_as_words(read: Read) -> None:
    content = read("a.eml", b"Subject: s\nDate: Fri, 03 May 99999999999999999999 12:30:00 +0200\n\nWords.")
    assert "99999999999999999999" in content.text


def test_an_ole_file_whose_folders_go_round_in_circles_is_refused(read: Read) -> None:
    data = bytearray(ole({f"Stream {number}": b"x" for number in range(2000)}))
    with pytest.raises(UnreadableFile, match="damaged"):
        read("a.msg", bytes(data))


def test_a_property_that_claims_gigabytes_is_refused(read: Read) -> None:
    data = bytearray(outlook({0x37: "Ships", 0x1000: "Words."}))
    at = data.index("__substg1.0_1000001F".encode("utf-16-le"))
    struct.pack_into("<I", data, at + 120, 0x7FFFFFFF)
    with pytest.raises(UnreadableFile, match="damaged"):
        read("a.msg", bytes(data))
