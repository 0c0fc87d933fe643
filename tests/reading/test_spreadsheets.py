"""Every row of a spreadsheet is a row that knows its header, under its sheet's name."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable

import openpyxl
import pytest
import xlwt
from conftest import words, words_of
from making import opendocument, with_member, zipped

from assistant.errors import UnreadableFile
from assistant.reading import sheets
from assistant.reading.building import Builder
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]


@pytest.fixture
def book() -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "Ships"
    sheet.append(["Register of 2024"])
    sheet.append(["Ship", "Day", "Load", "Share", "Here"])
    sheet.append(["Ada", datetime.date(2024, 5, 3), 12.5, 0.25, True])
    sheet.append([None, None, None, None, None])
    sheet.append(["Bo", datetime.datetime(2024, 5, 4, 12, 30), 30.0, 0.1 + 0.2, False])
    sheet["D3"].number_format = "0%"
    made.create_sheet("Empty")
    made.create_sheet("Crews").append(["Name", "Age"])
    return made


def packed(book: openpyxl.Workbook | xlwt.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_rows_of_excel_stand_under_their_sheet(read: Read, book: openpyxl.Workbook) -> None:
    content = read("a.xlsx", packed(book))
    assert words(content, "heading") == ["Ships", "Crews"]
    assert words(content, "row") == [
        "Register of 2024",
        "Ship | Day | Load | Share | Here",
        "Ada | 2024-05-03 | 12.5 | 25% | TRUE",
        "Bo | 2024-05-04 12:30 | 30 | 0.3 | FALSE",
        "Name | Age",
    ]
    header = content.blocks[-3].header
    assert header is not None
    assert content.text[slice(*header)] == "Ship | Day | Load | Share | Here"


def numbered(content: Content) -> list[tuple[int, str]]:
    """Every row with its number, as a citation counts it."""
    lines = ((rows.number, content.text[rows.start : rows.end].split("\n")) for rows in content.rows)
    return [(number + at, line) for number, found in lines for at, line in enumerate(found)]


def test_rows_keep_the_numbers_they_have_in_excel(read: Read, book: openpyxl.Workbook) -> None:
    content = read("a.xlsx", packed(book))
    assert [(number, line.split(" | ")[0]) for number, line in numbered(content)] == [
        (1, "Register of 2024"),
        (2, "Ship"),
        (3, "Ada"),
        (5, "Bo"),
        (1, "Name"),
    ]


def test_rows_inside_an_archive_keep_their_numbers(read: Read) -> None:
    archive = zipped(
        {"a.md": "# Ships\n\nSalt.", "b.csv": "Ship,Load\n\nAda,7\nBo,8\n", "c.txt": "End.\nEnd."}
    )
    content = read("a.zip", archive)
    assert numbered(content) == [(1, "Ship | Load"), (3, "Ada | 7"), (4, "Bo | 8")]


def test_formulas_are_not_computed_and_their_lack_of_a_value_is_said(
    read: Read, book: openpyxl.Workbook
) -> None:
    book["Crews"].append(["=1+1", "=HYPERLINK(1)"])
    content = read("a.xlsx", packed(book))
    assert "1+1" not in content.text
    assert content.notes == (
        "It has 2 formulas without a saved value: open it in a spreadsheet program and save it again.",
    )


def test_an_empty_workbook_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="All its sheets are empty"):
        read("a.xlsx", packed(openpyxl.Workbook()))


def test_a_workbook_that_defines_entities_is_refused(read: Read, book: openpyxl.Workbook) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData>&a;</sheetData></worksheet>'
    with pytest.raises(UnreadableFile, match="defines entities"):
        read("a.xlsx", with_member(packed(book), "xl/worksheets/sheet1.xml", bomb))


def test_a_cell_in_the_last_corner_takes_no_time(read: Read) -> None:
    far = openpyxl.Workbook()
    far.active["A1"] = "near"
    far.active["XFD1048576"] = "far"
    assert words(read("a.xlsx", packed(far)), "row") == ["near", "| … | far"]


def test_empty_cells_that_lead_to_a_far_one_are_not_written_out(read: Read) -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["C1"], book.active["XFD1"] = "near", "here", "far"
    assert words(read("a.xlsx", packed(book)), "row") == ["near |  | here | … | far"]


def test_old_excel_reads_the_same(read: Read) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Ships")
    date, percent = xlwt.easyxf(num_format_str="YYYY-MM-DD"), xlwt.easyxf(num_format_str="0.0%")
    for at, name in enumerate(("Ship", "Day", "Share", "Here")):
        sheet.write(0, at, name)
    sheet.write(1, 0, "Ada")
    sheet.write(1, 1, datetime.date(2024, 5, 3), date)
    sheet.write(1, 2, 0.255, percent)
    sheet.write(1, 3, True)
    content = read("a.xls", packed(book))
    assert words(content) == ["Ships", "Ship | Day | Share | Here", "Ada | 2024-05-03 | 25.5% | TRUE"]


def test_an_old_workbook_cut_off_is_refused(read: Read) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Ships")
    for row in range(200):
        sheet.write(row, 0, f"Ship number {row}")
    with pytest.raises(UnreadableFile, match="damaged"):
        read("a.xls", packed(book)[:3000])


def test_more_cells_than_can_be_read_are_said_to_be_left_out() -> None:
    builder, budget = Builder(), sheets.Budget(cells=5)
    sheets.add_sheet(builder, "Ships", enumerate([["a", "b"]] * 4, start=1), budget)
    assert len(builder.blocks) == 3
    assert "what follows them was not read" in sheets.budget_notes(budget)[0]


def test_an_opendocument_spreadsheet_reads_the_same(read: Read) -> None:
    def row(*cells: str) -> str:
        inner = "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in cells)
        return f"<table:table-row>{inner}</table:table-row>"

    gap = '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
    filler = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    wide = '<table:table-row><table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
    body = (
        f'<table:table table:name="Ships">{row("Ship", "Flag", "Load")}{gap}{row("Ada", "NO", "7")}'
        f"{filler}{wide}"
    )
    content = read("a.ods", opendocument("spreadsheet", body + "</table:table>"))
    assert words(content) == ["Ships", "Ship | Flag | Load", "Ada | NO | 7"]
    assert numbered(content) == [(1, "Ship | Flag | Load"), (5, "Ada | NO | 7")]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", "Ship,Load\nAda,7\n"),
        ("a.csv", "Ship;Load\r\nAda;7\r\n"),
        ("a.tsv", "Ship\tLoad\nAda\t7"),
        ("a.csv", "\ufeffShip|Load\nAda|7"),
        ("a.csv", "sep=;\nShip;Load\nAda;7"),
        ("a.csv", 'Ship,Load\n"Ada",7\n\n'),
    ],
)
def test_the_delimiter_is_found(read: Read, name: str, data: str) -> None:
    content = read(name, data)
    assert words(content, "row") == ["Ship | Load", "Ada | 7"]
    assert content.blocks[1].header == (0, 11)


def test_a_delimiter_inside_quotes_parts_nothing(read: Read) -> None:
    content = read("a.csv", 'Ship,Remark\nAda,"salt, and\nmore ""salt"""\nBo,none')
    assert words(content) == ["Ship | Remark", 'Ada | salt, and more "salt"', "Bo | none"]


def test_a_table_of_numbers_has_no_header(read: Read) -> None:
    assert all(block.header is None for block in read("a.csv", "1,2\n3,4\n5,6").blocks)


def test_a_table_in_an_old_encoding_is_read(read: Read) -> None:
    table = "名前,年齢,住所\n佐藤太郎,30,東京\n三木英子,25,大阪\n"
    assert words(read("a.csv", table.encode("cp932"))) == [
        line.replace(",", " | ") for line in table.splitlines()
    ]


@pytest.mark.parametrize("data", [",,,\n,,,", '""'])
def test_a_table_of_empty_cells_is_refused(read: Read, data: str) -> None:
    with pytest.raises(UnreadableFile, match="empty"):
        read("a.csv", data)


def test_a_quote_that_never_closes_loses_nothing(read: Read) -> None:
    content = read("a.csv", 'Ship,Load\n"Ada,7\n' + "Bo,8\n" * 40_000)
    assert content.text.count("Bo,8") == 40_000
    assert words_of(content, content.blocks[0]) == "Ship | Load"
