"""Nothing is left behind: a removed document is gone from answers and from every byte of the index."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from corpora import BRIDGE, LIGHTHOUSE, TOWN, Make, Run, answers, bytes_below, faultless, indexed, write
from hypothesis import given
from hypothesis import strategies as st

from assistant import Assistant
from assistant.errors import UnknownDocument
from assistant.library import Library
from assistant.traces import WINDOW, fingerprints, found
from assistant.vectors import Index

SECRET = """# Minutes of the Zyxquorble committee

The treasurer Wilhelmina Thistledown proposed to sell the copper kettle for 912 florins.

The committee agreed to meet again in the vault below Ferret Lane.
"""
WORDS = ["Zyxquorble", "Wilhelmina", "Thistledown", "copper kettle", "florins", "Ferret Lane", "minutes.md"]


def traces(assistant: Assistant, source: str) -> list[bytes]:
    """Everything of a document that an index might keep: its words and stems, its ids, its vectors."""
    document = assistant.document(source)
    passages = assistant._library.passages_of(document.id)
    vectors = assistant._library.vectors.of("all-MiniLM-L6-v2", [passage.id for passage in passages])
    numbers = [row for rows in vectors.values() for row in rows]
    return [
        *(spelled.encode() for word in WORDS for spelled in (word, word.lower())),
        b"thistledown"[:9],
        b"zyxquorbl",
        document.id.encode(),
        document.sha256.encode(),
        *(passage.id.encode() for passage in passages),
        *(np.asarray(row, "<f4").tobytes()[:16] for row in numbers),
        *(np.asarray(row, "<f2").tobytes()[:16] for row in numbers),
    ]


@pytest.fixture
def minuted(make: Make, corpus: Path) -> Assistant:
    """An assistant on the town, and on the minutes that are to be removed."""
    write(corpus, TOWN | {"minutes.md": SECRET})
    assistant = make()
    assistant.sync()
    return assistant


def test_the_traces_looked_for_are_there_before(minuted: Assistant, index: Path) -> None:
    held = bytes_below(index)
    for word in WORDS:
        assert word.encode() in held
    assert any(trace in held for trace in traces(minuted, "minutes.md")[-4:])


def test_removed_document_is_in_no_byte_of_the_index(minuted: Assistant, corpus: Path, index: Path) -> None:
    looked_for = traces(minuted, "minutes.md")
    removed = minuted.remove("minutes.md")
    assert removed.source == "minutes.md"
    assert not (corpus / "minutes.md").exists()
    for moment in ("while open", "after closing"):
        held = bytes_below(index)
        assert [trace for trace in looked_for if trace in held] == [], moment
        minuted.close()


def test_a_document_deleted_from_the_corpus_is_in_no_byte_of_the_index(
    minuted: Assistant, corpus: Path, index: Path
) -> None:
    looked_for = traces(minuted, "minutes.md")
    (corpus / "minutes.md").unlink()
    minuted.sync()
    minuted.close()
    held = bytes_below(index)
    assert [trace for trace in looked_for if trace in held] == []


def test_a_document_removed_while_another_thread_has_asked_leaves_nothing(
    minuted: Assistant, index: Path
) -> None:
    from threading import Thread

    asking = Thread(target=minuted.ask, args=("What did Thistledown propose to sell?",))
    asking.start()
    asking.join()
    looked_for = traces(minuted, "minutes.md")
    minuted.remove("minutes.md")
    held = bytes_below(index)
    assert [trace for trace in looked_for if trace in held] == []


def test_memory_that_chroma_writes_to_disk_is_blanked(minuted: Assistant, corpus: Path, index: Path) -> None:
    # Chroma makes its first HNSW files of memory as it finds it, which once held a removed document's text.
    for file in index.rglob("data_level0.bin"):
        file.write_bytes(b"Wilhelmina".ljust(file.stat().st_size, b"?"))
    write(corpus, {"new.md": LIGHTHOUSE.replace("Skerry", "Puffin")})
    minuted.sync()
    assert all(not any(file.read_bytes()) for file in index.rglob("data_level0.bin"))
    assert all(not any(file.read_bytes()) for file in index.rglob("length.bin"))
    said = answers(minuted)
    minuted.close()
    assert answers(minuted) == said


def test_files_that_hold_vectors_are_not_blanked(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(1100, 8)).astype(np.float32)
    index = Index(tmp_path)
    index.put([(str(at), "d", vector) for at, vector in enumerate(vectors)])
    index.close()
    assert any(any(file.read_bytes()) for file in tmp_path.rglob("data_level0.bin"))
    assert index.search(vectors[7], count=1) == ["7"]
    assert index.count() == 1100
    index.close()


def test_removed_document_is_gone_from_answers_and_the_others_still_answer(minuted: Assistant) -> None:
    assert minuted.ask("What did the treasurer propose to sell?").answered
    minuted.remove("minutes.md")
    assert not any("florins" in hit.passage.text for hit in minuted.search("copper kettle florins"))
    again = minuted.ask("What did the treasurer Thistledown propose to sell?")
    assert all(citation.source != "minutes.md" for citation in (*again.citations, *again.closest))
    bridge = minuted.ask("How long is the bridge over the Wend?")
    assert bridge.answered
    assert faultless(minuted, bridge)
    assert minuted.check() == ()


def test_answers_after_a_removal_are_those_of_an_index_that_never_had_the_document(
    minuted: Assistant, make: Make, tmp_path: Path
) -> None:
    minuted.remove("minutes.md")
    fresh = make(index_dir=tmp_path / "fresh")
    fresh.sync()
    assert indexed(minuted) == indexed(fresh)
    assert answers(minuted) == answers(fresh)


def test_removed_document_can_be_added_again(minuted: Assistant, tmp_path: Path) -> None:
    before = minuted.ask("What did the treasurer propose to sell?")
    minuted.remove("minutes.md")
    write(tmp_path, {"minutes.md": SECRET})
    assert minuted.add([tmp_path / "minutes.md"]).added == ("minutes.md",)
    again = minuted.ask("What did the treasurer propose to sell?")
    assert again.citations == before.citations
    assert minuted.check() == ()


def test_a_document_is_removed_by_its_id_with_all_its_copies(make: Make, corpus: Path) -> None:
    write(corpus, {"a.md": BRIDGE, "b.md": BRIDGE, "c.md": LIGHTHOUSE})
    assistant = make()
    assistant.sync()
    assert assistant.remove(assistant.document("b.md").id).sources == ("a.md", "b.md")
    assert [path.name for path in corpus.iterdir()] == ["c.md"]


def test_passages_that_two_documents_share_stay_with_the_other(make: Make, corpus: Path) -> None:
    write(corpus, {"a.txt": BRIDGE, "b.txt": BRIDGE + "\nOne line more.\n"})
    assistant = make()
    assistant.sync()
    assistant.remove("a.txt")
    assert assistant.ask("How long is the bridge?").citations[0].source == "b.txt"
    assert assistant.check() == ()


def test_removing_an_unknown_document_is_an_error_that_names_it(minuted: Assistant) -> None:
    with pytest.raises(UnknownDocument, match=r"'nothing.md'"):
        minuted.remove("nothing.md")
    assert len(minuted.documents()) == 4


def test_removing_the_last_document_leaves_an_assistant_that_refuses(make: Make, corpus: Path) -> None:
    write(corpus, {"a.md": BRIDGE})
    assistant = make()
    assistant.sync()
    assistant.remove("a.md")
    answer = assistant.ask("How long is the bridge?")
    assert not answer.answered
    assert answer.closest == ()
    assert assistant.search("bridge") == ()


# --- the receipt and its proof -------------------------------------------------------------------


def test_a_receipt_says_what_was_deleted_where(run: Run, corpus: Path) -> None:
    write(corpus, TOWN | {"minutes.md": SECRET, "copies/again.md": SECRET})
    run("sync")
    ran = run("remove", "minutes.md", "--yes", "--json")
    said = json.loads(ran.out)
    assert said["sources"] == ["copies/again.md", "minutes.md"]
    assert said["deleted"] == {
        "corpus": {"files": 2, "bytes": 2 * len(SECRET)},
        "library": {"documents": 1, "paths": 2, "passages": 1, "postings": 1, "vectors": 1},
        "chroma": {"vectors": 1},
    }
    shown = run("remove", "lighthouse.md", "--yes").out
    assert "corpus: 1 files" in shown
    assert "check --removed" in shown


def test_what_is_kept_to_prove_a_removal_holds_nothing_of_the_document(
    minuted: Assistant, index: Path
) -> None:
    looked_for = traces(minuted, "minutes.md")
    minuted.remove("minutes.md")
    held = bytes_below(index / "removed")
    assert held
    assert [trace for trace in looked_for if trace in held] == []


def test_a_removal_is_proved_by_id_and_by_path(run: Run, corpus: Path, tmp_path: Path) -> None:
    write(corpus, TOWN | {"minutes.md": SECRET})
    write(tmp_path, {"kept.md": SECRET})
    run("sync")
    removed = json.loads(run("remove", "minutes.md", "--yes", "--json").out)["removed"]
    for name in (removed, "minutes.md"):
        found = json.loads(run("check", "--removed", name, "--json").out)
        assert found["problems"] == []
        assert found["windows"] > 3
        assert found["bytes"] > 100_000
    ran = run("check", "--removed", removed, "--original", tmp_path / "kept.md")
    assert (ran.code, ran.err) == (0, "")
    unknown = run("check", "--removed", "nothing.md")
    assert (unknown.code, unknown.err.count("\n")) == (2, 1)
    assert "--original" in unknown.err
    again = run("add", tmp_path / "kept.md", "--name", "minutes.md")
    assert again.code == 0
    there = run("check", "--removed", removed)
    assert there.code == 1
    assert "minutes.md holds this document" in there.err


def _its_text(minuted: Assistant) -> bytes:
    return b"\0" * 4099 + SECRET.encode()[60:220]


def _its_halves(minuted: Assistant) -> bytes:
    return b"\0\1\2" + np.asarray(_vector(minuted), "<f2").tobytes()


def _its_floats(minuted: Assistant) -> bytes:
    return b"\0" + np.asarray(_vector(minuted), "<f4").tobytes()


def _vector(minuted: Assistant) -> object:
    library = minuted._library
    [passage] = library.passages_of(minuted.document("minutes.md").id)
    return library.vectors.of("all-MiniLM-L6-v2", [passage.id])[passage.id][0]


@pytest.mark.parametrize("leave", [_its_text, _its_halves, _its_floats])
def test_what_a_removal_would_leave_behind_is_found(
    minuted: Assistant, index: Path, leave: Callable[[Assistant], bytes]
) -> None:
    left = leave(minuted)
    minuted.remove("minutes.md")
    (index / "left.bin").write_bytes(left)
    [problem] = minuted.prove_removed("minutes.md").problems
    assert "left.bin: " in problem


def test_words_that_the_keyword_index_would_keep_are_found(
    minuted: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"kept.md": SECRET})
    monkeypatch.setattr(Library, "compact", lambda _: None)
    minuted.remove("minutes.md")
    for original in (None, tmp_path / "kept.md"):
        problems = minuted.prove_removed("minutes.md", original=original).problems
        assert any("The keyword index holds" in problem for problem in problems)


def test_what_another_document_also_says_is_no_trace_of_the_removed_one(
    minuted: Assistant, corpus: Path, tmp_path: Path
) -> None:
    write(corpus, {"other.md": SECRET + "\nAnd a line of its own.\n"})
    write(tmp_path, {"kept.md": SECRET})
    minuted.sync()
    minuted.remove("minutes.md")
    assert minuted.prove_removed("minutes.md", original=tmp_path / "kept.md").problems == ()


@given(st.binary(max_size=300), st.binary(min_size=WINDOW, max_size=WINDOW), st.binary(max_size=300))
def test_a_window_is_found_at_any_offset_and_nothing_else_is(
    before: bytes, window: bytes, after: bytes
) -> None:
    prints = fingerprints([window], b"salt")
    held = before + window + after
    assert found(prints, held) == set(prints.digests)
    assert (found(prints, held.replace(window, b"")) != set()) == (window in held.replace(window, b""))


def test_a_document_doomed_when_its_removal_was_killed_is_in_no_answer_after(
    minuted: Assistant, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("assistant.ingest.forget", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            minuted.remove("minutes.md")
    minuted.close()
    again = minuted.ask("What did the treasurer Thistledown propose to sell?")
    assert all(citation.source != "minutes.md" for citation in (*again.citations, *again.closest))
    assert minuted.prove_removed("minutes.md").problems == ()


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt
