"""An optional cross-encoder that reads question and passage together, named by the user.

Knows nothing of documents or storage. The heavy imports happen when the first question comes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from assistant.errors import ModelUnavailable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class Reranker:
    """A sentence-transformers CrossEncoder, loaded at first use."""

    def __init__(self, model: str) -> None:
        self.name = model
        self._lock = Lock()

    def relevance(self, question: str, passages: Sequence[str]) -> list[float]:
        """How well each passage fits the question, 0 to 1, in the order of `passages`.

        Raises ModelUnavailable if the model cannot be loaded, or gives more than one score a pair.
        """
        with self._lock:
            scores = self._model.predict(
                [(question, passage) for passage in passages], show_progress_bar=False, convert_to_numpy=True
            )
        return [float(score) for score in scores]

    @cached_property
    def _model(self) -> CrossEncoder:
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        if Path(self.name).exists():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import CrossEncoder
        from torch.nn import Sigmoid

        try:
            model: CrossEncoder = CrossEncoder(self.name, device="cpu", activation_fn=Sigmoid())
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"The reranker {self.name} is not on this machine and could not be loaded: "
                f"{str(error).splitlines()[0]} Name a sentence-transformers CrossEncoder or a folder with "
                "one in ASSISTANT_RERANKER, or remove that setting."
            ) from error
        if model.num_labels != 1:
            raise ModelUnavailable(
                f"The reranker {self.name} gives {model.num_labels} scores for a pair, not one. "
                "Name another in ASSISTANT_RERANKER, or remove that setting."
            )
        return model
