"""What every response says and every request must be: the walls around a chat that runs on one machine."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def policy(nonce: str = "") -> str:
    """The Content-Security-Policy: nothing from elsewhere, and no inline script but those with the nonce."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'" if nonce else "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",  # Gradio's components carry styles
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'none'",
            "object-src 'none'",
            "base-uri 'self'",  # Gradio's page names its own address as its base
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class Guard:
    """Refuses requests that another site caused, and adds a policy and HEADERS to every response.

    On a loopback address, and behind a proxy at `public_url`, only loopback names and the proxy's are
    answered, so that a name that another site points at this machine reads nothing (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, host: str, public_url: str = "") -> None:
        self.app = app
        self.origin = public_url
        self.names = LOOPBACK if host in LOOPBACK else None  # None is any
        if public_url:
            self.names = LOOPBACK | {_name(urlsplit(public_url).netloc)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Content-Security-Policy", policy())
            await send(message)

        refusal = self._refusal(Headers(scope=scope))
        app = PlainTextResponse(refusal, 403) if refusal else self.app
        await app(scope, receive, send_guarded)

    def _refusal(self, headers: Headers) -> str:
        host, origin = headers.get("host", ""), headers.get("origin")
        if self.names is not None and _name(host) not in self.names:
            return "Open this page by the address that the program printed, or name yours as public_url."
        if origin is not None and origin != self.origin and urlsplit(origin).netloc != host:
            return "Another site may not use this program."
        return ""


class Page:
    """Gives the HTML page a head of ours, and each script that the server wrote into it a nonce.

    Gradio's own `head` arrives only after its scripts have run, so that the page would jump.
    """

    def __init__(self, app: ASGIApp, *, head: str) -> None:
        self.app = app
        self.head = head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message | None = None  # of an HTML response, held back until its length is known
        body = bytearray()

        async def send_page(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_html(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    await self._send(start, body.decode(), send)

        await self.app(scope, receive, send_page)

    async def _send(self, start: Message, html: str, send: Send) -> None:
        nonce = secrets.token_urlsafe(16)
        html = html.replace("</head>", f"{self.head}</head>", 1).replace(
            "<script", f'<script nonce="{nonce}"'
        )
        body = html.encode()
        headers = MutableHeaders(scope=start)
        headers["Content-Length"] = str(len(body))
        headers["Content-Security-Policy"] = policy(nonce)
        headers["Cache-Control"] = "no-store"
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _is_html(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
