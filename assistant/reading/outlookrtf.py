"""The body of an Outlook message that is stored as packed RTF (MS-OXRTFCP) becomes RTF."""

from __future__ import annotations

import struct

from assistant.errors import UnreadableFile
from assistant.reading.archives import DAMAGED

# What the window holds before the first byte, MS-OXRTFCP 2.1.3.1.4.
_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans "
    rb"SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par "
    rb"\pard\plain\f0\fs20\b\i\u\tab\tx"
)
_WINDOW = 4096
_PACKED, _UNPACKED = b"LZFu", b"MELA"
_HEADER = struct.Struct("<II4sI")  # packed size, size, kind, checksum
_MOST_BYTES = 50_000_000


def unpacked(packed: bytes) -> bytes:
    """The RTF in a packed body. Raises UnreadableFile if it is damaged."""
    if len(packed) < _HEADER.size:
        raise UnreadableFile(DAMAGED)
    _, size, kind, _ = _HEADER.unpack_from(packed)
    body = packed[_HEADER.size :]
    if kind == _UNPACKED:
        return body[:size]
    if kind != _PACKED or size > _MOST_BYTES:
        raise UnreadableFile(DAMAGED)
    return _inflated(body, size)


def _inflated(packed: bytes, size: int) -> bytes:
    """Literal bytes and references into a sliding window, eight of them to a control byte."""
    out = bytearray(_START)  # a place in the window is a place here, modulo its size
    at = 0
    while at < len(packed) and len(out) < size + len(_START):
        control, at = packed[at], at + 1
        for bit in range(8):
            if at >= len(packed):
                break
            if not control >> bit & 1:
                out.append(packed[at])
                at += 1
                continue
            pair, at = int.from_bytes(packed[at : at + 2].ljust(2, b"\0"), "big"), at + 2
            distance = (len(out) - (pair >> 4)) % _WINDOW
            if not distance:  # it marks the end
                return bytes(out[len(_START) :])
            for _ in range((pair & 15) + 2):
                out.append(out[-distance] if distance <= len(out) else 0)
    return bytes(out[len(_START) :])
