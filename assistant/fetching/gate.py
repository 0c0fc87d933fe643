"""The way out: connections to addresses that were judged, each step of them in time.

httpx asks httpcore for a connection to a name, and httpcore asks the gate, which is the only one to resolve
it. TLS is then begun with the name, so its certificate and SNI are those of the name.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from assistant.addresses import is_public
from assistant.errors import FetchFailed, FetchRefused

SAVE_IT = "Save the page in a browser and add the file."


def _resolve(host: str, port: int) -> list[str]:
    return [str(where[0]) for *_, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Network:
    """The edge of the program: what answers for names, what connects to an address, whom TLS trusts."""

    resolve: Callable[[str, int], Sequence[str]] = _resolve  # every address of a name; OSError if it has none
    backend: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)
    trust: Callable[[], ssl.SSLContext] = httpx.create_ssl_context


class Deadline:
    """The time by which all must be done, however lively the server is."""

    def __init__(self, total_s: float) -> None:
        self.total_s = total_s
        self._end = time.monotonic() + total_s

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def at_most(self, timeout_s: float | None) -> float:
        """The time for one step. Raises httpcore.ReadTimeout if none is left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout_s is None else min(timeout_s, left)


def transport(network: Network, trust: ssl.SSLContext, deadline: Deadline) -> httpx.BaseTransport:
    """What httpx sends requests through: new connections each time, and the gate as their only way out."""
    pool = httpcore.ConnectionPool(
        ssl_context=trust, max_keepalive_connections=0, network_backend=_Gate(network, deadline)
    )
    return _Transport(pool)


class _Gate(httpcore.NetworkBackend):
    """The only way out: a name is resolved once, and connected to at an address that was judged."""

    def __init__(self, network: Network, deadline: Deadline) -> None:
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

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
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
