"""Cutting a text: every passage and sentence is exactly the characters it says it is, whatever the text."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.passages import LONGEST_SENTENCE, sections, sentence_spans, split
from assistant.values import Block, Content, Passage

# Pieces that sentence splitters and offsets stumble over.
PIECES = st.sampled_from(
    [
        "The tower is 41 metres high. ",
        "Dr. Marsh came at 5 p.m. on Nov. 3. ",
        "1. ",
        "Why? ",
        "e.g. this, i.e. that; ",
        "“Quoted.” ",
        "🎉👩‍👩‍👧",
        "🇫🇷 ",
        "é e\u0301 ñ ",
        "灯台は高い。海は青い。",
        "مرحبا. ",
        "नमस्ते। ",
        "\u00a0",
        "\u2028",
        "\t",
        "   ",
        "\n",
        "\r\n",
        "...",
        "!?!",
        "x" * 700,
        " " * 600,
        "x" + " " * 1300 + "y",
        "word " * 150,
        "http://a.example/b?c=d&e=f. ",
        "<b>bold</b> ",
        "[1] ",
        "\x00",
        "\ufeff",
    ]
)
WORDS = st.lists(PIECES | st.text(max_size=20), min_size=1, max_size=8).map("".join)
KINDS = st.sampled_from(["heading", "paragraph", "paragraph", "item", "row", "code"])
DEBRIS = st.sampled_from(["", "\n\n", "\n- ", "\n1. ", "\n\nAdvertisement\n\n", " | "])


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """A text with a structure, as readers make them: blocks in order, with anything between them."""
    text, blocks = "", []
    for kind in draw(st.lists(KINDS, max_size=12)):
        words = draw(WORDS).strip()
        if words:
            text += draw(DEBRIS)
            level = draw(st.integers(1, 4)) if kind == "heading" else 0
            blocks.append(Block(kind, len(text), len(text) + len(words), level))
            text += words
    return Content("A title", text + draw(DEBRIS), "text/plain", tuple(blocks))


def cut(content: Content, longest_chars: int = 600) -> tuple[Passage, ...]:
    return split(content, document_id="d", longest_chars=longest_chars)


@settings(deadline=None, max_examples=150)
@given(contents(), st.integers(100, 1000))
def test_passages_and_sentences_are_exactly_their_characters(content: Content, longest_chars: int) -> None:
    for passage in cut(content, longest_chars):
        assert content.text[passage.start : passage.end] == passage.text
        assert passage.sentences
        assert passage.sentences[0].start == passage.start
        assert passage.sentences[-1].end == passage.end
        for sentence in passage.sentences:
            assert content.text[sentence.start : sentence.end] == sentence.text == sentence.text.strip() != ""
            assert len(sentence.text) <= LONGEST_SENTENCE


@settings(deadline=None, max_examples=150)
@given(contents())
def test_passages_never_overlap_nor_reach_across_a_heading(content: Content) -> None:
    passages = cut(content)
    for before, after in pairwise(passages):
        assert before.end <= after.start
    for before, after in pairwise(s for passage in passages for s in passage.sentences):
        assert before.end <= after.start
    if any(block.kind != "heading" for block in content.blocks):
        for heading in (block for block in content.blocks if block.kind == "heading"):
            for passage in passages:
                assert passage.end <= heading.start or heading.end <= passage.start


@settings(deadline=None, max_examples=150)
@given(contents())
def test_sentences_hold_every_word_of_the_blocks_and_no_other(content: Content) -> None:
    only_headings = all(block.kind == "heading" for block in content.blocks)
    read = [block for block in content.blocks if only_headings or block.kind != "heading"]
    expected = {
        at
        for block in read
        for at in range(block.start, block.end)
        if not content.text[at].isspace()
    }  # fmt: skip
    held = {
        at
        for passage in cut(content)
        for sentence in passage.sentences
        for at in range(sentence.start, sentence.end)
        if not content.text[at].isspace()
    }
    assert held == expected


@settings(deadline=None, max_examples=100)
@given(contents())
def test_a_passage_knows_the_headings_it_stands_under(content: Content) -> None:
    if all(block.kind == "heading" for block in content.blocks):
        return
    places = sections(content)
    for passage in cut(content):
        above = [place.headings for place in places if place.start <= passage.start < place.end]
        assert passage.headings == (above[0] if above else ())


@settings(deadline=None, max_examples=100)
@given(contents(), st.integers(100, 1000))
def test_a_passage_is_not_much_longer_than_asked_for(content: Content, longest_chars: int) -> None:
    for passage in cut(content, longest_chars):
        longest = max(len(sentence.text) for sentence in passage.sentences)
        assert len(passage.sentences) == 1 or len(passage.text) <= longest_chars + 2 * longest + 1300


@settings(deadline=None, max_examples=100)
@given(contents())
def test_ids_are_unique_and_the_same_each_time(content: Content) -> None:
    ids = [passage.id for passage in cut(content)]
    assert len(set(ids)) == len(ids)
    assert ids == [passage.id for passage in cut(content)]


@settings(deadline=None, max_examples=100)
@given(WORDS, WORDS)
def test_an_edit_under_one_heading_leaves_the_ids_under_another(before: str, after: str) -> None:
    def page(first: str) -> Content:
        parts = [("heading", "One"), ("paragraph", first), ("heading", "Two"), ("paragraph", "Zebras run.")]
        text, blocks = "", []
        for kind, words in parts:
            blocks.append(Block(kind, len(text), len(text) + len(words), level=1))  # type: ignore[arg-type]
            text += words + "\n\n"
        return Content("", text, "text/plain", tuple(blocks))

    old, new = cut(page(before))[-1], cut(page(after))[-1]
    assert old.text == new.text == "Zebras run."
    assert old.id == new.id


@settings(deadline=None, max_examples=200)
@given(WORDS)
def test_sentence_spans_are_trimmed_ordered_and_complete(text: str) -> None:
    spans = list(sentence_spans(text))
    at = 0
    for start, end in spans:
        assert at <= start < end
        assert text[start:end] == text[start:end].strip()
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    text = "Dr. Marsh built it. It opened at 5 p.m. on Monday."
    assert [text[a:b] for a, b in sentence_spans(text)] == [
        "Dr. Marsh built it.",
        "It opened at 5 p.m. on Monday.",
    ]


def test_an_emoji_before_a_sentence_does_not_shift_it() -> None:
    text = "🎉👩‍👩‍👧 Hello there. The tower is high."
    assert [text[a:b] for a, b in sentence_spans(text)][-1] == "The tower is high."


def test_a_very_long_sentence_is_cut_after_a_clause() -> None:
    text = "first, " * 60 + "and then; " + "more words " * 60
    content = Content("", text.strip(), "text/plain", (Block("paragraph", 0, len(text.strip())),))
    pieces = [sentence.text for passage in cut(content) for sentence in passage.sentences]
    assert len(pieces) > 1
    assert pieces[0].endswith((",", ";"))
    assert " ".join(pieces) == text.strip()


def test_a_text_of_nothing_but_headings_is_read_as_paragraphs() -> None:
    content = Content("", "Closed on Monday", "text/plain", (Block("heading", 0, 16, 1),))
    assert [passage.text for passage in cut(content)] == ["Closed on Monday"]


def test_no_blocks_make_no_passages() -> None:
    assert cut(Content("", "Advertisement", "text/plain", ())) == ()
