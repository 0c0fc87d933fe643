"""The panel of documents in a browser: reading, adding, removing, and documents that mean harm."""

from __future__ import annotations

from pathlib import Path

from conftest import HOSTILE, Site, Visitor, ask, long_text
from playwright.sync_api import Page, expect


def test_uploaded_document_answers_at_once_and_leaves_when_removed(
    visitor: Visitor, site: Site, note_file: Path
) -> None:
    page = visitor.open(site.url)
    page.locator("#files").set_input_files(note_file)
    expect(page.locator("#notices")).to_contain_text(f"Added {note_file.name}")
    expect(page.locator("#heading .count")).to_have_text("3 documents")
    ask(page, "How much did the quince harvest of Wrocław weigh?")
    expect(page.locator("#chat .said").first).to_contain_text("812 tonnes")
    page.locator("#chat .cite.number").first.click()
    expect(page.locator("#panel mark")).to_contain_text("812 tonnes")
    page.get_by_role("button", name="All documents").click()

    page.get_by_role("button", name="Remove Quince").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#panel .rows li")).to_have_count(3)
    page.get_by_role("button", name="Remove Quince").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator("#panel .rows li")).to_have_count(2)
    assert not (site.assistant.settings.corpus_dir / note_file.name).exists()
    page.locator("#chat .cite.number").first.click()
    expect(page.locator("#panel .notice")).to_contain_text("no longer in the corpus")
    assert all("404" in visitor.complaints.pop() for _ in visitor.complaints[:1])


def test_files_are_added_by_dropping_them_anywhere(visitor: Visitor, empty_site: Site) -> None:
    page = visitor.open(empty_site.url)
    dropped = page.evaluate_handle(
        """() => {
            const files = new DataTransfer();
            files.items.add(new File(["# Ferns\\n\\nFerns spread by spores.\\n"], "ferns.md"));
            files.items.add(new File(["\\0\\0binary\\0"], "broken.txt"));
            return files;
        }"""
    )
    for event in ("dragenter", "dragover"):
        page.dispatch_event("#chat", event, {"dataTransfer": dropped})
    expect(page.locator("#drop")).to_be_visible()
    page.dispatch_event("#chat", "drop", {"dataTransfer": dropped})
    expect(page.locator("#drop")).to_be_hidden()
    expect(page.locator("#notices")).to_contain_text("broken.txt was not added.")
    expect(page.locator("#notices")).to_contain_text("Added ferns.md")
    expect(page.locator("#panel .rows .title")).to_have_text(["Ferns"])
    site = empty_site.assistant
    site.remove(site.documents()[0].id)


def test_hostile_document_is_shown_as_its_characters(page: Page) -> None:
    ask(page, "What do zebra stripes do to flies?")
    expect(page.locator("#chat .said").first).to_contain_text("<script>")
    page.locator("#chat .cite.number").first.click()
    text = page.locator("#panel .text")
    expect(text).to_contain_text("![x](http://evil.example/x.png)")
    expect(text).to_contain_text('<script>document.title="owned"</script> <b>says</b>')
    assert HOSTILE.split("\n\n")[2].strip() in str(text.text_content())
    assert "onerror=alert(1)>" in str(page.locator("#panel .scroller").text_content())
    assert page.title() != "owned"
    assert page.locator("#panel img, #panel script, #panel a, #chat img, #chat script, #chat a").count() == 0


def test_long_document_opens_around_the_citation_and_goes_on(
    visitor: Visitor, site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "survey.md"
    path.write_text(long_text(), encoding="utf-8")
    site.assistant.add([path])
    try:
        page = visitor.open(site.url)
        ask(page, "How many doors did the lighthouse keeper of Skagen paint?")
        page.locator("#chat .cite.number").first.click()
        mark = page.locator("#panel mark")
        expect(mark).to_be_in_viewport()
        expect(mark).to_have_text("The lighthouse keeper of Skagen painted 41 doors green.")
        shown = len(str(page.locator("#panel .text").text_content()))
        assert 35_000 < shown < 45_000
        page.get_by_role("button", name="Earlier text").click()
        expect(page.locator("#panel .text")).to_contain_text("Line 1 of the survey")
        expect(mark).to_have_count(1)
        expect(page.get_by_role("button", name="Later text")).to_have_count(1)
    finally:
        site.assistant.remove("survey.md")


def test_changed_words_are_said_to_have_changed(visitor: Visitor, site: Site) -> None:
    path = site.assistant.settings.corpus_dir / "economy.md"
    before = path.read_text(encoding="utf-8")
    page = visitor.open(site.url)
    ask(page, "When did the United States first accuse North Korea of sending ammunition?")
    try:
        path.write_text(before.replace("## Ammunition", "Another line.\n\n## Ammunition"), encoding="utf-8")
        site.assistant.sync()
        page.locator("#chat .cite.number").first.click()
        expect(page.locator("#panel .notice")).to_contain_text("The cited words now stand here")
        expect(page.locator("#panel mark")).to_contain_text("September 2022")
        path.write_text(before.replace("September 2022", "May 2021"), encoding="utf-8")
        site.assistant.sync()
        page.locator("#chat .cite.number").first.click()
        expect(page.locator("#panel .notice")).to_contain_text("no longer holds the cited words")
        expect(page.locator("#panel mark")).to_have_count(0)
    finally:
        path.write_text(before, encoding="utf-8")
        site.assistant.sync()
