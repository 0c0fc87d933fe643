"""A web page's bytes by its URL, from public addresses only: the one room that opens a connection to the web.

Each connection resolves its name once, judges every address that the name has, and goes to one of those
very addresses, so that no later answer of the name service can lead elsewhere. Knows nothing of the corpus.
"""

from __future__ import annotations

from assistant.fetching.fetcher import Fetched, Fetcher, Known, Limits, canonical
from assistant.fetching.gate import Network

__all__ = ["Fetched", "Fetcher", "Known", "Limits", "Network", "canonical"]
