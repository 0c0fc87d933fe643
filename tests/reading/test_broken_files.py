"""What mutated files taught: every reader refuses or reads, and nothing else is raised."""

from __future__ import annotations

import io
import random
import struct
import time
from collections.abc import Callable, Iterator

import pytest
import xlwt
from conftest import check, check_characters, page_of, pdf
from hypothesis import given, settings
from hypothesis import strategies as st
from making import ole, outlook, zipped
from mutating import mutated
from samples import SAMPLES

from assistant.errors import UnreadableFile
from assistant.reading import dispatch, ocr
from assistant.reading.containers import ole_media_type
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]


@pytest.fixture(autouse=True, scope="module")
def _without_recognition() -> Iterator[None]:
    """A mutated PDF can have an empty page, on which Tesseract would spend a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ocr, "_MOST_SECONDS", 0.0)
        yield


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.randoms(use_true_random=False))
def test_mutated_files_are_read_or_refused(name: str, chance: random.Random) -> None:
    try:
        content = dispatch.read(mutated(SAMPLES[name], chance), name=name)
    except (UnreadableFile, RecursionError):  # the worker has a sentence for the second
        return
    check(content)
    check_characters(content)
    assert content.text.encode()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sound_file_of_every_kind_is_read(name: str) -> None:
    content = dispatch.read(SAMPLES[name], name=name)
    check(content)
    check_characters(content)
    assert content.blocks


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


def test_an_outlook_file_with_sectors_of_four_bytes_is_damaged() -> None:
    """Found by fuzzing: olefile divides by zero."""
    header = bytearray(512)
    header[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<5H", header, 24, 0x3E, 3, 0xFFFE, 2, 6)  # versions, byte order, sector sizes
    struct.pack_into("<I", header, 44, 200)  # sectors of the allocation table
    struct.pack_into("<3I", header, 64, 0, 0, 1)
    with pytest.raises(UnreadableFile, match="damaged"):
        ole_media_type(bytes(header) * 3)


def test_an_outlook_file_whose_small_sectors_claim_gigabytes_is_damaged(read: Read) -> None:
    """Found by fuzzing: olefile follows a chain that goes in circles for as long as the header says."""
    data = bytearray(outlook({0x37: "Ships", 0x1000: "Words."}))
    struct.pack_into("<I", data, 64, 0x7FFFFF)  # sectors of the table of small sectors
    with pytest.raises(UnreadableFile, match="damaged"):
        read("a.msg", bytes(data))


def test_a_file_of_nothing_but_comments_is_soon_read(read: Read) -> None:
    """Found by fuzzing: where one comment ends can be told in many ways."""
    began = time.monotonic()
    assert "end" in read("a.txt", b"<!-->" * 400 + b"\nThe end.").text
    assert time.monotonic() - began < 2


def test_letters_of_a_size_beyond_numbers_have_no_place(read: Read) -> None:
    """Found by fuzzing: PDFium then says that they stand nowhere."""
    data = pdf([page_of(["The ships come in at night."])])
    data = data.replace(b"/F1 11 Tf", b"/F1 %s.01 Tf" % (b"1672" * 20))
    assert "come in at night" in read("a.pdf", data).text


def test_a_workbook_with_a_cell_in_its_farthest_corner_is_soon_read(read: Read) -> None:
    """Found by fuzzing: sixteen million cells, nearly all of them empty."""
    book, file = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("Ships")
    for row, column in ((0, 0), (65535, 255)):
        sheet.write(row, column, f"row {row}")
    book.save(file)
    began = time.monotonic()
    assert "row 65535" in read("a.xls", file.getvalue()).text
    assert time.monotonic() - began < 5
