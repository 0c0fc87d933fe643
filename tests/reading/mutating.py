"""Sound files become odd ones: bytes and tokens are changed, in a zip file those of one member."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

from making import zipped

PIECES = [
    b"",
    b"\0",
    b"\xff\xff\xff\xff",
    b"<",
    b">",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b"\n",
    b"\r",
    b"\t",
]
PIECES += [
    b"-1",
    b"9" * 12,
    b"0",
    b"1e999",
    b"NaN",
    b"65536",
    b"&#xD800;",
    b"&#0;",
    b"\xed\xa0\x80",
    b"<![CDATA[",
]
PIECES += [
    b"]]>",
    b"<!--",
    b"-->",
    b"\xef\xbb\xbf",
    b"\xef\xbf\xbe",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\\'",
    b"\\u-1?",
]
PIECES += [b"|", b"- ", b"# ", b"```", b"/>", b"=", b"%", b"\x0c", b"\x1b", b" " * 200]
_TOKEN = re.compile(rb"<[^<>]*>|\\[a-z]+-?\d*|\w+|\s+|[^\w\s]", re.DOTALL)
_NUMBER = re.compile(rb"\d+")
_NUMBERS = [
    b"0",
    b"1",
    b"-1",
    b"255",
    b"65535",
    b"2147483648",
    b"99999999999999999999",
    b"1e308",
    b"NaN",
    b"",
    b"x",
]
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, EOFError, OSError, NotImplementedError)

Change = Callable[[bytes, random.Random], bytes]


def mutated(data: bytes, chance: random.Random, *, more: tuple[Change, ...] = ()) -> bytes:
    """The file with up to four changes; `more` are kinds of change beside the ones here."""
    changes = (*_CHANGES, *more)
    if data[:2] == b"PK" and chance.random() < 0.97:
        try:
            members = _members(data)
        except _DAMAGED:
            return data
        for _ in range(chance.randint(1, 2) if members else 0):
            name = chance.choice(list(members))
            members[name] = _changed(members[name], chance, changes)
        return zipped(members)
    return _changed(data, chance, changes)


def _changed(data: bytes, chance: random.Random, changes: tuple[Change, ...]) -> bytes:
    for _ in range(chance.randint(1, 4)):
        data = chance.choice(changes)(data, chance)
    return data


def _members(data: bytes) -> dict[str, str | bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _replace(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(PIECES) + data[at + chance.choice((0, 0, 1, 2, 8, 40)) :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randint(0, len(data))]


def _flip(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return data
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _move_tokens(data: bytes, chance: random.Random) -> bytes:
    """Some tokens that follow each other stand again elsewhere, or are gone."""
    tokens = _TOKEN.findall(data[:100_000])
    if not tokens:
        return data
    at = chance.randrange(len(tokens))
    run = tokens[at : at + chance.choice((1, 1, 2, 5, 20))]
    to = chance.randrange(len(tokens))
    if chance.random() < 0.3:
        del tokens[at : at + len(run)]
    tokens[to:to] = run * chance.choice((1, 1, 1, 2, 30))
    return b"".join(tokens)


def _change_number(data: bytes, chance: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    one = chance.choice(found)
    return data[: one.start()] + chance.choice(_NUMBERS) + data[one.end() :]


_CHANGES: tuple[Change, ...] = (_replace, _replace, _cut, _flip, _move_tokens, _move_tokens, _change_number)
