"""The chat in a browser: questions, citations, refusals, and what people type by mistake."""

from __future__ import annotations

import re

from conftest import Site, Visitor, ask
from playwright.sync_api import Page, expect

GREW = "The Bank of Korea estimates that North Korea's economy grew by 3.1 % in 2023."


def test_example_question_gets_a_cited_answer(page: Page) -> None:
    page.get_by_role("button", name="How much did North Korea's economy grow").click()
    expect(page.locator("#chat .said").first).to_contain_text(GREW)
    expect(page.locator("#chat .cite.number").first).to_have_text("[1]")
    expect(page.locator("#chat .cite.source").first).to_contain_text("The economy of North Korea")


def test_citation_opens_the_document_at_the_quoted_words(page: Page) -> None:
    ask(page, "When did the United States first accuse North Korea of sending ammunition?")
    citation = page.locator("#chat .cite.number").first
    quote = citation.get_attribute("title")
    citation.click()
    mark = page.locator("#panel mark")
    expect(mark).to_be_in_viewport()
    assert mark.text_content() == quote
    assert "September 2022" in str(quote)
    expect(page.locator("#panel .where")).to_have_text("The economy of North KoreaAmmunition")
    facts = page.locator("#panel .facts").inner_text()
    assert all(fact in facts for fact in ("A. Writer", "The Paper", "2024-07-26", "economy.md"))


def test_offsets_hold_after_an_emoji(page: Page) -> None:
    ask(page, "Was it the first growth in four years for North Korea?")
    citation = page.locator("#chat .cite.number", has_text="[1]").first
    citation.click()
    assert page.locator("#panel mark").text_content() == citation.get_attribute("title")
    expect(page.locator("#panel .notice")).to_be_hidden()


def test_refusal_looks_like_one_and_shows_the_nearest(page: Page) -> None:
    ask(page, "Who won the chess tournament of Reykjavik in 1972?")
    expect(page.locator("#chat .refusal")).to_contain_text("The documents do not answer this.")
    expect(page.locator("#chat .cite.number")).to_have_count(0)
    near = page.locator("#chat .cite.near").first
    quote = near.get_attribute("title")
    expect(near).to_contain_text("The economy of North Korea")
    near.click()
    expect(page.locator("#panel mark")).to_be_in_viewport()
    assert page.locator("#panel mark").text_content() == quote


def test_script_in_a_question_is_shown_as_typed(page: Page) -> None:
    question = (
        'Is <script>document.title="owned"</script> **bold** ![x](http://evil.example/x.png) $$x$$ `growth`?'
    )
    ask(page, question)
    assert page.locator("#chat .asked").text_content() == question
    assert page.title() != "owned"


def test_empty_question_is_not_asked(page: Page) -> None:
    page.locator("#composer textarea").fill("   ")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The question is empty")).to_be_visible()
    expect(page.locator("#chat .bot-row")).to_have_count(0)


def test_question_that_is_too_long_is_named_and_kept(page: Page, site: Site) -> None:
    question = "word " * 4000
    ask(page, question)
    expect(page.locator("#chat .problem")).to_contain_text(f"{site.assistant.settings.max_question_chars:,}")
    assert page.locator("#composer textarea").input_value() == question
    assert len(str(page.locator("#chat .asked").text_content())) < 400


def test_punctuation_alone_is_answered_by_a_sentence(page: Page) -> None:
    ask(page, "?!… — ***")
    expect(page.locator("#chat .refusal, #chat .problem")).to_have_count(1)


def test_new_line_is_typed_with_shift_and_enter(page: Page) -> None:
    box = page.locator("#composer textarea")
    box.fill("first")
    box.press("Shift+Enter")
    box.type("second")
    assert box.input_value() == "first\nsecond"
    expect(page.locator("#chat .bot-row")).to_have_count(0)


def test_new_chat_begins_again(page: Page) -> None:
    ask(page, "How much did North Korea's economy grow in 2023?")
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("#chat .bot-row")).to_have_count(0)
    expect(page.locator("#chat .example").first).to_be_visible()


def test_page_that_is_loaded_again_goes_on_with_its_conversation(visitor: Visitor, site: Site) -> None:
    page = visitor.open(site.url)
    ask(page, "How much did North Korea's economy grow in 2023?")
    page.reload()
    page.locator("#chat .said").first.wait_for()
    expect(page.locator("#chat .said").first).to_contain_text(GREW)
    page.locator("#chat .cite.number").first.click()
    expect(page.locator("#panel mark")).to_be_in_viewport()
    ask(page, "What do zebra stripes do?")
    expect(page.locator("#chat .user-row")).to_have_count(2)
    other = visitor.open(page.url)  # the address of a tab shows its conversation in no other
    other.locator("#chat .example").first.wait_for()
    assert other.url != page.url
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("#chat .user-row")).to_have_count(0)
    page.reload()
    page.locator("#chat .example").first.wait_for()
    expect(page.locator("#chat .user-row")).to_have_count(0)


def test_question_back_is_answered_by_a_click(page: Page) -> None:
    ask(page, "How many of these gadgets were sold?")
    expect(page.locator("#chat .clarification")).to_contain_text("these gadgets")
    page.get_by_role("button", name="The economy of North Korea", exact=True).click()
    expect(page.locator("#chat .asked").last).to_have_text("I mean The economy of North Korea")
    expect(page.locator("#chat .understood")).to_contain_text(
        "gadgets were sold (The economy of North Korea)"
    )
    expect(page.locator("#chat .option")).to_have_count(0)
    expect(page.locator("#composer textarea")).to_be_focused()


def test_details_of_an_answer_are_a_click_away(page: Page) -> None:
    ask(page, "How much did North Korea's economy grow in 2023?")
    details = page.locator("#chat .details")
    expect(details.get_by_text("Confidence")).to_be_hidden()
    details.get_by_text("Details").click()
    expect(details).to_contain_text(re.compile(r"Confidence: (high|fair|low) \([01]\.\d\d of 1\)"))


def test_answer_is_copied_as_markdown(page: Page, site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    ask(page, "How much did North Korea's economy grow in 2023?")
    page.get_by_role("button", name="Copy as Markdown").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{GREW} [1]\n")
    assert re.search(r"^- \[1\] The economy of North Korea", copied, re.M)


def test_two_conversations_do_not_meet(visitor: Visitor, site: Site) -> None:
    one, other = visitor.open(site.url), visitor.open(site.url)
    ask(one, "How much did North Korea's economy grow in 2023?")
    ask(other, "What do zebra stripes do?")
    expect(one.locator("#chat .user-row")).to_have_count(1)
    expect(other.locator("#chat .asked")).to_have_text("What do zebra stripes do?")


def test_empty_corpus_says_how_to_begin(visitor: Visitor, empty_site: Site) -> None:
    page = visitor.open(empty_site.url)
    expect(page.locator("#chat .welcome")).to_contain_text("There are no documents yet")
    expect(page.locator("#heading .count")).to_have_text("0 documents")
    ask(page, "How much did the economy grow?")
    expect(page.locator("#chat .refusal, #chat .problem")).to_have_count(1)
