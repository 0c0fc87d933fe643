"""A data set folder as an assistant over its documents, and the questions to ask it.

A document is `{"id", "text"}`; a question is `{"id", "question", "conversation"?, "answers", "evidence":
[{"doc_id", "start"?, "end"?}], "answerable"}`. Knows nothing of how answers are judged.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.values import Turn


@dataclass(frozen=True, slots=True)
class Case:
    """A question of the data set. `gold` are names of files in the evaluated corpus."""

    id: str
    question: str
    history: tuple[Turn, ...]
    answers: tuple[str, ...]
    gold: frozenset[str]
    spans: tuple[tuple[str, int, int], ...]  # file, start, end
    answerable: bool
    kind: str


@contextmanager
def indexed(folder: Path, settings: Settings) -> Iterator[tuple[Assistant, list[Case]]]:
    """An assistant over the folder's documents, in a temporary place, and the folder's questions."""
    documents, questions = _rows(folder / "docs.jsonl"), _rows(folder / "questions.jsonl")
    with tempfile.TemporaryDirectory(prefix="evaluate-") as place:
        corpus = Path(place, "corpus")
        corpus.mkdir()
        files = {str(row["id"]): _file_name(str(row["id"]), at) for at, row in enumerate(documents)}
        for row in documents:
            (corpus / files[str(row["id"])]).write_text(row["text"], encoding="utf-8")
        here = {
            "corpus_dir": corpus,
            "index_dir": Path(place, "index"),
            "minimum_confidence": 0.0,
            "chroma_url": "",
        }
        with Assistant(settings.model_copy(update=here)) as assistant:
            assistant.sync()
            yield assistant, [_case(row, files) for row in questions]


def _file_name(document_id: str, number: int) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", document_id)[:80].lstrip(".") + f"_{number}.txt"


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path} cannot be read ({error}). A data set folder holds docs.jsonl and questions.jsonl."
        ) from error


def _case(row: dict[str, Any], files: dict[str, str]) -> Case:
    said = row.get("conversation") or []
    turns = [Turn(turn["role"], turn.get("content") or turn.get("text", "")) for turn in said]
    asked = row.get("question") or (turns[-1].content if turns else "")
    evidence = row.get("evidence") or []
    answerable = bool(row.get("answerable", True))
    spans = tuple(
        (files[str(e["doc_id"])], e["start"], e["end"])
        for e in evidence
        if e.get("start") is not None and e.get("end") and str(e["doc_id"]) in files
    )
    return Case(
        id=str(row["id"]),
        question=asked,
        history=tuple(turns[:-1] if turns and turns[-1].role == "user" else turns),
        answers=tuple(row.get("answers") or ()),
        gold=frozenset(files[str(e["doc_id"])] for e in evidence if str(e["doc_id"]) in files),
        spans=spans,
        answerable=answerable,
        kind=_kind(asked) if answerable else str(row.get("answerability", "unanswerable")).lower(),
    )


def _kind(question: str) -> str:
    found = re.search(r"\b(who|when|where|why|which|what|how (?:many|much|long|old)|how)\b", question.lower())
    return found[1] if found else "other"
