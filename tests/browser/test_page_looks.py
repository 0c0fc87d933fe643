"""The page on a phone, in the dark, and by keyboard."""

from __future__ import annotations

import pytest
from conftest import Site, Theme, Visitor, ask
from playwright.sync_api import Page, expect

QUESTION = "How much did North Korea's economy grow in 2023?"
# The contrast of each visible text with what is behind it, by WCAG 2.2; texts below 4.5 are returned.
TOO_FAINT = """() => {
  const channel = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const colour = numbers(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const one of document.querySelectorAll("#bar *, #chat *, #composer *, #panel *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const seen = one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!own || !seen || one.classList.contains("sr-only")) continue;
    let opacity = 1;
    for (let up = one; up; up = up.parentElement) opacity *= getComputedStyle(up).opacity;
    const ground = behind(one);
    const ink = numbers(getComputedStyle(one).color)
      .slice(0, 3)
      .map((value, at) => value * opacity + ground[at] * (1 - opacity));
    const [high, low] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) faint.push(`${ratio} ${one.className}: ${one.textContent.slice(0, 40)}`);
  }
  return faint;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_enough_contrast(visitor: Visitor, site: Site, theme: Theme) -> None:
    page = visitor.open(site.url, theme=theme)
    expect(page.locator("#chat .example").first).to_be_visible()
    assert page.evaluate(TOO_FAINT) == []
    ask(page, QUESTION)
    ask(page, "Who won the chess tournament of Reykjavik in 1972?")
    page.locator("#chat .cite.number").first.click()
    expect(page.locator("#panel mark")).to_be_visible()
    page.mouse.move(2, 400)
    page.wait_for_timeout(300)  # for colours that change gradually
    assert page.evaluate(TOO_FAINT) == []


@pytest.mark.parametrize(("theme", "query"), [("dark", ""), ("light", "?__theme=dark")])
def test_dark_theme_is_dark(visitor: Visitor, site: Site, theme: Theme, query: str) -> None:
    page = visitor.open(site.url + query, theme=theme)
    grounds = page.evaluate(
        """() => ["#bar", "#chat", "#panel"].map(
            (one) => getComputedStyle(document.querySelector(one)).backgroundColor)"""
    )
    for ground in grounds:
        assert max(int(value) for value in ground.removeprefix("rgb(").removesuffix(")").split(",")) < 60


def test_phone_shows_one_column_and_a_way_back(visitor: Visitor, site: Site) -> None:
    page = visitor.open(site.url, width=390, height=844)
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#composer")).to_be_in_viewport()
    ask(page, QUESTION)
    page.locator("#chat .cite.number").first.click()
    expect(page.locator("#panel mark")).to_be_in_viewport()
    page.get_by_role("button", name="Back to chat").click()
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#composer")).to_be_in_viewport()
    page.get_by_role("button", name="Documents").click()
    expect(page.locator("#panel .rows li")).to_have_count(2)
    page.go_back()
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#chat .cite.number").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_citation_is_opened_and_left_by_keyboard(page: Page) -> None:
    ask(page, QUESTION)
    citation = page.locator("#chat .cite.number").first
    expect(citation).to_have_attribute("aria-label", "Citation [1], open in the document")
    citation.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel mark")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel .rows")).to_be_visible()
    expect(citation).to_be_focused()


def test_every_control_has_a_name(page: Page) -> None:
    ask(page, QUESTION)
    nameless = page.evaluate(
        """() => {
            const name = (one) =>
                one.textContent.trim() || one.ariaLabel || one.title || one.labels?.[0]?.textContent.trim();
            return [...document.querySelectorAll("button, input, textarea, select")]
                .filter((one) => one.checkVisibility() && !name(one))
                .map((one) => one.outerHTML);
        }"""
    )
    assert nameless == []
