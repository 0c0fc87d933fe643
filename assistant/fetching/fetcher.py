"""A URL to a page: what may be asked for, redirects, limits, and what went wrong as one sentence."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from urllib.request import getproxies_environment

import httpcore
import httpx

from assistant.errors import FetchFailed, FetchRefused
from assistant.fetching.gate import SAVE_IT, Deadline, Network, transport
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
        deadline = Deadline(self.limits.total_s)
        way_out = transport(self._network, self._trust, deadline)
        headers = {"User-Agent": USER_AGENT, "Accept": ACCEPT, "Accept-Encoding": "gzip"}
        with httpx.Client(
            transport=way_out, headers=headers, timeout=self.limits.silence_s, trust_env=False
        ) as client:
            return self._follow(client, asked, known, deadline)

    def _follow(
        self, client: httpx.Client, asked: httpx.URL, known: Known | None, deadline: Deadline
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
def _told(url: httpx.URL, *, redirected: bool, deadline: Deadline) -> Iterator[None]:
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


def _unreached(host: str, error: Exception, deadline: Deadline) -> str:
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
