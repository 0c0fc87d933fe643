"""A web page's bytes by its URL, from public addresses only: the one room that opens a connection to the web.

Each connection resolves its name once, judges every address that the name has, and goes to one of those
very addresses, so that no later answer of the name service can lead elsewhere. TLS is verified against the
name. Knows nothing of the corpus.
"""

from __future__ import annotations

import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.request import getproxies_environment

import httpcore
import httpx

from assistant.addresses import is_public
from assistant.errors import FetchFailed, FetchRefused
from assistant.reading import MEDIA_TYPES

PORTS = {"http": 80, "https": 443}  # the schemes that are fetched, with their own ports
OTHER_PORTS = frozenset({8080, 8443})
USER_AGENT = "cited-answers (fetches single pages that a person asked for)"
ACCEPT = "text/html,application/xhtml+xml,application/pdf;q=0.9,text/*;q=0.8,*/*;q=0.5"
LONGEST_URL = 2000  # characters
PIECE_BYTES = 1 << 20  # inflated at a time

# What may turn out to be a document; its content decides, once it is here.
_UNTYPED = frozenset({"", "application/octet-stream", "application/x-download", "binary/octet-stream"})
_NO_TEXT = frozenset({"text/css", "text/javascript", "text/event-stream"})

SAVE_IT = "Save the page in a browser and add the file."


@dataclass(frozen=True, slots=True)
class Limits:
    """What a page may cost."""

    max_bytes: int = 50_000_000  # of the page, decompressed
    total_s: float = 60.0  # for all of it, redirects included
    silence_s: float = 15.0  # to connect, and between any two pieces
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Known:
    """What the server said of a copy that is already here, to be asked whether it has changed."""

    final_url: str
    etag: str
    last_modified: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it was served. `etag` and `last_modified` are the server's own words, or empty."""

    url: str
    final_url: str  # after redirects
    body: bytes
    content_type: str  # as sent, with its parameters
    etag: str
    last_modified: str

    @property
    def media_type(self) -> str:
        """The content type in lower case, without parameters."""
        return _media_type(self.content_type)


def _resolve(host: str, port: int) -> list[str]:
    return [str(where[0]) for *_, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Network:
    """The edge of the program: what answers for names, what connects to an address, whom TLS trusts."""

    resolve: Callable[[str, int], Sequence[str]] = _resolve  # every address of a name; OSError if it has none
    backend: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)
    trust: Callable[[], ssl.SSLContext] = httpx.create_ssl_context


class Fetcher:
    """Fetches pages, each over connections of its own; proxies of the environment are not used."""

    def __init__(self, limits: Limits | None = None, *, network: Network | None = None) -> None:
        self.limits = limits or Limits()
        self._network = network or Network()

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return self._network.trust()

    def fetch(self, url: str, *, known: Known | None = None) -> Fetched | None:
        """The page at this URL; None if the server says that the `known` copy has not changed.

        Raises FetchRefused if it may not be fetched, FetchFailed if it cannot be fetched now.
        """
        asked = _checked(url)
        deadline = _Deadline(self.limits.total_s)
        gate = _Gate(self._network, deadline)
        pool = httpcore.ConnectionPool(
            ssl_context=self._trust, max_keepalive_connections=0, network_backend=gate
        )
        headers = {"User-Agent": USER_AGENT, "Accept": ACCEPT, "Accept-Encoding": "gzip"}
        with httpx.Client(
            transport=_Transport(pool), headers=headers, timeout=self.limits.silence_s, trust_env=False
        ) as client:
            return self._follow(client, asked, known, deadline)

    def _follow(
        self, client: httpx.Client, asked: httpx.URL, known: Known | None, deadline: _Deadline
    ) -> Fetched | None:
        """Ask, and ask again where a redirect leads, each time as if that had been asked for."""
        request = client.build_request("GET", asked)
        for hop in range(self.limits.redirects + 1):
            with _told(request.url, redirected=hop > 0, deadline=deadline):
                _checked(str(request.url))
                _ask_if_changed(request, known)
                response = client.send(request, stream=True)
                try:
                    if response.next_request is None:
                        return self._kept(str(asked), response, known)
                    request = response.next_request
                finally:
                    response.close()
        raise FetchRefused(f"It redirects more than {self.limits.redirects} times. Check the address.")

    def _kept(self, url: str, response: httpx.Response, known: Known | None) -> Fetched | None:
        if response.status_code == 304 and known is not None:
            return None
        if response.status_code != 200:
            raise FetchFailed(_said(response))
        content_type = response.headers.get("content-type", "")
        if not _may_be_read(_media_type(content_type)):
            raise FetchRefused(f"It is of the kind {_media_type(content_type)}, which is not read. {SAVE_IT}")
        return Fetched(
            url=url,
            final_url=_bare(response.url),
            body=self._body(response),
            content_type=content_type,
            etag=response.headers.get("etag", ""),
            last_modified=response.headers.get("last-modified", ""),
        )

    def _body(self, response: httpx.Response) -> bytes:
        most = self.limits.max_bytes
        too_large = FetchRefused(f"It has more than {most:,} bytes. Download it and add the file.")
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            raise too_large
        body = bytearray()
        for piece in _inflated(response):
            body += piece
            if len(body) > most:
                raise too_large
        return bytes(body)


def canonical(url: str) -> str:
    """The URL in the one form under which its page is kept: without a fragment, its host in lower case.

    Raises FetchRefused if it is not a URL that may be fetched.
    """
    return str(_checked(url))


def _checked(url: str) -> httpx.URL:
    """The URL, if it may be asked for. Where its name leads is judged when it is connected to."""
    no_address = FetchRefused(f"{_short(url)!r} is not a web address. Write it as https://name/path.")
    try:
        found = httpx.URL(url.strip())
    except (httpx.InvalidURL, UnicodeError) as error:
        raise no_address from error
    if found.scheme and found.scheme not in PORTS:
        raise FetchRefused(f"Only http and https are fetched, not {found.scheme}. Add the file itself.")
    if not found.scheme or not found.host or "%" in found.host or len(url) > LONGEST_URL:
        raise no_address
    if found.userinfo:
        raise FetchRefused(f"The address of {found.host} holds a user name or password. Leave that out.")
    if found.port not in (None, PORTS[found.scheme], *OTHER_PORTS):
        ports = ", ".join(str(port) for port in sorted({*PORTS.values(), *OTHER_PORTS}))
        raise FetchRefused(f"Port {found.port} of {found.host} is not one of web pages ({ports}).")
    # Read again from its own spelling, which leaves out the port that is the scheme's own.
    return httpx.URL(_bare(found))


def _bare(url: httpx.URL) -> str:
    return str(url.copy_with(fragment=None, raw_path=url.raw_path))


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"


# --- connections ---------------------------------------------------------------------------------


class _Deadline:
    """The time by which all must be done, however lively the server is."""

    def __init__(self, total_s: float) -> None:
        self.total_s = total_s
        self._end = time.monotonic() + total_s

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def at_most(self, timeout_s: float | None) -> float:
        """The time for one step. Raises httpcore.ReadTimeout if none is left."""
        if self.is_over:
            raise httpcore.ReadTimeout
        left = self._end - time.monotonic()
        return left if timeout_s is None else min(timeout_s, left)


class _Gate(httpcore.NetworkBackend):
    """The only way out: a name is resolved once, and connected to at an address that was judged."""

    def __init__(self, network: Network, deadline: _Deadline) -> None:
        self._network = network
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("it has no address")
        for address in self._addresses(host, port):
            try:
                stream = self._network.backend.connect_tcp(
                    address, port, self._deadline.at_most(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Timed(stream, self._deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        """Every address of a name, all of them public: one that is not makes the name suspect."""
        try:
            found = list(dict.fromkeys(self._network.resolve(host, port)))
        except (OSError, UnicodeError) as error:
            said = (isinstance(error, OSError) and error.strerror) or error
            raise FetchFailed(f"The name {host} cannot be resolved ({said}). Check the address.") from error
        for address in found:
            if not is_public(address):
                at = "" if address == host else f" leads to {address}, which"
                raise FetchRefused(
                    f"{host}{at} is not a public address, and only public pages are fetched. {SAVE_IT}"
                )
        return found


class _Timed(httpcore.NetworkStream):
    """A connection each step of which ends by the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.at_most(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.at_most(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.at_most(timeout))
        return _Timed(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Transport(httpx.BaseTransport):
    """httpx over a pool of ours; its own transport does not let the way out be chosen."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(answer))

    def close(self) -> None:
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


# --- what is asked, and what comes back ----------------------------------------------------------


def _ask_if_changed(request: httpx.Request, known: Known | None) -> None:
    """Ask for the page only if it has changed; at the very address that said what is known."""
    asked = known is not None and _bare(request.url) == known.final_url
    for name, value in (
        ("If-None-Match", known.etag if known else ""),
        ("If-Modified-Since", known.last_modified if known else ""),
    ):
        request.headers.pop(name, None)  # a redirect carries over what the first request held
        if asked and value:
            request.headers[name] = value


def _inflated(response: httpx.Response) -> Iterator[bytes]:
    """The body in pieces of bounded size. httpx would inflate 64 KiB at once, to whatever that becomes."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        yield from response.iter_raw()
        return
    if encoding not in ("gzip", "x-gzip"):
        raise FetchRefused(f"It is compressed as {encoding}, which was not asked for. {SAVE_IT}")
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    for chunk in response.iter_raw():
        while chunk:
            yield inflater.decompress(chunk, PIECE_BYTES)
            chunk = inflater.unconsumed_tail
    yield inflater.flush()
    if not inflater.eof:
        raise zlib.error("the end is missing")


@contextmanager
def _told(url: httpx.URL, *, redirected: bool, deadline: _Deadline) -> Iterator[None]:
    """What goes wrong inside it as a sentence for the reader, which says where a redirect had led."""
    where = f"It redirects to {_short(str(url))}. " if redirected else ""
    try:
        yield
    except FetchFailed as error:
        raise type(error)(f"{where}{error}") from error
    except (httpcore.TimeoutException, httpcore.NetworkError) as error:
        raise FetchFailed(where + _unreached(url.host, error, deadline)) from error
    except (httpcore.ProtocolError, httpx.HTTPError, httpx.InvalidURL, zlib.error) as error:
        raise FetchFailed(f"{where}It did not arrive whole ({error}). Try again later.") from error


def _unreached(host: str, error: Exception, deadline: _Deadline) -> str:
    if deadline.is_over:
        return f"It was not complete after {deadline.total_s:.0f} seconds. Try again later."
    if isinstance(error, httpcore.TimeoutException):
        return f"{host} does not answer. Try again later."
    cause = error.args[0] if error.args else None  # httpcore wraps what the system said
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"{host} does not prove who it is ({cause.verify_message}), so it is not read."
    said = (isinstance(cause, OSError) and cause.strerror) or error
    proxies = " Proxies of the environment are not used." if getproxies_environment() else ""
    return f"{host} cannot be reached ({said}). Check the address and the network.{proxies}"


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _may_be_read(media_type: str) -> bool:
    kind, _, form = media_type.partition("/")
    if media_type in MEDIA_TYPES or media_type in _UNTYPED:
        return True
    return (kind == "text" and media_type not in _NO_TEXT) or (
        kind == "application" and form.endswith(("+xml", "+json"))
    )


def _said(response: httpx.Response) -> str:
    """What a page that is not there, or not for us, means for the reader."""
    status = f"{response.status_code} {response.reason_phrase}".strip()
    if response.status_code in (404, 410):
        return f"There is no such page ({status}). Check the address."
    if response.status_code in (401, 402, 403, 406, 451):
        return f"The server does not show it to this program ({status}). {SAVE_IT}"
    return f"The server answered {status}. Try again later."
