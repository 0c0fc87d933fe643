"""The articles of `comprehension/` with their questions, written for training: read, and as a data set.

`comprehension/held_out/` is never shown to the span reader, so that `fit_weights.py` can learn from it how
far to trust that reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

MATERIAL = Path(__file__).with_name("comprehension")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on a paragraph; `answer` is words of that paragraph, or empty if the article has none."""

    question: str
    paragraph: str
    answer: str


@dataclass(frozen=True, slots=True)
class Article:
    title: str
    paragraphs: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


def articles(paths: Iterable[Path]) -> Iterator[Article]:
    """The articles of all files: `# title`, `P: paragraph`, `+ question | answer`, `- question` on lines."""
    article = Article("")
    for path in paths:
        for line in filter(None, map(str.strip, path.read_text(encoding="utf-8").split("\n"))):
            mark, _, rest = line.partition(" ")
            if mark == "#":
                yield from [article] if article.title else []
                article = Article(rest.strip())
            elif mark == "P:":
                article.paragraphs.append(" ".join(rest.split()))
            elif mark == "+":
                question, _, answer = rest.rpartition(" | ")
                if answer.strip() not in article.paragraphs[-1] or not question:
                    raise ValueError(f"{path}: no words of its paragraph answer this: {line}")
                article.asked.append(Asked(question.strip(), article.paragraphs[-1], answer.strip()))
            elif mark == "-":
                article.asked.append(Asked(rest.strip(), article.paragraphs[-1], ""))
            else:
                raise ValueError(f"{path}: neither title, paragraph nor question: {line}")
    yield article


def write_data_set(material: Iterable[Article], folder: Path) -> None:
    """Write `docs.jsonl` and `questions.jsonl`, as `evaluate` reads them: a document for each paragraph."""
    documents, questions = [], []
    for number, article in enumerate(material):
        ids = {text: f"{number}-{at}" for at, text in enumerate(article.paragraphs)}
        documents += [{"id": name, "text": text} for text, name in ids.items()]
        for asked in article.asked:
            row = {"id": str(len(questions)), "question": asked.question, "answerable": bool(asked.answer)}
            gold = {"answers": [asked.answer], "evidence": [{"doc_id": ids[asked.paragraph]}]}
            questions.append(row | (gold if asked.answer else {}))
    for name, rows in (("docs.jsonl", documents), ("questions.jsonl", questions)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / name).write_text(lines, encoding="utf-8")
