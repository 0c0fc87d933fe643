"""A file of questions, one JSON object a line: a JSON line out for each line in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assistant.cli.saying import json_line
from assistant.errors import SettingsError
from assistant.values import Failure, Turn


def answer_lines(path: Path, make: Callable[[dict[str, Any]], str], *, key: str) -> list[Failure]:
    """Print what `make` gives for each row, as soon as it is ready; a line that fails says why.

    A row's question may be called `question` or `key`. Returns the failures. Raises SettingsError if the
    file cannot be read.
    """
    failures: list[Failure] = []
    for number, line in enumerate(_lines(path), start=1):
        row: dict[str, Any] = {"id": str(number), "question": ""}
        try:
            row |= _row(line, key)
            print(make(row), flush=True)
        except SettingsError as error:
            failures.append(Failure(f"{path}, line {number}", str(error)))
            refused = {"id": row["id"], key: row["question"], "answered": False, "error": str(error)}
            empty: dict[str, Any] = {"sentences": [], "citations": [], "closest": [], "hits": []}
            print(json_line(refused | empty), flush=True)
    return failures


def turns(row: dict[str, Any]) -> tuple[Turn, ...]:
    """The conversation before a row's question. Raises SettingsError if its history is no such thing."""
    history = row.get("history") or []
    if not isinstance(history, list):
        raise SettingsError('Its history is not a list. Write [{"role": "user", "content": "…"}].')
    said = []
    for turn in history:
        if not isinstance(turn, dict) or turn.get("role") not in ("user", "assistant"):
            raise SettingsError('Its history has a turn without a role of "user" or "assistant".')
        said.append(Turn(turn["role"], str(turn.get("content", ""))))
    return tuple(said)


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as lines:
            yield from (line for line in lines if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The batch file {path} cannot be read ({error}). Name a file of JSON lines."
        ) from error


def _row(line: str, key: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"It is not JSON ({error}). Write one object a line.") from error
    question = row.get("question", row.get(key)) if isinstance(row, dict) else None
    if not isinstance(question, str):
        raise SettingsError('It has no question. Write {"id": "1", "question": "…"}.')
    return (
        {**row, "id": str(row["id"]), "question": question} if "id" in row else {**row, "question": question}
    )
