"""A page is fetched from a public address or not at all, within its limits; the servers here are real."""

from __future__ import annotations

import gzip
import itertools
import time
import tracemalloc
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import NoReturn

import httpcore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smallweb import ALSO_PUBLIC, PUBLIC, Web, page, pieces, redirect

from assistant.addresses import is_public, is_url
from assistant.errors import FetchFailed, FetchRefused
from assistant.fetching import Fetcher, Known, Limits, canonical

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
INSIDE = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 "
    "198.18.0.0/15 224.0.0.0/4 240.0.0.0/4"
).split()


def fetcher(web: Web, **limits: float) -> Fetcher:
    given = {"max_bytes": 1_000_000, "total_s": 30.0, "silence_s": 30.0} | limits
    return Fetcher(Limits(**given), network=web.network)  # type: ignore[arg-type]


def test_page_is_fetched_from_the_address_that_was_judged(web: Web) -> None:
    web.pages["example.org/a?b=c"] = page(
        "<p>Hello", ETag='"1"', Last_Modified="Tue, 03 Nov 2026 10:00:00 GMT"
    )
    found = fetcher(web).fetch("HTTP://Example.org:80/a?b=c#part")
    assert found is not None
    assert (found.url, found.final_url) == ("http://example.org/a?b=c",) * 2
    assert (found.body, found.media_type) == (b"<p>Hello", "text/html")
    assert (found.etag, found.last_modified) == ('"1"', "Tue, 03 Nov 2026 10:00:00 GMT")
    assert web.resolved == ["example.org"]
    assert web.connected == [(PUBLIC, 80)]
    [(_, headers)] = web.seen
    assert "cited-answers" in headers["User-Agent"]
    assert headers["Accept-Encoding"] == "gzip"


def test_proxies_of_the_environment_are_not_used(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    web.pages["example.org/"] = page("Hello")
    assert fetcher(web).fetch("http://example.org/")
    assert web.connected == [(PUBLIC, 80)]


def test_next_address_is_tried_where_one_does_not_answer(web: Web) -> None:
    web.names["example.org"] = [[ALSO_PUBLIC, PUBLIC]]
    web.silent = {(ALSO_PUBLIC, 8080)}
    web.pages["example.org:8080/"] = page("Hello")
    assert fetcher(web).fetch("http://example.org:8080/")
    assert web.connected == [(ALSO_PUBLIC, 8080), (PUBLIC, 8080)]


# --- addresses -----------------------------------------------------------------------------------


def notations(address: IPv4Address) -> list[str]:
    """An IPv4 address in the ways that resolvers and IPv6 can write it."""
    number, parts = int(address), str(address).split(".")
    a, b, c, d = (int(part) for part in parts)
    return [
        str(address),
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(hex(int(part)) for part in parts),
        ".".join(f"0{int(part):o}" for part in parts),
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"0x{a:x}.{b}.0{c:o}.{d}",
        f"[::ffff:{address}]",
        f"[::{address}]",
        f"[64:ff9b::{address}]",
        f"[64:ff9b:1::{address}]",
        f"[{IPv6Address((0x2002 << 112) | (number << 80) | 1)}]",  # 6to4
        f"[{IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))}]",  # Teredo
    ]


def _never(*_: object, **__: object) -> NoReturn:
    raise AssertionError("A connection was opened.")


class NoWayOut(httpcore.NetworkBackend):
    """Fails the test that connects anywhere."""

    connect_tcp = _never


NOWHERE = Fetcher(network=replace(Web().network, backend=NoWayOut()))


@settings(deadline=None)
@given(st.sampled_from(INSIDE), st.integers(0, 2**32 - 1), st.integers(0, 14))
def test_inside_address_is_refused_in_every_notation(network: str, at: int, notation: int) -> None:
    inside = IPv4Network(network)
    written = notations(inside[at % inside.num_addresses])[notation]
    with pytest.raises(FetchRefused, match=r"is not a (public|web) address"):
        NOWHERE.fetch(f"http://{written}/")


@pytest.mark.parametrize(
    "address",
    [
        *("100.100.100.200", "168.63.129.16", "169.254.169.254", "192.0.0.192"),  # metadata of clouds
        *("192.0.2.1", "192.88.99.1", "198.51.100.1", "203.0.113.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1"),
        *("100::1", "2001::1", "2001:db8::1", "2002::1", "3fff::1", "4000::1", "5f00::1", "1fff:ffff::"),
    ],
)
def test_special_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
        *("128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0"),
        *("172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255"),
        *("198.20.0.0", "223.255.255.255", "2001:200::", "2003::1", "2606:4700::1111", "3ffe::1"),
        *("::ffff:1.1.1.1", "64:ff9b::1.1.1.1"),
    ],
)
def test_address_just_outside_the_special_ones_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "answer", [["10.0.0.1"], [PUBLIC, "10.0.0.1"], ["::1", ALSO_PUBLIC], [PUBLIC, "::ffff:127.0.0.1"]]
)
def test_name_with_an_inside_address_is_refused_before_connecting(web: Web, answer: list[str]) -> None:
    web.names["example.org"] = [answer]
    with pytest.raises(FetchRefused, match=r"^example\.org leads to .* not a public address"):
        fetcher(web).fetch("http://example.org/")
    assert web.connected == []


def test_real_names_of_this_machine_are_refused() -> None:
    with pytest.raises(FetchRefused, match="not a public address"):
        Fetcher().fetch("http://localhost/")


def test_changed_answer_of_the_name_service_leads_nowhere_else(web: Web) -> None:
    web.names["example.org"] = [[PUBLIC], ["127.0.0.1"]]
    web.pages["example.org/"] = page("Hello")
    assert fetcher(web).fetch("http://example.org/")
    assert web.connected == [(PUBLIC, 80)]
    assert web.resolved == ["example.org"]


def test_answer_that_changes_before_a_redirect_is_judged_again(web: Web) -> None:
    web.names["example.org"] = [[PUBLIC], ["127.0.0.1"]]
    web.pages["example.org/"] = redirect("/next")
    web.pages["example.org/next"] = page("A secret")
    with pytest.raises(FetchRefused, match=r"redirects to http://example\.org/next\. .*127\.0\.0\.1"):
        fetcher(web).fetch("http://example.org/")
    assert web.connected == [(PUBLIC, 80)]


# --- URLs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "Only http and https"),
        ("file:/etc/passwd", "Only http and https"),
        ("ftp://example.org/a", "Only http and https"),
        ("gopher://example.org/", "Only http and https"),
        ("http://user@example.org/", "user name or password"),
        ("http://user:secret@example.org/", "user name or password"),
        ("http://127.0.0.1\\@example.org/", "user name or password"),
        ("http://example.org:22/", "Port 22"),
        ("http://example.org:443/", "Port 443"),
        ("https://example.org:80/", "Port 80"),
        ("http://example.org:99999/", "Port 99999"),
        ("http:///a", "not a web address"),
        ("https://", "not a web address"),
        ("example.org", "not a web address"),
        ("", "not a web address"),
        ("http://[::1/", "not a web address"),
        ("http://１２７.０.０.１/", "not a web address"),
        ("http://example.org/\x00", "not a web address"),
        ("http://example.org/\ud800", "not a web address"),
        (f"http://example.org/{'a' * 3000}", "not a web address"),
    ],
)
def test_other_urls_are_refused_before_a_name_is_resolved(web: Web, url: str, said: str) -> None:
    with pytest.raises(FetchRefused, match=said) as refused:
        fetcher(web).fetch(url)
    assert web.resolved == []
    assert "secret" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("host", ["nowhere.example", "a..b", "x" * 70 + ".org", "ex%20ample.org", "[::1%25]"])
def test_name_without_an_address_is_one_sentence(web: Web, host: str) -> None:
    with pytest.raises(FetchFailed):
        fetcher(web).fetch(f"http://{host}/")
    assert web.connected == []


def test_one_page_has_one_url() -> None:
    same = ["https://Example.org", " https://example.org:443/ ", "HTTPS://example.org/#top"]
    assert {canonical(url) for url in same} == {"https://example.org/"}
    assert canonical("https://bücher.example/ä") == "https://xn--bcher-kva.example/%C3%A4"


def test_a_path_is_no_url() -> None:
    assert [is_url(text) for text in ("a.md", "C:\\a.md", "notes: a.md", "/a//b", "a/b.txt")] == [False] * 5
    assert [is_url(text) for text in ("https://a", "HTTP:a", "file:/a", "ftp://a")] == [True] * 4


# --- redirects -----------------------------------------------------------------------------------


def test_redirect_is_followed_and_the_last_address_told(web: Web) -> None:
    web.names["www.example.net"] = [[ALSO_PUBLIC]]
    web.pages["example.org/"] = redirect("//www.example.net/a/", 301)
    web.pages["www.example.net/a/"] = redirect("b#c", 308)
    web.pages["www.example.net/a/b"] = page("Here")
    found = fetcher(web).fetch("http://example.org/")
    assert found is not None
    assert (found.url, found.final_url) == ("http://example.org/", "http://www.example.net/a/b")
    assert [address for address, _ in web.connected] == [PUBLIC, ALSO_PUBLIC, ALSO_PUBLIC]


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("http://127.0.0.1/admin", "127.0.0.1 is not a public address"),
        ("http://2130706433/", "not a public address"),
        ("http://[::1]/", "not a public address"),
        ("http://169.254.169.254/latest/meta-data/", "not a public address"),
        ("http://inside.example/", "inside.example leads to 10.1.2.3"),
        ("file:///etc/passwd", "Only http and https"),
        ("http://a:b@example.org/", "user name or password"),
        ("http://example.org:25/", "Port 25"),
    ],
)
def test_redirect_to_what_is_refused_is_refused(web: Web, to: str, said: str) -> None:
    web.names["inside.example"] = [["10.1.2.3"]]
    web.pages["example.org/"] = redirect(to)
    with pytest.raises(FetchRefused, match=said) as refused:
        fetcher(web).fetch("http://example.org/")
    assert str(refused.value).startswith("It redirects to ")
    assert web.connected == [(PUBLIC, 80)]


def test_redirects_without_end_are_given_up(web: Web) -> None:
    web.pages["example.org/a"], web.pages["example.org/b"] = redirect("/b"), redirect("/a")
    with pytest.raises(FetchRefused, match="more than 3 times"):
        fetcher(web, redirects=3).fetch("http://example.org/a")
    assert len(web.seen) == 4


@pytest.mark.parametrize("to", ["http://[", "http://example.org:port/", "http://\x01/", ""])
def test_redirect_to_nowhere_is_one_sentence(web: Web, to: str) -> None:
    web.pages["example.org/"] = redirect(to)
    with pytest.raises(FetchFailed):
        fetcher(web, redirects=2).fetch("http://example.org/")


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        pieces(then=itertools.repeat(b"H"), every_s=0.1),
        pieces(OK, then=itertools.repeat(b"X-Field: 1\r\n"), every_s=0.1),
        pieces(OK + b"\r\n", then=itertools.repeat(b"word "), every_s=0.1),
    ],
    ids=["status", "headers", "body"],
)
def test_server_that_dribbles_is_left_in_time(web: Web, reply: object) -> None:
    web.pages["example.org/"] = reply  # type: ignore[assignment]
    began = time.monotonic()
    with pytest.raises(FetchFailed, match="not complete after"):
        fetcher(web, total_s=0.6).fetch("http://example.org/")
    assert time.monotonic() - began < 15  # half the time that silence is borne


def test_server_that_says_nothing_is_left(web: Web) -> None:
    web.pages["example.org/"] = pieces(OK, then=itertools.repeat(b""), every_s=0.1)
    with pytest.raises(FetchFailed, match="does not answer"):
        fetcher(web, silence_s=0.3).fetch("http://example.org/")


def test_endless_body_is_refused_at_the_limit(web: Web) -> None:
    web.pages["example.org/"] = pieces(OK + b"\r\n", then=itertools.repeat(b"x" * 10_000))
    with pytest.raises(FetchRefused, match="more than 1,000,000 bytes"):
        fetcher(web).fetch("http://example.org/")


def test_declared_size_is_refused_at_once(web: Web) -> None:
    web.pages["example.org/"] = pieces(OK + b"Content-Length: 1000001\r\n\r\n")
    with pytest.raises(FetchRefused, match="more than 1,000,000 bytes"):
        fetcher(web).fetch("http://example.org/")


def test_gzip_bomb_is_refused_in_little_memory(web: Web) -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    web.pages["example.org/"] = page(bomb, Content_Encoding="gzip")
    tracemalloc.start()
    try:
        with pytest.raises(FetchRefused, match="more than 1,000,000 bytes"):
            fetcher(web).fetch("http://example.org/")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_gzip_is_inflated_whole(web: Web) -> None:
    text = "".join(f"line {number}\n" for number in range(50_000)).encode()
    web.pages["example.org/"] = page(gzip.compress(text), Content_Encoding="gzip")
    found = fetcher(web).fetch("http://example.org/")
    assert found is not None
    assert found.body == text


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "deflate"])
def test_encoding_that_was_not_asked_for_is_refused(web: Web, encoding: str) -> None:
    web.pages["example.org/"] = page("x", Content_Encoding=encoding)
    with pytest.raises(FetchRefused, match=encoding):
        fetcher(web).fetch("http://example.org/")


@pytest.mark.parametrize(
    "reply",
    [
        page(gzip.compress(b"a long text" * 1000)[:-20], Content_Encoding="gzip"),
        page("no gzip", Content_Encoding="gzip"),
        pieces(OK + b"Content-Length: 100\r\n\r\nhalf"),
        pieces(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        pieces(OK + b"Content-Length: -5\r\n\r\nhalf"),
        pieces(b"not HTTP at all\r\n\r\n"),
        pieces(OK + b"X: " + b"x" * 200_000 + b"\r\n\r\n"),
        pieces(b""),
    ],
    ids=["cut gzip", "no gzip", "cut", "cut chunks", "length", "no http", "long header", "nothing"],
)
def test_what_does_not_arrive_whole_is_not_a_page(web: Web, reply: object) -> None:
    web.pages["example.org/"] = reply  # type: ignore[assignment]
    with pytest.raises(FetchFailed, match=r"did not arrive whole|cannot be reached"):
        fetcher(web).fetch("http://example.org/")


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["image/png", "video/mp4", "text/css", "application/javascript", "font/woff2"]
)
def test_kinds_that_hold_no_document_are_refused_unread(web: Web, kind: str) -> None:
    web.pages["example.org/"] = pieces(
        f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode(), then=itertools.repeat(b"x" * 1000)
    )
    with pytest.raises(FetchRefused, match=kind):
        fetcher(web).fetch("http://example.org/")


@pytest.mark.parametrize(
    "kind", ["Text/HTML;charset=x", "application/pdf", "text/plain", "application/atom+xml", "text/x-rst", ""]
)
def test_kinds_that_may_be_documents_are_taken(web: Web, kind: str) -> None:
    web.pages["example.org/"] = page("x", kind=kind)
    assert fetcher(web).fetch("http://example.org/")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "no such page"),
        (410, "no such page"),
        (403, "Save the page"),
        (500, "Try again"),
        (204, "204"),
        (304, "304"),
    ],
)
def test_any_other_answer_is_no_page(web: Web, status: int, said: str) -> None:
    web.pages["example.org/"] = page("", status=status)
    with pytest.raises(FetchFailed, match=said):
        fetcher(web).fetch("http://example.org/")


def test_server_is_asked_whether_a_known_copy_has_changed(web: Web) -> None:
    web.pages["example.org/"] = redirect("/a")
    web.pages["example.org/a"] = page("Hello", ETag='"1"')
    known = Known("http://example.org/a", '"1"', "Tue, 03 Nov 2026 10:00:00 GMT")
    assert fetcher(web).fetch("http://example.org/", known=known) is None
    (_, first), (_, second) = web.seen
    assert "If-None-Match" not in first
    assert (second["If-None-Match"], second["If-Modified-Since"]) == (known.etag, known.last_modified)
    web.pages["example.org/a"] = page("Hello again", ETag='"2"')
    assert fetcher(web).fetch("http://example.org/", known=known)


# --- TLS -----------------------------------------------------------------------------------------


def test_tls_is_verified_against_the_name_at_the_address_that_was_judged(web: Web) -> None:
    web.pages["example.org/"] = page("Hello")
    assert fetcher(web).fetch("https://example.org/")
    assert web.connected == [(PUBLIC, 443)]
    assert web.greeted == ["example.org"]


def test_certificate_of_another_name_is_not_read(web: Web) -> None:
    web.names["other.example"] = [[PUBLIC]]
    web.pages["other.example/"] = page("Hello")
    with pytest.raises(FetchFailed, match=r"other\.example does not prove who it is"):
        fetcher(web).fetch("https://other.example/")
    assert web.seen == []


def test_certificate_of_an_unknown_authority_is_not_read(web: Web) -> None:
    web.authority = None
    with pytest.raises(FetchFailed, match="does not prove who it is"):
        fetcher(web).fetch("https://example.org/")
