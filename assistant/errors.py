"""The error tree. A message says what happened, to which value, and what to do next.

AssistantError
├── SettingsError        a setting or an argument cannot be used
├── CorpusError          a file or folder of the corpus cannot be used
│   ├── UnreadableFile   a file was found, but no text could be read from it
│   └── UnknownDocument  no document has this id or path
├── FetchFailed          a web page could not be fetched now
│   └── FetchRefused     a web page may not be fetched: for its address, its kind or its size
├── IndexUnusable        the index cannot be opened or written
│   └── IndexLocked      another process owns the index
└── ModelUnavailable     a model's weights are not on this machine, or are not the right ones
"""

from __future__ import annotations


class AssistantError(Exception):
    """Anything the assistant raises on purpose; its text is one or two sentences for a reader."""


class SettingsError(AssistantError):
    """A setting or an argument cannot be used."""


class CorpusError(AssistantError):
    """A file or folder of the corpus cannot be used."""


class UnreadableFile(CorpusError):
    """A file was found, but no text could be read from it."""


class UnknownDocument(CorpusError):
    """No document has this id or path."""


class FetchFailed(AssistantError):
    """A web page could not be fetched now; a later attempt may succeed."""


class FetchRefused(FetchFailed):
    """A web page may not be fetched: for its address, its kind or its size."""


class IndexUnusable(AssistantError):
    """The index cannot be opened or written."""


class IndexLocked(IndexUnusable):
    """Another process owns the index."""


class ModelUnavailable(AssistantError):
    """A model's weights are not on this machine, or are not the right ones."""
