"""The worker process: it reads one file after another within its limits and answers on a pipe.

It ends when its standard input does, so it does not outlive the process that started it.
"""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import math
import os
import resource
import sys
from typing import BinaryIO

from assistant.errors import UnreadableFile
from assistant.reading import dispatch, protocol
from assistant.reading.limits import Limits
from assistant.reading.opening import read_bytes
from assistant.values import Content

_MUCH_TEXT = 20_000_000  # characters; what the reader took for it is given back by ending the worker


def main() -> None:
    """Serve requests from standard input until it ends; `sys.argv[1]` holds the limits as JSON."""
    limits = Limits(**json.loads(sys.argv[1]))
    requests, replies = _take_over_pipes()
    logging.disable(logging.CRITICAL)
    _confine(limits)
    while header := requests.read(protocol.LENGTHS.size):
        length, *_ = protocol.LENGTHS.unpack(header)
        path = json.loads(requests.read(length))["path"]
        _allow_cpu(limits.cpu_s)
        for part in _reply(path, limits):
            replies.write(part)
        replies.flush()


def read_file(path: str, limits: Limits) -> tuple[Content, str]:
    """The content of the file at `path` and the sha256 of the bytes it was made of."""
    data = read_bytes(path, max_bytes=limits.max_bytes)
    sha256 = hashlib.sha256(data).hexdigest()
    return dispatch.read(data, name=path), sha256


def _take_over_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Requests and replies; whatever a library prints later goes nowhere."""
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return sys.stdin.buffer, replies


def _confine(limits: Limits) -> None:
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(which: int, wanted: int) -> None:
    """Lower a limit; one that is already lower stays."""
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(which, (wanted, wanted))


def _allow_cpu(seconds: int) -> None:
    """Let this file have `seconds` of processor time, beyond what earlier files took."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(used.ru_utime + used.ru_stime) + seconds
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _reply(path: str, limits: Limits) -> protocol.Frame:
    """The frame that answers one request: a content, or the reason why there is none."""
    gc.disable()  # a million blocks hold no cycles, and looking for some doubles the time
    try:
        content, sha256 = read_file(path, limits)
        message = protocol.pack(content, sha256)
        message["spent"] = len(content.text) > _MUCH_TEXT
        return protocol.encode(message, content.text, protocol.pack_blocks(content.blocks))
    except UnreadableFile as error:
        return _refusal(str(error))
    except MemoryError:
        needed = f"{limits.memory_bytes / 1e6:,.0f} MB"
        return _refusal(
            f"Reading it needs more than {needed} of memory: split it into smaller files.", spent=True
        )
    except RecursionError:
        return _refusal("Its parts are nested too deeply to be read: convert it to plain text.", spent=True)
    except ModuleNotFoundError as error:
        return _refusal(f"Reading it needs the package {error.name}: install the requirements.")
    except Exception as error:  # the boundary: whatever a format library raises concerns this file only
        kind = type(error).__name__
        return _refusal(
            f"It could not be read ({kind}): it may be damaged. Save it again, or convert it to plain text."
        )
    finally:
        gc.enable()


def _refusal(reason: str, *, spent: bool = False) -> protocol.Frame:
    """A refusal; `spent` asks for a fresh worker, because this one may have nothing left."""
    return protocol.encode({"refused": reason, "spent": spent})
