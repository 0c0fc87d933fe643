"""JSON, notebooks and XML become lines, tables and headings that can be found and cited."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from conftest import words

from assistant.errors import UnreadableFile
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]


def test_values_of_json_are_named_by_their_paths(read: Read) -> None:
    value = {"title": "Ships", "port": {"name": "Ada", "open": True, "none": None}, "crew": ["Bo", 7]}
    content = read("a.json", json.dumps(value))
    assert words(content) == ["title: Ships", "port.name: Ada", "port.open: true", "crew: Bo, 7"]
    assert content.title == "Ships"


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_flat_records_are_a_table(read: Read, name: str) -> None:
    records = [{"ship": "Ada", "load": 7}, {"ship": "Bo", "flag": "DK"}]
    lines = "\n".join(map(json.dumps, records))
    content = read(name, lines if name.endswith("l") else json.dumps(records))
    assert words(content, "row") == ["ship | load | flag", "Ada | 7", "Bo |  | DK"]


def test_records_inside_a_record_are_a_table_under_their_name(read: Read) -> None:
    content = read("a.json", '{"ships": [{"a": 1, "b": 2}, {"a": 3, "b": 4}], "other": [{"deep": {"x": 1}}]}')
    assert words(content) == ["ships", "a | b", "1 | 2", "3 | 4", "other[0].deep.x: 1"]


def test_json_that_breaks_the_rules_is_read_as_text(read: Read) -> None:
    content = read("a.json", '{"ship": "Ada",}')
    assert content.text == '{"ship": "Ada",}'
    assert content.notes[0].startswith("It is not valid JSON (")


@pytest.mark.parametrize("data", ["{}", "[]", "null", '""', '{"a": [{}]}'])
def test_json_without_words_is_refused(read: Read, data: str) -> None:
    with pytest.raises(UnreadableFile, match="holds no text"):
        read("a.json", data)


def test_json_nested_without_end_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        read("a.json", "[" * 100_000 + "]" * 100_000)


def test_json_with_lone_surrogates_is_read(read: Read) -> None:
    assert words(read("a.json", r'{"a": "x\ud800y", "\udc00b": "z"}')) == ["a: xy", "b: z"]


def notebook(*cells: dict[str, object]) -> str:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def test_a_notebook_keeps_text_code_and_output(read: Read) -> None:
    content = read(
        "a.ipynb",
        notebook(
            {"cell_type": "markdown", "source": ["# Tides\n", "How *high*?\n", "\n", "- one"]},
            {
                "cell_type": "code",
                "source": "print(tide)",
                "outputs": [
                    {"output_type": "stream", "text": ["4.2\n"]},
                    {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo="}},
                    {"output_type": "error", "ename": "ValueError", "evalue": "\x1b[31mtoo high\x1b[0m"},
                ],
            },
        ),
    )
    assert content.title == "Tides"
    assert words(content) == ["Tides", "How high?", "one", "print(tide)", "4.2", "ValueError: too high"]
    assert content.notes == ("It shows 1 picture: words inside a picture cannot be found.",)
    assert "nbformat" not in content.text


def test_a_notebook_named_json_is_one(read: Read) -> None:
    assert read("a.json", notebook({"cell_type": "raw", "source": "Words"})).media_type.endswith("ipynb+json")


@pytest.mark.parametrize("data", ["{}", "[1]", "no", '{"nbformat": 4, "cells": [7, null, {}]}'])
def test_what_is_no_notebook_is_refused(read: Read, data: str) -> None:
    with pytest.raises(UnreadableFile):
        read("a.ipynb", data)


FEED = """<rss version="2.0" xmlns:content="urn:c"><channel><title>Harbour News</title>
<description>All ships.</description><language>en</language><lastBuildDate>Fri, 03 May 2024 12:30:00 GMT
</lastBuildDate><item><title>A &amp;quot;barge&amp;quot; came</title>
<pubDate>Thu, 02 May 2024 08:00:00 GMT</pubDate>
<description>Short.</description><content:encoded><![CDATA[<p>It held <b>salt</b>.</p><script>x()</script>]]>
</content:encoded></item></channel></rss>"""


def test_a_feed_is_its_articles(read: Read) -> None:
    content = read("a.xml", FEED)
    assert words(content) == [
        "Harbour News",
        "All ships.",
        'A "barge" came',
        "Date: 2024-05-02",
        "It held salt.",
    ]
    assert content.facts == {"date": "2024-05-03", "language": "en"}


def test_an_atom_feed_reads_the_same(read: Read) -> None:
    entry = "<entry><title>Barge</title><author><name>Ada</name></author><summary>Salt.</summary></entry>"
    content = read("a.atom", f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>{entry}</feed>')
    assert words(content) == ["News", "Barge", "Author: Ada", "Salt."]


def test_xml_records_are_a_table(read: Read) -> None:
    ships = "<ship flag='NO'><name>Ada</name></ship><ship flag='DK'><name>Bo</name></ship>"
    assert words(read("a.xml", f"<ships>{ships}</ships>")) == ["flag | name", "NO | Ada", "DK | Bo"]


def test_xml_text_keeps_titles_and_paragraphs(read: Read) -> None:
    content = read(
        "a.xml",
        "<book><title>Ships</title><chapter id='c1'><title>Barges</title><p>A <i>flat</i> ship.</p>"
        "<length>12 m</length></chapter></book>",
    )
    assert words(content) == ["Ships", "chapter: id c1", "Barges", "A flat ship.", "length: 12 m"]
    assert [block.level for block in content.blocks if block.level] == [1, 2]


def test_broken_xml_is_read_as_far_as_it_goes(read: Read) -> None:
    content = read("a.xml", "<ships><p>Words here.</p><p>More")
    assert words(content)[0] == "Words here."
    assert content.notes[0].startswith("Its XML is damaged (")


@pytest.mark.parametrize(
    "data",
    [
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>',
        '<?xml version="1.0"?>\n<!-- <x> --><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_xml_that_defines_entities_is_refused(read: Read, data: str, codec: str) -> None:
    with pytest.raises(UnreadableFile, match="defines entities"):
        read("a.xml", data.encode(codec))


def test_a_doctype_alone_is_harmless(read: Read) -> None:
    data = '<!DOCTYPE x SYSTEM "http://example.org/x.dtd"><x><p>Words about &lt;!ENTITY.</p></x>'
    assert words(read("a.xml", data)) == ["Words about <!ENTITY."]


def test_xml_nested_without_end_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        read("a.xml", "<a>" * 50_000 + "x" + "</a>" * 50_000)


@pytest.mark.parametrize("data", ["<a/>", "<a><b/><c></c></a>", "<rss><channel><item/></channel></rss>"])
def test_xml_without_words_is_refused(read: Read, data: str) -> None:
    with pytest.raises(UnreadableFile, match="holds no text"):
        read("a.xml", data)
