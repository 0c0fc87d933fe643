"""Cited answers from your own documents: `from assistant import Assistant`.

Importing this package loads neither torch, chromadb nor gradio.
"""

from assistant.assistant import Assistant
from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.values import Answer, Citation, Document, Hit, Passage, SyncReport, Turn

__all__ = [
    "Answer",
    "Assistant",
    "AssistantError",
    "Citation",
    "Document",
    "Hit",
    "Passage",
    "Settings",
    "SyncReport",
    "Turn",
]
