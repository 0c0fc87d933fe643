"""From bytes to the module that reads them."""

from __future__ import annotations

import os.path
from importlib import import_module
from typing import cast

from assistant.reading.kinds import Kind, detect
from assistant.values import Content


def read(data: bytes, *, name: str) -> Content:
    """The content of a file of this name. Raises UnreadableFile, or whatever a format's library raises."""
    return read_as(detect(data, suffix=os.path.splitext(name)[1].lower()), data)


def read_as(kind: Kind, data: bytes) -> Content:
    """The content of a file of this kind."""
    module = import_module(f"assistant.reading.{kind.module}")
    return cast("Content", module.read(data))
