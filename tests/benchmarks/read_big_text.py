"""Measure reading and splitting a large text: seconds, and peak memory of both processes.

    python tests/benchmarks/read_big_text.py [--megabytes 100] [--shape prose|lines|records|table]

What `sync` does with a file up to embedding: the worker reads it, this process gets its content and splits it
into passages. The peaks are those of either process, as `/usr/bin/time -v` would give them (Linux).
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from assistant import passages
from assistant.reading import Reader

chance = random.Random(7)
WORDS = ["".join(chance.choices("etaoinshrdlucmfwyp", k=chance.randint(2, 10))) for _ in range(20_000)]


def _sentence() -> str:
    return f"{' '.join(chance.choices(WORDS, k=chance.randint(8, 25))).capitalize()}."


SHAPES: dict[str, Callable[[int], str]] = {
    "prose": lambda _: " ".join(_sentence() for _ in range(6)) + "\n\n",
    "lines": lambda _: " ".join(chance.choices(WORDS, k=8)) + "\n",
    "records": lambda at: f"Ship {at} carried {chance.randint(1, 999)} t.\n",
    "table": lambda at: f"{at},Ship {at},{chance.randint(1, 999)}\n",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--shape", choices=SHAPES, default="prose")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "big.csv" if asked.shape == "table" else "big.txt")
        write(path, SHAPES[asked.shape], size=asked.megabytes * 1_000_000)
        measure(path)


def write(path: Path, piece: Callable[[int], str], *, size: int) -> None:
    written = at = 0
    with path.open("w") as file:
        while written < size:
            written += file.write(piece(at))
            at += 1


def measure(path: Path) -> None:
    began = time.perf_counter()
    with Reader() as reader:
        content = reader.read(path).content
    read = time.perf_counter()
    cut = passages.split(content, document_id="d", longest_chars=600)
    split = time.perf_counter()
    print(f"{len(content.blocks):,} blocks read in {read - began:.1f} s")
    print(f"{len(cut):,} passages cut in {split - read:.1f} s")
    for name, who in (("this process", resource.RUSAGE_SELF), ("the reader's", resource.RUSAGE_CHILDREN)):
        print(f"peak of {name}: {resource.getrusage(who).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
