"""Any model that sentence-transformers loads, by its name or folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from assistant.embedding.bert import has_bfloat16
from assistant.embedding.encoder import Encoded, Matrix, Tokens
from assistant.errors import ModelUnavailable


class NamedModel:
    """A sentence-transformers model; one forward pass at a time, on `threads` threads (0: it chooses)."""

    workers = 1

    def __init__(self, name: str, *, threads: int = 0) -> None:
        """Load the model. Raises ModelUnavailable if that fails."""
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        if Path(name).exists():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        if threads:
            torch.set_num_threads(threads)
        try:
            self._model = SentenceTransformer(name, device="cpu")
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"The embedding model {name} is not on this machine and could not be loaded: "
                f"{str(error).splitlines()[0]} Name a folder or a sentence-transformers model in "
                "ASSISTANT_EMBEDDING_MODEL, or remove that setting to use the default."
            ) from error
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self._lock = Lock()

    @cached_property
    def word_table(self) -> Matrix:
        words: Any = self._model.transformers_model  # not every kind of model has one
        return words.get_input_embeddings().weight.detach().float().numpy()  # type: ignore[no-any-return]

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        with self._lock:
            read = self._model.tokenizer(
                list(texts),
                truncation=True,
                max_length=self._model.max_seq_length,
                return_offsets_mapping=True,
            )
        offsets = read.pop("offset_mapping")
        return [
            Tokens(
                {name: values[at] for name, values in read.items()}, np.array(places, np.int64).reshape(-1, 2)
            )
            for at, places in enumerate(offsets)
        ]

    def word_tokens(self, word: str) -> list[int]:
        with self._lock:
            return list(self._model.tokenizer(word, add_special_tokens=False)["input_ids"])

    def query(self, text: str) -> Matrix:
        with self._lock:
            vector = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector, np.float32)

    def forward(self, batch: Sequence[Tokens], length: int) -> list[Encoded]:
        import torch

        with self._lock, torch.inference_mode(), _precision(torch):
            padded = self._model.tokenizer.pad(
                [tokens.fields for tokens in batch],
                padding="max_length",
                max_length=min(length, self._model.max_seq_length or length),
                return_tensors="pt",
            )
            out = self._model({name: value.to(self._model.device) for name, value in padded.items()})
        words = out["token_embeddings"].float().numpy()
        whole = out["sentence_embedding"].float().numpy()
        held = padded["attention_mask"].numpy().astype(bool)
        return [Encoded(whole[at], words[at][held[at]]) for at in range(len(batch))]


def _precision(torch: Any) -> AbstractContextManager[Any]:
    """bfloat16 where the processor computes it natively: twice as fast, cosine to float32 0.99999."""
    if has_bfloat16():
        return torch.autocast("cpu", dtype=torch.bfloat16)  # type: ignore[no-any-return]
    return nullcontext()
