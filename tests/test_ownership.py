"""One process owns an index folder; a second is told which, and how to go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from corpora import BRIDGE, Make, write

from assistant.errors import IndexLocked
from assistant.ownership import OWNER_FILE, Ownership

HOLD = """
import sys, time
from assistant import Assistant
assistant = Assistant(corpus_dir=sys.argv[1], index_dir=sys.argv[2])
assistant.documents()
if len(sys.argv) > 3:
    assistant.serve_at(sys.argv[3])
print("held", flush=True)
time.sleep(100)
"""


@contextmanager
def owner(corpus: Path, index: Path, *url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the index."""
    command = [sys.executable, "-c", HOLD, str(corpus), str(index), *url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_told_who_owns_the_index_and_how_to_share_it(
    make: Make, corpus: Path, index: Path
) -> None:
    write(corpus, {"bridge.md": BRIDGE})
    with owner(corpus, index) as process:
        for use in (lambda a: a.sync(), lambda a: a.ask("Why?"), lambda a: a.documents()):
            with pytest.raises(IndexLocked) as caught:
                use(make())
            said = str(caught.value)
            assert str(process.pid) in said
            assert str(index) in said
            assert "ASSISTANT_CHROMA_URL" in said
            assert "\n" not in said


def test_a_second_process_adds_nothing_to_the_corpus(
    make: Make, corpus: Path, index: Path, tmp_path: Path
) -> None:
    write(tmp_path, {"given.md": BRIDGE})
    with owner(corpus, index):
        with pytest.raises(IndexLocked):
            make().add([tmp_path / "given.md"])
        assert list(corpus.iterdir()) == []


def test_a_second_process_removes_nothing(make: Make, corpus: Path, index: Path) -> None:
    write(corpus, {"bridge.md": BRIDGE})
    with make() as assistant:
        assistant.sync()
    with owner(corpus, index):
        with pytest.raises(IndexLocked):
            make().remove("bridge.md")
        assert (corpus / "bridge.md").exists()


def test_a_second_process_is_sent_to_the_chat_that_the_first_serves(
    make: Make, corpus: Path, index: Path
) -> None:
    url = "http://127.0.0.1:7861"
    with owner(corpus, index, url), pytest.raises(IndexLocked, match=url):
        make().documents()


def test_an_owner_that_is_killed_leaves_the_index_free(make: Make, corpus: Path, index: Path) -> None:
    write(corpus, {"bridge.md": BRIDGE})
    with owner(corpus, index) as process:
        process.kill()
        process.wait()
        assert (index / OWNER_FILE).exists()
        assert make().sync().added == ("bridge.md",)


def test_closing_leaves_the_index_free_and_names_no_owner(make: Make, corpus: Path, index: Path) -> None:
    write(corpus, {"bridge.md": BRIDGE})
    first = make()
    first.sync()
    with pytest.raises(IndexLocked, match=str(os.getpid())):
        make().documents()
    first.close()
    assert not (index / OWNER_FILE).exists()
    assert len(make().documents()) == 1


def test_a_closed_assistant_opens_again_when_it_is_used(make: Make, corpus: Path) -> None:
    write(corpus, {"bridge.md": BRIDGE})
    assistant = make()
    assistant.sync()
    assistant.close()
    assistant.close()
    assert assistant.ask("How long is the bridge?").answered


@pytest.mark.parametrize("said", ["", "{", "null", "[]", '{"pid": 1}'])
def test_an_owner_whose_note_is_broken_is_another_process(tmp_path: Path, said: str) -> None:
    mine = Ownership(tmp_path)
    (tmp_path / OWNER_FILE).write_text(said)
    with pytest.raises(IndexLocked, match="in use by another process"):
        Ownership(tmp_path)
    mine.release()


def test_the_note_of_the_owner_says_who_and_since_when(tmp_path: Path) -> None:
    mine = Ownership(tmp_path)
    mine.say("http://127.0.0.1:1")
    note = json.loads((tmp_path / OWNER_FILE).read_text())
    mine.release()
    assert note.keys() == {"pid", "command", "since", "url"}
    assert (note["pid"], note["url"]) == (os.getpid(), "http://127.0.0.1:1")
