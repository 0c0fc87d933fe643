"""Texts to unit vectors, and where in them a question is answered; the only importer of torch.

Knows nothing of documents or storage. The heavy imports happen when the first text comes.
"""

from assistant.embedding.embedder import DEFAULT_MODEL, Embedder, PassageText
from assistant.embedding.encoder import Matrix
from assistant.embedding.spans import Span, SpanReader

__all__ = ["DEFAULT_MODEL", "Embedder", "Matrix", "PassageText", "Span", "SpanReader"]
