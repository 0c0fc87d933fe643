"""From bytes to characters: byte order mark, UTF-8, else a guess at the older encoding."""

from __future__ import annotations

import codecs
import re

from assistant.errors import UnreadableFile

BINARY = "It looks like binary data, not text. Convert it to PDF, HTML, Markdown or plain text and add that."
REPLACEMENT = "\ufffd"

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZEROS_BYTES = 4096  # looked at for UTF-16 without a mark
_FEWEST_BYTES = 8
_ZEROS_SHARE = 0.9
_SAMPLE_BYTES = 1 << 16
# With them go characters that show nothing and break words for a search: soft hyphen, zero-width space.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u2060\ud800-\udfff\ufeff\ufffe\uffff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def unicode_codec(data: bytes) -> str | None:
    """The codec that a byte order mark names, or zeros at every second place betray; else None."""
    marked = next((codec for mark, codec in _MARKS if data.startswith(mark)), None)
    return marked or _unmarked_utf_16(data[:_ZEROS_BYTES])


def _unmarked_utf_16(head: bytes) -> str | None:
    """UTF-16 without its mark, where nearly all letters are Latin and none is a control character."""
    if b"\0" not in head or len(head) < _FEWEST_BYTES:
        return None
    for first, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = head[first::2]
        if zeros.count(0) >= _ZEROS_SHARE * len(zeros):
            words = head[: len(head) // 2 * 2].decode(codec, "replace")
            return None if _CONTROLS.search(words.replace("\r", "")) else codec
    return None


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of the bytes, and notes on what could not be decoded.

    Only the byte order mark goes, and line ends become "\\n". Raises UnreadableFile for binary data."""
    codec = unicode_codec(data) or "utf-8"
    notes: tuple[str, ...] = ()
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        text, notes = _decode_damaged(data, error, codec)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _check(text), notes


def printable(text: str) -> str:
    """The text without control characters other than newline and tab, and without lone surrogates."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", text)


def refuse_if_lost(text: str) -> None:
    """Raises UnreadableFile if a good part of the text is replacement characters: its words are lost."""
    lost = text.count(REPLACEMENT)
    if lost and lost * 4 > len(text) - text.count(" ") - text.count("\n"):
        raise UnreadableFile(
            "Most of its characters were lost in an earlier conversion: "
            "export it again from where it was made."
        )


def _check(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise UnreadableFile(BINARY)
    if not text or text.isspace():
        raise UnreadableFile("It is empty.")
    refuse_if_lost(text)
    return text


def _decode_damaged(data: bytes, error: UnicodeDecodeError, codec: str) -> tuple[str, tuple[str, ...]]:
    """Text that is not valid in its first codec: Unicode with a few bad bytes, or an older encoding."""
    text = data.decode(codec, "replace")
    bad = text.count(REPLACEMENT)
    if codec != "utf-8" or error.start >= len(data) - 3 or bad * 4 <= _letters_beyond_ascii(text):
        return text, (f"{bad} of its characters could not be decoded and are shown as {REPLACEMENT}.",)
    guessed = guess(data[max(0, error.start - _SAMPLE_BYTES // 4) : error.start + _SAMPLE_BYTES])
    return data.decode(guessed, "replace"), ()


def _letters_beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore")) - text.count(REPLACEMENT)


def guess(sample: bytes) -> str:
    """The older encoding that these bytes are most likely in.

    Raises UnreadableFile if they are text in none."""
    from charset_normalizer import from_bytes  # 40 ms, and most files are UTF-8

    found = from_bytes(sample)
    best = found.best()
    if best is None:
        raise UnreadableFile(BINARY)
    western = next((match for match in found if match.encoding in ("cp1252", "latin_1")), None)
    # Its order among single-byte encodings that fit equally well is arbitrary; the common one is likelier.
    return "cp1252" if western is not None and western.chaos <= best.chaos else best.encoding
