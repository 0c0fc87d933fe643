"""What the verbs are given: the options they share, standard input, and refusals of what cannot be used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.errors import SettingsError

STDIN = "-"
STDIN_NAME = "standard input.txt"  # its kind is told by what it holds

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Batch = Annotated[
    Path | None,
    typer.Option("--batch", metavar="FILE", help="Read one JSON object a line: id, question, history."),
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source", metavar="ID", help="Use this document only (an id, path or URL); may be repeated."
    ),
]
Id = Annotated[
    str, typer.Argument(metavar="ID", help="A document's id, its path below the corpus folder, or its URL.")
]


def needed(question: str | None) -> str:
    """The question. Raises SettingsError if there is none."""
    if question is None:
        raise SettingsError(
            'Write the question in quotes, or name a file with --batch. For example: ask "Why?"'
        )
    return question


def pair(text: str) -> tuple[str, str]:
    """Name and value of a NAME=VALUE. Raises SettingsError if it is none."""
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(
            f"--compare cannot be {text!r}. Write it as NAME=VALUE, for example passage_chars=450."
        )
    return name.strip(), value.strip()


def piped(folder: Path, *, most_bytes: int) -> str:
    """What is piped into the program as a file in this folder. Raises SettingsError if that is too much."""
    path = folder / "standard input"
    with path.open("wb") as file:
        while chunk := sys.stdin.buffer.read(1 << 20):
            file.write(chunk)
            if file.tell() > most_bytes:
                raise SettingsError(
                    f"Standard input has more than the {most_bytes:,} bytes that are read. "
                    "Split it, or raise ASSISTANT_MAX_FILE_BYTES."
                )
    return str(path)
