"""Word and PowerPoint files keep their headings, lists, tables and slides."""

from __future__ import annotations

import io
from collections.abc import Callable

import docx
import pptx
import pytest
from conftest import words, words_of
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from making import with_member, zipped
from pptx.util import Inches

from assistant.errors import UnreadableFile
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]


def saved(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


@pytest.fixture
def report() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Harbour Report"
    document.core_properties.author = "Ada Brook"
    document.sections[0].header.paragraphs[0].text = "Printed header"
    document.sections[0].footer.paragraphs[0].text = "Printed footer"
    document.add_heading("The Harbour", level=1)
    document.add_paragraph("The office counts every ship.")
    document.add_heading("Ships", level=2)
    document.add_paragraph("a barge", style="List Bullet")
    document.add_paragraph("a tug", style="List Bullet")
    document.add_paragraph("moor", style="List Number")
    document.add_paragraph("unload", style="List Number")
    table = document.add_table(rows=0, cols=3)
    for row in (("Ship", "Flag", "Load"), ("Ada", "NO", "salt"), ("Bo", "DK", "")):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.add_paragraph("After the table.")
    return saved(document)


def test_a_word_file_keeps_its_structure(read: Read, report: bytes) -> None:
    content = read("a.docx", report)
    assert [(words_of(content, block), block.level) for block in content.blocks if block.level] == [
        ("The Harbour", 1),
        ("Ships", 2),
    ]
    assert words(content, "item") == ["a barge", "a tug", "moor", "unload"]
    assert words(content, "row") == ["Ship | Flag | Load", "Ada | NO | salt", "Bo | DK"]
    assert "- a barge\n- a tug\n1. moor\n2. unload" in content.text
    assert content.text.endswith("After the table.")


def test_a_words_row_knows_its_header(read: Read, report: bytes) -> None:
    content = read("a.docx", report)
    last = [block for block in content.blocks if block.kind == "row"][-1]
    assert last.header is not None
    assert content.text[slice(*last.header)] == "Ship | Flag | Load"


def test_what_a_word_file_says_of_itself_is_kept(read: Read, report: bytes) -> None:
    content = read("a.docx", report)
    assert content.title == "Harbour Report"
    assert content.facts["author"] == "Ada Brook"
    assert len(content.facts["date"]) == 10


def test_headers_and_footers_of_word_are_dropped(read: Read, report: bytes) -> None:
    assert "Printed" not in read("a.docx", report).text


def test_the_kind_does_not_depend_on_the_name(read: Read, report: bytes) -> None:
    assert "wordprocessingml" in read("a.txt", report).media_type
    assert "wordprocessingml" in read("a.zip", report).media_type


def test_deleted_words_are_gone_and_links_and_controls_stay(read: Read) -> None:
    document = docx.Document()
    body = document.element.body
    for inner in (
        "<w:r><w:t>Kept </w:t></w:r><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>added </w:t></w:r></w:ins><w:hyperlink><w:r><w:t>linked</w:t></w:r></w:hyperlink>",
        "<w:sdt><w:sdtContent><w:r><w:t>In a control.</w:t></w:r></w:sdtContent></w:sdt>",
    ):
        body.insert(len(body) - 1, parse_xml(f"<w:p {nsdecls('w')}>{inner}</w:p>"))
    assert words(read("a.docx", saved(document))) == ["Kept added linked", "In a control."]


def test_text_boxes_are_read_once(read: Read) -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>In the box.</w:t></w:r></w:p></w:txbxContent>"
    spaces = f'{nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    document = docx.Document()
    document.element.body.insert(
        0,
        parse_xml(
            f"<w:p {spaces}><w:r><w:t>Beside it.</w:t></w:r><w:r><mc:AlternateContent>"
            '<mc:Choice Requires="x">'
            f"{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
        ),
    )
    assert words(read("a.docx", saved(document))) == ["Beside it.", "In the box."]


def test_equations_are_written_out(read: Read) -> None:
    math = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    part = "<m:r><m:t>{}</m:t></m:r>"
    fraction = f"<m:f><m:num>{part.format('a')}</m:num><m:den>{part.format('b+1')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{part.format('x')}</m:e><m:sup>{part.format('2')}</m:sup></m:sSup>"
    document = docx.Document()
    document.element.body.insert(
        0,
        parse_xml(f"<w:p {nsdecls('w')} {math}><m:oMath>{fraction}{part.format('=')}{power}</m:oMath></w:p>"),
    )
    assert words(read("a.docx", saved(document))) == ["a/(b+1)=x^2"]


def test_footnotes_follow_their_paragraph(read: Read) -> None:
    document = docx.Document()
    document.element.body.insert(
        0,
        parse_xml(
            f"<w:p {nsdecls('w')}><w:r><w:t>A claim.</w:t></w:r>"
            '<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
        ),
    )
    document.add_paragraph("Next.")
    packed = saved(document)
    notes = (
        f'<w:footnotes {nsdecls("w")}><w:footnote w:id="2"><w:p><w:r><w:t>Its source.</w:t></w:r></w:p>'
        "</w:footnote></w:footnotes>"
    )
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="x/footnotes" Target="footnotes.xml"/></Relationships>'
    )
    packed = with_member(packed, "word/footnotes.xml", notes)
    packed = with_member(packed, "word/_rels/document.xml.rels", links)
    content = read("a.docx", packed)
    assert words(content) == ["A claim.", "Its source.", "Next."]
    assert "Footnote 1: Its source." in content.text


def test_comments_are_counted_and_not_quoted(read: Read) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Words.")
    document.add_comment(paragraph.runs, text="A secret remark.", author="Bo")
    content = read("a.docx", saved(document))
    assert content.notes == ("It has 1 comment, which cannot be found or quoted.",)
    assert "secret" not in content.text


def test_a_table_that_only_places_text_is_read_as_text(read: Read) -> None:
    document = docx.Document()
    cells = document.add_table(rows=1, cols=2).rows[0].cells
    cells[0].text = "A long story of the harbour. " * 30
    cells[1].text = "Aside."
    assert not words(read("a.docx", saved(document)), "row")


def test_a_word_file_without_words_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="holds no text"):
        read("a.docx", saved(docx.Document()))


def test_a_word_file_cut_off_is_refused(read: Read, report: bytes) -> None:
    with pytest.raises(UnreadableFile, match="It is damaged"):
        read("a.docx", report[: len(report) // 2])


def test_a_word_file_that_defines_entities_is_refused(read: Read, report: bytes) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><w:document xmlns:w="x">&b;</w:document>'
    with pytest.raises(UnreadableFile, match="defines entities"):
        read("a.docx", with_member(report, "word/document.xml", bomb))


def test_a_word_file_nested_without_end_is_refused(read: Read, report: bytes) -> None:
    deep = f'<w:document xmlns:w="x">{"<w:p>" * 5000}{"</w:p>" * 5000}</w:document>'
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        read("a.docx", with_member(report, "word/document.xml", deep))


def test_a_package_without_a_document_is_refused(read: Read) -> None:
    types = '<Types><Override ContentType="application/vnd.ms-word.document.main+xml"/></Types>'
    with pytest.raises(UnreadableFile, match="It is damaged"):
        read("a.docx", zipped({"[Content_Types].xml": types}))


def test_a_binary_workbook_is_named(read: Read) -> None:
    types = '<Types><Override ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>'
    with pytest.raises(UnreadableFile, match="xlsb"):
        read("a.xlsb", zipped({"[Content_Types].xml": types}))


@pytest.fixture
def talk() -> bytes:
    presentation = pptx.Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "Ships of the Week"
    frame = first.placeholders[1].text_frame
    frame.text = "Barges"
    below = frame.add_paragraph()
    below.text, below.level = "with salt", 1
    first.notes_slide.notes_text_frame.text = "Say hello first."
    presentation.slides.add_slide(presentation.slide_layouts[6])
    third = presentation.slides.add_slide(presentation.slide_layouts[5])
    table = third.shapes.add_table(2, 3, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for at, text in enumerate(("Ship", "Flag", "Load", "Ada", "NO", "salt")):
        table.cell(at // 3, at % 3).text = text
    box = third.shapes.add_group_shape().shapes.add_textbox(0, 0, Inches(1), Inches(1))
    box.text_frame.text = "In a group."
    third.shapes.title.text = "Table"
    return saved(presentation)


def test_every_slide_is_a_page_with_its_title_first(read: Read, talk: bytes) -> None:
    content = read("a.pptx", talk)
    shown = [content.text[page.start : page.end].strip() for page in content.pages]
    assert shown[0] == "Ships of the Week\n\n- Barges\n  - with salt\n\nNotes\n\nSay hello first."
    assert shown[1] == ""
    assert content.pages[2].label == "slide 3"
    assert shown[2] == "Table\n\nShip | Flag | Load\nAda | NO | salt\n\nIn a group."
    assert words(content, "heading") == ["Ships of the Week", "Notes", "Table"]
    assert words(content, "item") == ["Barges", "with salt"]
    assert content.notes == ("Slide 2 shows no text.",)


def test_a_chart_is_read_as_the_table_it_draws(read: Read) -> None:
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE

    drawn = CategoryChartData()
    drawn.categories = ["May", "June"]
    drawn.add_series("Ships", (7, 9))
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, 0, 0, Inches(3), Inches(3), drawn)
    rows = words(read("a.pptx", saved(presentation)), "row")
    assert [row.removesuffix(".0") for row in rows] == ["Category | Ships", "May | 7", "June | 9"]


def test_a_presentation_without_words_is_refused(read: Read) -> None:
    presentation = pptx.Presentation()
    presentation.slides.add_slide(presentation.slide_layouts[6])
    with pytest.raises(UnreadableFile, match="holds no text"):
        read("a.pptx", saved(presentation))
