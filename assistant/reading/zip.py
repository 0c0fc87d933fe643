"""A zip archive: every file in it that can be read, under a heading with its name; the others are named."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from assistant.errors import UnreadableFile
from assistant.reading import dispatch
from assistant.reading.archives import Archive
from assistant.reading.building import Builder, squeezed
from assistant.reading.kinds import ZIP, detect
from assistant.values import Content

MEDIA_TYPE = ZIP.media_type
_MOST_FILES = 1000
_MOST_TEXT = 100_000_000  # characters
_MOST_NOTES = 50
_NESTED = "It is an archive inside an archive: unpack it and add what you need."
_SYSTEM = ("__MACOSX", ".git", ".svn")
_SYSTEM_FILES = ("Thumbs.db", "desktop.ini")


def read(data: bytes) -> Content:
    """The contents of all files in an archive. Raises UnreadableFile if none of them can be read."""
    archive = Archive(data)
    names = [name for name in archive.names if not _is_system(name)]
    if not names:
        raise UnreadableFile("It holds no files: check that it is the archive you meant.")
    if len(names) > _MOST_FILES:
        raise UnreadableFile(f"It holds more than {_MOST_FILES:,} files: unpack it and add them as a folder.")
    builder = Builder()
    failures: list[str] = []
    notes: list[str] = []
    for name in names:
        shown = squeezed(name)
        try:
            content = _member(archive, name, builder)
        except UnreadableFile as error:
            failures.append(f"{shown} was not read: {error}")
        else:
            builder.heading(shown, level=1)
            builder.embed(content, below=1)
            notes.extend(f"{shown}: {note}" for note in content.notes)
    if not builder.blocks:
        raise UnreadableFile(f"None of its files could be read. {failures[0]}")
    return Content(
        title="",
        text=builder.text,
        media_type=MEDIA_TYPE,
        blocks=tuple(builder.blocks),
        rows=tuple(builder.rows),
        notes=tuple(_shortened([*failures, *notes])),
    )


def _member(archive: Archive, name: str, builder: Builder) -> Content:
    """The content of one file. Raises UnreadableFile, whatever its reader raises."""
    if builder.length > _MOST_TEXT:
        raise UnreadableFile("The files before it hold too much text: unpack the archive and add its files.")
    data = archive.read(name)
    kind = detect(data, suffix=posixpath.splitext(name)[1].lower())
    if kind == ZIP:
        raise UnreadableFile(_NESTED)
    try:
        return dispatch.read_as(kind, data)
    except (UnreadableFile, MemoryError, RecursionError, ModuleNotFoundError):
        raise
    except Exception as error:  # whatever a format library raises concerns this member only
        raise UnreadableFile(f"It may be damaged ({type(error).__name__}).") from error


def _shortened(notes: list[str]) -> Iterator[str]:
    yield from notes[:_MOST_NOTES]
    if len(notes) > _MOST_NOTES:
        yield f"{len(notes) - _MOST_NOTES:,} more notes are not shown: unpack it and add its files."


def _is_system(name: str) -> bool:
    """Whether a file is not the user's but left there by a program."""
    *folders, base = name.replace("\\", "/").split("/")
    return any(folder in _SYSTEM for folder in folders) or base.startswith("._") or base in _SYSTEM_FILES
