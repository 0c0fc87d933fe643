"""Time questions over an index of many made-up passages, with the real storage and the real model.

    PYTHONPATH=. python tests/benchmarks/ask_speed.py [--passages 100000] [--folder DIR] [--profile]

The texts are drawn from a vocabulary with the frequencies of natural language (Zipf), so that common words
have long posting lists. The vectors are random: embedding 100,000 passages takes many minutes, and how long a
search takes does not depend on what they mean. A DIR that holds an index already is asked again.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import itertools
import pstats
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant import Assistant
from assistant.embedding import DEFAULT_MODEL
from assistant.library import Library
from assistant.ownership import Ownership
from assistant.values import Document, Passage, Section, Sentence
from assistant.vectors import Index

PASSAGES_EACH = 50  # in a document
COMMON = (
    "the of and a in to was is for as on with by he that it from at his an are which were be this or has had "
    "first one their its after who not have new been also two but they year when time years company state"
).split()
QUESTIONS = (
    "When was the first company of the {0} founded in {1}?",
    "How many people in the city were {0} after the year {1} and which state had the most {2}?",
    "Who was the {0} of {1}?",
    "What is {0}?",
    "Why did the new state of {0} not have a {1} at the time?",
    "Which {0} has been made by the two companies since {1}, and what did they say of {2} and {3}?",
)


def words(chance: random.Random, count: int = 60_000) -> list[str]:
    """Common English words, then made-up ones."""
    letters = ["bcdfghklmnprstvz", "aeiou"]
    made = {
        "".join(chance.choice(letters[at % 2]) for at in range(chance.randint(4, 9))) for _ in range(count)
    }
    return COMMON + sorted(made - set(COMMON), key=lambda word: hashlib.sha256(word.encode()).digest())


def documents(count: int, vocabulary: Sequence[str]) -> Iterator[tuple[Document, list[tuple[Passage, str]]]]:
    """Documents of PASSAGES_EACH passages of three sentences each, with made-up keys."""
    chance = np.random.default_rng(3)
    weights = 1 / np.arange(3, len(vocabulary) + 3)
    weights /= weights.sum()
    for number in range(count // PASSAGES_EACH):
        name, at, texts, passages = f"{number:05d}", 0, [], []
        drawn = chance.choice(len(vocabulary), (PASSAGES_EACH, 3, 25), p=weights)
        for place in range(PASSAGES_EACH):
            sentences = []
            for row in drawn[place]:
                said = " ".join(vocabulary[word] for word in row).capitalize() + "."
                sentences.append(Sentence(at, at + len(said), said))
                texts.append(said)
                at += len(said) + 1
            said = " ".join(sentence.text for sentence in sentences)
            key = f"{name}-{place}"
            passages.append(
                (Passage(key, name, sentences[0].start, sentences[-1].end, said, tuple(sentences)), key)
            )
        text = " ".join(texts)
        sections = tuple(Section(p.start, p.end, (f"Part {p.id}",)) for p, _ in passages)
        yield (
            Document(name, f"Document {name}", f"{name}.txt", "text/plain", text, name, sections, (), "2026"),
            passages,
        )


def build(folder: Path, count: int) -> None:
    """An index of this many passages."""
    ownership, library, index = Ownership(folder), Library(folder), Index(folder)
    chance = np.random.default_rng(4)
    made = documents(count, words(random.Random(2)))
    while group := list(itertools.islice(made, 40)):
        keyed = [one for _, passages in group for one in passages]
        vectors = {}
        for _, key in keyed:
            rows = chance.standard_normal((4, 384), np.float32)
            vectors[key] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        library.vectors.keep(DEFAULT_MODEL, vectors)
        index.put([(passage.id, passage.document_id, vectors[key][0]) for passage, key in keyed])
        library.put(group)
    library.set_note("chroma", "clean")
    index.close()
    library.close()
    ownership.release()


def questions(count: int) -> Iterator[str]:
    """Questions of common words and of words that are rare and very rare."""
    chance, vocabulary = random.Random(9), words(random.Random(2))
    for number in range(count):
        rare = [
            vocabulary[int(len(COMMON) + 200 * chance.paretovariate(0.6)) % len(vocabulary)] for _ in "abcd"
        ]
        yield QUESTIONS[number % len(QUESTIONS)].format(*rare)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=120)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary, "index")
        if not folder.exists():
            began = time.perf_counter()
            build(folder, given.passages)
            print(f"built in {time.perf_counter() - began:.0f} s")
        with Assistant(index_dir=folder, corpus_dir=folder.parent / "corpus") as assistant:
            assistant.warm_up()
            taken, used = [], []
            profile = cProfile.Profile()
            for question in questions(given.questions):
                began, began_cpu = time.perf_counter(), time.process_time()
                if given.profile:
                    profile.runcall(assistant.ask, question)
                else:
                    assistant.ask(question)
                taken.append(1000 * (time.perf_counter() - began))
                used.append(1000 * (time.process_time() - began_cpu))
        for name, values in (("ask_ms", taken), ("ask_cpu_ms", used)):
            p50, p95 = np.percentile(values, [50, 95])
            print(f"{name}_p50: {p50:.0f}\n{name}_p95: {p95:.0f}")
        if given.profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    main()
