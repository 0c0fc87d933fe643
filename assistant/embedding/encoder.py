"""What the embedder asks of a model: tokens of texts, and vectors of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as its model reads it, cut to the model's window."""

    fields: dict[str, list[int]]  # "input_ids" and whatever else the model is given, one number a token
    offsets: NDArray[
        np.int64
    ]  # (tokens, 2): where each stands in the text; (0, 0) for those it does not hold

    def __len__(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a model makes of one text."""

    whole: Matrix  # (dimension,)
    words: Matrix  # (tokens, dimension)


class Encoder(Protocol):
    """A loaded model."""

    workers: int  # forward passes that gain from running at the same time
    dimension: int

    @property
    def word_table(self) -> Matrix:
        """What each token means before it is read in context, shape (vocabulary, dimension)."""

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The texts' tokens, in order."""

    def word_tokens(self, word: str) -> list[int]:
        """A word's rows in `word_table`."""

    def forward(self, batch: Sequence[Tokens], length: int) -> list[Encoded]:
        """The vectors of these texts, each padded to `length` tokens. Called from several threads."""

    def query(self, text: str) -> Matrix:
        """The vector of a question, shape (dimension,)."""
