"""How well a sentence answers a question, by a model that reads the two together.

The default embedding model, with adapters (LoRA, Hu et al. 2022) and a linear head fitted for this by
`tests/benchmarks/fit_adapters.py`. Knows nothing of documents, storage or the other signals.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from assistant.embedding import DEFAULT_MODEL, folder_of, precision

ADAPTERS = Path(__file__).with_name("adapters.safetensors")
SCALE = 2.0  # of the adapters' part: alpha / rank
LONGEST_TOKENS = 160  # of question and sentence; the sentence is cut
ADAPTED = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


class CrossEncoder:
    """The fitted cross-encoder, loaded at first use."""

    def __init__(self) -> None:
        self._lock = Lock()

    def relevance(self, question: str, sentences: Sequence[str]) -> list[float]:
        """The log odds that each sentence answers the question, in the order of `sentences`.

        Raises ModelUnavailable if the default embedding model is not on disk.
        """
        import torch

        if not sentences:
            return []
        with self._lock:
            tokenizer, model, head = self._model
            pairs = encoded(tokenizer, [question] * len(sentences), list(sentences))
            with torch.inference_mode(), precision(torch):
                hidden = model(**pairs).last_hidden_state.float()
        logits = head(pooled(hidden, pairs))
        # Rounded, so that the noise of bfloat16 does not decide an order.
        return [round(float(logit), 2) for logit in logits]

    @cached_property
    def _model(self) -> tuple[Any, Any, Any]:
        """The tokenizer, the model with the adapters merged into its weights, and the head."""
        import torch
        from safetensors.torch import load_file
        from transformers import AutoModel, AutoTokenizer

        folder = folder_of(DEFAULT_MODEL)
        adapters = load_file(str(ADAPTERS))
        model = AutoModel.from_pretrained(folder)
        with torch.no_grad():
            for name, module in model.encoder.layer.named_modules():
                if f"{name}.a" in adapters:
                    module.weight += SCALE * (adapters[f"{name}.b"].float() @ adapters[f"{name}.a"].float())
        weight, bias = adapters["head.weight"].float(), adapters["head.bias"].float()

        def head(features: Any) -> Any:
            return features @ weight[0] + bias[0]

        return AutoTokenizer.from_pretrained(folder), model.eval(), head


def encoded(tokenizer: Any, questions: Sequence[str], sentences: Sequence[str]) -> Any:
    """Pairs as the model reads them: question, then sentence."""
    return tokenizer(
        list(questions),
        list(sentences),
        padding=True,
        truncation="only_second",
        max_length=LONGEST_TOKENS,
        return_tensors="pt",
    )


def pooled(hidden: Any, pairs: Any) -> Any:
    """The mean of the sentence's tokens beside that of the question's: (pairs, 2 x dimension)."""
    import torch

    there, second = pairs["attention_mask"].unsqueeze(-1), pairs["token_type_ids"].unsqueeze(-1)
    parts = []
    for mask in (there * second, there * (1 - second)):
        mask = mask.float()
        parts.append((hidden * mask).sum(1) / mask.sum(1).clamp(min=1))
    return torch.cat(parts, -1)
