"""From bytes to the module that reads them; what a file says about itself is made fit to be shown."""

from __future__ import annotations

import os.path
from dataclasses import replace
from importlib import import_module
from typing import cast

from assistant.reading.building import squeezed
from assistant.reading.kinds import Kind, detect
from assistant.values import Content

_LONGEST_TITLE = 300  # characters; a title goes before every passage when it is embedded
_LONGEST_FACT = 1000


def read(data: bytes, *, name: str) -> Content:
    """The content of a file of this name. Raises UnreadableFile, or whatever a format's library raises."""
    return read_as(detect(data, suffix=os.path.splitext(name)[1].lower()), data)


def read_as(kind: Kind, data: bytes) -> Content:
    """The content of a file of this kind; its title, facts and notes are single lines of sensible length."""
    module = import_module(f"assistant.reading.{kind.module}")
    content = cast("Content", module.read(data))
    facts = {name: _line(words, _LONGEST_FACT) for name, words in content.facts.items()}
    return replace(
        content,
        title=_line(content.title, _LONGEST_TITLE),
        facts={name: words for name, words in facts.items() if words},
        questions=tuple(filter(None, map(squeezed, content.questions))),
        notes=tuple(map(squeezed, content.notes)),
    )


def _line(words: str, longest: int) -> str:
    line = squeezed(words)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
