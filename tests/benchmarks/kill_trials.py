"""Kill `sync`, `add` and `remove` at random moments, and see that the next command recovers.

    PYTHONPATH=.:tests python tests/benchmarks/kill_trials.py [--trials 200] [--seed 0]

Each trial changes a small corpus, starts a verb in a process of its own, and sends it SIGKILL at a moment
drawn from the time that it takes. Then another verb runs, then `sync` and `check`, and every answer is held
against those of a fresh index of the same corpus. Prints one JSON line; exits 1 if a trial failed.

The processes are forked from one that has loaded the model's weights and nothing else, so that a trial takes
seconds; what is killed is the command line itself, from its arguments on.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import importlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from corpora import TOWN, answers, bytes_below, faultless, write

from assistant import Assistant
from assistant.cli import verbs
from assistant.embedding import Embedder

LOADED = "chromadb assistant.chain assistant.extract assistant.ingest assistant.removal httpx".split()
VERBS = ("sync", "add", "remove")
QUESTION = "How long is the bridge over the Wend?"
KILLED = -signal.SIGKILL
FOUND_WRONG = 99  # the exit code of a child that found a fault
PLACES = "mill brewery harbour chapel archive granary".split()
PEOPLE = "Ottilie Marchbanks,Ferdinand Quill,Perpetua Oxenford,Barnaby Thwaite,Zenobia Crisp".split(",")


@dataclass(frozen=True)
class Task:
    """What one trial does to its corpus, drawn from its number."""

    verb: str
    arguments: tuple[str, ...]
    next_verb: tuple[str, ...]
    share: float  # of the verb's usual time, after which it is killed


def story(rng: random.Random) -> str:
    """A small document, unlike every other."""
    place, person = rng.choice(PLACES), rng.choice(PEOPLE)
    lines = [
        f"The {place} has {rng.randrange(1000)} steps, and stone {n} weighs {rng.randrange(9000)} pounds."
        for n in range(rng.randrange(1, 40))
    ]
    head = f"# The {place} of {person}\n\n{person} built the {place} in {rng.randrange(1500, 1990)}.\n\n"
    return head + "\n\n".join(lines)


def prepared(folder: Path, rng: random.Random) -> Task:
    """Change the corpus and say what to run on it."""
    corpus = folder / "corpus"
    verb = rng.choice(VERBS)
    share = rng.random() * 1.1
    arguments: tuple[str, ...] = ()
    if verb == "sync":
        change(corpus, rng)
    elif verb == "add":
        names = [f"given {n}.md" for n in range(rng.randrange(1, 4))]
        write(folder / "given", {name: story(rng) for name in names})
        arguments = tuple(str(folder / "given" / name) for name in names)
    else:
        arguments = (rng.choice(sources(corpus)), "--yes")
    after = [("sync",), ("ask", QUESTION), ("list",), (verb, *arguments)]
    return Task(verb, arguments, rng.choice(after), share)


def change(corpus: Path, rng: random.Random) -> None:
    """Edit, move, delete and add files, each perhaps."""
    for source in sources(corpus):
        path, draw = corpus / source, rng.random()
        if draw < 0.3:
            path.write_text(path.read_text() + f"\n\nA later line of {rng.randrange(10**9)}.\n")
        elif draw < 0.45:
            path.rename(corpus / f"moved {rng.randrange(10**9)}.md")
        elif draw < 0.6:
            path.unlink()
    write(corpus, {f"new {n}.md": story(rng) for n in range(rng.randrange(1, 4))})


def sources(corpus: Path) -> list[str]:
    return sorted(path.relative_to(corpus).as_posix() for path in corpus.rglob("*") if path.is_file())


# --- processes -----------------------------------------------------------------------------------


def child(action: Callable[[], int], log: Path, *, kill_after_s: float | None = None) -> tuple[int, float]:
    """Run in a process of its own, kill it perhaps; its exit code (negative: its signal) and its seconds."""
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            with log.open("a") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            code = action()
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(pid, signal.SIGKILL)  # a zombie until it is waited for, so this is no other process
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), time.monotonic() - began


def command(folder: Path, embedder: Embedder, *arguments: str) -> Callable[[], int]:
    """The command line with these arguments on this folder."""

    def run() -> int:
        os.environ["ASSISTANT_CORPUS_DIR"] = str(folder / "corpus")
        os.environ["ASSISTANT_INDEX_DIR"] = str(folder / "index")
        sys.argv = ["assistant", *arguments]
        verbs.Assistant = partial(Assistant, embedder=embedder)  # type: ignore[assignment, misc]
        try:
            verbs.main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    return run


# --- one trial -----------------------------------------------------------------------------------


def trial(
    folder: Path, embedder: Embedder, rng: random.Random, usual_s: dict[str, float]
) -> tuple[Task, bool]:
    """Whether the verb was killed before it ended. Raises AssertionError if the index did not recover."""
    log = folder / "log"
    task = prepared(folder, rng)
    before = {source: (folder / "corpus" / source).read_bytes() for source in sources(folder / "corpus")}
    code, _ = child(
        command(folder, embedder, task.verb, *task.arguments),
        log,
        kill_after_s=task.share * usual_s[task.verb],
    )
    assert code in (KILLED, 0), f"{task.verb} ended with {code}"
    unharmed(folder, task, before)
    again, _ = child(command(folder, embedder, *task.next_verb), log)
    # What was removed before the kill is not there to be removed again, which is named and no crash.
    assert again == 0 or (again == 1 and task.next_verb[0] == "remove"), (
        f"{task.next_verb} ended with {again}"
    )
    for verb in ("sync", "check"):
        code_after, _ = child(command(folder, embedder, verb), log)
        assert code_after == 0, f"{verb} ended with {code_after}"
    assert not list((folder / "corpus").glob(".*")), "a part of a copy is left in the corpus"
    verdict, _ = child(lambda: compare(folder, embedder, task, before), log)
    assert verdict == 0, "the index differs from a fresh one"
    assert "Traceback" not in log.read_text(), "a traceback was shown"
    return task, code == KILLED


def unharmed(folder: Path, task: Task, before: dict[str, bytes]) -> None:
    """No file of the corpus is changed, lost but by `remove`, or half there."""
    now = {source: (folder / "corpus" / source).read_bytes() for source in sources(folder / "corpus")}
    lost = before.keys() - now.keys()
    assert lost <= (set(task.arguments) if task.verb == "remove" else set()), f"lost {lost}"
    assert all(now[source] == before[source] for source in before.keys() & now.keys()), "a file was changed"
    given = {path.read_bytes() for path in (folder / "given").glob("*")}
    for source in now.keys() - before.keys():
        assert now[source] in given or Path(source).name.startswith("."), f"{source} is half of a file"


def compare(folder: Path, embedder: Embedder, task: Task, before: dict[str, bytes]) -> int:
    """In a child: the recovered index against a fresh one, and against what was removed."""
    corpus, index = folder / "corpus", folder / "index"
    with (
        Assistant(corpus_dir=corpus, index_dir=index, embedder=embedder) as recovered,
        Assistant(corpus_dir=corpus, index_dir=folder / "fresh", embedder=embedder) as fresh,
    ):
        assert fresh.sync().failures == ()
        same = said(recovered) == said(fresh) and held(recovered) == held(fresh)
        assert fresh.check() == recovered.check() == ()
        assert faultless(recovered, recovered.ask(QUESTION))
    left = []
    for source in before.keys() - set(sources(corpus)):
        text = before[source].decode()
        line = max(text.splitlines(), key=len).encode()
        if all(line not in (corpus / other).read_bytes() for other in sources(corpus)):
            left += [line] if line in bytes_below(index) else []
    if left or not same:
        print(f"left behind: {left}" if left else "answers or passages differ")
    return 0 if same and not left else FOUND_WRONG


def said(assistant: Assistant) -> list[object]:
    """Every answer, but for ids, which tell where a document was first found."""
    return [
        [(c.source, c.start, c.end, c.quote) for c in (*answer.citations, *answer.closest)]
        + [(answer.kind, answer.confidence, [sentence.text for sentence in answer.sentences])]
        for answer in answers(assistant)
    ]


def held(assistant: Assistant) -> dict[str, list[tuple[int, int, str]]]:
    library = assistant._library
    return {
        source: [(p.start, p.end, p.text) for p in library.passages_of(document.id)]
        for document in assistant.documents()
        for source in document.sources
    }


# --- all trials ----------------------------------------------------------------------------------


def usual_times(root: Path, embedder: Embedder) -> dict[str, float]:
    """How long each verb takes when nobody kills it, seconds."""
    times = {}
    for number, verb in enumerate(VERBS):
        folder = root / f"timing {number}"
        rng = random.Random(number)
        shutil.copytree(root / "settled", folder)
        while (task := prepared(folder, rng)).verb != verb:
            shutil.rmtree(folder)
            shutil.copytree(root / "settled", folder)
        code, seconds = child(command(folder, embedder, verb, *task.arguments), folder / "log")
        assert code == 0, (folder / "log").read_text()
        times[verb] = seconds
        shutil.rmtree(folder)
    return times


def run(trials: int, seed: int, report: Callable[[str], None]) -> Iterator[tuple[Task, bool, str]]:
    """For each trial what it did, whether it was killed before the end, and what failed."""
    embedder = Embedder(threads=1)  # no threads before a fork
    embedder.load()
    for module in LOADED:
        importlib.import_module(module)
    root = Path(tempfile.mkdtemp(prefix="kills-"))
    write(root / "settled" / "corpus", TOWN | {f"old {n}.md": story(random.Random(-n)) for n in (1, 2)})
    code, _ = child(command(root / "settled", embedder, "sync"), root / "log")
    assert code == 0, (root / "log").read_text()
    usual_s = usual_times(root, embedder)
    report(f"usual seconds: { {verb: round(seconds, 2) for verb, seconds in usual_s.items()} }")
    for number in range(trials):
        folder = root / str(number)
        shutil.copytree(root / "settled", folder)
        failed, task, killed = "", Task("", (), (), 0), False
        try:
            task, killed = trial(folder, embedder, random.Random(f"{seed} {number}"), usual_s)
            shutil.rmtree(folder)
        except AssertionError as error:
            failed = f"trial {number}: {error}; see {folder}"
            report(failed)
        yield task, killed, failed
    with contextlib.suppress(OSError):
        shutil.rmtree(root / "settled")
        (root / "log").unlink()
        root.rmdir()  # unless a trial failed, whose folder stays


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()
    outcomes = list(run(given.trials, given.seed, lambda line: print(line, file=sys.stderr, flush=True)))
    failures = [failed for _, _, failed in outcomes if failed]
    summary = {
        "trials": len(outcomes),
        "recovered": len(outcomes) - len(failures),
        "killed_before_the_end": sum(killed for _, killed, _ in outcomes),
        "by_verb": collections.Counter(task.verb for task, killed, _ in outcomes if killed),
        "next_command": collections.Counter(task.next_verb[:1] for task, _, _ in outcomes if task.next_verb),
        "failures": failures,
        "seconds": round(time.monotonic() - began),
    }
    summary["next_command"] = {verb[0]: count for verb, count in summary["next_command"].items()}  # type: ignore[attr-defined]
    print(json.dumps(summary))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
