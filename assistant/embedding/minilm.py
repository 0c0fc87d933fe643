"""The default model, all-MiniLM-L6-v2, run straight from its weights with torch.

Importing sentence-transformers takes four times as long as torch alone, and every `ask` and `sync` pays
it. A test holds that the vectors are those of sentence-transformers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.embedding.encoder import Encoded, Matrix, Tokens

if TYPE_CHECKING:
    from torch import Tensor, dtype

    Linear = tuple[Tensor, Tensor]  # weight and bias, or scale and shift

WINDOW = 256  # tokens; what the model was trained on


class MiniLM:
    """A BERT encoder (Devlin et al. 2018) with mean pooling.

    A forward pass uses one thread: `workers` of them at the same time waste less than one on all
    cores, whose threads wait for each other after every step.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Load the weights. `threads` 0 takes every processor this process may use."""
        import torch
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.workers = threads or _processors()
        self.dimension: int = shape["hidden_size"]
        self._heads: int = shape["num_attention_heads"]
        self._epsilon: float = shape["layer_norm_eps"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(WINDOW)
        self._tokenizer.no_padding()
        # Twice as fast where the processor computes bfloat16 natively; cosine to float32 0.9999.
        native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        self._weights = load_file(folder / "model.safetensors")
        self.word_table: Matrix = self._weights["embeddings.word_embeddings.weight"].numpy()
        kind = torch.bfloat16 if native else torch.float32
        self._layers = [self._layer(at, kind) for at in range(shape["num_hidden_layers"])]

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
            words = self._encode(torch.from_numpy(ids), torch.from_numpy(held)).float().numpy()
        found = [words[row, : len(tokens)] for row, tokens in enumerate(batch)]
        return [Encoded(mine.mean(axis=0), mine) for mine in found]

    def _encode(self, ids: Tensor, held: Tensor) -> Tensor:
        """Token vectors (batch, length, dimension) of token numbers (batch, length)."""
        from torch.nn import functional

        batch, length = ids.shape
        seen = held[:, None, None, :].expand(batch, 1, length, length)
        x = functional.embedding(ids, self._weights["embeddings.word_embeddings.weight"])
        x = x + self._weights["embeddings.position_embeddings.weight"][:length]
        x = x + self._weights["embeddings.token_type_embeddings.weight"][0]
        x = self._norm(x, self._pair("embeddings.LayerNorm")).to(self._layers[0].attend[0].dtype)
        for layer in self._layers:
            # (query, key or value; batch; head; token; dimension of a head)
            parts = functional.linear(x, *layer.attend).view(batch, length, 3, self._heads, -1)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            read = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
            read = functional.linear(read.transpose(1, 2).reshape(x.shape), *layer.attended)
            x = self._norm(x + read, layer.attended_norm)
            wide = functional.gelu(functional.linear(x, *layer.widen))
            x = self._norm(x + functional.linear(wide, *layer.narrow), layer.narrow_norm)
        return x

    def _norm(self, x: Tensor, scale: Linear) -> Tensor:
        from torch.nn import functional

        return functional.layer_norm(x, (self.dimension,), *scale, self._epsilon)

    def _pair(self, name: str) -> Linear:
        return self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]

    def _layer(self, at: int, kind: dtype) -> _Layer:
        import torch

        def pair(name: str) -> Linear:
            weight, bias = self._pair(f"encoder.layer.{at}.{name}")
            return weight.to(kind), bias.to(kind)

        three = [pair(f"attention.self.{name}") for name in ("query", "key", "value")]
        return _Layer(
            attend=(torch.cat([weight for weight, _ in three]), torch.cat([bias for _, bias in three])),
            attended=pair("attention.output.dense"),
            attended_norm=pair("attention.output.LayerNorm"),
            widen=pair("intermediate.dense"),
            narrow=pair("output.dense"),
            narrow_norm=pair("output.LayerNorm"),
        )


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer's weights and biases, those of query, key and value in one matrix."""

    attend: Linear
    attended: Linear
    attended_norm: Linear
    widen: Linear
    narrow: Linear
    narrow_norm: Linear


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
