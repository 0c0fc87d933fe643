"""Notice that the corpus folder changes, and follow it. The only importer of watchfiles."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

from watchfiles import Change, watch

from assistant.errors import AssistantError
from assistant.values import Failure, SyncReport

QUIET_MS = 400  # without a change, after which those before it are followed: a copy under way is waited for
LONGEST_MS = 5000  # that changes may keep coming before they are followed
TICK_MS = 500
RETRY_S = 2.0  # until what could not be followed is tried again


def follow(
    folder: Path, sync: Callable[[], SyncReport], stop: Event
) -> Iterator[SyncReport | AssistantError]:
    """Sync at first and after each burst of changes, until stopped; yields what is new.

    A report that changed nothing is not news, nor is a failure, or an error, that was told already.
    """
    told: frozenset[Failure] = frozenset()
    said, due, wait_until = "", True, 0.0
    for changed in _changes(folder, stop):
        due = due or changed
        if not due or time.monotonic() < wait_until:
            continue
        try:
            report = sync()
        except AssistantError as error:
            wait_until = time.monotonic() + RETRY_S
            if str(error) != said:
                said = str(error)
                yield error
            continue
        due, said = False, ""
        new = tuple(failure for failure in report.failures if failure not in told)
        told = frozenset(report.failures)
        if new or report.added or report.changed or report.removed or report.notes:
            yield replace(report, failures=new)


def _changes(folder: Path, stop: Event) -> Iterator[bool]:
    """Twice a second whether anything has changed, until stopped. A folder that comes and goes is borne."""
    while not stop.is_set():
        began = _identity(folder)
        if began is None:
            yield True  # whoever syncs is told that it is not there
            stop.wait(TICK_MS / 1000)
            continue
        try:
            for changes in _watched(folder, stop):
                yield bool(changes)
                if _identity(folder) != began:
                    break
        except FileNotFoundError:  # it went while the watch began
            continue
        yield True


def _watched(folder: Path, stop: Event) -> Iterator[set[tuple[Change, str]]]:
    """Bursts of changes, empty on a tick; found by looking where the system does not tell of them."""
    root = folder.resolve()

    def visible(_: Change, path: str) -> bool:
        inside = Path(path).relative_to(root) if Path(path).is_relative_to(root) else Path(path)
        return not any(part.startswith(".") for part in inside.parts)

    for polling in (None, True):
        try:
            yield from watch(
                root,
                watch_filter=visible,
                debounce=LONGEST_MS,
                step=QUIET_MS,
                rust_timeout=TICK_MS,
                yield_on_timeout=True,
                stop_event=stop,
                force_polling=polling,
                ignore_permission_denied=True,
            )
            return
        except FileNotFoundError:
            raise
        except (OSError, RuntimeError):  # watchfiles' own error, as when the system's watches are used up
            if polling:
                raise


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
