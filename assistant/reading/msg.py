"""A message as Outlook saves it (MS-OXMSG, msg). Attachments are named and not read."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from assistant.errors import UnreadableFile
from assistant.reading import containers, mail, rtf
from assistant.reading.archives import DAMAGED
from assistant.reading.outlookrtf import unpacked
from assistant.reading.rtftokens import codec_of_page
from assistant.values import Content

MEDIA_TYPE = "application/vnd.ms-outlook"
# Property tags, MS-OXPROPS.
_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER_NAME, _SENDER_SMTP, _SENDER_ADDRESS = 0x0C1A, 0x5D01, 0x0C1F
_TO, _COPIES = 0x0E04, 0x0E03
_DATES = (0x0039, 0x0E06, 0x3007)  # sent, delivered, created
_FILE_NAMES = (0x3707, 0x3704, 0x3001)
_RECIPIENT_NAME, _RECIPIENT_SMTP, _RECIPIENT_ADDRESS, _RECIPIENT_TYPE = 0x3001, 0x39FE, 0x3003, 0x0C15
_CODEPAGE, _INTERNET_CODEPAGE = 0x3FFD, 0x3FDE

_UTF_8 = 65001
_PROPERTIES = "__properties_version1.0"
_HEADER_BYTES = {"": 32, "__recip": 8, "__attach": 8}
_EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)


def read(data: bytes) -> Content:
    """The content of a message. Raises UnreadableFile if it is damaged or says nothing."""
    with containers.opened(data) as file:
        message = _message(file, most_bytes=len(data))
    return mail.content(message, media_type=MEDIA_TYPE)


class _Storage:
    """The properties of a message, a recipient or an attachment."""

    def __init__(self, file: Any, name: str, *, most_bytes: int, codec: str = "cp1252") -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._path = [name] if name else []
        self._codec = codec
        skipped = next(size for start, size in reversed(_HEADER_BYTES.items()) if name.startswith(start))
        self._fixed = dict(_fixed_values(self._bytes(_PROPERTIES)[skipped:]))

    def words(self, *tags: int) -> str:
        """The first of these properties that has words, "" if none has."""
        found = (self._string(tag) for tag in tags)
        return next((words for words in found if words), "")

    def binary(self, tag: int) -> bytes:
        """A property of bytes, empty if there is none."""
        return self._bytes(f"__substg1.0_{tag:04X}0102")

    def number(self, tag: int) -> int:
        """A property of 32 bits, 0 if there is none."""
        return int.from_bytes(self._fixed.get(tag, b"")[:4], "little")

    def moment(self, *tags: int) -> str:
        """The first of these points in time as ISO 8601, "" if there is none."""
        for tag in tags:
            ticks = int.from_bytes(self._fixed.get(tag, b""), "little")
            if ticks:
                moment = _EPOCH + datetime.timedelta(microseconds=ticks // 10)
                return moment.isoformat(sep=" ", timespec="minutes")
        return ""

    def codec(self) -> str:
        """The codec of strings that are not Unicode."""
        return codec_of_page(self.number(_CODEPAGE) or self.number(_INTERNET_CODEPAGE))

    def _string(self, tag: int) -> str:
        unicode = self._bytes(f"__substg1.0_{tag:04X}001F")
        if unicode:
            return unicode.decode("utf-16-le", "replace").rstrip("\0")
        return self._bytes(f"__substg1.0_{tag:04X}001E").decode(self._codec, "replace").rstrip("\0")

    def _bytes(self, name: str) -> bytes:
        path = [*self._path, name]
        if not self._file.exists(path):
            return b""
        # A damaged file can name any size, and go in circles.
        if self._file.get_size(path) > self._most_bytes:
            raise UnreadableFile(DAMAGED)
        return bytes(self._file.openstream(path).read())


def _fixed_values(table: bytes) -> Iterator[tuple[int, bytes]]:
    """The tags and eight value bytes of properties of a fixed size."""
    for at in range(0, len(table) - 15, 16):
        tag = struct.unpack_from("<I", table, at)[0]
        yield tag >> 16, table[at + 8 : at + 16]


def _message(file: Any, *, most_bytes: int) -> mail.Message:
    codec = _Storage(file, "", most_bytes=most_bytes).codec()
    storage = partial(_Storage, file, most_bytes=most_bytes, codec=codec)
    top = storage("")
    recipients = [storage(name) for name in _storages(file, "__recip")]
    rich, notes = _rich(top.binary(_RTF))
    return mail.Message(
        subject=top.words(_SUBJECT),
        sender=_person(top, _SENDER_NAME, _SENDER_SMTP, _SENDER_ADDRESS),
        to=_people(recipients, lambda kind: kind in (0, 1)) or top.words(_TO),
        copies=_people(recipients, lambda kind: kind == 2) or top.words(_COPIES),
        date=top.moment(*_DATES),
        plain=top.words(_BODY),
        markup=_markup(top),
        rich=rich,
        notes=notes,
        attachments=[
            storage(name).words(*_FILE_NAMES) or "an attachment without a name"
            for name in _storages(file, "__attach")
        ],
    )


def _markup(top: _Storage) -> str:
    found = top.words(_HTML)
    if found:
        return found
    codec = codec_of_page(top.number(_INTERNET_CODEPAGE) or _UTF_8)
    return top.binary(_HTML).decode(codec, "replace")


def _rich(packed: bytes) -> tuple[Content | None, tuple[str, ...]]:
    """The body that is stored as packed RTF, None if there is none; and a note if it cannot be read."""
    if not packed:
        return None, ()
    try:
        return rtf.read(unpacked(packed)), ()
    except UnreadableFile as error:
        return None, (f"Its formatted body was not read: {error}",)


def _storages(file: Any, start: str) -> list[str]:
    return sorted({entry[0] for entry in file.listdir() if len(entry) > 1 and entry[0].startswith(start)})


def _people(recipients: list[_Storage], is_wanted: Callable[[int], bool]) -> str:
    named = (
        _person(one, _RECIPIENT_NAME, _RECIPIENT_SMTP, _RECIPIENT_ADDRESS)
        for one in recipients
        if is_wanted(one.number(_RECIPIENT_TYPE))
    )
    return ", ".join(filter(None, named))


def _person(storage: _Storage, name_tag: int, *address_tags: int) -> str:
    """ "ada@example.org (Ada Brook)", or the one of both that is known."""
    name, address = storage.words(name_tag), storage.words(*address_tags)
    if not address or address.startswith("/") or name.casefold() == address.casefold():
        return name or address
    return f"{address} ({name})" if name else address
