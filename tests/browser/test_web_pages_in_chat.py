"""The box for the address of a web page: by keyboard, on a phone, and what is said where it fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Site, Visitor, ask, serving
from playwright.sync_api import Locator, expect
from smallweb import Web, page, served

from assistant import Assistant
from assistant.embedding import Embedder
from assistant.fetching import Fetcher, Limits

TEXT = "# Medlars\n\nThe medlar harvest of Skagen weighed {} tonnes in 2019.\n"


def says(place: Locator, words: str) -> None:
    """Wait until these words are there, as long as a busy machine may need to fetch and index a page."""
    expect(place).to_contain_text(words, timeout=20_000)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    """A small web in which one page has one fact."""
    with served() as made:
        made.pages["example.org/medlars"] = page(TEXT.format(41), kind="text/markdown", ETag='"1"')
        yield made


@pytest.fixture(scope="module")
def web_site(tmp_path_factory: pytest.TempPathFactory, web: Web, embedder: Embedder) -> Iterator[Site]:
    """The chat of an assistant that fetches from the small web."""
    folder = tmp_path_factory.mktemp("web-site")
    (folder / "corpus").mkdir()
    fetcher = Fetcher(Limits(total_s=20), network=web.network)
    with (
        Assistant(
            corpus_dir=folder / "corpus", index_dir=folder / "index", embedder=embedder, fetcher=fetcher
        ) as assistant,
        serving(assistant) as made,
    ):
        yield made


def test_page_is_added_by_keyboard_answers_and_is_removed(visitor: Visitor, web_site: Site, web: Web) -> None:
    seen = visitor.open(web_site.url)
    seen.get_by_role("button", name="Add documents").focus()
    seen.keyboard.press("Tab")
    seen.keyboard.type("https://example.org/medlars")
    seen.keyboard.press("Enter")
    says(seen.locator("#notices"), "Added example.org_medlars.md")
    expect(seen.locator("#panel .rows .source")).to_have_text(["https://example.org/medlars"])
    expect(seen.get_by_label("Address of a web page")).to_have_value("")
    ask(seen, "How much did the medlar harvest weigh?")
    seen.locator("#chat .cite.number").first.click()
    expect(seen.locator("#panel mark")).to_contain_text("41 tonnes")
    link = seen.locator("#panel .facts a")
    expect(link).to_have_attribute("href", "https://example.org/medlars")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    seen.get_by_role("button", name="All documents").click()

    box = seen.get_by_label("Address of a web page")
    box.fill("example.org/medlars")
    seen.get_by_role("button", name="Add page").click()
    says(seen.locator("#notices"), "is already here and has not changed.")
    web.pages["example.org/medlars"] = page(TEXT.format(57), kind="text/markdown", ETag='"2"')
    box.fill("example.org/medlars")
    box.press("Enter")
    says(seen.locator("#notices"), "has changed and is up to date now.")

    seen.get_by_role("button", name="Remove Medlars").click()
    expect(seen.locator("#confirm")).to_contain_text("its file example.org_medlars.md")
    seen.get_by_role("button", name="Remove it").click()
    expect(seen.locator("#panel .rows li")).to_have_count(0)
    assert list(web_site.assistant.settings.corpus_dir.iterdir()) == []


def test_refused_address_is_said_where_uploads_are_and_can_be_corrected(
    visitor: Visitor, web_site: Site
) -> None:
    seen = visitor.open(web_site.url, width=390, height=760)
    seen.get_by_role("button", name="Documents", exact=True).click()
    box = seen.get_by_label("Address of a web page")
    assert box.evaluate("box => getComputedStyle(box).fontSize") == "16px"
    for address, said in (
        ("127.0.0.1:8080/admin", "127.0.0.1 is not a public address"),
        ("file:///etc/passwd", "Only http and https are fetched"),
        ("<img src=x onerror=alert(1)>", "is not a web address"),
    ):
        box.fill(address)
        box.press("Enter")
        failed = seen.locator("#notices .failed").last
        says(failed, said)
        says(failed, "was not fetched.")
        expect(box).to_have_value(address)
    assert seen.evaluate("document.documentElement.scrollWidth") <= 390
