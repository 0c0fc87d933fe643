"""Fuzz the readers: feed them mutated files until the time is up, and keep what none of them may do.

    pip install atheris
    python tests/benchmarks/fuzz_readers.py FOLDER [--minutes 10] [--only a.rtf …] [--repeat FILE]

Each reader starts from its sound files in `tests/reading/samples.py`. atheris (libFuzzer) keeps the mutations
that reach new branches. A finding is an exception other than UnreadableFile, a file that takes longer than
TOO_LONG_S, a crash, blocks or pages that do not fit the text, passages that are not the text's own words, and
a character that cannot be stored or shown. The first file for each kind and place of finding is kept in
FOLDER as `READER-KIND-PLACE`, with what was raised beside it; `--repeat` reads one again, without fuzzing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reading"))

TOO_LONG_S = 15
MOST_MEMORY_MB = 3000
LARGEST_FILE = 100_000  # bytes


class TooLong(Exception):
    """A file that is still being read after TOO_LONG_S."""


def main() -> None:
    """Fuzz the readers one after the other, each in a process of its own that may crash."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0, help="for each reader")
    parser.add_argument("--only", nargs="*", default=[], help="names of sound files, such as a.rtf")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=Path, help="read this file as --one says, without fuzzing")
    asked = parser.parse_args()
    if asked.repeat:
        examine(asked.repeat.read_bytes(), name=asked.only[0])
    elif asked.one:
        fuzz(asked.one, asked.folder, seconds=int(asked.minutes * 60))
    else:
        run_each(asked.folder, minutes=asked.minutes, only=asked.only)


def run_each(folder: Path, *, minutes: float, only: list[str]) -> None:
    from samples import SAMPLES

    folder.mkdir(parents=True, exist_ok=True)
    for name in only or SAMPLES:
        began, left = time.monotonic(), minutes * 60
        while left > 5:
            command = [sys.executable, __file__, str(folder), "--one", name, "--minutes", str(left / 60)]
            ran = subprocess.run(command, capture_output=True, text=True, errors="replace")
            left = minutes * 60 - (time.monotonic() - began)
            if ran.returncode:
                (folder / f"{name}-crash-{int(began + left)}.log").write_text(ran.stderr[-20_000:])
        runs = [line for line in ran.stderr.splitlines() if line.startswith("Done ")]
        findings = len(list(folder.glob(f"{name}-*.txt"))) + len(list(folder.glob(f"{name}-crash*.log")))
        print(
            f"{name}: {(time.monotonic() - began) / 60:.1f} minutes, {' '.join(runs)}, {findings} kept",
            flush=True,
        )


def fuzz(name: str, folder: Path, *, seconds: int) -> None:
    """Fuzz one reader, and leave when the time is up."""
    import atheris

    os.environ["PATH"] = ""  # no page goes to Tesseract, which is not what is tested
    with atheris.instrument_imports(include=["assistant.reading"]):
        from assistant.reading import kinds

        for module in sorted({kind.module for kind in kinds.KINDS}):
            __import__(f"assistant.reading.{module}")
    from mutating import mutated
    from samples import SAMPLES

    seeds = folder / "seeds" / name
    seeds.mkdir(parents=True, exist_ok=True)
    (seeds / "sound").write_bytes(SAMPLES[name])

    def by_library(data: bytes, _: random.Random) -> bytes:
        return bytes(atheris.Mutate(data, len(data) + 64))

    def change(data: bytes, most: int, seed: int) -> bytes:
        changed = mutated(data or SAMPLES[name], random.Random(seed), more=(by_library, by_library))
        return changed if len(changed) <= most else data

    def one(data: bytes) -> None:
        try:
            examine(data, name=name)
        except Exception as error:
            _keep(data, error, name=name, folder=folder)

    options = [f"-max_total_time={seconds}", f"-max_len={LARGEST_FILE}", f"-rss_limit_mb={MOST_MEMORY_MB}"]
    options += [f"-artifact_prefix={folder}/{name}-", f"-timeout={4 * TOO_LONG_S}", "-len_control=0"]
    atheris.Setup([sys.argv[0], *options, str(seeds)], one, custom_mutator=change)
    atheris.Fuzz()


def examine(data: bytes, *, name: str) -> None:
    """Read a file and check what must hold for every content. Raises whatever is wrong."""
    from conftest import check, check_characters

    from assistant import passages
    from assistant.errors import UnreadableFile
    from assistant.reading import dispatch, protocol

    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(TOO_LONG_S)
    try:
        content = dispatch.read(data, name=name)
        cut = passages.split(content, document_id="x", longest_chars=600)
    except (UnreadableFile, RecursionError, MemoryError):  # the worker answers these with a sentence
        return
    finally:
        signal.alarm(0)
    check(content)
    check_characters(content)
    assert protocol.encode(
        protocol.pack(content, "0" * 64), content.text, protocol.pack_blocks(content.blocks)
    )
    for passage in cut:
        assert content.text[passage.start : passage.end] == passage.text
        assert passage.sentences
        for sentence in passage.sentences:
            assert content.text[sentence.start : sentence.end] == sentence.text


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TooLong(f"still reading after {TOO_LONG_S} s")


def _keep(data: bytes, error: Exception, *, name: str, folder: Path) -> None:
    """Write down a file and what it led to, unless the same kind of finding is known from the same place."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "reading" in one.filename]
    where = f"{Path(frames[-1].filename).stem}{frames[-1].lineno}" if frames else "nowhere"
    kept = folder / f"{name}-{type(error).__name__}-{where}"
    if not kept.with_name(f"{kept.name}.txt").exists():
        digest = hashlib.sha256(data).hexdigest()
        kept.write_bytes(data)
        kept.with_name(f"{kept.name}.txt").write_text(
            f"{digest}\n{''.join(traceback.format_exception(error))}"
        )


if __name__ == "__main__":
    main()
