"""What holds for every content, on texts that nobody would write."""

from __future__ import annotations

import json
import string
import struct

import pytest
from conftest import check
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import UnreadableFile
from assistant.reading import html, markdown, protocol, text
from assistant.reading.columns import PageLine
from assistant.reading.layout import paragraphs, without_running_lines
from assistant.values import Content

PLAIN = [
    "\n",
    "\n\n",
    "- ",
    "• ",
    "1. ",
    "a) ",
    "    ",
    "\t",
    " | ",
    "|",
    "====",
    "Home",
    "Advertisement",
    "Share",
]
PLAIN += [
    "The harbour office counts ships",
    "the week, with its flag",
    ".",
    "x = f(1);",
    "{",
    "}",
    "Read next",
    " ",
]
MARKUP = [
    "# ",
    "## ",
    "**",
    "`",
    "```\n",
    "> ",
    "[a](b)",
    "![c](d)",
    "<b>",
    "</div>",
    "<!--",
    "-->",
    "| a | b |\n",
]
MARKUP += [
    "|---|---|\n",
    "---\n",
    "title: x\n",
    "&#xD800;",
    "&nbsp;",
    "\\",
    "* ",
    "<br>",
    "~~",
    "  \n",
    "<pre>",
]
TAGS = [
    f"<{name}>"
    for name in "p h1 h2 ul ol li table tr td th pre code div b br nav article dl dt dd span".split()
]
TAGS += [tag.replace("<", "</") for tag in TAGS] + ["<script>", "</script>", "<!--", "-->", "&#1;", "&lt;"]
anything = st.text(st.characters(codec="utf-8"), max_size=8)


def mixed(pieces: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces) | anything, max_size=40).map("".join)


def _checked(content: Content) -> Content:
    check(content)
    packed = json.loads(json.dumps(protocol.pack(content, "0" * 64)))
    blocks = protocol.pack_blocks(content.blocks)
    assert protocol.unpack(packed, content.text, blocks) == (content, "0" * 64)
    return content


@settings(max_examples=300, deadline=None)
@given(mixed(PLAIN))
def test_plain_text_stays_the_same_and_its_blocks_fit(words: str) -> None:
    try:
        content = _checked(text.read(words.encode()))
    except UnreadableFile:
        return
    assert content.text == words.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


@settings(max_examples=300, deadline=None)
@given(mixed(PLAIN + MARKUP))
def test_the_blocks_of_markdown_fit(words: str) -> None:
    try:
        content = _checked(markdown.read(words.encode()))
    except UnreadableFile:
        return
    assert not set(content.text) & set(map(chr, {*range(9), *range(11, 32), 127}))


@settings(max_examples=80, deadline=None)
@given(mixed([*TAGS, *string.ascii_letters, "Words of the harbour office. "]))
def test_the_blocks_of_html_fit(words: str) -> None:
    try:
        content = _checked(html.read(f"<html><body>{words}".encode()))
    except UnreadableFile:
        return
    assert not set(content.text) & set(map(chr, {*range(9), *range(11, 32), 127}))


numbers = st.floats(0, 800)
page_lines = st.builds(
    PageLine,
    page=st.integers(1, 5),
    words=st.sampled_from(["The office", "counts ships", "har-", "bour", "1", "Page 2", "- x", "Ends here."]),
    left=numbers,
    right=numbers,
    bottom=numbers,
    last_bottom=numbers,
    height=st.sampled_from([0.0, 10.0, 20.0]),
    font_size=st.sampled_from([0.0, 1.0, 11.0, 20.0]),
    cells=st.just(()),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(page_lines, max_size=30))
def test_paragraphs_of_pages_lose_no_words(lines: list[PageLine]) -> None:
    lines.sort(key=lambda line: line.page)
    made = list(paragraphs(lines))
    letters = "".join(paragraph.words for paragraph in made).replace(" ", "").replace("-", "")
    assert letters == "".join(line.words for line in lines).replace(" ", "").replace("-", "")
    starts = [page for paragraph in made for page, _ in paragraph.pages]
    assert starts == sorted(starts)
    for paragraph in made:
        assert all(0 <= offset < len(paragraph.words) for _, offset in paragraph.pages)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(page_lines, max_size=8), max_size=6))
def test_dropping_running_lines_keeps_the_order(pages: list[list[PageLine]]) -> None:
    kept = list(without_running_lines(pages))
    every = iter(line for lines in pages for line in lines)
    assert all(any(line is one for one in every) for line in kept)


@pytest.mark.parametrize(
    "change", [{"pages": [[1, 3, 2]]}, {"sha256": "../x"}, {"title": None}, {"facts": {"a": 1}}]
)
def test_an_answer_that_no_honest_worker_gives_is_not_believed(change: dict[str, object]) -> None:
    content = text.read(b"Words here.")
    packed, blocks = protocol.pack(content, "0" * 64), protocol.pack_blocks(content.blocks)
    with pytest.raises(protocol.Nonsense):
        protocol.unpack({**packed, **change}, content.text, blocks)


@pytest.mark.parametrize(
    "blocks",
    [
        [(0, 0, 5, 3, 0, 0)],
        [(0, 0, 0, 99, 0, 0)],
        [(9, 0, 0, 1, 0, 0)],
        [(1, 0, 0, 3, 0, 0), (1, 0, 2, 4, 0, 0)],
        [(3, 0, 0, 3, 5, 99)],
        [(3, 0, 0, 3, 5, 2)],
    ],
)
def test_blocks_that_do_not_fit_the_text_are_not_believed(blocks: list[tuple[int, ...]]) -> None:
    packed = b"".join(struct.pack(">BBIIII", *block) for block in blocks)
    with pytest.raises(protocol.Nonsense):
        protocol.unpack(protocol.pack(text.read(b"Words here."), "0" * 64), "Words here.", packed)


def test_blocks_cut_off_are_not_believed() -> None:
    with pytest.raises(protocol.Nonsense):
        protocol.unpack(protocol.pack(text.read(b"Words here."), "0" * 64), "Words here.", b"\0" * 17)
