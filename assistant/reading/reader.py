"""The reading process's other end: one worker, started when needed, replaced when it dies.

Parses no file itself and imports nothing that does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from assistant.errors import UnreadableFile
from assistant.reading import protocol
from assistant.reading.limits import Limits
from assistant.values import Content

# The worker parses hostile files: it gets no keys, tokens or proxies from the environment.
_ENVIRONMENT = (
    "PATH",
    "HOME",
    "TESSDATA_PREFIX",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PYTHONHOME",
    "PYTHONPATH",
)
_PACKAGE = str(Path(__file__).resolve().parents[1])
# The worker needs this package's modules but not its `__init__`, which loads the whole program: an empty
# package with the same path stands in for it. That halves the start and keeps hostile files away from it.
_START = """
import sys, types
sys.modules["assistant"] = package = types.ModuleType("assistant")
package.__path__ = [sys.argv[2]]
from assistant.reading.worker import main
main()
"""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: the content, and the sha256 of exactly the bytes it was made of."""

    content: Content
    sha256: str


class Reader:
    """Reads files in a worker process, one at a time; a file that breaks the worker fails alone."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._worker: _Worker | None = None
        self._lock = threading.Lock()
        self._interrupted = False

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker; a later `read` starts a new one."""
        with self._lock:
            self._end_worker()

    def interrupt(self) -> None:
        """Make a `read` that is under way in another thread fail at once, and every later one."""
        self._interrupted = True
        worker = self._worker
        if worker is not None:
            worker.kill()

    def read(self, path: Path) -> Read:
        """The content of one file.

        Raises UnreadableFile with one sentence that says why, and what to do; it does not name the file."""
        with self._lock:
            if self._interrupted:
                raise UnreadableFile("Reading was interrupted: sync again.")
            message, text, blocks = self._ask(os.path.abspath(path))
            if message.get("spent"):
                self._end_worker()
            if refused := message.get("refused"):
                raise UnreadableFile(str(refused))
            try:
                return Read(*protocol.unpack(message, text, blocks))
            except protocol.Nonsense as error:
                self._end_worker()
                raise _broken_answer() from error

    def _ask(self, path: str) -> tuple[protocol.Message, str, bytearray]:
        """The worker's answer; after any failure there is no worker, so that no late answer is mistaken."""
        try:
            return self._send(path).receive()
        except TimeoutError as error:
            self._end_worker()
            raise UnreadableFile(
                f"Reading it took longer than {self._limits.wall_s:g} seconds: "
                "split it, or convert it to plain text."
            ) from error
        except EOFError as error:
            raise UnreadableFile(self._cause_of_death()) from error
        except (protocol.Nonsense, ValueError) as error:
            self._end_worker()
            raise _broken_answer() from error
        except BaseException:
            self._end_worker()
            raise

    def _send(self, path: str) -> _Worker:
        """The worker that has received the request; a worker that died idle is replaced."""
        if self._worker is not None:
            with contextlib.suppress(BrokenPipeError):
                self._worker.send({"path": path})
                return self._worker
            self._end_worker()
        self._worker = _Worker(self._limits)
        self._worker.send({"path": path})
        return self._worker

    def _end_worker(self) -> int:
        worker, self._worker = self._worker, None
        return worker.end() if worker is not None else 0

    def _cause_of_death(self) -> str:
        status = self._end_worker()
        if status == -signal.SIGXCPU:
            return (
                f"Reading it took more than {self._limits.cpu_s} seconds of processor time: "
                "split it, or convert it to plain text."
            )
        if status in (-signal.SIGKILL, -signal.SIGTERM):
            return (
                "The reader was stopped from outside while reading it, perhaps because memory ran out: "
                "sync again, or split it."
            )
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
        return f"The reader crashed on it ({how}): it may be damaged. Save it again, or as plain text."


class _Worker:
    """One running worker process and the pipes to it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._deadline = 0.0
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-c", _START, json.dumps(dataclasses.asdict(limits)), _PACKAGE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment,
            start_new_session=True,  # Ctrl-C in a terminal is the parent's to answer
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = self._process.stdin
        self._replies = self._process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)

    def send(self, message: protocol.Message) -> None:
        """Ask, and start the clock. Raises BrokenPipeError if the process has ended."""
        self._deadline = time.monotonic() + self._limits.wall_s
        self._requests.write(b"".join(protocol.encode(message)))

    def receive(self) -> tuple[protocol.Message, str, bytearray]:
        """The answer. Raises TimeoutError, EOFError or Nonsense."""
        lengths = protocol.LENGTHS.unpack(self._receive(protocol.LENGTHS.size))
        if max(lengths) > 16 * self._limits.max_bytes + 1_000_000:
            raise protocol.Nonsense("too long")
        message = json.loads(self._receive(lengths[0]))
        if not isinstance(message, dict):
            raise protocol.Nonsense("not an object")
        text = self._receive(lengths[1]).decode("utf-8")
        return message, text, self._receive(lengths[2])

    def _receive(self, length: int) -> bytearray:
        received = bytearray(length)
        rest = memoryview(received)
        while rest:
            left_ms = (self._deadline - time.monotonic()) * 1000
            if left_ms <= 0 or not self._poll.poll(left_ms):
                raise TimeoutError
            count = os.readv(self._replies, [rest])
            if not count:
                raise EOFError
            rest = rest[count:]
        return received

    def kill(self) -> None:
        """Kill the process, with what it started, such as Tesseract."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def end(self) -> int:
        """Kill the process if it still runs, close the pipes, and return its exit status."""
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._requests.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            # A worker that died shows its own status; one that is busy or idle is not waited for.
            self._process.wait(timeout=0.05)
        self.kill()
        self._process.stdout.close()
        return self._process.wait()


def _broken_answer() -> UnreadableFile:
    return UnreadableFile("The reader gave a broken answer about it: convert it to plain text and add that.")
