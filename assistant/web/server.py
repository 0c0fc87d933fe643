"""Serve the web chat on a port of this machine, and say where."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from assistant.errors import AssistantError, SettingsError
from assistant.web.app import create_app

if TYPE_CHECKING:
    from assistant.assistant import Assistant

PORTS_TRIED = 50
GOODBYE_S = 2  # for open pages to let go when the program ends

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """A server on a socket that is already bound; calls `on_ready` once it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if not self.should_exit:
            self._on_ready()


def serve(
    assistant: Assistant,
    *,
    host: str | None = None,
    port: int | None = None,
    open_browser: bool = False,
    on_ready: Callable[[str], None],
) -> None:
    """Serve the chat until interrupted; `on_ready` gets its URL once it answers.

    Without a `port` here or in the settings, the next free one from the default is taken.
    Raises SettingsError if the host or port cannot be used.
    """
    settings = assistant.settings
    host = host or settings.host
    named = port is not None or "port" in settings.model_fields_set
    bound = bind(host, settings.port if port is None else port, tries=1 if named else PORTS_TRIED)
    url = address(host, bound.getsockname()[1])
    threading.Thread(target=_warm_up, args=(assistant,), name="warming up", daemon=True).start()

    def ready() -> None:
        on_ready(settings.public_url or url)
        if open_browser:
            webbrowser.open(url)

    config = uvicorn.Config(
        create_app(assistant, host=host),
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GOODBYE_S,
    )
    with bound, suppress(KeyboardInterrupt):  # the usual way to end it; uvicorn raises it after its goodbye
        Server(config, ready).run(sockets=[bound])


def _warm_up(assistant: Assistant) -> None:
    """Load the model while the page is being opened, so that the first question does not wait for it."""
    try:
        assistant.warm_up()
    except AssistantError as error:  # the first question will say it
        log.info(error)


def bind(host: str, port: int, *, tries: int) -> socket.socket:
    """A socket bound to the first free port of `tries`, from `port` on; port 0 is any free one."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"The host {host!r} is not an address of this machine. Use 127.0.0.1.") from error
    for candidate in range(port, min(port + tries, 65536)):
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((where[0], candidate))
            bound.listen()
            return bound
        except OSError as error:
            bound.close()
            if error.errno != errno.EADDRINUSE:
                raise SettingsError(
                    f"The chat cannot listen on {host} port {candidate} ({error.strerror}). "
                    "Name another with --host or --port."
                ) from error
    raise SettingsError(f"Port {port} of {host} is in use. Name another with --port, or 0 for any free one.")


def address(host: str, port: int) -> str:
    """The URL to open on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}/"
