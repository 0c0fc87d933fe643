"""Rich Text (RTF 1.9): paragraphs, headings by style, lists, tables, footnotes, text boxes. Runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assistant.errors import UnreadableFile
from assistant.reading.building import Builder, first_heading, squeezed
from assistant.reading.decoding import refuse_if_lost
from assistant.reading.notes import picture_note, without_text
from assistant.reading.rtftokens import APART, SHOWN, SILENT, Token, codec_of_charset, codec_of_page, tokens
from assistant.reading.tables import has_header
from assistant.values import Content

MEDIA_TYPE = "application/rtf"
_DEEPEST_GROUP = 10_000
_DEEPEST_HEADING = 9


@dataclass
class _Group:
    """What holds inside a pair of braces."""

    kind: str = ""  # the destination it belongs to, "" for the text
    is_silent: bool = False
    is_hidden: bool = False
    fallbacks: int = 1  # how many characters follow a Unicode one for readers that know none
    codec: str = ""
    words: list[str] = field(default_factory=list)  # shared with the group around it, in most groups


@dataclass
class _Walk:
    """Where the walk over the tokens stands."""

    builder: Builder = field(default_factory=Builder)
    groups: list[_Group] = field(default_factory=lambda: [_Group()])
    codec: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)  # of headings, by style
    facts: dict[str, str] = field(default_factory=dict)
    font: int = 0  # while the tables of fonts and styles are read
    style: int = 0
    style_level: int = 0
    date: list[int] = field(default_factory=list)
    level: int = 0  # of the paragraph at hand
    bullet: str = ""
    is_in_table: bool = False
    cells: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)  # notes and boxes of the paragraph at hand
    notes: int = 0
    pictures: int = 0
    pending: bytearray = field(default_factory=bytearray)  # bytes of one codec
    skip: int = 0


def read(data: bytes) -> Content:
    """The content of an RTF document. Raises UnreadableFile if it shows no text."""
    walk = _Walk()
    for token in tokens(data):
        _take(token, walk)
    _end_paragraph(walk)
    _end_table(walk)
    text, blocks = walk.builder.text, tuple(walk.builder.blocks)
    if not text:
        raise UnreadableFile(without_text(walk.pictures))
    refuse_if_lost(text)
    title = walk.facts.pop("title", "")
    return Content(
        title=title or first_heading(blocks, text, level=_DEEPEST_HEADING),
        text=text,
        media_type=MEDIA_TYPE,
        blocks=blocks,
        facts=walk.facts,
        notes=(picture_note(walk.pictures),) if walk.pictures else (),
    )


def _take(token: Token, walk: _Walk) -> None:
    group = walk.groups[-1]
    match token.kind:
        case "open":
            _decode(walk)
            if len(walk.groups) > _DEEPEST_GROUP:
                raise UnreadableFile("Its parts are nested too deeply to be read: convert it to plain text.")
            walk.groups.append(replace(group))
        case "close":
            _decode(walk)
            if len(walk.groups) > 1:
                _end_group(walk.groups.pop(), walk)
        case "byte" if walk.skip:
            walk.skip -= 1
        case "text" if walk.skip:
            taken = min(walk.skip, len(token.raw))
            walk.skip -= taken
            _add_bytes(token.raw[taken:], walk)
        case "byte" | "text":
            _add_bytes(token.raw, walk)
        case _:
            _decode(walk)
            _take_word(token.word, token.number, walk)


def _add_bytes(raw: bytes, walk: _Walk) -> None:
    group = walk.groups[-1]
    if not group.is_silent and not group.is_hidden:
        walk.pending += raw


def _decode(walk: _Walk) -> None:
    """Turn the bytes that wait into words of the group at hand."""
    if walk.pending:
        codec = walk.groups[-1].codec or walk.codec
        walk.groups[-1].words.append(walk.pending.decode(codec, "replace"))
        walk.pending.clear()


def _take_word(word: str, number: int | None, walk: _Walk) -> None:
    group = walk.groups[-1]
    if word == "u" and number is not None:
        if not group.is_silent and not group.is_hidden:
            group.words.append(chr(number % 0x10000))
        walk.skip = group.fallbacks
        return
    walk.skip = 0
    if word == "*":
        group.is_silent = True  # unless a group of those that are known follows
    elif word in SILENT or word in APART:
        _begin_destination(word, group, walk)
    elif word == "uc":
        group.fallbacks = min(number or 0, 16)
    elif word in ("v", "deleted", "htmlrtf"):
        group.is_hidden = number != 0
    elif word == "ansicpg":
        walk.codec = codec_of_page(number or 1252)
    elif not _take_font_or_style(word, number or 0, group, walk) and not group.is_silent:
        _take_layout(word, number, group, walk)


def _begin_destination(word: str, group: _Group, walk: _Walk) -> None:
    walk.pictures += word == "pict"
    if word in SILENT:
        group.is_silent = True
        return
    if word in ("title", "author") and group.kind != "info":
        return
    group.kind, group.words = word, []
    group.is_silent = False
    walk.date = []


def _take_font_or_style(word: str, number: int, group: _Group, walk: _Walk) -> bool:
    """Whether the word belongs to the tables of fonts, styles and dates, or names a font."""
    if group.kind in ("creatim", "revtim") and word in ("yr", "mo", "dy"):
        walk.date.append(number)
    elif word == "f":
        walk.font = number
        group.codec = walk.fonts.get(number, "")
    elif word == "fcharset" and group.kind == "fonttbl":
        walk.fonts[walk.font] = codec_of_charset(number)
    elif word == "s" and group.kind == "stylesheet":
        walk.style = number
    elif word == "outlinelevel" and group.kind == "stylesheet":
        walk.style_level = number + 1 if number < _DEEPEST_HEADING else 0
    else:
        return False
    return True


def _take_layout(word: str, number: int | None, group: _Group, walk: _Walk) -> None:
    match word:
        case _ if word in SHOWN:
            group.words.append(SHOWN[word] if not group.is_hidden else "")
        case "par" | "sect" | "page":
            _end_paragraph(walk) if not group.kind else group.words.append("\n")
        case "pard":
            walk.level, walk.is_in_table = 0, False
        case "intbl":
            walk.is_in_table = True
        case "s":
            walk.level = walk.levels.get(number or 0, walk.level)
        case "outlinelevel" if number is not None:
            walk.level = number + 1 if 0 <= number < _DEEPEST_HEADING else 0
        case "cell":
            walk.cells.append(_taken(walk))
        case "row":
            walk.rows.append(walk.cells)
            walk.cells = []


def _end_group(group: _Group, walk: _Walk) -> None:
    """What a group says that ends, if it was collected apart."""
    if group.is_silent or group.words is walk.groups[-1].words:
        _end_style(group, walk)
        return
    words = _joined(group.words)
    match group.kind:
        case "footnote":
            walk.notes += 1
            walk.waiting.append((f"Footnote {walk.notes}: ", words))
        case "shptxt":
            walk.waiting.append(("", words))
        case "title" | "author" if squeezed(words):
            walk.facts.setdefault(group.kind, squeezed(words))
        case "creatim" | "revtim" if len(walk.date) == 3:
            walk.facts["date"] = "{:04}-{:02}-{:02}".format(*walk.date)
        case "listtext" | "pntext":
            label = squeezed(words)
            walk.bullet = f"{label} " if any(map(str.isalnum, label)) else "- "


def _end_style(group: _Group, walk: _Walk) -> None:
    """Note the level of a heading style, which its name or its outline level tells."""
    if group.kind != "stylesheet" or len(walk.groups) < 2 or walk.groups[-1].kind != "stylesheet":
        return
    name = _joined(group.words).casefold().strip("; \n")
    group.words.clear()
    if name.startswith("heading ") and name[8:9].isdigit():
        walk.style_level = int(name[8])
    elif name == "title":
        walk.style_level = 1
    if 0 < walk.style_level <= _DEEPEST_HEADING:
        walk.levels[walk.style] = walk.style_level
    walk.style = walk.style_level = 0


def _joined(parts: Sequence[str]) -> str:
    """The words, with pairs of surrogates as the characters that they stand for."""
    return "".join(parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _taken(walk: _Walk) -> str:
    """The words of the paragraph or cell that ends here."""
    words = _joined(walk.groups[0].words)
    walk.groups[0].words.clear()
    return words


def _end_paragraph(walk: _Walk) -> None:
    if walk.is_in_table:
        walk.groups[0].words.append(" ")
        return
    _end_table(walk)
    words, bullet = _taken(walk), walk.bullet
    walk.bullet = ""
    if not bullet:
        walk.builder.end_list()
    if walk.level and words.strip():
        walk.builder.heading(words, level=walk.level)
    elif bullet:
        walk.builder.item(words, bullet=bullet)
    else:
        walk.builder.paragraph(words)
    _add_waiting(walk)


def _end_table(walk: _Walk) -> None:
    if walk.cells:
        walk.rows.append(walk.cells)
    rows = [list(map(squeezed, row)) for row in walk.rows]
    walk.cells, walk.rows = [], []
    if rows:
        walk.builder.table(rows, has_header=has_header(rows))
        _add_waiting(walk)


def _add_waiting(walk: _Walk) -> None:
    for label, words in walk.waiting:
        if label:
            walk.builder.end_list()
            walk.builder.item(words, bullet=label)
            walk.builder.end_list()
        else:
            walk.builder.paragraph(words)
    walk.waiting.clear()
