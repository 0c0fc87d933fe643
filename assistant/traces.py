"""Search raw bytes for what was removed, without keeping what was removed.

Of some windows of 48 bytes (eight words or so, twelve numbers of a vector) a salted fingerprint is kept.
Every 48 bytes of a file are held against them, at each offset. Knows no document and no index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Long enough that nobody finds a window by trying; what holds a whole page of text holds many of them.
WINDOW = 48
WORDS = WINDOW // 8
CHUNK = 1 << 23  # bytes looked at together
BUCKET_BITS = 20  # of the fast sum that sorts out what cannot be a window

Numbers = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Salted fingerprints of windows: a fast sum to sort out by, and a slow digest that decides."""

    salt: bytes
    sums: tuple[int, ...]
    digests: tuple[str, ...]  # hexadecimal, one for each sum


def windows(pieces: Sequence[bytes], most: int) -> Iterator[bytes]:
    """At most so many windows, spread evenly over the pieces; a piece shorter than a window has none."""
    spans = [piece[:WINDOW] for piece in pieces if len(piece) >= WINDOW]
    step = max(1, -(-len(spans) // most))
    yield from spans[::step]


def fingerprints(given: Iterable[bytes], salt: bytes) -> Fingerprints:
    """The fingerprints of these windows."""
    taken = sorted(set(given))
    sums = [int(_sums(window, _factors(salt))[0]) for window in taken]
    return Fingerprints(salt, tuple(sums), tuple(_digest(window, salt) for window in taken))


def found(prints: Fingerprints, held: bytes) -> set[str]:
    """The digests of those fingerprints whose window stands somewhere in these bytes."""
    if not prints.digests or len(held) < WINDOW:
        return set()
    wanted = np.zeros(1 << BUCKET_BITS, np.bool_)
    wanted[list(prints.sums)] = True
    known, factors = set(prints.digests), _factors(prints.salt)
    there: set[str] = set()
    for offset in range(8):
        like = np.flatnonzero(wanted[_sums(held[offset:], factors)])
        starts = (int(at) * 8 + offset for at in like)
        there |= known & {_digest(held[at : at + WINDOW], prints.salt) for at in starts}
    return there


def found_in(prints: Fingerprints, path: Path) -> set[str]:
    """As `found`, for a file of any size. A file that vanishes meanwhile holds nothing."""
    there: set[str] = set()
    try:
        with path.open("rb") as file:
            rest = b""
            while read := file.read(CHUNK):
                there |= found(prints, rest + read)
                rest = read[-WINDOW + 1 :]
    except FileNotFoundError:
        return there
    return there


def _sums(held: bytes, factors: Numbers) -> NDArray[np.int64]:
    """For every eighth offset the fast sum of the window that begins there."""
    count = len(held) // 8 - WORDS + 1
    if count <= 0:
        return np.empty(0, np.int64)
    numbers = np.frombuffer(held, "<u8", count=len(held) // 8)
    total = np.zeros(count, np.uint64)
    for at in range(WORDS):
        total += numbers[at : at + count] * factors[at]  # modulo 2**64
    return (total >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)


def _factors(salt: bytes) -> Numbers:
    return np.frombuffer(hashlib.blake2b(salt, digest_size=8 * WORDS).digest(), "<u8") | np.uint64(1)


def _digest(window: bytes, salt: bytes) -> str:
    return hashlib.blake2b(window, key=salt, digest_size=12).hexdigest()
