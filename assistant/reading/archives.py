"""Zip archives from anywhere: what they hold is unpacked in memory, one member at a time, within limits.

Knows nothing of formats, and writes nothing to disk, so a member's path leads nowhere.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from assistant.errors import UnreadableFile

MAX_MEMBERS = 20_000
MAX_UNPACKED_BYTES = 400_000_000  # of all members that are read
_BOMB_RATIO = 250  # unpacked to packed, of a member and of all; a spreadsheet of equal cells reaches 100
_SMALL_MEMBER_BYTES = 2_000_000  # may be packed tighter
_SMALL_ARCHIVE_BYTES = 20_000_000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1

# What the standard library raises on damaged archives.
_FAILURES: tuple[type[Exception], ...] = (
    *(zipfile.BadZipFile, zlib.error, struct.error, ValueError, IndexError, EOFError, OSError),
    *(NotImplementedError, RuntimeError, OverflowError),
)

LOCKED = "It is locked with a password: save a copy without the password and add that."
DAMAGED = "It is damaged, perhaps cut off on the way: save or download it again."
_TOO_MANY = "It holds more than {:,} files: unpack it and add the ones you need."
_TOO_LARGE = "It unpacks to more than {:,.0f} MB: unpack it and add the files you need."


class Archive:
    """The members of a zip file by name. Every read counts towards one limit for the whole archive."""

    def __init__(self, data: bytes) -> None:
        """Raises UnreadableFile if it is damaged or holds too many members."""
        try:
            self._file = zipfile.ZipFile(io.BytesIO(data))
        except _FAILURES as error:
            raise UnreadableFile(DAMAGED) from error
        found = self._file.infolist()
        if len(found) > MAX_MEMBERS:
            raise UnreadableFile(_TOO_MANY.format(MAX_MEMBERS))
        self._members = {one.filename: one for one in found if one.filename and not one.is_dir()}
        self._left = self._most = min(MAX_UNPACKED_BYTES, max(_SMALL_ARCHIVE_BYTES, _BOMB_RATIO * len(data)))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all members but folders, in the archive's order."""
        return tuple(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """The bytes of a member. Raises UnreadableFile if it is locked, damaged, missing or too large."""
        member = self._members.get(name)
        if member is None:
            raise UnreadableFile(DAMAGED)
        self._check(member)
        try:
            data = self._file.read(member)  # never more than `file_size`, whatever the packed bytes say
        except _FAILURES as error:
            raise UnreadableFile(DAMAGED) from error
        self._left -= len(data)
        return data

    def _check(self, member: zipfile.ZipInfo) -> None:
        if member.flag_bits & _ENCRYPTED:
            raise UnreadableFile(LOCKED)
        if member.compress_type not in _METHODS:
            raise UnreadableFile("It is compressed in an unusual way: pack it again as a common zip file.")
        if member.file_size > max(_SMALL_MEMBER_BYTES, _BOMB_RATIO * member.compress_size):
            raise UnreadableFile("It unpacks to hundreds of times its size, as a zip bomb does: not read.")
        if member.file_size > self._left:
            raise UnreadableFile(_TOO_LARGE.format(self._most / 1e6))
