"""Plain text keeps its characters, and its blocks leave out what is not content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import words

from assistant.errors import UnreadableFile
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]
SCRAPED = (Path(__file__).parent / "fixtures" / "scraped_article.txt").read_text(encoding="utf-8")
HEADLINE = "A small island port now handles more grain than its mainland rival"


def test_text_stays_the_same_character_for_character(read: Read) -> None:
    text = "\n  Zeit \t ist\xa0Geld. \n\n\n“Ja” 🚢\x0c done  \n"
    assert read("a.txt", text).text == text


def test_only_byte_order_mark_and_carriage_returns_are_gone(read: Read) -> None:
    assert read("a.txt", b"\xef\xbb\xbfone\r\ntwo\rthree").text == "one\ntwo\nthree"


@pytest.mark.parametrize(
    "codec",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp1251", "shift_jis"],
)
def test_text_in_this_encoding_is_decoded(read: Read, codec: str) -> None:
    texts = {
        "cp1251": "Каждую неделю в порт приходят корабли из одиннадцати стран и увозят ячмень. ",
        "shift_jis": "毎週、十一か国の船が港に入り、大麦を積んで出て行きます。それは港の記録です。",
    }
    text = texts.get(codec, "Das Hafenamt zählt die Schiffe, die über Nacht kommen, für den König. ") * 3
    assert read("a.txt", text.encode(codec)).text == text


def test_a_few_broken_bytes_in_utf8_are_named_in_a_note(read: Read) -> None:
    content = read("a.txt", "Über die Brücke fährt täglich ein Zug nach Süden. ".encode() + b"\xff end")
    assert content.text.endswith("\ufffd end")
    assert content.notes == ("1 of its characters could not be decoded and are shown as \ufffd.",)


def test_a_text_of_lost_characters_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="lost in an earlier conversion"):
        read("a.txt", "\ufffd\ufffd\ufffd ab \ufffd\ufffd")


def test_a_scraped_article_has_its_headline_as_title(read: Read) -> None:
    content = read("a.txt", SCRAPED)
    assert content.text == SCRAPED
    assert content.title == HEADLINE


def test_a_scraped_article_has_only_its_content_in_blocks(read: Read) -> None:
    content = read("a.txt", SCRAPED)
    assert words(content, "heading") == [HEADLINE, "What the bridge changed"]
    assert words(content, "item") == [
        "Vellmar loaded 412,000 tonnes of grain in 2022, the harbour office says.",
        "A new rail bridge is named as the main reason.",
    ]
    paragraphs = words(content, "paragraph")
    assert [paragraph[:9] for paragraph in paragraphs] == [
        "The port ",
        '"Nobody o',
        "Ships fro",
        "A train n",
        "The harbo",
    ]
    assert paragraphs[-1].endswith("which is 18.2% more than in 2021.")
    assert len(content.blocks) == 9


def test_navigation_words_are_content_where_nothing_else_says_web_page(read: Read) -> None:
    text = (
        "Search\n\nThe search box finds a ship by name.\n\nShare\n\nEach owner holds one share of the ship.\n"
    )
    assert words(read("a.txt", text), "heading") == ["Search", "Share"]


def test_repeated_lines_of_clean_text_are_all_kept(read: Read) -> None:
    text = "The sea is wide.\nAnd I can't get over.\n\nThe sea is wide.\nAnd I can't get over.\n"
    assert len(words(read("a.txt", text))) == 2


def test_opening_hours_are_kept_on_a_scraped_page(read: Read) -> None:
    text = "Skip to main content\n\nMonday\n7:30 a.m. to\n4:30 p.m.\n\nTuesday\n7:30 a.m. to\n4:30 p.m.\n"
    joined = "\n".join(words(read("a.txt", text)))
    assert joined.count("7:30 a.m. to") == 2
    assert "Skip" not in joined


def test_a_table_of_contents_stays_although_it_repeats_a_heading(read: Read) -> None:
    text = (
        "Guide to the harbour\n\n1. How to tie up\n2. What it costs here\n3. How to leave\n\n"
        "How to tie up\n\nUse the northern quay. It is the long one.\n"
    )
    assert "What it costs here" in words(read("a.txt", text))


def test_a_long_first_sentence_is_no_title(read: Read) -> None:
    assert read("a.txt", "The harbour was built in 1901 and has been in use ever since.\n").title == ""


def test_a_first_line_above_a_text_is_the_title_and_a_heading(read: Read) -> None:
    content = read(
        "a.txt", "Camp Hosts of the Park\n" + "Their duties include greeting the public. " * 5 + "\n"
    )
    assert content.title == "Camp Hosts of the Park"
    assert [block.kind for block in content.blocks] == ["heading", "paragraph"]


def test_hard_wrapped_lines_are_one_paragraph(read: Read) -> None:
    wrapped = (
        "The harbour office keeps a list of\nevery ship that came in during the\nweek, and it is\npublic."
    )
    assert words(read("a.txt", f"{wrapped}\n\nNew one.\n")) == [wrapped, "New one."]


def test_long_lines_are_a_paragraph_each(read: Read) -> None:
    line = "The harbour office keeps a list of every ship that came in, " * 2 + "with its flag and its load."
    text = f"{line} It is public.\n{line}\n{line}\n"
    assert len(words(read("a.txt", text))) == 3


def test_records_on_short_lines_are_a_paragraph_each(read: Read) -> None:
    text = "\n".join(f"Order {number} went to Bergen" for number in range(1000))
    assert len(words(read("a.txt", text))) == 1000


def test_items_stand_without_their_bullets(read: Read) -> None:
    text = "Bring:\n- a rope, and\n  a second one\n* gloves\n1. first\n2) second\na) third\n• fourth\n"
    content = read("a.txt", text)
    expected = ["a rope, and\n  a second one", "gloves", "first", "second", "third", "fourth"]
    assert words(content, "item") == expected
    assert words(content, "paragraph") == ["Bring:"]


def test_a_wrapped_line_that_starts_with_a_dash_is_no_item(read: Read) -> None:
    text = "The ship was late\n- nobody knew why at the time\nand it left again.\n"
    assert words(read("a.txt", text), "item") == []


def test_table_rows_know_their_header(read: Read) -> None:
    content = read("a.txt", "Tariff\n\nShip\tFee\nBarge\t12\nTug\t7\n")
    rows = [block for block in content.blocks if block.kind == "row"]
    assert words(content, "row") == ["Ship\tFee", "Barge\t12", "Tug\t7"]
    assert [row.header for row in rows] == [None, *[(rows[0].start, rows[0].end)] * 2]


def test_a_program_is_one_block_of_code(read: Read) -> None:
    text = "To count ships:\n\ndef count(ships):\n    total = len(ships)\n    return total\n\nThat is all.\n"
    assert words(read("a.txt", text), "code") == [
        "def count(ships):\n    total = len(ships)\n    return total"
    ]


def test_headings_need_text_below_them(read: Read) -> None:
    content = read("a.txt", "Fees\n\nBarge\n\nTug\n\nFerry\n\nRaft\n\nA barge pays twelve a day.\n")
    assert words(content, "heading") == ["Fees", "Raft"]
    assert words(content, "paragraph") == ["Barge", "Tug", "Ferry", "A barge pays twelve a day."]


def test_an_underlined_line_is_a_heading(read: Read) -> None:
    assert words(read("a.txt", "Fees\n====\nA barge pays twelve a day.\n"), "heading") == ["Fees"]


def test_a_few_markdown_characters_leave_a_text_plain(read: Read) -> None:
    content = read("a.txt", "This is *not* [Markdown](at all).\n")
    assert (content.media_type, words(content)) == ("text/plain", ["This is *not* [Markdown](at all)."])


def test_a_line_of_fifty_thousand_characters_is_read(read: Read) -> None:
    for line in ("word " * 10_000, " " * 50_000 + "x", "a=(" * 17_000, "- " * 25_000):
        assert words(read("a.txt", line)) != []
