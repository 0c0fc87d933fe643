"""From a path to the file's bytes, without hanging on a pipe and without reading more than allowed."""

from __future__ import annotations

import errno
import os
import stat

from assistant.errors import UnreadableFile

_GONE = "It is no longer there: it was moved, renamed or deleted. Sync again."
_NOT_FILES = (
    (stat.S_ISDIR, "It is a folder, not a file: add the files inside it."),
    (stat.S_ISFIFO, "It is a named pipe, not a file: save its output to a file and add that."),
    (stat.S_ISSOCK, "It is a socket, not a file: remove it from the corpus."),
    (stat.S_ISCHR, "It is a device, not a file: remove it from the corpus."),
    (stat.S_ISBLK, "It is a device, not a file: remove it from the corpus."),
)


def read_bytes(path: str, *, max_bytes: int) -> bytes:
    """The bytes of a regular file; a symbolic link is followed.

    Raises UnreadableFile for anything else, and for more than `max_bytes`."""
    try:
        # Asked before opening, since opening a device can have an effect, and again after it.
        _check_regular(os.stat(path).st_mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            _check_regular(found.st_mode)
            _check_size(found.st_size, max_bytes=max_bytes)
            data = file.read(max_bytes + 1) if found.st_size == 0 else file.read(found.st_size + 1)
    except OSError as error:
        raise UnreadableFile(_why_not_opened(error)) from error
    _check_size(len(data), max_bytes=max_bytes)
    return data


def _check_regular(mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    for is_kind, reason in _NOT_FILES:
        if is_kind(mode):
            raise UnreadableFile(reason)
    raise UnreadableFile("It is not a regular file: remove it from the corpus.")


def _check_size(size: int, *, max_bytes: int) -> None:
    if size > max_bytes:
        raise UnreadableFile(
            f"It has {size / 1e6:,.1f} MB, and one file may have {max_bytes / 1e6:,.1f} MB: "
            "split it, or raise the limit."
        )


def _why_not_opened(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return _GONE
    if error.errno in (errno.EACCES, errno.EPERM):
        return "It may not be opened (permission denied): make it readable and sync again."
    if error.errno == errno.ELOOP:
        return "It is a symbolic link that leads back to itself: remove it."
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return f"It could not be opened ({reason}): check the file and its disk, and sync again."
