"""Fit `assistant/embedding/spans.safetensors`: where a passage answers a question, and that it does not.

    PYTHONPATH=. python tests/benchmarks/fit_reader.py [FILE …] [--base NAME] [--steps 800] [--rate 1e-4]
    PYTHONPATH=. python tests/benchmarks/fit_reader.py --average WEIGHTS WEIGHTS …

The upper layers of a BERT encoder, and a head, are trained as Devlin et al. (2018) do for SQuAD 2.0: the
first and the last token of the answer, or token 0 where the passage holds none. The material, all of
`comprehension/*.txt` or the files given, was written for this, so that no data set that the assistant is
measured on is learnt from. A question is shown with the passage that answers it, and half of the time with
one that does not as well; a question without an answer with the passage that it was written to resemble.
`--base` names the encoder to start from, a Hugging Face model or its folder; without it, the weights that are
there are trained further. `--average` trains nothing: it writes the mean of several runs' weights, which
reads better than any of them (Wortsman et al. 2022).
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from material import MATERIAL, Article, Asked, articles
from safetensors.torch import load_file, save_file
from sklearn.feature_extraction.text import TfidfVectorizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import AutoModel, AutoTokenizer, BatchEncoding, BertConfig, BertModel

from assistant import passages
from assistant.embedding import Embedder
from assistant.embedding.bert import has_bfloat16
from assistant.embedding.spans import FILE, LONGEST_TOKENS, SHAPE, weights
from assistant.reading import dispatch
from assistant.values import Passage

FIRST_LAYER = 4  # the layers below it stay as they are
BATCH = 24
HEAD_RATE = 4  # times the rate of the layers
WARM_UP = 0.05  # of the steps
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}  # half of the time
SEED = 4
NEAREST = 8  # passages by their words, from which one without the answer is drawn
WRONG = 0.5  # how often an answered question is shown with such a passage too
SAME_ARTICLE = 0.65  # how often that is another passage of the same article
UNTITLED, MISNAMED = 0.25, 0.15  # how often a passage has no title before it, or a file's name

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Instance:
    """A question with a text; `span` is where in it the answer stands."""

    question: str
    text: str
    span: Span | None


# --- the material --------------------------------------------------------------------------------


def cut(article: Article) -> tuple[str, list[Passage]]:
    """The text of an article as the assistant reads it, and its passages."""
    body = "\n\n".join(article.paragraphs)
    content = dispatch.read(f"# {article.title}\n\n{body}\n".encode(), name="article.md")
    return content.text, passages.split(content, document_id="article", longest_chars=600)


def instances(material: Sequence[Article], draw: random.Random) -> list[Instance]:
    """Every question with the passages that it is shown with this time."""
    texts, held = zip(*map(cut, material), strict=True)
    owners = [at for at, mine in enumerate(held) for _ in mine]
    everything = [passage for mine in held for passage in mine]
    titled = [f"{material[at].title} {p.text}" for at, p in zip(owners, everything, strict=True)]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, stop_words="english").fit(titled)
    matrix = words.transform(titled)
    found = []
    for at, article in enumerate(material):
        mine = [number for number, owner in enumerate(owners) if owner == at]
        questions = words.transform([asked.question for asked in article.asked])
        for asked, likeness in zip(article.asked, (questions @ matrix.T).toarray(), strict=True):
            begin = texts[at].find(asked.paragraph)
            start = begin + asked.paragraph.find(asked.answer)
            end = start + len(asked.answer or asked.paragraph)
            if not asked.answer:
                over = [n for n in mine if everything[n].start < end and start < everything[n].end]
                closest = max(over, key=lambda n: likeness[n])
                shown = closest if draw.random() < 0.8 else draw.choice(over)
                found.append(_shown(asked, article.title, everything[shown], None, draw))
                continue
            right = next((n for n in mine if everything[n].start <= start and end <= everything[n].end), None)
            if right is None:  # the answer runs over the end of a passage
                continue
            found.append(_shown(asked, article.title, everything[right], (start, end), draw))
            near = [int(n) for n in np.argsort(-likeness)[:NEAREST] if n != right]
            near = [n for n in near if asked.answer.casefold() not in everything[n].text.casefold()]
            inside, outside = [n for n in near if owners[n] == at], [n for n in near if owners[n] != at]
            wrong = inside if inside and draw.random() < SAME_ARTICLE else outside
            if wrong and draw.random() < WRONG:
                other = draw.choice(wrong)
                title = material[owners[other]].title
                found.append(_shown(asked, title, everything[other], None, draw))
    return found


def _shown(asked: Asked, title: str, passage: Passage, span: Span | None, draw: random.Random) -> Instance:
    """The passage after its title, as `SpanReader` reads it; sometimes after none, or after a file's name."""
    chance = draw.random()
    if chance < UNTITLED + MISNAMED:
        title = f"{draw.choice(('doc', 'file', 'notes', 'report'))}_{draw.randint(0, 999)}"
    prefix = "" if chance < UNTITLED else f"{title}. "
    shift = len(prefix) - passage.start
    placed = (span[0] + shift, span[1] + shift) if span else None
    return Instance(asked.question, prefix + passage.text, placed)


# --- the model -----------------------------------------------------------------------------------


class Reader(nn.Module):
    """A BERT encoder with a head for the first and the last token of an answer."""

    def __init__(self, base: str) -> None:
        """Start from `base`, or from the weights in `FILE` if it is empty."""
        super().__init__()
        self.tokenizer = AutoTokenizer.from_pretrained(str(Embedder().default_folder))
        self.head = nn.Linear(SHAPE["hidden_size"], 2)
        if base:
            self.model = AutoModel.from_pretrained(base, add_pooling_layer=False, **NO_DROPOUT)
        else:
            fitted = weights(load_file(FILE))
            self.head.load_state_dict({name: fitted.pop(f"head.{name}") for name in ("weight", "bias")})
            self.model = BertModel(BertConfig(**SHAPE, **NO_DROPOUT), add_pooling_layer=False)
            self.model.load_state_dict(fitted)
        self.model.requires_grad_(False)
        for layer in self.model.encoder.layer[FIRST_LAYER:]:
            layer.requires_grad_(True)
        self.drop = nn.Dropout(0.1)

    def encode(self, batch: Sequence[Instance]) -> BatchEncoding:
        return self.tokenizer(
            [one.question for one in batch],
            [one.text for one in batch],
            padding=True,
            truncation="only_second",
            max_length=LONGEST_TOKENS,
            return_tensors="pt",
            return_offsets_mapping=True,
        )

    def forward(self, pairs: BatchEncoding) -> Tensor:
        """Logits (batch, tokens, 2), as good as none for tokens outside the passage, but for token 0."""
        held = pairs["attention_mask"]
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
            hidden = self.model(
                input_ids=pairs["input_ids"], token_type_ids=pairs["token_type_ids"], attention_mask=held
            ).last_hidden_state
        logits: Tensor = self.head(self.drop(hidden.float()))
        possible = (pairs["token_type_ids"] == 1) & (held == 1)
        possible[:, 0] = True
        possible[torch.arange(len(held)), held.sum(1) - 1] = False
        return logits.masked_fill(~possible.unsqueeze(-1), -1e4)

    def save(self) -> None:
        """Write all weights to `FILE`."""
        head = {f"head.{name}": weight for name, weight in self.head.state_dict().items()}
        write(head | self.model.state_dict())


def write(fitted: Mapping[str, Tensor]) -> None:
    """Write weights to `FILE`, matrices of the encoder as bytes with a scale for each row."""
    kept: dict[str, Tensor] = {}
    for name, weight in fitted.items():
        if weight.ndim == 1 or name.startswith("head."):
            kept[name] = weight
        else:
            scale = weight.abs().amax(-1, keepdim=True).clamp(min=1e-12) / 127
            kept |= {name: (weight / scale).round().to(torch.int8), f"{name}.scale": scale}
    save_file({name: value.contiguous() for name, value in kept.items()}, FILE)


def average(files: Sequence[Path]) -> dict[str, Tensor]:
    """The mean of each weight in files of the form of `FILE`."""
    runs = [weights(load_file(file)) for file in files]
    return {name: torch.stack([run[name] for run in runs]).mean(0) for name in runs[0]}


def targets(pairs: BatchEncoding, batch: Sequence[Instance]) -> Tensor:
    """The first and the last token of each answer, shape (batch, 2); 0 and 0 where there is none."""
    found = []
    for row, one in enumerate(batch):
        starts, ends = pairs["offset_mapping"][row].T
        inside = (pairs["token_type_ids"][row] == 1) & (ends > starts)
        if one.span:
            inside &= (ends > one.span[0]) & (starts < one.span[1])
        places = inside.nonzero().flatten().tolist() if one.span else []
        found.append((places[0], places[-1]) if places else (0, 0))
    return torch.tensor(found)


def train(reader: Reader, material: Sequence[Article], *, steps: int, rate: float) -> None:
    draw = random.Random(SEED)
    torch.manual_seed(SEED)
    layers = [weight for weight in reader.model.parameters() if weight.requires_grad]
    groups = [
        {"params": layers, "lr": rate},
        {"params": list(reader.head.parameters()), "lr": HEAD_RATE * rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    warm = max(1, int(WARM_UP * steps))

    def share(step: int) -> float:
        return min((step + 1) / warm, max(0.02, (steps - step) / max(1, steps - warm)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, share)
    began = time.monotonic()
    reader.train()
    losses = []
    passes = (_batches(instances(material, draw), draw) for _ in itertools.count())
    for batch in itertools.islice(itertools.chain.from_iterable(passes), steps):
        pairs = reader.encode(batch)
        logits, wanted = reader(pairs), targets(pairs, batch)
        loss = (cross_entropy(logits[..., 0], wanted[:, 0]) + cross_entropy(logits[..., 1], wanted[:, 1])) / 2
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(layers, 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if len(losses) % 50 == 0 or len(losses) == steps:
            spent = time.monotonic() - began
            print(f"{len(losses)} of {steps}: {np.mean(losses[-50:]):.3f}, {spent:.0f} s", flush=True)
            reader.save()


def _batches(shown: list[Instance], draw: random.Random) -> list[list[Instance]]:
    """Batches of texts about as long as each other, in any order."""
    draw.shuffle(shown)
    some = 20 * BATCH
    ordered = [
        one
        for at in range(0, len(shown), some)
        for one in sorted(shown[at : at + some], key=lambda one: len(one.question) + len(one.text))
    ]
    batches = [ordered[at : at + BATCH] for at in range(0, len(ordered), BATCH)]
    draw.shuffle(batches)
    return batches


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="all material if not given")
    parser.add_argument("--base", default="", help="an encoder's name or folder, to start anew")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--rate", type=float, default=1e-4, help="of learning, at its height")
    parser.add_argument("--average", type=Path, nargs="+", metavar="WEIGHTS", help="files to average")
    asked = parser.parse_args()
    if asked.average:
        write(average(asked.average))
        return
    reader = Reader(asked.base)
    material = list(articles(asked.files or sorted(MATERIAL.glob("*.txt"))))
    train(reader, material, steps=asked.steps, rate=asked.rate)


if __name__ == "__main__":
    main()
