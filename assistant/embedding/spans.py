"""Where in a passage the answer to a question stands, if it stands there at all.

Extractive reading comprehension (Rajpurkar et al. 2018): a BERT encoder of twelve layers with a head for the
first and the last token of the answer, fitted by `tests/benchmarks/fit_reader.py`. It reads question and
passage together, which their vectors alone cannot do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.embedding.bert import Bert
from assistant.embedding.embedder import Embedder, PassageText

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

FILE = Path(__file__).with_name("spans.safetensors")
SHAPE = {
    "hidden_size": 384,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "intermediate_size": 1536,
    "layer_norm_eps": 1e-12,
}
LONGEST_TOKENS = 288  # of question and passage together; the passage is cut
LONGEST_QUESTION = 600  # characters
MOST = 12.0  # log odds, either way
_LOADING = Lock()


class Span(NamedTuple):
    """A stretch of a passage's text, with the log odds, -MOST to MOST, that it answers against none there."""

    odds: float
    start: int
    end: int


class SpanReader:
    """The fitted model, loaded at first use, once in a process."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def load(self) -> None:
        """Load the weights now. Raises ModelUnavailable if those of the default model are not on disk."""
        self._model()

    def read(self, question: str, passages: Sequence[PassageText]) -> list[list[Span | None]]:
        """For each passage the best span of each of its sentences; None for one past what the model reads.

        A passage's spans depend on nothing but it and the question. Raises ModelUnavailable as `load` does.
        """
        model = self._model()

        def one(passage: PassageText) -> list[Span | None]:
            return model.read(question[:LONGEST_QUESTION], passage)

        return list(self._workers.map(one, passages))

    def _model(self) -> _Model:
        with _LOADING:
            return _loaded(self._embedder.default_folder)

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._embedder.processors, thread_name_prefix="reading")


@dataclass(frozen=True, slots=True)
class _Model:
    """The encoder, and the head's weight (2, dimension) and bias (2,)."""

    tokenizer: Tokenizer
    bert: Bert
    head: tuple[Tensor, Tensor]

    def read(self, question: str, passage: PassageText) -> list[Span | None]:
        import torch

        pair = self.tokenizer.encode(question, passage.prefix + passage.text)
        ids, second = (torch.tensor([numbers]) for numbers in (pair.ids, pair.type_ids))
        torch.set_num_threads(1)  # of this thread
        with torch.inference_mode():
            first, last = (self.bert(ids, second=second)[0] @ self.head[0].T + self.head[1]).T.numpy()
        offsets = np.array(pair.offsets) - len(passage.prefix)
        starts, ends = offsets.T
        is_passage = (np.array(pair.type_ids) == 1) & (ends > starts)
        return [
            _best(first, last, np.flatnonzero(is_passage & (starts >= start) & (ends <= end)), offsets)
            for start, end in passage.spans
        ]


@cache
def _loaded(folder: Path) -> _Model:
    """The model with the tokenizer in `folder`."""
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST_TOKENS, strategy="only_second")
    tokenizer.no_padding()
    fitted = weights(load_file(FILE))
    return _Model(tokenizer, Bert(fitted, SHAPE, in_bytes=True), (fitted["head.weight"], fitted["head.bias"]))


def weights(kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of `FILE` as float32; its matrices are bytes, with a scale for each row."""
    return {
        name: value.float() * kept[f"{name}.scale"] if f"{name}.scale" in kept else value
        for name, value in kept.items()
        if not name.endswith(".scale")
    }


def _best(
    first: NDArray[np.float32],
    last: NDArray[np.float32],
    tokens: NDArray[np.int64],
    offsets: NDArray[np.int64],
) -> Span | None:
    """The best span of these tokens against token 0, which stands for no answer."""
    if not len(tokens):
        return None
    end = int((np.maximum.accumulate(first[tokens]) + last[tokens]).argmax())
    start = int(first[tokens[: end + 1]].argmax())
    odds = first[tokens[start]] + last[tokens[end]] - first[0] - last[0]
    # Rounded, so that the noise of bfloat16 does not decide an order.
    return Span(
        round(float(np.clip(odds, -MOST, MOST)), 1),
        int(offsets[tokens[start], 0]),
        int(offsets[tokens[end], 1]),
    )
