"""The web application of one assistant: Gradio's chat, the page's own routes, and the guard around both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from assistant.web import chat, documents, following
from assistant.web.security import Guard, Page

if TYPE_CHECKING:
    from assistant.assistant import Assistant

PAGE = Path(__file__).parent / "page"
HEAD = """
<meta name="color-scheme" content="light dark">
<link rel="icon" type="image/svg+xml" href="/page/favicon.svg">
<link rel="stylesheet" href="/page/style.css">
<script src="/page/tab.js"></script>
<script type="module" src="/page/page.js"></script>
"""


def create_app(assistant: Assistant, *, host: str | None = None) -> FastAPI:
    """The application, to be served at `host` (the settings' own if not given)."""
    follower = following.Follower(assistant)
    app = FastAPI(title=chat.NAME, openapi_url=None, docs_url=None, redoc_url=None, lifespan=follower.running)
    app.include_router(documents.routes(assistant))
    app.include_router(following.routes(follower))
    app.mount("/page", StaticFiles(directory=PAGE))

    @app.post("/gradio_api/upload")
    def no_upload() -> Response:
        """Close Gradio's own way in for files, which no component here uses."""
        return JSONResponse({"error": "Add documents at /documents."}, 404)

    gr.mount_gradio_app(
        app,
        chat.build(assistant),
        path="/",
        theme=chat.theme(),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        allowed_paths=[],
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size=1,
        favicon_path=str(PAGE / "favicon.svg"),
    )
    app.add_middleware(Page, head=HEAD)
    settings = assistant.settings
    app.add_middleware(Guard, host=host or settings.host, public_url=settings.public_url)
    return app
