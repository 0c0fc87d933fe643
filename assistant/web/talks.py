"""The conversations of this process, kept so that a page that is loaded again still shows its own.

In memory alone: they end with the process. Knows nothing of gradio.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict

from assistant.web.conversation import Talk, stopped

KEY = re.compile(r"[0-9a-f]{32}")  # made at random by the page; who has it may read the conversation
MOST = 1000  # conversations; the one that was longest without a question goes first


class Talks:
    """Conversations by the key of the page that holds them. Safe for threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._talks: OrderedDict[str, Talk] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, key: str, talk: Talk) -> None:
        """Remember the conversation as it is now; without a sound key, or when it is empty, forget it."""
        with self._lock:
            self._talks.pop(key, None)
            if talk and KEY.fullmatch(key):
                self._talks[key] = talk
            while len(self._talks) > self._most:
                self._talks.popitem(last=False)

    def of(self, key: str) -> Talk:
        """The conversation of a page that was loaded again; what was being answered then is stopped."""
        with self._lock:
            return stopped(self._talks.get(key, ()))
