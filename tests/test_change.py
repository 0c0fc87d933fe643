"""Citations survive: what was cited is found again, or its change is said."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event, Thread

import pytest
from corpora import BRIDGE, LIGHTHOUSE, TOWN, Make, Run, faultless, write
from hypothesis import given
from hypothesis import strategies as st

from assistant import render
from assistant.anchoring import anchor
from assistant.values import Answer

QUESTION = "How long is the bridge over the Wend?"
CITED = (
    "The bridge over the river Wend was opened in 1932. "
    "It is 612 metres long and carries four lanes of traffic."
)


@pytest.mark.parametrize(
    ("text", "quote", "state", "span"),
    [
        ("one two three", "two", "intact", (4, 7)),
        ("one and two three", "two", "moved", (8, 11)),
        ("🎉 one two three", "two", "moved", (6, 9)),
        ("one\r\ntwo\nthree", "one two three", "moved", (0, 14)),
        ("one two", "two three", "changed", (4, 4)),
        ("One Two Three", "two", "changed", (4, 4)),
        ("two, a two three; two", "two", "moved", (7, 10)),
        ("a [0] (.*) b", "(.*)", "moved", (6, 10)),
        ("x\x00y and more", "x\ufffdy", "moved", (0, 3)),
        ("", "two", "changed", (0, 0)),
    ],
)
def test_a_quote_is_found_by_its_words(text: str, quote: str, state: str, span: tuple[int, int]) -> None:
    place = anchor(text, 4, 7, quote)
    assert (place.state, (place.start, place.end)) == (state, span)


@given(st.text(), st.text(min_size=1), st.text(), st.text())
def test_a_quote_that_is_still_there_is_never_lost(before: str, quote: str, after: str, new: str) -> None:
    start, end = len(before), len(before) + len(quote)
    assert anchor(before + quote + after, start, end, quote).state == "intact"
    moved = new + before + quote + after
    place = anchor(moved, start, end, quote)
    assert place.state in ("intact", "moved")
    assert not quote.split() or moved[place.start : place.end].split() == quote.split()


# --- check --citations ---------------------------------------------------------------------------


@pytest.fixture
def asked(run: Run, settled: None, tmp_path: Path) -> Path:
    """A file of two saved answers, one line each."""
    ran = [run("ask", question, "--json") for question in (QUESTION, "When was the lighthouse built?")]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(one.out for one in ran), encoding="utf-8")
    return path


def states(run: Run, path: Path) -> list[tuple[int, str, str]]:
    """Of the citation that holds CITED: exit code, state, and CITED if the whole quote stands there now."""
    ran = run("check", "--citations", path, "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    shown = {one["source"]: json.loads(run("show", one["source"], "--json").out or "{}") for one in found}
    here = {id(one): shown[one["source"]].get("text", "")[one["start"] : one["end"]] for one in found}
    return [
        (ran.code, one["state"], CITED if here[id(one)].split() == one["quote"].split() else here[id(one)])
        for one in found
        if CITED in one["quote"]
    ]


def test_citations_of_unchanged_documents_are_intact(run: Run, asked: Path) -> None:
    assert states(run, asked) == [(0, "intact", CITED)]
    ran = run("check", "--citations", asked)
    cited = sum(len(json.loads(line)["citations"]) for line in asked.read_text("utf-8").splitlines())
    assert ran.out.count("intact") == ran.out.count("\n") - 1 == cited
    assert ran.out.endswith(f"{cited} citations checked, 0 lost.\n")


def test_citations_are_found_after_an_edit_elsewhere_a_move_and_a_new_index(
    run: Run, asked: Path, corpus: Path
) -> None:
    path = corpus / "places/bridge.md"
    path.write_text("# Bridges\n\nA new first line with 🎉.\n\n" + BRIDGE)
    run("sync")
    assert states(run, asked) == [(0, "moved", CITED)]
    path.rename(corpus / "elsewhere.md")
    run("sync")
    assert states(run, asked) == [(0, "moved", CITED)]
    run("sync", "--rebuild")  # now it has another id, and only its words tell
    assert states(run, asked) == [(0, "moved", CITED)]


def test_a_citation_whose_words_changed_or_whose_document_is_gone_is_said_to_be(
    run: Run, asked: Path, corpus: Path
) -> None:
    path = corpus / "places/bridge.md"
    path.write_text(BRIDGE.replace("612", "613"))
    run("sync")
    assert [state for _, state, _ in states(run, asked)] == ["source changed"]
    path.unlink()
    run("sync")
    assert [(code, state) for code, state, _ in states(run, asked)] == [(1, "source gone")]


def test_an_array_and_a_single_object_are_read_too(run: Run, asked: Path, tmp_path: Path) -> None:
    saved = [json.loads(line) for line in asked.read_text().splitlines()]
    for content in (saved, saved[0], saved[:1]):
        (tmp_path / "one.json").write_text(json.dumps(content, indent=1))
        assert states(run, tmp_path / "one.json") == [(0, "intact", CITED)]


@pytest.mark.parametrize(
    "content", ["", "nonsense", "5", "{}", '{"citations": 5}', '{"citations": [{}]}', b"\xff"]
)
def test_a_file_without_answers_is_named(
    run: Run, settled: None, tmp_path: Path, content: str | bytes
) -> None:
    write(tmp_path, {"answers.json": content})
    ran = run("check", "--citations", tmp_path / "answers.json")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "answers.json" in ran.err
    assert "Traceback" not in ran.err


# --- a question during a sync --------------------------------------------------------------------


def test_a_question_during_a_replacement_sees_the_old_or_the_new_document_whole(
    make: Make, corpus: Path
) -> None:
    old = "".join(f"The {n}th bell of Quorn weighs {n} pounds in the old list.\n\n" for n in range(60))
    new = old.replace("in the old list", "by the new scales")
    write(corpus, TOWN | {"bells.md": old})
    assistant = make()
    assistant.sync()
    done = Event()

    def replace_again_and_again() -> None:
        for text in (new, old, new):
            write(corpus, {"bells.md": text})
            assistant.sync()
        done.set()

    changing = Thread(target=replace_again_and_again)
    changing.start()
    said: list[Answer] = []
    while not done.is_set():
        said += [
            made
            for made in assistant.stream("How much does the 7th bell of Quorn weigh?")
            if isinstance(made, Answer)
        ]
    changing.join()
    assert len(said) > 2
    assert all(answer.answered for answer in said), [render.to_text(a) for a in said if not a.answered]
    for answer in said:
        quotes = " ".join(citation.quote for citation in answer.citations)
        assert ("old list" in quotes) != ("new scales" in quotes)
    assert faultless(assistant, assistant.ask(QUESTION))


def test_a_moved_and_edited_document_is_a_new_one_beside_what_took_its_place(
    make: Make, corpus: Path
) -> None:
    write(corpus, TOWN)
    assistant = make()
    assistant.sync()
    before = assistant.document("lighthouse.md").id
    (corpus / "lighthouse.md").unlink()
    write(corpus, {"light.md": LIGHTHOUSE + "\nIt is red.\n"})
    report = assistant.sync()
    assert (report.added, report.removed) == (("light.md",), ("lighthouse.md",))
    assert assistant.document("light.md").id != before
    assert report.embedded < len(assistant._library.passages_of(assistant.document("light.md").id))
