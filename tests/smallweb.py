"""A small web for tests: real servers on this machine behind names and addresses that are made up.

Only the edge is made up: which addresses a name has, and where a connection to an address really goes. The
judgement of addresses, the connection, TLS and HTTP are the program's own.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore
import trustme

from assistant.fetching import Network

PUBLIC = "93.184.216.34"
ALSO_PUBLIC = "2606:2800:220:1:248:1893:25c8:1946"
AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("example.org")

Reply = Callable[["Visit"], None]


class Visit(BaseHTTPRequestHandler):
    """One request as the server sees it."""

    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        """Answer as the web says."""
        web: Web = self.server.web
        address = f"{self.headers['Host']}{self.path}"
        web.seen.append((address, dict(self.headers)))
        reply = web.pages.get(address, page("There is nothing here.", status=404))
        self.close_connection = True
        try:
            reply(self)
        except (ConnectionError, ssl.SSLError):  # the visitor has left
            self.server.left.set()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@dataclass
class Web:
    """Names with their addresses, pages by `host/path`, and what was asked of both."""

    names: dict[str, list[list[str]]] = field(
        default_factory=dict
    )  # answers one after the other; the last stays
    pages: dict[str, Reply] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # host/path and headers
    resolved: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)
    greeted: list[str | None] = field(default_factory=list)  # server names in TLS greetings
    doors: dict[int, int] = field(default_factory=dict)  # port of the made-up web -> port on this machine
    silent: set[tuple[str, int]] = field(default_factory=set)  # where nothing answers
    authority: trustme.CA | None = None
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def network(self) -> Network:
        """The edge of the program, to this web."""
        return Network(resolve=self.resolve, backend=_Backend(self), trust=self._trust)

    def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of a name; of a number in any notation, what the system makes of it."""
        self.resolved.append(host)
        if host not in self.names:
            found = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
            return [str(where[0]) for *_, where in found]
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.authority:
            self.authority.configure_trust(context)
        return context


class _Backend(httpcore.SyncBackend):
    def __init__(self, web: Web) -> None:
        self.web = web

    def connect_tcp(self, host: str, port: int, *rest: Any, **named: Any) -> httpcore.NetworkStream:
        self.web.connected.append((host, port))
        if (host, port) in self.web.silent:
            raise httpcore.ConnectError("refused")
        return super().connect_tcp("127.0.0.1", self.web.doors[port], *rest, **named)


@contextmanager
def served() -> Iterator[Web]:
    """A web with one name, example.org, and a server for http and https each."""
    web = Web(names={"example.org": [[PUBLIC]]}, authority=AUTHORITY)
    plain, secure = _server(web), _server(web)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATE.configure_cert(context)
    context.sni_callback = lambda _socket, name, _context: web.greeted.append(name)
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    web.doors = {80: plain.server_address[1], 8080: plain.server_address[1], 443: secure.server_address[1]}
    for server in (plain, secure):
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield web
    finally:
        for server in (plain, secure):
            server.shutdown()
            server.server_close()


def _server(web: Web) -> Any:
    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A visitor that breaks off is what some tests are about."""

    server: Any = Quiet(("127.0.0.1", 0), Visit)
    server.web, server.left = web, web.left
    return server


# --- replies -------------------------------------------------------------------------------------


def page(
    body: str | bytes, *, kind: str = "text/html; charset=utf-8", status: int = 200, **headers: str
) -> Reply:
    """A page; a name in `headers` is written with _ for -."""
    content = body.encode() if isinstance(body, str) else body

    def reply(visit: Visit) -> None:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        etag = fields.get("ETag")
        unchanged = etag is not None and visit.headers.get("If-None-Match") == etag
        visit.send_response(304 if unchanged else status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **fields}.items():
            if value and not (unchanged and name.startswith("Content")):
                visit.send_header(name, value)
        visit.end_headers()
        if not unchanged:
            visit.wfile.write(content)

    return reply


def redirect(to: str, status: int = 302) -> Reply:
    """A redirect to this address, with an endless body."""

    def reply(visit: Visit) -> None:
        visit.send_response(status)
        visit.send_header("Location", to)
        visit.end_headers()
        for _ in range(100_000):
            visit.wfile.write(b"x" * 1000)

    return reply


def pieces(*starts: bytes, then: Iterable[bytes] = (), every_s: float = 0.0) -> Reply:
    """Raw bytes of a response, and then these pieces, one every so many seconds."""

    def reply(visit: Visit) -> None:
        for start in starts:
            visit.wfile.write(start)
        for piece in then:
            visit.wfile.write(piece)
            if every_s and visit.server.left.wait(every_s):
                return

    return reply
