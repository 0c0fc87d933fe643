"""What a document or a user wrote is shown as these characters, in the chat, in Markdown, in a terminal."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant import render
from assistant.values import Answer, AnswerSentence, Citation, Hit, Passage

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "![x](http://evil.example/x.png)",
    "[x](javascript:alert(1)) and [1]: http://evil.example",
    "http://evil.example/?q=1 www.evil.example HTTPS://EVIL.example a.person@evil.example",
    "`code` ```fence``` ~~~",
    "$math$ $$x^2$$ \\(y\\)",
    "- item\n1. item\n# heading\n> quote\n---\n===\n| a | b |",
    "</p></div><script>alert(1)</script><!-- -->",
    "&lt;b&gt; &#60;b&#62; &amp;",
    '" onclick="alert(1)" class="cite',
    "*a* **b** _c_ __d__ ~~e~~ \\*",
    "    indented\n\n\n<div>\n\nblank lines</div>",
    "\x1b[31mred\x1b[0m \x07 \x9b2J \x00",
    "🎉 before 👩‍👩‍👧 é \u202e backwards \ud800 half",
]
OURS = set("p div button pre details summary strong span br table tbody tr th td".split())
ATTRIBUTES = {"class", "title", "type", "hidden"}

texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(alphabet=st.sampled_from("<>[]()!*_`#-+.:/\\&;|~$\"'= \n\tabc1@w"), min_size=1, max_size=60),
    st.text(min_size=1, max_size=60),
)


def citation(number: int, quote: str, title: str = "Brief", **others: Any) -> Citation:
    return replace(Citation(number, "d1", title, "brief.md", 3, 3 + len(quote), quote), **others)


def answered(*quotes: str, title: str = "Brief") -> Answer:
    cited = tuple(citation(number, quote, title) for number, quote in enumerate(quotes, start=1))
    said = tuple(AnswerSentence(c.quote, (c.number,)) for c in cited)
    return Answer("Why?", said, cited, True, 0.9, (), {"total": 1.5})


def refused(*quotes: str, note: str = "", title: str = "Brief") -> Answer:
    near = tuple(citation(number, quote, title) for number, quote in enumerate(quotes, start=1))
    return Answer("Why?", (), (), False, 0.1, near, {"total": 1.5}, note=note)


def tabled(header: str, *cells: str) -> Answer:
    """A row of a table, and after it the row that names its columns."""
    answer = answered(" | ".join(cells), " | ".join([header] * len(cells)))
    row, names = answer.sentences
    return replace(answer, sentences=(row, replace(names, is_header=True)))


def asking_back(*quotes: str, note: str, title: str = "Brief") -> Answer:
    return replace(refused(*quotes, note=note, title=title), kind="clarification", choices=(title, note))


class Elements(HTMLParser):
    """The elements of a page, and its text as a reader sees it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def as_gradio_renders(markdown: str) -> Elements:
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return Elements(reader.render(markdown))


@given(texts, texts, texts)
@example(*HOSTILE[:3])
@example(*HOSTILE[5:8])
def test_chat_message_holds_no_live_element_but_ours(quote: str, title: str, note: str) -> None:
    for hostile, harmless in (
        (answered(quote, title=title), answered("a", title="b")),
        (refused(quote, note=note, title=title), refused("a", note="n", title="b")),
        (asking_back(quote, note=note, title=title), asking_back("a", note="n", title="b")),
    ):
        shown = as_gradio_renders(render.to_chat(hostile))
        assert shown.tags == as_gradio_renders(render.to_chat(harmless)).tags
        assert set(shown.tags) <= OURS
        assert {name for name, _ in shown.attributes} <= ATTRIBUTES
        assert render.visible(quote) in shown.words


@given(texts)
def test_typed_words_show_as_typed(words: str) -> None:
    shown = as_gradio_renders(render.words_to_chat(words))
    assert set(shown.tags) <= {"div", "br"}
    assert shown.words.replace("\n", "") == render.visible(words).replace("\n", "")


@given(texts, texts)
@example(HOSTILE[3], HOSTILE[2])
@example(HOSTILE[6], HOSTILE[6])
def test_portable_markdown_holds_words_only(quote: str, title: str) -> None:
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for answer in (answered(quote, title=title), refused(quote, title=title, note=quote)):
        markdown = render.to_markdown(answer)
        tokens = [token for block in reader.parse(markdown) for token in (block, *(block.children or ()))]
        kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens}
        assert kinds <= {"paragraph", "inline", "text", "bullet_list", "list_item", "blockquote", "softbreak"}
        assert not re.search(r"(?<!\\)://|www\.", markdown, re.I)


@pytest.mark.parametrize("quote", HOSTILE)
def test_citation_button_says_what_to_open(quote: str) -> None:
    shown = as_gradio_renders(render.to_chat(answered(quote)))
    buttons = dict.fromkeys(value for name, value in shown.attributes if name == "title")
    assert list(buttons) == [render.visible(quote)]
    assert ("class", f"cite number cite-d1-3-{3 + len(quote)}") in shown.attributes


def test_document_id_of_any_characters_stays_one_class() -> None:
    answer = answered("a")
    odd = citation(1, "a", document_id='my doc-"1"/é')
    chat = render.to_chat(Answer("", answer.sentences, (odd,), True, 1, (), {}))
    classes = [value for name, value in as_gradio_renders(chat).attributes if name == "class"]
    assert "cite number cite-my%20doc-%221%22%2F%C3%A9-3-4" in classes


@pytest.mark.parametrize("text", HOSTILE)
def test_terminal_text_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    for answer in (answered(text, title=text), refused(text, note=text, title=text)):
        shown = render.to_text(answer)
        assert all(character.isprintable() or character in "\n\u202e\u200d" for character in shown)
        shown.encode()


def test_sentences_appear_one_after_the_other() -> None:
    answer = answered("First.", "Second.")
    partly, whole = render.to_chat(answer, sentences=1), render.to_chat(answer)
    assert whole.startswith(partly)
    assert "Second" not in partly
    assert "sources" not in partly


@pytest.mark.parametrize("cell", HOSTILE)
def test_row_of_a_table_stands_below_its_header(cell: str) -> None:
    cell = cell.replace("|", "/")  # a cell is what stands between two of them
    shown = as_gradio_renders(render.to_chat(tabled("Name", cell, "b")))
    assert shown.tags == as_gradio_renders(render.to_chat(tabled("Name", "a", "b"))).tags
    assert set(shown.tags) <= OURS
    assert shown.tags.index("th") < shown.tags.index("td")
    assert shown.words.index("Name") < shown.words.index(render.visible(cell))


def test_short_answer_in_a_cell_stands_out() -> None:
    answer = tabled("Figure", "Libraries", "340,500")
    row, header = answer.sentences
    chat = render.to_chat(replace(answer, sentences=(replace(row, emphasis=(12, 19)), header)))
    assert "<td>Libraries</td><td><strong>340&#44;500</strong></td>" in chat
    assert chat.count("<strong>") == 1


def test_details_say_how_sure_the_answer_is_and_how_the_question_was_understood() -> None:
    for answer, confidence in ((answered("a"), "high (0.90 of 1)"), (refused("a"), "low (0.10 of 1)")):
        chat = as_gradio_renders(render.to_chat(replace(answer, understood_as="Why, in 2022?"))).words
        assert "Understood as: Why, in 2022?" in chat
        assert confidence in chat
        assert "in all 2 ms" in chat


def test_refusal_without_near_passages_is_one_sentence() -> None:
    assert render.to_text(refused(note="Looked for: zebras.")) == f"{render.REFUSAL} Looked for: zebras."
    assert "nearest" not in render.to_chat(refused())


def test_place_names_title_section_and_page_once() -> None:
    assert render.place(citation(1, "a", section="Trade", place="p. 3")) == "Brief · Trade · p. 3"
    assert render.place(citation(1, "a", section="Brief")) == "Brief"


def test_json_of_an_answer_is_the_contract() -> None:
    made = render.to_json(answered("It grew."), id="q1")
    json.dumps(made)
    assert made == {
        "id": "q1",
        "question": "Why?",
        "understood_as": "Why?",
        "answered": True,
        "kind": "answer",
        "text": "It grew. [1]",
        "model": "extractive",
        "confidence": 0.9,
        "sentences": [{"text": "It grew.", "citations": [1], "support": "verbatim", "emphasis": None}],
        "citations": [
            {
                "number": 1,
                "document_id": "d1",
                "title": "Brief",
                "source": "brief.md",
                "path": "brief.md",
                "page": None,
                "section": None,
                "place": "",
                "start": 3,
                "end": 11,
                "quote": "It grew.",
            }
        ],
        "closest": [],
        "note": "",
        "choices": [],
        "timings_ms": {"total": 1.5},
    }


def test_json_of_a_refusal_has_empty_sentences_and_the_closest() -> None:
    made = render.to_json(refused("near"))
    assert (made["answered"], made["text"], made["sentences"], made["citations"]) == (False, "", [], [])
    assert [near["quote"] for near in made["closest"]] == ["near"]


def test_json_of_a_hit_is_the_contract() -> None:
    passage = Passage("p1", "d1", 5, 9, "text", ())
    assert render.hit_to_json(Hit(passage, "Brief", "brief.md", 0.5, 1, ("meaning",))) == {
        "document_id": "d1",
        "source": "brief.md",
        "path": "brief.md",
        "title": "Brief",
        "start": 5,
        "end": 9,
        "text": "text",
        "score": 0.5,
        "rank": 1,
        "found_by": ["meaning"],
    }
