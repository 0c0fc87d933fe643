"""Reading: a file's bytes become its text and structure, in a limited subprocess.

The parent process imports nothing heavy from here: `Reader` starts one worker, and the worker loads the
library of a format when a file of that format turns up. To add a format, write a module with a function
`read(data: bytes) -> Content` and add one line to `kinds.KINDS`.
"""

from __future__ import annotations

from assistant.reading.kinds import MEDIA_TYPES, SUFFIXES
from assistant.reading.limits import Limits
from assistant.reading.reader import Read, Reader

__all__ = ["MEDIA_TYPES", "SUFFIXES", "Limits", "Read", "Reader"]
