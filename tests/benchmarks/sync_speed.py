"""Time `sync` as whole processes: first, again with nothing changed, and beside another program.

    python tests/benchmarks/sync_speed.py DATASET… [--peer COMMAND]
    python tests/benchmarks/sync_speed.py --small-files 10000
    python tests/benchmarks/sync_speed.py --one-paragraph

A DATASET is a folder with docs.jsonl (`{"id", "text"}`). COMMAND is a program that knows `sync` and the same
two environment variables; it runs right after ours, so that both meet the same machine. Wall time is noisy
where others use the processors; processor seconds (user and system, of all its processes) less so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OURS = f"{shlex.quote(sys.executable)} -m assistant"
WORDS = (
    "the of a in to was is for on with by from at an are which were this had first its their after not new "
    "river bridge council engine harbour winter letter treaty village mountain painter school railway island "
    "copper orchard library captain election theatre glacier printer medicine planet festival insurance"
).split()


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process took, in seconds."""

    wall: float
    processor: float
    said: str

    def __str__(self) -> str:
        return f"{self.wall:7.1f} s wall {self.processor:7.1f} s processor   {self.said}"


@dataclass(frozen=True, slots=True)
class Place:
    """A corpus and an index for one measurement."""

    corpus: Path
    index: Path

    def sync(self, command: str, *more: str) -> Taken:
        """Run one `sync`. Ends the program if it fails."""
        folders = {"ASSISTANT_CORPUS_DIR": str(self.corpus), "ASSISTANT_INDEX_DIR": str(self.index)}
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            [*shlex.split(command), "sync", *more], env=os.environ | folders, capture_output=True, text=True
        )
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.exit(f"{command} sync exited {done.returncode}\n{done.stderr[-2000:]}")
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Taken(wall, used, done.stdout.strip())


@contextmanager
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="sync-speed-") as folder:
        made = Place(Path(folder, "corpus"), Path(folder, "index"))
        made.corpus.mkdir()
        yield made


def measure_dataset(folder: Path, peer: str) -> None:
    with place() as mine, place() as theirs:
        for number, line in enumerate((folder / "docs.jsonl").read_text(encoding="utf-8").splitlines()):
            for corpus in (mine.corpus, theirs.corpus):
                (corpus / f"{number}.txt").write_text(json.loads(line)["text"], encoding="utf-8")
        first = mine.sync(OURS)
        print(f"{folder.name}\n  first {first}\n  again {mine.sync(OURS)}")
        if peer:
            other = theirs.sync(peer)
            ratio = f"{first.wall / other.wall:.2f} wall, {first.processor / other.processor:.2f} processor"
            print(f"  peer  {other}\n  ours to the peer's: {ratio}")


def paragraph(chance: random.Random) -> str:
    sentences = (
        " ".join(chance.choices(WORDS, k=chance.randint(6, 20))) for _ in range(chance.randint(1, 4))
    )
    return " ".join(sentence.capitalize() + "." for sentence in sentences)


def measure_small_files(count: int) -> None:
    chance = random.Random(1)
    with place() as made:
        for number in range(count):
            path = made.corpus / f"{number // 500:03d}" / f"{number:05d}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"Note {number}.\n\n{paragraph(chance)}\n", encoding="utf-8")
        print(f"{count} small files\n  first {made.sync(OURS)}\n  again {made.sync(OURS)}")


def measure_one_paragraph() -> None:
    chance = random.Random(2)
    parts: list[str] = []
    while sum(map(len, parts)) < 1_000_000:
        parts.append(paragraph(chance))
    with place() as made:
        document = made.corpus / "long.txt"
        document.write_text("\n\n".join(parts), encoding="utf-8")
        print(f"one document of {document.stat().st_size:,} bytes\n  first {made.sync(OURS)}")
        parts[len(parts) // 2] = "This paragraph was changed. It speaks of a comet that nobody had foretold."
        document.write_text("\n\n".join(parts), encoding="utf-8")
        changed = made.sync(OURS, "--json")
        embedded = json.loads(changed.said)["embedded"]
        print(f"  edit  {Taken(changed.wall, changed.processor, f'{embedded} passages embedded')}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("datasets", nargs="*", type=Path)
    parser.add_argument("--peer", default="")
    parser.add_argument("--small-files", type=int, metavar="N")
    parser.add_argument("--one-paragraph", action="store_true")
    given = parser.parse_args()
    for folder in given.datasets:
        measure_dataset(folder, given.peer)
    if given.small_files:
        measure_small_files(given.small_files)
    if given.one_paragraph:
        measure_one_paragraph()


if __name__ == "__main__":
    main()
