"""E-books, OpenDocument and Rich Text keep chapters, lists, tables and notes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from conftest import words
from making import epub, opendocument, with_member

from assistant.errors import UnreadableFile
from assistant.reading import odf, sheets
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]


def test_chapters_of_a_book_follow_its_spine(read: Read) -> None:
    metadata = (
        "<dc:title>Ships</dc:title><dc:creator>Ada Brook</dc:creator><dc:language>en</dc:language>"
        "<dc:date>2024-05-03T00:00:00Z</dc:date>"
        "<dc:description>&lt;p&gt;All about them.&lt;/p&gt;</dc:description>"
    )
    book = epub(
        {"z.xhtml": "<h1>One</h1><p>Salt.</p>", "a.xhtml": "<h1>Two</h1><p>Fish.</p>"}, metadata=metadata
    )
    content = read("a.epub", book)
    assert words(content) == [
        "Ships",
        "Authors: Ada Brook",
        "All about them.",
        "One",
        "Salt.",
        "Two",
        "Fish.",
    ]
    assert [block.level for block in content.blocks if block.level] == [1, 2, 2]
    assert content.facts == {"author": "Ada Brook", "date": "2024-05-03", "language": "en"}
    assert content.title == "Ships"


def test_a_chapter_without_heading_gets_its_title_in_the_contents(read: Read) -> None:
    more = '<item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    book = epub({"a.xhtml": "<p>Salt.</p>"}, more=more)
    contents = '<html xmlns="x"><nav><a href="text/a.xhtml#top">The Barge</a></nav></html>'
    assert words(read("a.epub", with_member(book, "O/nav.xhtml", contents))) == [
        "Ships",
        "The Barge",
        "Salt.",
    ]


def test_a_footnote_of_a_book_is_kept_and_a_script_is_not(read: Read) -> None:
    content = read("a.epub", epub({"a.xhtml": "<p>Salt.</p><aside>A note.</aside><script>alert(1)</script>"}))
    assert words(content) == ["Ships", "Salt.", "A note."]


def test_a_missing_chapter_is_named(read: Read) -> None:
    more = '<item id="i9" href="text/gone.xhtml" media-type="application/xhtml+xml"/>'
    book = epub({"a.xhtml": "<p>Salt.</p>"}, more=more)
    source = zipfile.ZipFile(io.BytesIO(book)).read("O/p.opf").decode()
    book = with_member(book, "O/p.opf", source.replace("</spine>", '<itemref idref="i9"/></spine>'))
    assert read("a.epub", book).notes == ("Parts of it could not be read: gone.xhtml.",)


def test_a_protected_book_is_refused(read: Read) -> None:
    locked = '<encryption><EncryptedData><CipherReference URI="O/text/a.xhtml"/></EncryptedData></encryption>'
    book = with_member(epub({"a.xhtml": "<p>Salt.</p>"}), "META-INF/encryption.xml", locked)
    with pytest.raises(UnreadableFile, match=r"protected against copying \(DRM\)"):
        read("a.epub", book)


def test_a_book_without_words_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="holds no text"):
        read("a.epub", epub({"a.xhtml": "<img src='cover.jpg'/>"}))


def test_an_opendocument_text_keeps_its_structure(read: Read) -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    row = "<table:table-row>" + cell * 3 + "</table:table-row>"
    body = (
        '<text:h text:outline-level="1">Ships</text:h>'
        "<text:p>A<text:s/>barge<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>Flat.</text:p></text:note-body></text:note> came.</text:p>"
        "<text:list><text:list-item><text:p>salt</text:p><text:list><text:list-item><text:p>fine</text:p>"
        "</text:list-item></text:list></text:list-item></text:list>"
        f"<table:table>{row.format('Ship', 'Flag', 'Load')}{row.format('Ada', 'NO', '7')}</table:table>"
        "<text:p>End.<office:annotation><text:p>secret</text:p></office:annotation></text:p>"
    )
    content = read("a.odt", opendocument("text", body, meta="<dc:title>Register</dc:title>"))
    assert words(content) == [
        "Ships",
        "A barge came.",
        "Flat.",
        "salt",
        "fine",
        "Ship | Flag | Load",
        "Ada | NO | 7",
        "End.",
    ]
    assert content.title == "Register"
    assert content.notes == ("It has 1 comment, which cannot be found or quoted.",)


def test_an_opendocument_presentation_has_pages(read: Read) -> None:
    page = (
        "<draw:page><draw:frame><draw:text-box><text:p>Words.</text:p></draw:text-box></draw:frame>"
        '<draw:frame presentation:class="title"><draw:text-box><text:p>Title</text:p></draw:text-box>'
        "</draw:frame>"
        "<presentation:notes><draw:frame><draw:text-box><text:p>Aside.</text:p></draw:text-box></draw:frame>"
        "</presentation:notes></draw:page>"
    )
    content = read("a.odp", opendocument("presentation", page * 2))
    assert words(content) == ["Title", "Words.", "Notes", "Aside."] * 2
    assert len(content.pages) == 2


def test_rows_repeated_without_end_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_CELLS", 1000)
    cell = '<table:table-cell table:number-columns-repeated="200"><text:p>x</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="200">{cell}</table:table-row>'
    content = odf.read(opendocument("text", f"<table:table>{row * 99}</table:table>"))
    assert len(content.blocks) == 5
    assert "what follows them was not read" in content.notes[0]


def test_a_locked_opendocument_is_refused(read: Read) -> None:
    locked = with_member(opendocument("text", ""), "META-INF/manifest.xml", "<m><encryption-data/></m>")
    with pytest.raises(UnreadableFile, match="locked with a password"):
        read("a.odt", locked)


RICH = r"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil Arial;}{\f1\fnil\fcharset128 Gothic;}}
{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}}
{\info{\title Harbour \'dcbersicht}{\author Ada Brook}{\creatim\yr2024\mo5\dy3}}
{\header Printed header\par}\pard\s1 Ships\par
\pard A barge\~came\u8212?with {\b salt}{\v hidden}{\footnote A note.\par}.\par
{\listtext\'b7\tab}\pard one\par{\listtext 2.\tab}two\par
\trowd\intbl Ship\cell Flag\cell Load\cell\row\intbl Ada\cell NO\cell 7\cell\row
\pard\f1 \'93\'8c\'8b\'9e\par{\pict 89504e47}{\*\unknown secret}\u-10179?\u-8704?\par}"""


def test_rich_text_keeps_its_structure(read: Read) -> None:
    content = read("a.rtf", RICH)
    assert words(content) == [
        "Ships",
        "A barge came—with salt.",
        "A note.",
        "one",
        "two",
        "Ship | Flag | Load",
        "Ada | NO | 7",
        "東京",
        "😀",
    ]
    assert content.title == "Harbour Übersicht"
    assert content.facts == {"author": "Ada Brook", "date": "2024-05-03"}
    assert words(content, "heading") == ["Ships"]
    assert "- one\n2. two" in content.text


def test_a_title_is_one_line_without_control_characters(read: Read) -> None:
    content = read("a.rtf", rb"{\rtf1{\info{\title A\'01\'ff\par long " + b"x" * 999 + rb"}}Words.\par}")
    assert content.title.startswith("A" + "ÿ" + " long x")
    assert len(content.title) == 300


@pytest.mark.parametrize("data", ["{\\rtf1", "{\\rtf1}", "{\\rtf1 {\\pict 00}}", "{\\rtf1 \\bin99999 x"])
def test_rich_text_without_words_is_refused(read: Read, data: str) -> None:
    with pytest.raises(UnreadableFile, match="no text"):
        read("a.rtf", data)


def test_rich_text_nested_without_end_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        read("a.rtf", "{\\rtf1" + "{" * 1_000_000)
