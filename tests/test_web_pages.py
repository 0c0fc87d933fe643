"""A fetched page is a document under its URL: added, cited, refreshed and removed. The servers are real."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from corpora import BRIDGE, Make, Ran, Run, bytes_below, faultless, write
from smallweb import Reply, Web, page, pieces, redirect

from assistant import Assistant
from assistant.cli import verbs
from assistant.embedding import Embedder
from assistant.fetching import Fetched, Fetcher, Limits
from assistant.sidecars import WebPage, beside, pages
from assistant.webpages import file_name

URL = "http://example.org/quince?id=7"
ADDRESS = "example.org/quince?id=7"
FILE = "example.org_quince.md"
QUESTION = "How much did the quince harvest weigh?"
HTML = """<html><head><title>Quince news</title></head><body><nav><a href=/>Home</a></nav><article>
<h1>Quince news</h1><p>The quince harvest of Wrocław weighed 812 tonnes in 2019.</p>
<p>The growers had hoped for far more, but the spring was cold and late.</p></article></body></html>"""


def article(tonnes: int, etag: str = '"1"') -> Reply:
    """A page whose one fact can change."""
    text = f"# Quince news\n\nThe quince harvest of Wrocław weighed {tonnes} tonnes in 2019.\n"
    return page(text, kind="text/markdown; charset=utf-8", ETag=etag)


@pytest.fixture
def fetching(make: Make, web: Web) -> Assistant:
    """An assistant that fetches from the small web."""
    web.pages[ADDRESS] = article(812)
    return make(fetcher=Fetcher(Limits(total_s=20), network=web.network))


@pytest.fixture
def fetching_run(run: Run, web: Web, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, fetching from the small web."""
    web.pages[ADDRESS] = article(812)
    fetcher = Fetcher(Limits(total_s=20), network=web.network)
    monkeypatch.setattr(verbs, "Assistant", partial(Assistant, embedder=embedder, fetcher=fetcher))
    return run


def lines(ran: Ran) -> list[dict[str, Any]]:
    """Standard output, every line of it JSON."""
    return [json.loads(line) for line in ran.out.splitlines()]


def sidecar(corpus: Path) -> WebPage:
    """The one sidecar that is there."""
    [path] = corpus.rglob(".*.page.json")
    return WebPage(**json.loads(path.read_bytes()))


# --- adding --------------------------------------------------------------------------------------


def test_page_is_kept_as_fetched_and_cited_by_its_url(fetching: Assistant, web: Web, corpus: Path) -> None:
    web.pages[ADDRESS], name = page(HTML), "example.org_quince.html"
    write(corpus, {"bridge.md": BRIDGE})
    report = fetching.add([f"{URL}#top"])
    assert (report.added, report.failures) == (("bridge.md", name), ())
    assert (corpus / name).read_bytes() == HTML.encode()
    said = sidecar(corpus)
    assert (said.url, said.final_url, said.content_type) == (URL, URL, "text/html; charset=utf-8")
    answer = fetching.ask(QUESTION)
    assert "812 tonnes" in answer.citations[0].quote
    assert (answer.citations[0].source, answer.citations[0].path) == (URL, name)
    assert faultless(fetching, answer)
    assert "Home" not in fetching.document(URL).text
    answer = fetching.ask("How long is the bridge over the Wend?")
    assert answer.citations[0].path == answer.citations[0].source == "bridge.md"
    assert faultless(fetching, answer)
    assert [(hit.source, hit.path) for hit in fetching.search("quince", k=1)] == [(URL, name)]
    assert fetching.check() == ()


def test_same_url_again_makes_no_second_copy_and_brings_what_changed(
    fetching: Assistant, corpus: Path, web: Web
) -> None:
    fetching.add([URL])
    before, [old] = bytes_below(corpus), fetching.documents()
    report = fetching.add(["HTTP://EXAMPLE.org/quince?id=7#else"])
    assert (report.added, report.changed, report.unchanged, report.failures) == ((), (), 1, ())
    assert bytes_below(corpus) == before
    assert web.seen[-1][1]["If-None-Match"] == '"1"'
    web.pages[ADDRESS] = article(655, '"2"')
    report = fetching.add([URL])
    assert (report.added, report.changed) == ((), (FILE,))
    [new] = fetching.documents()
    assert new.id == old.id
    assert "655 tonnes" in fetching.ask(QUESTION).citations[0].quote
    assert sidecar(corpus).etag == '"2"'
    assert len(list(corpus.iterdir())) == 2


def test_names_and_texts_may_be_shared_by_pages(fetching: Assistant, web: Web, corpus: Path) -> None:
    other, same = "http://example.org/a/quince", "http://example.org/same"
    web.pages |= {"example.org/a/quince": article(1), "example.org/same": article(812)}
    fetching.add([URL, other, same])
    assert {d.source: d.path for d in fetching.documents()} == {URL: FILE, other: "example.org_quince (2).md"}
    assert fetching.document(same).id == fetching.document(URL).id
    assert {origin.url for origin in fetching.document(URL).origins} == {URL, same}
    assert fetching.remove(same).sources == (FILE, "example.org_same.md")
    assert sidecar(corpus).url == other


@pytest.mark.parametrize(
    ("url", "kind", "name"),
    [
        ("http://www.example.org/", "text/html", "example.org.html"),
        ("http://example.org/a.php?b=c", "text/html; charset=x", "example.org_a.html"),
        ("http://example.org/notes.md", "text/plain", "example.org_notes.md"),
        ("http://example.org/notes.html", "application/pdf", "example.org_notes.pdf"),
        ("http://example.org/feed", "application/rss+xml", "example.org_feed"),
        ("http://example.org/..%2F..%2Fa%00.txt", "text/plain", "example.org_.._.._a_.txt"),
        ("http://example.org/%2F", "", "example.org__"),
        (f"http://example.org/{'a' * 900}", "text/plain", f"example.org_{'a' * 184}.txt"),
    ],
)
def test_file_is_named_after_its_page(url: str, kind: str, name: str) -> None:
    assert file_name(Fetched(url, url, b"", kind, "", "")) == name


# --- what fails ----------------------------------------------------------------------------------

FAILING = {
    "no such page": page("", status=404),
    "PNG image": page(b"\x89PNG\r\n\x1a\n", kind="application/octet-stream"),
    "It is empty": page(" "),
    "127.0.0.1": redirect("http://127.0.0.1:8080/"),
    "did not arrive whole": pieces(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
}


def test_page_that_fails_is_named_and_leaves_nothing(fetching: Assistant, web: Web, corpus: Path) -> None:
    web.pages |= {f"example.org/{at}": reply for at, reply in enumerate(FAILING.values())}
    urls = [f"http://example.org/{at}" for at in range(len(FAILING))]
    report = fetching.add([*urls, URL])
    assert report.added == (FILE,)
    assert [failure.source for failure in report.failures] == urls
    assert all(said in failure.reason for said, failure in zip(FAILING, report.failures, strict=True))
    assert len(list(corpus.iterdir())) == 2


def test_page_that_fails_later_leaves_its_old_copy(fetching: Assistant, web: Web, corpus: Path) -> None:
    fetching.add([URL])
    before = bytes_below(corpus)
    for said, reply in FAILING.items():
        web.pages[ADDRESS] = reply
        [failure] = fetching.sync(refresh=True).failures
        assert failure.source == URL
        assert said in failure.reason
        assert failure.reason.endswith(f"The copy of {sidecar(corpus).fetched_at[:10]} is kept.")
    assert fetching.add([URL]).failures == (failure,)
    assert bytes_below(corpus) == before
    assert "812 tonnes" in fetching.ask(QUESTION).citations[0].quote


def test_page_of_another_kind_does_not_replace_what_its_name_cannot_hold(
    fetching: Assistant, web: Web, corpus: Path
) -> None:
    web.pages[ADDRESS] = page(r"{\rtf1 The quince harvest weighed 812 tonnes.}", kind="application/rtf")
    fetching.add([URL])
    web.pages[ADDRESS] = page("Only text now.", kind="text/plain")
    [failure] = fetching.sync(refresh=True).failures
    assert "named as a RTF" in failure.reason
    assert "812 tonnes" in fetching.document(URL).text


def test_full_disk_leaves_no_page_without_its_url(
    fetching: Assistant, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("assistant.corpus.replace", full)
    [failure] = fetching.add([URL]).failures
    assert "No space left" in failure.reason
    assert list(corpus.iterdir()) == []


# --- changes -------------------------------------------------------------------------------------


def test_refresh_fetches_what_changed_and_names_what_fails(
    fetching: Assistant, web: Web, corpus: Path
) -> None:
    web.pages |= {f"example.org/{name}": article(ord(name)) for name in "bc"}
    write(corpus, {"bridge.md": BRIDGE})
    fetching.add([URL, "http://example.org/b", "http://example.org/c"])
    web.pages |= {"example.org/b": article(4, '"2"'), "example.org/c": page("", status=410)}
    web.seen.clear()
    report = fetching.sync(refresh=True)
    assert (report.added, report.changed, report.removed) == ((), ("example.org_b.md",), ())
    assert [failure.source for failure in report.failures] == ["http://example.org/c"]
    assert len(web.seen) == 3
    assert report.unchanged == 3
    assert "99 tonnes" in fetching.document("http://example.org/c").text


def test_page_that_was_edited_by_hand_is_a_file_like_any_other(fetching: Assistant, corpus: Path) -> None:
    fetching.add([URL])
    (corpus / FILE).write_text("It weighed 3 tonnes.\n", encoding="utf-8")
    fetching.sync(refresh=True)
    assert [document.source for document in fetching.documents()] == [FILE]
    assert fetching.add([URL]).added == ("example.org_quince (2).md",)
    assert (corpus / FILE).read_text(encoding="utf-8") == "It weighed 3 tonnes.\n"


def test_page_that_is_moved_with_its_sidecar_keeps_its_url(fetching: Assistant, corpus: Path) -> None:
    fetching.add([URL])
    (corpus / "fruit").mkdir()
    for name in (FILE, beside(FILE)):
        (corpus / name).rename(corpus / "fruit" / name)
    assert fetching.add([URL]).unchanged == 1
    assert fetching.document(URL).path == f"fruit/{FILE}"


def test_stop_between_sidecar_and_page_is_made_good(fetching: Assistant, web: Web, corpus: Path) -> None:
    fetching.add([URL])
    old = (corpus / FILE).read_bytes()
    web.pages[ADDRESS] = article(655, '"2"')
    fetching.add([URL])
    (corpus / FILE).write_bytes(old)  # as if the program had been stopped before it was replaced
    fetching.sync()
    assert fetching.document(URL).path == FILE
    fetching.sync(refresh=True)
    assert "655 tonnes" in fetching.document(URL).text


def test_removed_page_leaves_nothing_behind(fetching: Assistant, corpus: Path, index: Path) -> None:
    fetching.add([URL])
    removed = fetching.remove(URL)
    fetching.close()
    assert (removed.source, removed.sources) == (URL, (FILE,))
    assert list(corpus.iterdir()) == []
    left = bytes_below(index)
    assert b"quince" not in left.lower()
    assert b"example.org" not in left


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"url": 5}', b"[" * 100_000, b"\xff", b'{"url": "http://example.org/"}'],
)
def test_sidecar_that_says_nothing_usable_is_passed_over(corpus: Path, content: bytes) -> None:
    write(corpus, {"a.md": "# A\n", beside("a.md"): content})
    assert list(pages(corpus, ["a.md"])) == []


@pytest.mark.parametrize("change", [{"url": "javascript:alert(1)"}, {"etag": 1}, {"sha256": None}])
def test_sidecar_is_believed_only_if_it_could_be_ours(corpus: Path, change: dict[str, Any]) -> None:
    said = WebPage(URL, URL, "2026-11-24T00:00:00+00:00", "text/markdown", "", "", "0" * 64)
    write(corpus, {"a.md": "# A\n", beside("a.md"): said.to_json()})
    assert list(pages(corpus, ["a.md"])) == [("a.md", said)]
    write(corpus, {beside("a.md"): json.dumps(asdict(said) | change)})
    assert list(pages(corpus, ["a.md"])) == []


# --- the command line ----------------------------------------------------------------------------


def test_verbs_take_and_show_urls(fetching_run: Run, tmp_path: Path, web: Web) -> None:
    write(tmp_path, {"bridge.md": BRIDGE})
    ran = fetching_run("add", URL, "bridge.md", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert lines(ran)[0]["added"] == ["bridge.md", FILE]
    rows = lines(fetching_run("list", "--json"))
    assert {(row["source"], row["path"]) for row in rows} == {(URL, FILE), ("bridge.md", "bridge.md")}
    assert [row["source"] for row in rows if row["fetched_at"]] == [URL]
    assert URL in fetching_run("list").out
    [shown] = lines(fetching_run("show", f"{URL}#top", "--json"))
    assert (shown["source"], shown["path"]) == (URL, FILE)
    [said] = lines(fetching_run("ask", QUESTION, "--source", URL, "--json"))
    assert {(c["source"], c["path"]) for c in said["citations"]} == {(URL, FILE)}
    assert shown["text"][said["citations"][0]["start"] :].startswith(said["citations"][0]["quote"])
    [found] = lines(fetching_run("search", "bridge", "--source", URL, "--json"))
    assert {(hit["source"], hit["path"]) for hit in found["hits"]} == {(URL, FILE)}
    web.pages[ADDRESS] = page("", status=404)
    ran = fetching_run("sync", "--refresh")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith(f"{URL}: There is no such page (404 Not Found)")
    assert lines(fetching_run("remove", URL, "--yes", "--json"))[0]["sources"] == [FILE]
    assert [row["source"] for row in lines(fetching_run("list", "--json"))] == ["bridge.md"]


def test_refused_urls_are_a_line_each_and_exit_1(run: Run, corpus: Path) -> None:
    urls = ["http://localhost/", "http://0x7f.1/", "file:///etc/passwd", "https://user:secret@example.org/"]
    ran = run("add", *urls)
    assert (ran.code, ran.out[:7]) == (1, "0 added")
    assert [line.split(": ")[0] for line in ran.err.splitlines()] == urls
    assert list(corpus.iterdir()) == []
