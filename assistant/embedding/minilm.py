"""The default model, all-MiniLM-L6-v2, run straight from its weights with torch.

Importing sentence-transformers takes four times as long as torch alone, and every `ask` and `sync` pays
it. A test holds that the vectors are those of sentence-transformers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.embedding.bert import Bert
from assistant.embedding.encoder import Encoded, Matrix, Tokens

WINDOW = 256  # tokens; what the model was trained on


class MiniLM:
    """A BERT encoder with mean pooling.

    A forward pass uses one thread: `workers` of them at the same time waste less than one on all
    cores, whose threads wait for each other after every step.
    """

    def __init__(self, folder: Path, *, workers: int) -> None:
        """Load the weights."""
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.workers = workers
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(WINDOW)
        self._tokenizer.no_padding()
        weights = load_file(folder / "model.safetensors")
        self.word_table: Matrix = weights["embeddings.word_embeddings.weight"].numpy()
        self._bert = Bert(weights, shape)
        self.dimension = self._bert.dimension

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        read = self._tokenizer.encode_batch(list(texts))
        return [Tokens({"input_ids": one.ids}, np.array(one.offsets, np.int64)) for one in read]

    def word_tokens(self, word: str) -> list[int]:
        return list(self._tokenizer.encode(word, add_special_tokens=False).ids)

    def query(self, text: str) -> Matrix:
        [tokens] = self.tokens([text])
        [encoded] = self.forward([tokens], len(tokens))
        return np.asarray(encoded.whole / np.linalg.norm(encoded.whole), np.float32)

    def forward(self, batch: Sequence[Tokens], length: int) -> list[Encoded]:
        import torch

        ids = np.zeros((len(batch), length), np.int64)
        held = np.zeros((len(batch), length), np.bool_)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens.fields["input_ids"]
            held[row, : len(tokens)] = True
        torch.set_num_threads(1)  # of this thread
        with torch.inference_mode():
            words = self._bert(torch.from_numpy(ids), held=torch.from_numpy(held)).numpy()
        found = [words[row, : len(tokens)] for row, tokens in enumerate(batch)]
        return [Encoded(mine.mean(axis=0), mine) for mine in found]
