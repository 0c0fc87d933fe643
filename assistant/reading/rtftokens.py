"""The tokens of RTF, and the codecs that its numbers name. Knows nothing of what the words mean."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)", re.S
)
# Groups whose words are not the text. Those that are listed below are collected apart.
SILENT = frozenset(
    "pict object objdata header headerl headerr headerf footer footerl footerr footerf colortbl fldinst"
    " bkmkstart bkmkend listtable listoverridetable themedata datastore xmlnstbl rsidtbl generator annotation"
    " atnid atnauthor atrfstart atrfend shprslt private do nonesttables ftnsep ftnsepc ftncn aftnsep aftnsepc"
    " aftncn xe tc sp revtbl filetbl pgptbl latentstyles formfield datafield picprop nonshppict".split()
)
APART = frozenset(
    "footnote shptxt title author fonttbl stylesheet info creatim revtim listtext pntext upr ud".split()
)
SHOWN = {
    "tab": "\t",
    "line": "\n",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "emspace": " ",
    "enspace": " ",
    "nestcell": " ",
    "nestrow": " ",
    "~": " ",
    "_": "-",
    "{": "{",
    "}": "}",
    "\\": "\\",
}
_LINE_ENDS = (b"\r", b"\n")
_CHARSETS = {
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}


class Token(NamedTuple):
    """One token: a brace, bytes of text, one byte in hexadecimal, or a control word or symbol."""

    kind: Literal["open", "close", "text", "byte", "word"]
    raw: bytes = b""
    word: str = ""
    number: int | None = None


def tokens(source: bytes) -> Iterator[Token]:
    """All tokens in order; binary data is skipped."""
    at = 0
    while found := _TOKEN.match(source, at):
        at = found.end()
        word, number, hexadecimal, symbol, brace, words = found.groups()
        if word == b"bin":
            at += max(0, int(number or 0))
        elif word:
            yield Token("word", word=word.decode("ascii"), number=int(number) if number else None)
        elif hexadecimal:
            yield Token("byte", bytes.fromhex(hexadecimal.decode("ascii")))
        elif symbol:
            yield Token("word", word="par" if symbol in _LINE_ENDS else symbol.decode("latin-1"))
        elif brace:
            yield Token("open" if brace == b"{" else "close")
        elif words:
            yield Token("text", words)


def codec_of_charset(charset: int) -> str:
    """The codec of a font's character set; "" for the document's own."""
    return _CHARSETS.get(charset, "")


def codec_of_page(page: int) -> str:
    """The codec of a Windows code page, the western one if there is none of this number."""
    named = {65001: "utf-8", 10000: "mac_roman", 28591: "latin-1"}.get(page, f"cp{page}")
    try:
        return codecs.lookup(named).name
    except LookupError:
        return "cp1252"
