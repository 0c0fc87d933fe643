"""Markdown becomes readable text without its markup."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import words

from assistant.errors import UnreadableFile
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]


def test_markup_characters_are_gone(read: Read) -> None:
    content = read(
        "a.md",
        "# The *Tide* Mill\n\nSome **bold** [link](http://x.example) and `code`\nsoft ![a wheel](w.png).\n\n"
        "> quoted\n> too\n",
    )
    assert content.text == "The Tide Mill\n\nSome bold link and code soft a wheel.\n\nquoted too"
    assert content.title == "The Tide Mill"


def test_raw_html_is_reduced_to_its_words(read: Read) -> None:
    content = read(
        "a.md",
        "<div><p>Hello <b>you</b></p><script>go()</script></div>\n\nAnd <i>me</i> <!-- not this -->too.\n",
    )
    assert content.text == "Hello you\n\nAnd me too."


def test_list_items_show_their_bullets_outside_the_blocks(read: Read) -> None:
    content = read("a.md", "3. three\n4. four\n   - inner\n\n* star\n")
    assert content.text == "3. three\n4. four\n  - inner\n\n- star"
    assert words(content, "item") == ["three", "four", "inner", "star"]


def test_table_rows_know_their_header(read: Read) -> None:
    content = read("a.md", "| Ship | Fee |\n|---|---|\n| Barge | **12** |\n")
    assert content.text == "Ship | Fee\nBarge | 12"
    assert [block.header for block in content.blocks] == [None, (0, 10)]


def test_code_stays_verbatim(read: Read) -> None:
    content = read("a.md", "```py\n  x = 1\n\n# no heading\n```\n")
    assert content.text == "  x = 1\n\n# no heading"
    assert [(block.kind, block.start) for block in content.blocks] == [("code", 2)]


def test_front_matter_gives_title_facts_and_questions(read: Read) -> None:
    content = read(
        "a.md",
        "---\ntitle: The Tide Mill\nauthor: Ada Brook\ndate: 2024-05-02\nyear: 1902\ntags: [sea, mill]\n"
        "nested: {a: b}\nquestions:\n  - Who built it?\n  - ''\n---\n# Another Heading\n\nText.\n",
    )
    assert content.title == "The Tide Mill"
    assert content.facts == {"author": "Ada Brook", "date": "2024-05-02", "year": "1902", "tags": "sea, mill"}
    assert content.questions == ("Who built it?",)
    assert content.text == "Another Heading\n\nText."


def test_broken_front_matter_is_shown_and_noted_and_no_failure(read: Read) -> None:
    content = read("a.md", "---\ntitle: one: two\n---\n\nText here.\n")
    assert content.notes == ("Its front matter is not valid YAML (line 2), so its fields were not used.",)
    assert words(content) == ["Text here."]
    assert "title: one: two" in content.text


def test_front_matter_that_asks_for_python_objects_gets_none(read: Read) -> None:
    content = read("a.md", "---\nx: !!python/object/apply:os.system ['true']\n---\nText here.\n")
    assert (content.facts, len(content.notes)) == ({}, 1)


def test_a_text_between_two_rules_is_no_front_matter(read: Read) -> None:
    assert read("a.md", "---\n\nHello there.\n\n---\nBye.\n").text == "Hello there.\n\nBye."


def test_control_characters_are_removed(read: Read) -> None:
    assert read("a.md", "He\x07llo\x1b &#8203;you\u00ad\n").text == "Hello you"


def test_a_file_of_markup_alone_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="no words"):
        read("a.md", "<!-- nothing -->\n\n---\n")
