"""Keeps the chat in step with the corpus folder while it runs, and tells the pages what changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from assistant.errors import AssistantError
from assistant.values import SyncReport

if TYPE_CHECKING:
    from assistant.assistant import Assistant

KEPT = 50  # sentences, for pages that look away for a while
GOODBYE_S = 5  # for a sync that is under way when the program ends

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence for the reader; numbers count from 1."""

    number: int
    words: str
    failed: bool


class Follower:
    """Follows the corpus folder in a thread of its own, from the start of the application to its end."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._stop = threading.Event()
        self._numbers = count(1)
        self._said: tuple[Said, ...] = ()

    @asynccontextmanager
    async def running(self, _: object) -> AsyncIterator[None]:
        """The application's lifespan."""
        self._stop.clear()
        thread = threading.Thread(target=self._follow, name="following", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(GOODBYE_S)

    def since(self, number: int | None) -> dict[str, Any]:
        """The state of the documents, and what was said after this number; nothing to one who just came."""
        said = self._said
        last = said[-1].number if said else 0
        new = [one for one in said if number is not None and one.number > number]
        return {
            "revision": self._assistant.revision,
            "last": last,
            "said": [{"words": one.words, "failed": one.failed} for one in new],
        }

    def _follow(self) -> None:
        try:
            for news in self._assistant.follow(self._stop):
                for words, failed in sentences(news):
                    self._said = (*self._said, Said(next(self._numbers), words, failed))[-KEPT:]
        except Exception:  # the boundary: the chat goes on without following
            log.exception("The corpus folder is no longer followed.")


def sentences(news: SyncReport | AssistantError) -> Iterator[tuple[str, bool]]:
    """What a reader is told, and whether it tells of a failure."""
    if isinstance(news, AssistantError):
        yield str(news), True
        return
    for verb, sources in (("Added", news.added), ("Changed", news.changed), ("Removed", news.removed)):
        if sources:
            more = f" and {len(sources) - 3:,} more" if len(sources) > 3 else ""
            yield f"{verb} in the folder: {', '.join(sources[:3])}{more}.", False
    yield from ((f"{failure.source}: {failure.reason}", True) for failure in news.failures)
    yield from ((note, False) for note in news.notes)


def routes(follower: Follower) -> APIRouter:
    """The route that pages ask every few seconds."""
    router = APIRouter()

    @router.get("/changes")
    def changes(after: int | None = None) -> Response:
        return JSONResponse(follower.since(after), headers={"Cache-Control": "no-store"})

    return router
