"""What is indexed, in one SQLite file: documents, passages, keyword postings, cached vectors and the ledger.

The only importer of sqlite3. Knows nothing of the corpus folder.
"""

from __future__ import annotations

from assistant.library.database import FILE, erase
from assistant.library.documents import Library

__all__ = ["FILE", "Library", "erase"]
