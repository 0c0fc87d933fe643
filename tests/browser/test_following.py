"""The running chat follows its folder: what is put into it, edited and taken out again, without a restart."""

from __future__ import annotations

from conftest import Site, Visitor, ask
from playwright.sync_api import expect

HERON = "# Herons\n\nThe heron colony of Lake Morrow counted 214 nests in 2021.\n"
WAIT_MS = 15_000  # for the folder to be quiet, the sync, and the page to ask


def test_the_chat_follows_what_happens_in_the_folder(visitor: Visitor, site: Site) -> None:
    corpus = site.assistant.settings.corpus_dir
    before = len(site.assistant.documents())
    page = visitor.open(site.url)
    expect(page.locator("#panel .rows li")).to_have_count(before)
    page.wait_for_timeout(2500)  # so that the page has looked once
    try:
        (corpus / "heron.md").write_text(HERON, encoding="utf-8")
        (corpus / "broken.bin").write_bytes(b"\0\1\2" * 50)
        expect(page.locator("#panel .rows li")).to_have_count(before + 1, timeout=WAIT_MS)
        expect(page.locator("#notices")).to_contain_text("Added in the folder: heron.md")
        expect(page.locator("#notices .failed")).to_have_count(1)
        expect(page.locator("#notices .failed")).to_contain_text("broken.bin")
        ask(page, "How many nests did the heron colony of Lake Morrow count?")
        expect(page.locator("#chat .said").first).to_contain_text("214 nests")

        (corpus / "heron.md").write_text(HERON.replace("214", "188"), encoding="utf-8")
        expect(page.locator("#notices")).to_contain_text("Changed in the folder: heron.md", timeout=WAIT_MS)
        expect(page.locator("#notices .failed")).to_have_count(1)  # told once
        page.locator("#chat .cite.number").first.click()
        expect(page.locator("#panel .notice")).to_contain_text("no longer holds the cited words")
    finally:
        (corpus / "heron.md").unlink(missing_ok=True)
        (corpus / "broken.bin").unlink(missing_ok=True)
    expect(page.locator("#notices")).to_contain_text("Removed in the folder: heron.md", timeout=WAIT_MS)
    expect(page.locator("#heading .count")).to_have_text(f"{before} documents")
