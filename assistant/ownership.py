"""One process owns an index folder, held by an operating-system lock that a crash releases."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.errors import IndexLocked, IndexUnusable

LOCK_FILE = ".lock"
OWNER_FILE = "owner.json"


class Ownership:
    """The right to read and write an index folder, from creation to `release`."""

    def __init__(self, folder: Path) -> None:
        """Take the folder. Raises IndexLocked naming the owner, or IndexUnusable if it cannot be written."""
        self._owner = folder / OWNER_FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / LOCK_FILE)
            self._lock.acquire(timeout=0)
            self.say()
        except Timeout as error:
            raise IndexLocked(_refusal(folder, self._owner)) from error
        except OSError as error:
            raise IndexUnusable(
                f"The index folder {folder} cannot be written ({error.strerror or error}). "
                "Make it writable, or name another in ASSISTANT_INDEX_DIR."
            ) from error

    def say(self, url: str = "") -> None:
        """Tell other processes who owns the folder, and where the chat can be reached."""
        said = {
            "pid": os.getpid(),
            "command": " ".join(["assistant", *sys.argv[1:]])[:200],
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "url": url,
        }
        self._owner.write_text(json.dumps(said), encoding="utf-8")

    def release(self) -> None:
        if self._lock.is_locked:
            self._owner.unlink(missing_ok=True)
            self._lock.release()


def _refusal(folder: Path, owner_file: Path) -> str:
    try:
        owner = json.loads(owner_file.read_text(encoding="utf-8"))
        who = f"process {owner['pid']} (`{owner['command']}`, since {owner['since']})"
        url = owner["url"]
    except (OSError, ValueError, KeyError, TypeError):
        who, url = "another process", ""
    share = f"use the chat it serves at {url}" if url else "wait until it is done or stop it"
    return (
        f"The index in {folder} is in use by {who}. To go on, {share}; "
        "to share an index between processes, set ASSISTANT_CHROMA_URL and an index folder for each."
    )
