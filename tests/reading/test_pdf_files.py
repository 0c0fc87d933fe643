"""PDFs become paragraphs with pages; what cannot be read is named."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from conftest import page_of, pdf, words

from assistant.errors import UnreadableFile
from assistant.reading import Reader, ocr
from assistant.reading.pdf import read as read_pdf
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]
BODY = [
    "The harbour office keeps a list of every ship that came in during",
    "the week, with its flag and its load, and the list is open to all in",
    "the old town hall.",
    "",
    "A copy of it is sent to the capital on the first day of the month.",
]


def test_lines_are_joined_to_paragraphs(read: Read) -> None:
    assert words(read("a.pdf", pdf([page_of(BODY)]))) == [" ".join(BODY[:3]), BODY[4]]


def test_every_page_has_its_span(read: Read) -> None:
    content = read("a.pdf", pdf([page_of(["One page here."]), page_of(["Another page here."])]))
    shown = [content.text[page.start : page.end].strip() for page in content.pages]
    assert shown == ["One page here.", "Another page here."]


def test_a_sentence_may_run_over_a_page_end(read: Read) -> None:
    content = read("a.pdf", pdf([page_of(["The list is open to"]), page_of(["all who ask for it."])]))
    assert words(content) == ["The list is open to all who ask for it."]
    assert content.text[content.pages[1].start :].startswith("all who")


def test_headers_and_page_numbers_are_dropped(read: Read) -> None:
    pages = [
        [
            (72.0, 760.0, 9.0, "Harbour Report 1902"),
            *page_of([f"Words of page {name}."]),
            (300.0, 30.0, 9.0, str(number)),
        ]
        for number, name in enumerate(["one", "two", "three", "four"], start=1)
    ]
    assert words(read("a.pdf", pdf(pages))) == [
        f"Words of page {name}." for name in ("one", "two", "three", "four")
    ]


def test_larger_letters_are_headings_and_give_the_title(read: Read) -> None:
    content = read(
        "a.pdf", pdf([[(72.0, 750.0, 20.0, "The Tide Mill"), *page_of(BODY)]], info="/Title (untitled)")
    )
    assert content.title == "The Tide Mill"
    assert words(content, "heading") == ["The Tide Mill"]


def test_a_sensible_title_in_the_metadata_is_used(read: Read) -> None:
    content = read("a.pdf", pdf([page_of(BODY)], info="/Title (Ships of the Week) /Author (Ada Brook)"))
    assert (content.title, content.facts["author"]) == ("Ships of the Week", "Ada Brook")


def test_author_date_and_language_are_facts(read: Read) -> None:
    info = "/Author (Ada Brook) /CreationDate (D:20240503120000Z)"
    data = pdf([page_of(BODY)], info=info).replace(b"/Type /Catalog", b"/Type /Catalog /Lang (en-GB)")
    assert read("a.pdf", data).facts == {"language": "en-GB", "author": "Ada Brook", "date": "2024-05-03"}


@pytest.mark.parametrize("title", ["untitled", "report-final.docx", "Microsoft Word - x", "(anonymous\\)"])
def test_a_title_that_says_nothing_is_not_used(read: Read, title: str) -> None:
    assert read("a.pdf", pdf([page_of(BODY)], info=f"/Title ({title})")).title == ""


def test_rows_of_a_table_stay_apart(read: Read) -> None:
    lines = ["Tariff of the harbour office for ships that stay longer than a day", "Barge 12 14", "Tug 7 8"]
    assert words(read("a.pdf", pdf([page_of(lines)])))[1:] == ["Barge 12 14", "Tug 7 8"]


def test_a_hyphen_at_a_line_end_is_mended(read: Read) -> None:
    lines = ["The harbour office keeps a list of every ship that came into the har-", "bour during the week."]
    assert "into the harbour during" in read("a.pdf", pdf([page_of(lines)])).text


def test_a_pdf_without_text_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="no text layer on any of its 3 pages"):
        read("a.pdf", pdf([[], [], []]))


def test_pages_without_text_are_named(read: Read) -> None:
    content = read("a.pdf", pdf([page_of(["Words here."]), [], page_of(["More words."]), []]))
    assert content.notes[0] == "Pages 2, 4 of 4 without a text layer: what is pictured there cannot be found."
    assert len(content.pages) == 4


def test_a_locked_pdf_is_refused(read: Read) -> None:
    secret = f"<{'00' * 32}>"
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O {secret} /U {secret} >> /ID [<00> <00>]"
    with pytest.raises(UnreadableFile, match="locked with a password"):
        read("a.pdf", pdf([page_of(BODY)], trailer=lock))


def test_a_broken_pdf_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="damaged PDF"):
        read("a.pdf", b"%PDF-1.7\n" + b"garbage " * 40)


def test_a_hundred_pages_are_read(read: Read) -> None:
    content = read("a.pdf", pdf([page_of([f"Here begins part {number}.", *BODY]) for number in range(100)]))
    assert len(content.pages) == 100
    assert content.text.count("open to all in the old town hall.") == 100


def test_pages_that_are_all_alike_are_not_taken_for_headers(read: Read) -> None:
    assert len(words(read("a.pdf", pdf([page_of(["Closed on Monday."])] * 4)))) == 4


def rows_of(rows: list[list[str]], *, top: float = 700.0) -> list[tuple[float, float, float, str]]:
    """The lines of a table's rows, with columns 120 points apart; "" leaves a cell empty."""
    return [
        (72.0 + 120 * at, top - 14 * number, 11.0, cell)
        for number, row in enumerate(rows)
        for at, cell in enumerate(row)
        if cell
    ]


TABLE = [["Ship", "Flag", "Load"], ["Ada", "NO", "7"], ["Bo", "", "8"], ["", "DK", "9"]]


def test_a_table_is_read_by_its_columns(read: Read) -> None:
    content = read("a.pdf", pdf([rows_of(TABLE)]))
    assert words(content, "row") == ["Ship | Flag | Load", "Ada | NO | 7", "Bo |  | 8", "| DK | 9"]
    assert {block.header for block in content.blocks[1:]} == {(0, 18)}


def test_a_table_goes_on_with_its_header_on_the_next_page(read: Read) -> None:
    content = read("a.pdf", pdf([rows_of(TABLE), rows_of([["Cy", "SE", "1"], ["Di", "FI", "2"]])]))
    assert content.blocks[-1].header == (0, 18)
    assert content.text[content.pages[1].start :].startswith("Cy | SE | 1")


def test_a_list_with_wide_gaps_is_no_table(read: Read) -> None:
    lines = [[f"{number}.", "Moor the ship at the quay"] for number in range(1, 5)]
    assert not words(read("a.pdf", pdf([rows_of(lines)])), "row")


def test_two_columns_that_were_drawn_line_by_line_are_read_one_after_the_other(read: Read) -> None:
    left = ["the office keeps a long list of all", "the ships that came in and out during"] * 3
    right = ["a copy of the list is sent to the", "capital on the first day of each month"] * 3
    lines = [
        (x, 700.0 - 14 * number, 11.0, line)
        for number, pair in enumerate(zip(left, right, strict=True))
        for x, line in zip((72.0, 330.0), pair, strict=True)
    ]
    text = read("a.pdf", pdf([lines])).text
    assert text.index("a copy of the list") > text.rindex("came in and out during")


FOUND = [
    ("1", 96, "The", 300, 400, 90, 40),
    ("1", 95, "ships", 400, 400, 120, 40),
    ("1", 4, "§§", 530, 400, 60, 40),
    ("2", 91, "came.", 300, 460, 120, 40),
]


@pytest.fixture
def fake_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of that name that finds the same words on every page."""
    columns = "level page_num block_num par_num line_num word_num left top width height conf text"
    rows = [columns.split()]
    for line, sure, text, left, top, width, height in FOUND:
        rows.append(["5", "1", "1", "1", line, "1", *map(str, (left, top, width, height, sure)), text])
    table = "\n".join("\t".join(row) for row in rows)
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    (tmp_path / "table").write_text(table)
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = --list-langs ]; then printf "List (2):\\neng\\nosd\\n"; exit; fi\n'
        f"cat > /dev/null\ncat '{tmp_path}/table'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.usefixtures("fake_tesseract")
def test_scanned_pages_are_recognised_where_tesseract_is_installed(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([page_of(["Words of page one."]), [], []]))
    with Reader() as reader:
        content = reader.read(path).content
    assert words(content) == ["Words of page one.", "The ships came.", "The ships came."]
    assert content.facts["text recognition"] == "pages 2, 3"
    assert [page.label for page in content.pages] == [
        "",
        "p. 2, read by text recognition",
        "p. 3, read by text recognition",
    ]
    assert content.notes == (
        "Pages 2, 3 of 3 scanned: the words come from text recognition (OCR) and can be wrong.",
    )


@pytest.mark.usefixtures("fake_tesseract")
def test_pages_that_recognition_did_not_reach_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_MOST_SECONDS", 0.5)
    content = read_pdf(pdf([page_of(["Words of page one."]), [], []]))
    assert content.notes == (
        "Pages 2, 3 of 3 not recognised: text recognition (OCR) ran out of time. Split the file.",
    )


def test_without_tesseract_the_next_step_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([[]]))
    with Reader() as reader, pytest.raises(UnreadableFile, match="Install Tesseract and sync again"):
        reader.read(path)


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
def test_a_scanned_page_is_read_by_tesseract(read: Read) -> None:
    lines = ["The harbour office counts every ship that comes in.", "It has nine clerks and a cat."]
    content = read("a.pdf", scanned(pdf([page_of(lines, size=14)])))
    assert content.text == " ".join(lines)
    assert content.pages[0].label == "p. 1, read by text recognition"


def scanned(source: bytes) -> bytes:
    """A PDF of the same pages as pictures."""
    out = pypdfium2.PdfDocument.new()
    with pypdfium2.PdfDocument(source) as pages:
        for page in pages:
            width, height = page.get_size()
            picture = pypdfium2.PdfImage.new(out)
            picture.set_bitmap(page.render(scale=2))
            picture.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
            copy = out.new_page(width, height)
            copy.insert_obj(picture)
            copy.gen_content()
    packed = io.BytesIO()
    out.save(packed)
    return packed.getvalue()
