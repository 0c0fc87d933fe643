"""What the server refuses, and what it says with every response; no browser is needed to see it."""

from __future__ import annotations

import httpx
import pytest
from conftest import Site
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from assistant.anchoring import anchor
from assistant.errors import SettingsError
from assistant.render import visible
from assistant.values import Document, Page, Section
from assistant.web import reader
from assistant.web.security import Guard
from assistant.web.server import address, bind


@pytest.mark.parametrize("path", ["", "documents", "documents/none", "page/page.js", "config", "none"])
def test_every_response_carries_the_policy(site: Site, path: str) -> None:
    headers = httpx.get(site.url + path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_page_has_a_new_nonce_each_time(site: Site) -> None:
    policies = {httpx.get(site.url).headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "[", ""])
def test_other_names_for_this_machine_are_refused(site: Site, host: str) -> None:
    assert httpx.get(f"{site.url}documents", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_loopback_names_are_answered(site: Site, name: str) -> None:
    assert httpx.get(f"{site.url}documents", headers={"Host": f"{name}:7860"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("docs.example.org", "https://docs.example.org", 200),
        ("127.0.0.1:7860", "https://docs.example.org", 200),  # a proxy that names the chat by its address
        ("127.0.0.1:7860", "http://127.0.0.1:7860", 200),
        ("127.0.0.1:7860", "http://docs.example.org", 403),
        ("docs.example.org", "https://evil.example", 403),
        ("evil.example", "https://evil.example", 403),
    ],
)
@pytest.mark.parametrize("listening", ["127.0.0.1", "0.0.0.0"])
def test_behind_a_proxy_its_name_is_answered_and_no_other(
    listening: str, host: str, origin: str, status: int
) -> None:
    guard = Guard(PlainTextResponse("ours"), host=listening, public_url="https://docs.example.org")
    asked = TestClient(guard).get("/", headers={"Host": host, "Origin": origin})
    assert asked.status_code == status


def test_behind_a_proxy_the_page_asks_the_proxy(site: Site) -> None:
    proxied = {"X-Forwarded-Host": "docs.example.org", "X-Forwarded-Proto": "https"}
    assert httpx.get(f"{site.url}config", headers=proxied).json()["root"] == "https://docs.example.org"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_other_sites_may_not_ask_add_or_remove(site: Site, origin: str) -> None:
    headers = {"Origin": origin}
    assert httpx.post(f"{site.url}documents?name=a.txt", content=b"a", headers=headers).status_code == 403
    assert httpx.delete(f"{site.url}documents/economy.md", headers=headers).status_code == 403
    assert httpx.post(f"{site.url}gradio_api/queue/join", json={}, headers=headers).status_code == 403
    assert len(site.assistant.documents()) == 2


def test_gradios_own_upload_is_closed(site: Site) -> None:
    response = httpx.post(f"{site.url}gradio_api/upload", files={"files": ("a.txt", b"a")})
    assert response.status_code == 404


@pytest.mark.parametrize("path", ["page/../app.py", "page/%2e%2e/app.py", "gradio_api/file=/etc/passwd"])
def test_no_other_file_is_served(site: Site, path: str) -> None:
    assert httpx.get(site.url + path).status_code in (403, 404)


def test_unknown_document_is_one_sentence(site: Site) -> None:
    response = httpx.get(f"{site.url}documents/none")
    assert response.status_code == 404
    assert response.json() == {"error": "This document is no longer in the corpus."}


def test_named_port_that_is_taken_is_an_error_and_the_default_is_not() -> None:
    with bind("127.0.0.1", 0, tries=1) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=str(port)):
            bind("127.0.0.1", port, tries=1)
        with bind("127.0.0.1", port, tries=50) as other:
            assert other.getsockname()[1] > port


def test_host_that_is_not_ours_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"192\.0\.2\.1"):
        bind("192.0.2.1", 0, tries=1)


def test_address_can_be_opened() -> None:
    assert address("0.0.0.0", 80) == "http://127.0.0.1:80/"
    assert address("::1", 80) == "http://[::1]:80/"


def document(text: str, sections: tuple[Section, ...] = (), pages: tuple[Page, ...] = ()) -> Document:
    return Document(
        "d1", "Title", "a.md", "text/markdown", text, "0", sections, pages, "2026-01-01T00:00:00Z"
    )


@given(st.text(max_size=80), st.integers(-5, 90), st.integers(-5, 90), st.integers(0, 90), st.integers(0, 90))
def test_parts_of_an_excerpt_are_the_text(text: str, start: int, end: int, section: int, page: int) -> None:
    section, page = min(section, len(text)), min(page, len(text))
    made = document(
        text,
        (Section(section, len(text), (text[section : section + 3],)),),
        (Page(1, 0, page), Page(2, page, len(text))),
    )
    shown = reader.excerpt(made, anchor(text, start, end, ""))
    assert "".join(part["text"] for part in shown["parts"]) == visible(text)
    cited = "".join(part["text"] for part in shown["parts"] if part.get("cited"))
    assert cited == visible(text[max(0, start) : max(0, start, end)])


@pytest.mark.parametrize(
    ("text", "state", "start"),
    [("ab quote", "intact", 3), ("quote ab quote", "moved", 0), ("none", "changed", 3)],
)
def test_quote_is_found_where_it_stands_now(text: str, state: str, start: int) -> None:
    place = anchor(text, 3, 8, "quote")
    assert (place.state, place.start) == (state, start)
