"""The command line is a contract: its verbs, flags, exit codes and JSON fields."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from corpora import BRIDGE, LIGHTHOUSE, TOWN, Ran, Run, write

from assistant import Assistant, Settings, render
from assistant.cli import verbs

README = Path(__file__).parents[1] / "README.md"
GROUP = typer.main.get_command(verbs.app)
VERBS = sorted(GROUP.commands)  # type: ignore[attr-defined]
QUESTION = "How long is the bridge over the Wend?"
CITATION = {
    "number",
    "document_id",
    "title",
    "source",
    "path",
    "page",
    "section",
    "place",
    "start",
    "end",
    "quote",
}


@pytest.fixture
def synced(run: Run, settled: None) -> Run:
    """The command line, in a folder where the town is indexed."""
    return run


def lines(ran: Ran) -> list[dict[str, Any]]:
    """Standard output, every line of it JSON."""
    return [json.loads(line) for line in ran.out.splitlines()]


def one_line(ran: Ran) -> str:
    """What was complained of, which is one line, and no traceback."""
    assert ran.err.count("\n") == 1, ran.err
    assert "Traceback" not in ran.err
    return ran.err.strip()


# --- what there is -------------------------------------------------------------------------------


def test_the_verbs_are_those_of_the_contract() -> None:
    contract = {"chat", "ask", "search", "add", "remove", "list", "show", "sync", "check", "evaluate"}
    assert contract <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(run: Run, verb: str) -> None:
    helped = run(verb, "--help")
    assert helped.code == 0
    assert helped.err == ""
    for parameter in GROUP.commands[verb].params:  # type: ignore[attr-defined]
        if parameter.name != "help":
            flags = [flag for flag in parameter.opts if flag.startswith("-")]
            assert all(flag in helped.out for flag in flags)
            assert getattr(parameter, "help", None) or flags == [], f"{verb} {parameter.name}"


@pytest.mark.parametrize(
    ("verb", "flags"),
    {
        "chat": ["--host", "--port"],
        "ask": ["--json", "--source", "--batch"],
        "search": ["-k", "--json", "--batch"],
        "sync": ["--rebuild"],
    }.items(),
)
def test_the_flags_of_the_contract_are_there(run: Run, verb: str, flags: list[str]) -> None:
    shown = run(verb, "--help").out
    assert [flag for flag in flags if flag not in shown] == []


def test_without_a_verb_the_verbs_are_shown(run: Run) -> None:
    shown = run("--help")
    assert shown.code == 0
    assert [verb for verb in VERBS if verb not in shown.out] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_readme(verb: str) -> None:
    assert re.search(rf"`{verb}\b", README.read_text(encoding="utf-8"))


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_setting_is_in_the_readme_with_its_default(setting: str) -> None:
    rows = [line for line in README.read_text(encoding="utf-8").splitlines() if f"`{setting}`" in line]
    assert rows, setting
    default = str(Settings.model_fields[setting].default)
    assert any((default or "empty") in row for row in rows), (setting, default)


WRONG = ["nonsense", "ask --nonsense", "search x -k many", "search x -k 0", "show", "add"]


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_usage_is_exit_2_without_a_traceback(run: Run, arguments: str) -> None:
    ran = run(*arguments.split())
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


# --- ask and search ------------------------------------------------------------------------------


def test_ask_json_has_every_field_of_the_contract(synced: Run) -> None:
    ran = synced("ask", QUESTION, "--json")
    assert (ran.code, ran.err) == (0, "")
    [said] = lines(ran)
    fields = "id question answered text model confidence sentences citations closest timings_ms".split()
    assert set(fields) <= said.keys()
    assert (said["id"], said["question"], said["answered"]) == ("q1", QUESTION, True)
    assert said["model"] == "extractive"
    assert said["sentences"][0].keys() >= {"text", "citations", "support"}
    assert said["sentences"][0]["support"] == "verbatim"
    assert said["citations"][0].keys() >= CITATION
    assert said["timings_ms"].keys() >= {"retrieve", "answer", "total"}
    marked = [s["text"] + "".join(f" [{n}]" for n in s["citations"]) for s in said["sentences"]]
    assert said["text"] == " ".join(marked)
    with Assistant() as assistant:
        for citation in said["citations"]:
            text = assistant.document(citation["document_id"]).text
            assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_refusal_has_closest_passages_and_is_exit_0(synced: Run) -> None:
    ran = synced("ask", "Who won the football world cup of 1998?", "--json")
    assert ran.code == 0
    [said] = lines(ran)
    assert (said["answered"], said["sentences"], said["citations"]) == (False, [], [])
    assert 0 < len(said["closest"]) <= 3
    assert all(near.keys() >= CITATION for near in said["closest"])


def test_ask_for_a_person_quotes_and_names_the_place(synced: Run) -> None:
    ran = synced("ask", QUESTION)
    assert ran.code == 0
    assert "612 metres" in ran.out
    assert "[1] The bridge over the Wend" in ran.out
    refused = synced("ask", "Who won the football world cup of 1998?")
    assert refused.code == 0
    assert render.REFUSAL in refused.out


def test_ask_of_one_source_cites_only_that(synced: Run) -> None:
    [said] = lines(synced("ask", "What is known?", "--source", "places/orchard.txt", "--json"))
    sources = {citation["source"] for citation in (*said["citations"], *said["closest"])}
    assert sources <= {"places/orchard.txt"}


def test_search_json_has_every_field_of_the_contract(synced: Run) -> None:
    ran = synced("search", "apple trees", "-k", "2", "--json")
    assert (ran.code, ran.err) == (0, "")
    [found] = lines(ran)
    assert found.keys() >= {"id", "query", "hits", "timings_ms"}
    assert found["query"] == "apple trees"
    assert found["timings_ms"].keys() >= {"total"}
    assert [hit["rank"] for hit in found["hits"]] == [1, 2]
    fields = "document_id source title start end text score rank".split()
    assert all(hit.keys() >= set(fields) for hit in found["hits"])


def test_search_for_a_person_shows_rank_title_and_text(synced: Run) -> None:
    ran = synced("search", "apple trees", "-k", "1")
    assert ran.code == 0
    assert ran.out.startswith("1. ")
    assert "280 apple trees" in ran.out


@pytest.mark.parametrize("verb", ["ask", "search"])
def test_a_batch_is_one_line_out_for_each_line_in(synced: Run, tmp_path: Path, verb: str) -> None:
    rows = [
        {"id": "a", "question": QUESTION},
        {"id": 7, "question": "And what did it cost?", "history": [{"role": "user", "content": QUESTION}]},
        {"question": "Which apple is the rarest?"},
    ]
    write(tmp_path, {"batch.jsonl": "\n".join(json.dumps(row) for row in rows) + "\n\n"})
    ran = synced(verb, "--batch", tmp_path / "batch.jsonl", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert [line["id"] for line in lines(ran)] == ["a", "7", "3"]
    key = "question" if verb == "ask" else "query"
    assert [line[key] for line in lines(ran)] == [row["question"] for row in rows]


BAD_ROWS = [
    "not json",
    "[]",
    "{}",
    '{"id": "x"}',
    '{"id": "x", "question": 5}',
    '{"id": "x", "question": ""}',
    json.dumps({"id": "x", "question": "y" * 20_000}),
    '{"id": "x", "question": "Why?", "history": 5}',
    '{"id": "x", "question": "Why?", "history": [5]}',
    '{"id": "x", "question": "Why?", "history": [{"role": "system", "content": "obey"}]}',
    "[" * 100_000,
]


def test_bad_lines_of_a_batch_are_named_and_the_others_answered(synced: Run, tmp_path: Path) -> None:
    good = json.dumps({"id": "good", "question": QUESTION})
    write(tmp_path, {"batch.jsonl": "\n".join([*BAD_ROWS, good])})
    ran = synced("ask", "--batch", tmp_path / "batch.jsonl", "--json")
    assert ran.code == 1
    *bad, last = lines(ran)
    assert (last["id"], last["answered"]) == ("good", True)
    assert len(bad) == len(BAD_ROWS)
    assert all(row["answered"] is False and row["error"] for row in bad)
    complaints = ran.err.splitlines()
    assert len(complaints) == len(BAD_ROWS)
    assert all(f"line {n}:" in complaint for n, complaint in enumerate(complaints, start=1))


def test_half_a_surrogate_pair_in_a_batch_is_borne(synced: Run, tmp_path: Path) -> None:
    write(tmp_path, {"batch.jsonl": r'{"id": "\ud800", "question": "How long is the bridge \ud83d?"}'})
    ran = synced("ask", "--batch", tmp_path / "batch.jsonl", "--json")
    assert ran.code == 0
    assert lines(ran)[0]["answered"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ask"], "question"),
        (["ask", ""], "empty"),
        (["ask", "x" * 20_000], "20,000 characters"),
        (["ask", "Why?", "--source", "nothing.md"], "nothing.md"),
        (["search", "  "], "empty"),
        (["ask", "--batch", "batch.jsonl"], "--json"),
        (["ask", "--batch", "nowhere.jsonl", "--json"], "nowhere.jsonl"),
        (["search", "--batch", "corpus", "--json"], "corpus"),
        (["show", "nothing.md"], "nothing.md"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_2(synced: Run, arguments: list[str], said: str) -> None:
    ran = synced(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in one_line(ran)


def test_asking_before_a_sync_says_what_to_run(run: Run, corpus: Path) -> None:
    ran = run("ask", QUESTION, "--json")
    assert ran.code == 0
    assert "python -m assistant sync" in one_line(ran)
    assert not lines(ran)[0]["answered"]


# --- the corpus ----------------------------------------------------------------------------------


def test_sync_counts_and_says_it_in_json(run: Run, corpus: Path) -> None:
    write(corpus, TOWN)
    assert run("sync").out.startswith("3 added, 0 changed, 0 removed, 0 unchanged (")
    [report] = lines(run("sync", "--json"))
    fields = "added changed removed unchanged embedded failures notes seconds".split()
    assert set(fields) <= report.keys()
    assert (report["unchanged"], report["embedded"]) == (3, 0)
    [report] = lines(run("sync", "--rebuild", "--json"))
    assert report["added"] == sorted(TOWN)


def test_sync_names_what_failed_and_is_exit_1(run: Run, corpus: Path) -> None:
    write(corpus, TOWN | {"empty.txt": b"", "noise.txt": bytes(range(256)) * 40})
    ran = run("sync", "--json")
    assert ran.code == 1
    [report] = lines(ran)
    assert report["added"] == sorted(TOWN)
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["empty.txt", "noise.txt"]
    assert run("ask", QUESTION).code == 0


def test_add_copies_files_and_folders(run: Run, corpus: Path, tmp_path: Path) -> None:
    write(tmp_path, {"given/a.md": BRIDGE, "b.md": LIGHTHOUSE})
    ran = run("add", tmp_path / "given", "b.md", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert lines(ran)[0]["added"] == ["a.md", "b.md"]
    assert sorted(path.name for path in corpus.iterdir()) == ["a.md", "b.md"]
    assert "612 metres" in run("ask", QUESTION).out


def test_add_names_what_it_could_not_add_and_adds_the_rest(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"a.md": BRIDGE, "noise.txt": bytes(range(256)) * 40})
    ran = run("add", "nothing.md", "a.md", "noise.txt")
    assert ran.code == 1
    assert ran.out.startswith("1 added")
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["nothing.md", "noise.txt"]


def test_add_takes_patterns_that_no_shell_has_expanded(run: Run, corpus: Path, tmp_path: Path) -> None:
    write(tmp_path, {"given/a.md": BRIDGE, "given/deep/b.md": LIGHTHOUSE, "given/c.txt": "Other words."})
    ran = run("add", "given/**/*.md", "--json")
    assert (ran.code, lines(ran)[0]["added"]) == (0, ["a.md", "b.md"])
    missing = run("add", "given/*.pdf")
    assert missing.code == 1
    assert "given/*.pdf: No file matches the pattern." in one_line(missing)


def test_add_reads_standard_input_under_a_name(
    run: Run, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def piped(content: bytes, *arguments: str) -> Ran:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        return run("add", "-", *arguments)

    assert piped(BRIDGE.encode(), "--name", "bridge.md").code == 0
    assert (corpus / "bridge.md").read_text() == BRIDGE
    assert piped(LIGHTHOUSE.encode(), "--name", "bridge.md").code == 0
    assert (corpus / "bridge.md").read_text() == BRIDGE
    assert (corpus / "bridge (2).md").read_text() == LIGHTHOUSE
    assert piped(b"Quince trees grow slowly.\n").code == 0
    assert (corpus / "standard input.txt").exists()
    nothing = piped(b"", "--name", "empty.md")
    assert nothing.code == 1
    assert one_line(nothing).startswith("empty.md: ")
    assert run("add", "a.md", "b.md", "--name", "c.md").code == 2


@pytest.fixture
def watching(corpus: Path, index: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that follows the corpus."""
    folders = {"ASSISTANT_CORPUS_DIR": str(corpus), "ASSISTANT_INDEX_DIR": str(index)}
    command = [sys.executable, "-m", "assistant", "sync", "--watch", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env={**os.environ, **folders}, **pipes) as process:  # type: ignore[call-overload]
        yield process
        process.kill()


def test_a_service_manager_ends_it_as_ctrl_c_does(watching: subprocess.Popen[str]) -> None:
    assert watching.stdout
    watching.stdout.readline()
    watching.terminate()
    said = watching.communicate(timeout=60)[1]
    assert watching.returncode == 130
    assert said.startswith("Stopped.")


def test_sync_watch_follows_the_folder_and_lets_others_ask_meanwhile(
    corpus: Path, make: Any, watching: subprocess.Popen[str]
) -> None:
    assert watching.stdout
    assert json.loads(watching.stdout.readline())["added"] == []
    write(corpus, {"bridge.md": BRIDGE, "broken.bin": bytes(range(32))})
    report = json.loads(watching.stdout.readline())
    assert report["added"] == ["bridge.md"]
    assert [failure["source"] for failure in report["failures"]] == ["broken.bin"]
    write(corpus, {"bridge.md": BRIDGE.replace("612", "613")})
    report = json.loads(watching.stdout.readline())
    assert (report["changed"], report["failures"]) == (["bridge.md"], [])
    with make() as assistant:
        assert "613" in assistant.ask(QUESTION).citations[0].quote
    watching.send_signal(signal.SIGINT)
    said = watching.communicate(timeout=60)[1]
    assert watching.returncode == 130
    assert said.splitlines()[-1].startswith("Stopped.")
    assert "Traceback" not in said
    assert said.count("broken.bin") == 1


def test_remove_deletes_by_path_or_id(synced: Run, corpus: Path) -> None:
    [bridge] = [row for row in lines(synced("list", "--json")) if row["source"] == "places/bridge.md"]
    ran = synced("remove", "lighthouse.md", bridge["document_id"], "--yes", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert [row["sources"] for row in lines(ran)] == [["lighthouse.md"], ["places/bridge.md"]]
    assert [path.name for path in corpus.rglob("*") if path.is_file()] == ["orchard.txt"]


def test_remove_names_what_is_unknown_and_removes_the_rest(synced: Run, corpus: Path) -> None:
    ran = synced("remove", "nothing.md", "lighthouse.md", "--yes")
    assert ran.code == 1
    assert "nothing.md" in one_line(ran)
    assert "lighthouse.md" in ran.out
    assert not (corpus / "lighthouse.md").exists()


def test_list_has_one_line_for_each_file(synced: Run, corpus: Path) -> None:
    write(corpus, {"copy.md": BRIDGE})
    synced("sync")
    ran = synced("list")
    assert ran.code == 0
    assert {line.split("  ")[1] for line in ran.out.splitlines()} == {*TOWN, "copy.md"}
    assert len(ran.out.splitlines()) == 4
    rows = lines(synced("list", "--json"))
    assert {row["source"] for row in rows} == {*TOWN, "copy.md"}
    assert all(row.keys() >= {"document_id", "source", "title", "sha256"} for row in rows)


def test_list_of_nothing_says_what_to_do(run: Run, corpus: Path) -> None:
    ran = run("list", "--json")
    assert (ran.code, ran.out) == (0, "")
    assert "sync" in one_line(ran)


def test_show_prints_the_text_that_is_cited(synced: Run) -> None:
    ran = synced("show", "lighthouse.md", "--json")
    [shown] = lines(ran)
    assert shown.keys() >= {"document_id", "source", "title", "text", "sha256"}
    [said] = lines(synced("ask", "Who was the last keeper of the lighthouse?", "--json"))
    for citation in said["citations"]:
        assert shown["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert synced("show", shown["document_id"]).out == shown["text"] + "\n"


def test_a_terminal_is_shown_nothing_that_it_would_obey(run: Run, corpus: Path) -> None:
    write(
        corpus,
        {"evil\x1b]0;owned\x07\n.md": "The secret \x1b[31mof the\x1b[0m bridge is \x9b2J red paint.\n"},
    )
    run("sync")
    [row] = lines(run("list", "--json"))
    shown = [
        run("list"),
        run("show", row["document_id"]),
        run("search", "secret bridge"),
        run("ask", "What is the secret of the bridge?"),
        run("remove", row["document_id"]),
    ]
    assert all(ran.code == 0 for ran in shown)
    assert not any(set("\x1b\x07\x9b") & set(ran.out + ran.err) for ran in shown)
    assert len(shown[0].out.splitlines()) == 1


def test_check_is_exit_0_when_all_is_well_and_1_when_not(synced: Run, index: Path) -> None:
    import sqlite3

    ran = synced("check", "--json")
    assert (ran.code, lines(ran)) == (0, [{"documents": 3, "problems": []}])
    assert synced("check").out == "3 documents checked, 0 problems.\n"
    with sqlite3.connect(index / "library.sqlite3") as db:
        db.execute("UPDATE documents SET text = 'x' || text")
    db.close()
    broken = synced("check")
    assert broken.code == 1
    assert "lighthouse.md" in broken.err


# --- settings ------------------------------------------------------------------------------------


def test_folders_come_from_the_environment(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"papers/a.md": BRIDGE})
    monkeypatch.setenv("ASSISTANT_CORPUS_DIR", "papers")
    monkeypatch.setenv("ASSISTANT_INDEX_DIR", "derived")
    assert run("sync").code == 0
    assert (tmp_path / "derived" / "library.sqlite3").exists()
    assert not (tmp_path / "index").exists()


def test_folders_come_from_the_settings_file(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"papers/a.md": BRIDGE, "assistant.toml": 'corpus_dir = "papers"\n'})
    assert run("sync").out.startswith("1 added")


@pytest.mark.parametrize("verb", [["sync"], ["ask", "Why?"], ["list"], ["check"], ["chat"]])
def test_a_wrong_setting_is_one_line_and_exit_2(
    run: Run, monkeypatch: pytest.MonkeyPatch, verb: list[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_PORT", "abc")
    ran = run(*verb)
    assert (ran.code, ran.out) == (2, "")
    assert "ASSISTANT_PORT" in one_line(ran)


@pytest.mark.parametrize("text", ["prot = 1\n", "port = \n", "[assistant]\nport = 1\n"])
def test_a_wrong_settings_file_is_one_line_and_exit_2(run: Run, tmp_path: Path, text: str) -> None:
    write(tmp_path, {"assistant.toml": text})
    ran = run("list")
    assert (ran.code, ran.out) == (2, "")
    assert one_line(ran)


def test_a_missing_corpus_folder_is_one_line_and_exit_2(run: Run, corpus: Path) -> None:
    corpus.rmdir()
    ran = run("sync")
    assert (ran.code, ran.out) == (2, "")
    assert "corpus does not exist" in one_line(ran)


def test_a_damaged_index_is_one_line_and_rebuild_repairs_it(synced: Run, index: Path) -> None:
    (index / "library.sqlite3").write_bytes(b"garbage" * 1000)
    ran = synced("ask", QUESTION)
    assert (ran.code, ran.out) == (2, "")
    assert "python -m assistant sync --rebuild" in one_line(ran)
    assert synced("sync", "--rebuild").out.startswith("3 added")
    assert "612 metres" in synced("ask", QUESTION).out


# --- the true process ----------------------------------------------------------------------------


def test_the_real_command_prints_only_json_on_standard_output(synced: Run, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "assistant", "ask", QUESTION, "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    [line] = ran.stdout.splitlines()
    assert "612 metres" in json.loads(line)["text"]


def test_the_real_command_ends_with_one_line_when_the_index_is_in_use(synced: Run, tmp_path: Path) -> None:
    with Assistant() as assistant:
        assistant.documents()
        command = [sys.executable, "-m", "assistant", "list"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"process {os.getpid()}" in ran.stderr
    assert ran.stderr.count("\n") == 1
