"""An archive is what its files are; bombs, locks and archives in archives are refused by name."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable

import pytest
from conftest import page_of, pdf, words
from making import zipped

from assistant.errors import UnreadableFile
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]


def test_every_file_stands_under_its_name(read: Read) -> None:
    archive = zipped(
        {"a/ships.md": "# Ships\n\nSalt.", "b.csv": "Ship,Load\nAda,7", "c.pdf": pdf([page_of(["Words."])])}
    )
    content = read("a.zip", archive)
    assert words(content) == [
        "a/ships.md",
        "Ships",
        "Salt.",
        "b.csv",
        "Ship | Load",
        "Ada | 7",
        "c.pdf",
        "Words.",
    ]
    assert [block.level for block in content.blocks if block.level] == [1, 2, 1, 1]
    row = content.blocks[5]
    assert row.header is not None
    assert content.text[slice(*row.header)] == "Ship | Load"


def test_files_that_cannot_be_read_are_named(read: Read) -> None:
    archive = zipped({"a.txt": "Words.", "b.png": b"\x89PNG\r\n\x1a\n\0\0", "c.txt": "", "d.zip": zipped({})})
    content = read("a.zip", archive)
    assert [note.split(" was not read: ")[0] for note in content.notes] == ["b.png", "c.txt", "d.zip"]
    assert "a PNG image" in content.notes[0]


def test_an_archive_inside_an_archive_is_not_opened(read: Read) -> None:
    inside = zipped({"secret.txt": "Words."})
    content = read("a.zip", zipped({"a.txt": "Words.", "b.zip": inside}))
    assert "secret" not in content.text
    assert "an archive inside an archive" in content.notes[0]


def test_an_archive_of_nothing_readable_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match=r"None of its files could be read\. a\.bin was not read"):
        read("a.zip", zipped({"a.bin": b"\0\1\2"}))


@pytest.mark.parametrize("members", [{}, {"__MACOSX/._a.txt": "x", "desktop.ini": "x"}])
def test_an_empty_archive_is_refused(read: Read, members: dict[str, str]) -> None:
    with pytest.raises(UnreadableFile, match="holds no files"):
        read("a.zip", zipped(members))


def test_a_path_that_climbs_is_only_a_name(read: Read) -> None:
    assert words(read("a.zip", zipped({"../../etc/x.txt": "Words."}))) == ["../../etc/x.txt", "Words."]


def test_a_zip_bomb_is_not_unpacked(read: Read) -> None:
    archive = zipped({"a.txt": "Words.", "bomb.txt": b"0" * 3_000_000})
    assert "zip bomb" in read("a.zip", archive).notes[0]


def test_many_small_zip_bombs_are_one(read: Read) -> None:
    content = read("a.zip", zipped({f"{number}.txt": b"0" * 1_900_000 for number in range(12)}))
    assert len(content.text) < 20_000_000
    assert "It unpacks to more than 20 MB" in content.notes[0]


def test_a_member_that_lies_about_its_size_is_refused(read: Read) -> None:
    archive = bytearray(zipped({"bomb.txt": b"0" * 3_000_000}))
    at = archive.rindex(b"PK\x01\x02")
    struct.pack_into("<I", archive, at + 24, 10)
    with pytest.raises(UnreadableFile, match="None of its files could be read"):
        read("a.zip", bytes(archive))


def test_an_archive_with_too_many_files_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="more than 1,000 files"):
        read("a.zip", zipped({f"{number}.txt": "x" for number in range(1001)}))


def test_a_locked_member_is_refused(read: Read) -> None:
    archive = bytearray(zipped({"a.txt": "Words."}))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", archive, archive.index(magic) + place, 1)
    with pytest.raises(UnreadableFile, match="locked with a password"):
        read("a.zip", bytes(archive))


def test_a_member_packed_in_an_unusual_way_is_named(read: Read) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.txt", "Words.")
    with pytest.raises(UnreadableFile, match="compressed in an unusual way"):
        read("a.zip", packed.getvalue())


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_an_archive_cut_off_is_refused(read: Read, share: float) -> None:
    archive = zipped({f"{number}.txt": json.dumps(list(range(99))) for number in range(9)})
    with pytest.raises(UnreadableFile, match="damaged, perhaps cut off"):
        read("a.zip", archive[: int(len(archive) * share)])
