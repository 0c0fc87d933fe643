"""Teach the embedding model to read a question and a sentence together, and write `adapters.safetensors`.

Used by `fit_weights.py`, which brings the examples. Low-rank adapters (LoRA, Hu et al. 2022) in the upper
layers and a linear head are trained; the model itself stays as it is. For each question one sentence that
answers is raised above some that do not (cross-entropy), and each is judged alone (logistic loss).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy, softplus
from transformers import AutoModel, AutoTokenizer

from assistant.crossencoder import ADAPTED, ADAPTERS, SCALE, encoded, pooled
from assistant.embedding import DEFAULT_MODEL, folder_of, precision

RANK = 8
FIRST_LAYER = 2  # the layers below it are not adapted
EPOCHS = 3
QUESTIONS_A_STEP = 16
WRONG = 4  # sentences beside the right one
ADAPTER_RATE, HEAD_RATE = 5e-4, 1e-3
WARM_UP = 0.1  # of the steps
SEED = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """A question with the sentences that answer it and some that do not, best guess first."""

    question: str
    right: tuple[str, ...]  # empty where nothing answers
    wrong: tuple[str, ...]


class Adapter(nn.Module):
    """A linear layer with a low-rank part beside it."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        self.a = nn.Parameter(torch.randn(RANK, layer.in_features) / layer.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(layer.out_features, RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layer(x) + SCALE * ((x @ self.a.T) @ self.b.T)
        return out


class Reader(nn.Module):
    """The model with untrained adapters and head."""

    def __init__(self) -> None:
        super().__init__()
        folder = folder_of(DEFAULT_MODEL)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModel.from_pretrained(folder)
        self.model.requires_grad_(False)
        self.adapters: dict[str, Adapter] = {}
        for number, layer in enumerate(self.model.encoder.layer):
            for name in ADAPTED if number >= FIRST_LAYER else ():
                parent, _, last = name.rpartition(".")
                adapter = Adapter(layer.get_submodule(name))
                setattr(layer.get_submodule(parent), last, adapter)
                self.adapters[f"{number}.{name}"] = adapter
        self.head = nn.Linear(2 * self.model.config.hidden_size, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, questions: Sequence[str], sentences: Sequence[str]) -> torch.Tensor:
        pairs = encoded(self.tokenizer, questions, sentences)
        with precision(torch):
            hidden = self.model(**pairs).last_hidden_state
        logits: torch.Tensor = self.head(self.drop(pooled(hidden.float(), pairs))).squeeze(-1)
        return logits

    def relevance(self, question: str, sentences: list[str]) -> list[float]:
        """As `CrossEncoder.relevance`."""
        self.eval()
        with torch.inference_mode():
            return [round(x, 2) for x in self([question] * len(sentences), sentences).tolist()]

    def save(self) -> None:
        """Write the adapters and the head as half-precision numbers."""
        kept = {f"{name}.{part}": getattr(a, part) for name, a in self.adapters.items() for part in "ab"}
        kept |= {"head.weight": self.head.weight, "head.bias": self.head.bias}
        save_file({name: value.detach().half().contiguous() for name, value in kept.items()}, str(ADAPTERS))


def trained(readings: Sequence[Reading], report: Callable[[str], None] = print) -> Reader:
    """A reader fitted to these; the same readings give the same reader."""
    draw = random.Random(SEED)
    torch.manual_seed(SEED)
    reader = Reader()
    adapters = [p for p in reader.model.parameters() if p.requires_grad]
    groups: list[Any] = [
        {"params": adapters, "lr": ADAPTER_RATE},
        {"params": reader.head.parameters(), "lr": HEAD_RATE},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = len(readings) // QUESTIONS_A_STEP * EPOCHS
    warm = max(1, int(WARM_UP * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(step / warm, (steps - step) / max(1, steps - warm))
    )
    for epoch in range(EPOCHS):
        order = draw.sample(list(readings), len(readings))
        reader.train()
        for at in range(0, len(order) - QUESTIONS_A_STEP + 1, QUESTIONS_A_STEP):
            loss = _loss(reader, order[at : at + QUESTIONS_A_STEP], draw)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([p for group in groups for p in group["params"]], 1.0)
            optimiser.step()
            schedule.step()
        report(f"adapters: epoch {epoch + 1} of {EPOCHS}, last loss {loss.item():.3f}")
    return reader


def _loss(reader: Reader, readings: Sequence[Reading], draw: random.Random) -> torch.Tensor:
    shown = []
    for reading in readings:
        wrong = list(reading.wrong)
        if reading.right:
            wrong = [draw.choice(reading.right), *draw.sample(wrong, min(WRONG, len(wrong)))]
        shown.append(wrong)
    questions = [r.question for r, sentences in zip(readings, shown, strict=True) for _ in sentences]
    logits = reader(questions, [sentence for sentences in shown for sentence in sentences])
    total = torch.zeros(())
    parts = torch.split(logits, [len(sentences) for sentences in shown])
    for reading, part in zip(readings, parts, strict=True):
        if reading.right:
            total = total + cross_entropy(part[None], torch.tensor([0])) + 0.5 * softplus(-part[0])
            part = part[1:]
        total = total + 0.5 * softplus(part).mean() if len(part) else total
    return total / len(readings)
