"""Texts to unit vectors; the only importer of torch.

Knows nothing of documents, storage or questions. The heavy imports happen when the first text comes.
"""

from assistant.embedding.embedder import DEFAULT_MODEL, Embedder, PassageText
from assistant.embedding.encoder import Matrix

__all__ = ["DEFAULT_MODEL", "Embedder", "Matrix", "PassageText"]
