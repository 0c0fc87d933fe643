"""The page's own routes: list, read, add and remove documents, all as JSON and never as HTML."""

from __future__ import annotations

import json
import logging
import queue
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from assistant import render
from assistant.addresses import is_url
from assistant.errors import AssistantError, UnknownDocument
from assistant.values import Document, Progress, SyncReport
from assistant.web import reader

if TYPE_CHECKING:
    from assistant.assistant import Assistant

Report = Callable[[Progress], None]

FAULT = "Something went wrong in the program, so this was not done. Try it again."
PRIVATE = {"Cache-Control": "no-store"}

log = logging.getLogger(__name__)


def routes(assistant: Assistant) -> APIRouter:
    """The routes below /documents for one assistant."""
    router = APIRouter()

    @router.get("/documents")
    def listing() -> Response:
        return _json(
            lambda: {
                "documents": [_listed(document) for document in assistant.documents()],
                "max_file_bytes": assistant.settings.max_file_bytes,
            }
        )

    @router.get("/documents/{document_id:path}")
    def reading(
        document_id: str,
        start: int = 0,
        end: int = 0,
        quote: str = "",
        begin: int | None = None,
        stop: int | None = None,
    ) -> Response:
        def read() -> dict[str, Any]:
            document, place = assistant.locate(document_id, start=start, end=end, quote=quote)
            return reader.excerpt(document, place, begin=begin, stop=stop)

        return _json(read)

    @router.delete("/documents/{document_id:path}")
    def removing(document_id: str) -> Response:
        return _json(lambda: {"removed": render.receipt_to_json(assistant.remove(document_id))})

    @router.post("/documents")
    async def adding(request: Request, name: str) -> Response:
        folder = tempfile.TemporaryDirectory(prefix="assistant-", ignore_cleanup_errors=True)
        path = Path(folder.name) / "upload"
        most = assistant.settings.max_file_bytes
        with path.open("wb") as file:
            async for chunk in request.stream():
                if file.tell() + len(chunk) > most:
                    folder.cleanup()
                    return _problem(f"{name} is larger than the {most:,} bytes that are read. Split it.", 413)
                file.write(chunk)

        def add(report: Report) -> SyncReport:
            try:
                return assistant.add([path], names=[name], progress=report)
            finally:
                folder.cleanup()

        return _streamed(add)

    @router.post("/documents/pages")
    def fetching(url: Annotated[str, Body(embed=True)]) -> Response:
        given = url.strip()
        address = given if is_url(given) else f"https://{given}"  # as browsers take what is typed
        return _streamed(lambda report: assistant.add([address], progress=report))

    return router


def _streamed(add: Callable[[Report], SyncReport]) -> Response:
    return StreamingResponse(_adding(add), media_type="application/x-ndjson", headers=PRIVATE)


def _adding(add: Callable[[Report], SyncReport]) -> Iterator[str]:
    """Add something in a thread of its own; a line of JSON for each step of progress, then for the outcome.

    The thread ends its work even if the reader goes away.
    """
    lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def report(progress: Progress) -> None:
        step = {
            "stage": progress.stage,
            "done": progress.done,
            "total": progress.total,
            "unit": progress.unit,
        }
        lines.put({"progress": {**step, "name": progress.name}})

    def work() -> None:
        try:
            lines.put(_added(add(report)))
        except AssistantError as error:
            lines.put({"error": str(error)})
        except Exception:  # the boundary: whatever it is, the reader gets one sentence
            log.exception("A document could not be added.")
            lines.put({"error": FAULT})
        finally:
            lines.put(None)

    threading.Thread(target=work, name="adding", daemon=True).start()
    while (line := lines.get()) is not None:
        yield json.dumps(line) + "\n"


def _added(report: SyncReport) -> dict[str, Any]:
    return {
        "added": list(report.added),
        "changed": list(report.changed),
        "failures": [{"source": failure.source, "reason": failure.reason} for failure in report.failures],
        "notes": list(report.notes),
    }


def _listed(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "path": document.path,
        "sources": list(document.sources),
        "media_type": document.media_type,
    }


def _json(make: Callable[[], dict[str, Any]]) -> Response:
    try:
        return JSONResponse(make(), headers=PRIVATE)
    except UnknownDocument:
        return _problem("This document is no longer in the corpus.", 404)
    except AssistantError as error:
        return _problem(str(error), 409)
    except Exception:  # the boundary: whatever it is, the reader gets one sentence
        log.exception("A request for documents failed.")
        return _problem(FAULT, 500)


def _problem(sentence: str, status: int) -> Response:
    return JSONResponse({"error": sentence}, status, headers=PRIVATE)
