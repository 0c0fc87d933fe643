"""Whatever happens to a run or to the files of the index, the next sync ends where a fresh index would be."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from corpora import LIGHTHOUSE, TOWN, Make, Run, answers, bytes_below, faultless, indexed, write

from assistant import drafts
from assistant.errors import IndexUnusable
from assistant.library import FILE, Library
from assistant.values import Progress


@pytest.mark.parametrize("reports", range(6))
@pytest.mark.usefixtures("settled")
def test_a_sync_stopped_at_any_moment_is_finished_by_the_next(
    make: Make, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reports: int
) -> None:
    monkeypatch.setattr(drafts, "GROUP", 1)  # store after each document, so that there is a middle
    left = [None] * reports

    def stop(_: Progress) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop()

    write(corpus, {source: text + "\nA new last line.\n" for source, text in TOWN.items()})
    (corpus / "lighthouse.md").unlink()
    write(corpus, {"new.md": LIGHTHOUSE.replace("Skerry", "Puffin")})
    with make() as assistant:
        with pytest.raises(KeyboardInterrupt):
            assistant.sync(progress=stop)
        assert faultless(assistant, assistant.ask("How long is the bridge?"))
    with make() as assistant, make(index_dir=tmp_path / "fresh") as fresh:
        report = assistant.sync()
        fresh.sync()
        assert len(report.notes) == 1
        assert indexed(assistant) == indexed(fresh)
        assert answers(assistant) == answers(fresh)


KILLED = """
import os, signal, sys
from pathlib import Path
from assistant import Assistant, drafts
drafts.GROUP = 1
paths = sorted(path for path in Path(sys.argv[1]).rglob("*") if path.is_file())
def die(progress):  # while the third is embedded
    if progress.stage == "embedding" and progress.done > sum(path.stat().st_size for path in paths[:2]):
        os.kill(os.getpid(), signal.SIGKILL)
Assistant(corpus_dir=sys.argv[1], index_dir=sys.argv[2]).sync(progress=die)
"""


def test_a_sync_that_is_killed_is_finished_by_the_next(
    make: Make, corpus: Path, index: Path, tmp_path: Path
) -> None:
    write(corpus, TOWN)
    died = subprocess.run([sys.executable, "-c", KILLED, corpus, index], capture_output=True, timeout=100)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    with make() as assistant, make(index_dir=tmp_path / "fresh") as fresh:
        assert len(assistant.documents()) == 2
        assert faultless(assistant, assistant.ask("How long is the bridge?"))
        report = assistant.sync()
        fresh.sync()
        assert (len(report.added), report.unchanged) == (1, 2)
        assert indexed(assistant) == indexed(fresh)
        assert answers(assistant) == answers(fresh)


@pytest.mark.usefixtures("settled")
def test_a_removal_stopped_before_the_disk_was_cleaned_is_cleaned_by_the_next_sync(
    make: Make, corpus: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make() as assistant, monkeypatch.context() as patch:
        patch.setattr(Library, "compact", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            assistant.remove("lighthouse.md")
    with make() as assistant:
        assistant.sync()
    assert b"Ottoline" not in bytes_below(index)


def _interrupted(_: Library) -> None:
    raise KeyboardInterrupt


def _deleted(chroma: Path) -> None:
    shutil.rmtree(chroma)


def _emptied(chroma: Path) -> None:
    shutil.rmtree(chroma)
    chroma.mkdir()


def _overwritten(chroma: Path) -> None:
    (chroma / "chroma.sqlite3").write_bytes(b"not a database " * 1000)


def _flipped(chroma: Path) -> None:
    for path in chroma.rglob("*"):
        if path.is_file() and (held := bytearray(path.read_bytes())):
            held[len(held) // 2] ^= 0xFF
            path.write_bytes(held)


def _vectors_deleted(chroma: Path) -> None:
    for path in chroma.rglob("*.bin"):
        path.unlink()


HARM = pytest.mark.parametrize("harm", [_deleted, _emptied, _overwritten, _flipped, _vectors_deleted])


@HARM
@pytest.mark.usefixtures("settled")
def test_vectors_that_are_lost_are_rebuilt_by_a_sync_that_says_so(
    make: Make, corpus: Path, index: Path, harm: object
) -> None:
    with make() as assistant:
        said = answers(assistant)
    harm(index / "chroma")  # type: ignore[operator]
    with make() as assistant:
        report = assistant.sync()
        assert (len(report.notes), report.embedded) == (1, 0)
        assert "rebuilt" in report.notes[0]
        assert assistant.check() == ()
        assert answers(assistant) == said
        assert assistant.sync().notes == ()


@HARM
@pytest.mark.usefixtures("settled")
def test_vectors_that_are_lost_are_rebuilt_for_a_question_too(
    make: Make, corpus: Path, index: Path, harm: object, caplog: pytest.LogCaptureFixture
) -> None:
    with make() as assistant:
        said = answers(assistant)
    harm(index / "chroma")  # type: ignore[operator]
    with make() as assistant, caplog.at_level(logging.WARNING, "assistant"):
        assert answers(assistant) == said
    [record] = [record for record in caplog.records if record.name.startswith("assistant")]
    assert "rebuilt" in record.getMessage()
    assert "\n" not in record.getMessage()


@pytest.mark.usefixtures("settled")
def test_check_names_harm_to_the_vectors_and_does_not_hide_it(make: Make, corpus: Path, index: Path) -> None:
    _flipped(index / "chroma")
    for _ in range(2):
        with make() as assistant:
            [problem] = assistant.check()
            assert "chroma" in problem
            assert problem.endswith("Run: python -m assistant sync")
    with make() as assistant:
        assert len(assistant.sync().notes) == 1
        assert assistant.check() == ()


@pytest.mark.parametrize("left", [0, 100, 4096, 20_000])
@pytest.mark.usefixtures("settled")
def test_a_library_that_was_cut_short_is_made_anew_by_the_command_that_is_named(
    run: Run, corpus: Path, index: Path, left: int
) -> None:
    before = bytes_below(corpus)
    with (index / FILE).open("r+b") as file:
        file.truncate(left)
    ran = run("sync")
    assert ran.err.count("\n") <= 1
    assert ran.code == 0 or "sync --rebuild" in ran.err
    assert ran.code == 0 or run("sync", "--rebuild").code == 0
    assert run("check").code == 0
    assert "612 metres" in run("ask", "How long is the bridge over the Wend?").out
    assert bytes_below(corpus) == before


def test_processes_killed_at_random_moments_leave_what_the_next_command_repairs() -> None:
    root = Path(__file__).parent
    command = [sys.executable, root / "benchmarks" / "kill_trials.py", "--trials", "2", "--seed", "7"]
    path = f"{root.parent}:{root}"
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=110, env={**os.environ, "PYTHONPATH": path}
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["recovered"] == 2


@pytest.mark.usefixtures("settled")
def test_a_lost_library_is_made_anew_and_chroma_with_it(make: Make, corpus: Path, index: Path) -> None:
    with make() as assistant:
        said = answers(assistant)
    for path in index.glob(FILE + "*"):
        path.unlink()
    with make() as assistant:
        assert assistant.sync().added == tuple(sorted(TOWN))
        assert assistant.check() == ()
        assert answers(assistant) == said


@pytest.mark.usefixtures("settled")
def test_a_file_that_is_no_library_is_refused_and_rebuild_makes_it_one(
    make: Make, corpus: Path, index: Path
) -> None:
    with make() as assistant:
        said = answers(assistant)
    (index / FILE).write_bytes(b"this is not a database" * 500)
    with make() as assistant:
        for use in (assistant.documents, assistant.sync, lambda: assistant.ask("Why?"), assistant.check):
            with pytest.raises(IndexUnusable, match=r"damaged .* sync --rebuild") as caught:
                use()  # type: ignore[operator]
            assert "\n" not in str(caught.value)
        assistant.sync(rebuild=True)
        assert answers(assistant) == said


@pytest.mark.usefixtures("settled")
def test_a_library_with_a_damaged_middle_is_refused_and_rebuild_repairs_it(
    make: Make, corpus: Path, index: Path
) -> None:
    with make() as assistant:
        said = answers(assistant)
    whole = (index / FILE).read_bytes()
    (index / FILE).write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    with make() as assistant:
        with pytest.raises(IndexUnusable, match=r"damaged .* sync --rebuild"):
            assistant.documents()
        with pytest.raises(IndexUnusable, match=r"damaged .* sync --rebuild"):
            assistant.ask("How long is the bridge?")
        assistant.sync(rebuild=True)
        assert answers(assistant) == said


@pytest.mark.usefixtures("settled")
def test_a_library_of_another_version_is_refused_and_rebuild_replaces_it(
    make: Make, corpus: Path, index: Path
) -> None:
    with sqlite3.connect(index / FILE) as db:
        db.execute("UPDATE meta SET value = '0' WHERE name = 'layout'")
    db.close()
    with make() as assistant:
        with pytest.raises(IndexUnusable, match=r"another version .* sync --rebuild"):
            assistant.documents()
        assert assistant.sync(rebuild=True).added == tuple(sorted(TOWN))


@pytest.mark.usefixtures("settled")
def test_check_names_what_is_wrong(make: Make, corpus: Path, index: Path) -> None:
    with make() as assistant:
        assert assistant.check() == ()
    with sqlite3.connect(index / FILE) as db:
        db.execute("UPDATE documents SET text = 'A ' || text")
    db.close()
    with make() as assistant:
        problems = assistant.check()
    assert any("lighthouse.md" in problem for problem in problems)
    assert all("\n" not in problem for problem in problems)


@pytest.mark.usefixtures("settled")
def test_a_citation_that_no_longer_matches_is_not_shown(make: Make, corpus: Path, index: Path) -> None:
    with sqlite3.connect(index / FILE) as db:
        db.execute("UPDATE documents SET text = 'A ' || text")
    db.close()
    with make() as assistant, pytest.raises(IndexUnusable, match=r"check"):
        assistant.ask("How long is the bridge over the Wend?")
