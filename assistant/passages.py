"""Cut a text along its own structure into sentences, and those into passages, character-exact.

Knows nothing of files, vectors or questions.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

from assistant.values import Block, Content, Passage, Section, Sentence

LONGEST_SENTENCE = 500  # characters; a longer one is cut at a clause, so that a quote stays readable
GAP = re.compile(r"\s*(?:[-*•–·◦▪]|\(?\w{1,3}[.)])?\s*")  # all that may stand between two blocks of a passage
LONE_START = re.compile(
    r"(?:\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4})[.)]"
    r"|.*\b(?:Dr|Mr|Mrs|Ms|Prof|St|No|Nos|Fig|Figs|Eq|vs|Sen|Rep|Gen|Col|Lt|Jr|approx|ca|p\.m|a\.m)\.)",
    re.DOTALL,
)
CLAUSE = re.compile(r"[;:.!?,]\s+|\s+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, list item or table row with the place it stands in."""

    start: int
    end: int
    headings: tuple[str, ...]
    block: Block


def sections(content: Content) -> tuple[Section, ...]:
    """The parts of the text under each heading, in order; none where there are no headings."""
    marks = [block for block in content.blocks if block.kind == "heading"]
    ends = [after.start for _, after in pairwise(marks)] + [len(content.text)]
    path: list[tuple[int, str]] = []
    found = []
    for mark, end in zip(marks, ends, strict=False):
        path = [(level, words) for level, words in path if level < mark.level]
        path.append((mark.level, content.text[mark.start : mark.end]))
        found.append(Section(mark.start, end, tuple(words for _, words in path)))
    return tuple(found)


def split(content: Content, *, document_id: str, longest_chars: int) -> tuple[Passage, ...]:
    """Passages of whole sentences in the order of the text, none across a heading, none overlapping.

    A passage is about `longest_chars` long at most, unless a single sentence is longer.
    """
    seen: dict[str, int] = {}
    return tuple(
        _passage(content.text, units, document_id, seen)
        for units in _grouped(content.text, _units(content), longest_chars)
    )


def _passage(text: str, units: list[Unit], document_id: str, seen: dict[str, int]) -> Passage:
    start, end = units[0].start, units[-1].end
    words = text[start:end]
    seen[words] = seen.get(words, 0) + 1
    # The id depends on the words alone, so that an edit elsewhere in the document leaves it as it was.
    key = f"{document_id}\0{words}\0{seen[words]}".encode("utf-8", "surrogatepass")
    return Passage(
        id=hashlib.sha256(key).hexdigest()[:24],
        document_id=document_id,
        start=start,
        end=end,
        text=words,
        sentences=tuple(Sentence(unit.start, unit.end, text[unit.start : unit.end]) for unit in units),
        headings=units[0].headings,
        header=units[0].block.header if units[0].block.kind == "row" else None,
    )


def _units(content: Content) -> Iterator[Unit]:
    """Every sentence, item and row. A text of nothing but headings is read as paragraphs."""
    only_headings = all(block.kind == "heading" for block in content.blocks)
    places = iter(sections(content))
    place = next(places, None)
    current: tuple[str, ...] = ()
    for block in content.blocks:
        if block.kind == "heading" and place is not None and block.start == place.start:
            current = place.headings
            place = next(places, None)
        if block.kind == "heading" and not only_headings:
            continue
        for start, end in _pieces(content, block):
            yield Unit(start, end, () if only_headings else current, block)


def _pieces(content: Content, block: Block) -> Iterator[tuple[int, int]]:
    if block.kind in ("row", "code"):
        spans: Iterable[tuple[int, int]] = [(block.start, block.end)]
    else:
        words = content.text[block.start : block.end]
        # A block of one sentence lends its own numbers: a long list has millions of them.
        spans = (
            (block.start + a if a else block.start, block.start + b if b < len(words) else block.end)
            for a, b in sentence_spans(words)
        )
    for start, end in spans:
        yield from _bounded(content.text, start, end)


def sentence_spans(text: str, language: str = "en") -> Iterator[tuple[int, int]]:
    """The spans of the sentences of a paragraph, trimmed of white space, in order.

    sentencex finds the boundaries; a lone list number or title ("1.", "Dr.") joins what follows it.
    """
    from sentencex import segment

    at = begin = 0
    for piece in segment(language, text):
        at += len(piece)
        words = text[begin:at].strip()
        if not words or (len(words) < 40 and LONE_START.fullmatch(words)):
            continue
        yield _trimmed(text, begin, at)
        begin = at
    if text[begin:].strip():
        yield _trimmed(text, begin, len(text))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    words = text[start:end]
    return start + len(words) - len(words.lstrip()), end - (len(words) - len(words.rstrip()))


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a span into pieces that are trimmed of white space and no longer than LONGEST_SENTENCE."""
    if end - start <= LONGEST_SENTENCE and not text[start].isspace() and not text[end - 1].isspace():
        yield start, end
        return
    at = start
    while at < end:
        if text[at].isspace():
            at += 1
            continue
        cut = end if end - at <= LONGEST_SENTENCE else at + _last_clause(text[at : at + LONGEST_SENTENCE])
        yield _trimmed(text, at, cut)
        at = cut


def _last_clause(window: str) -> int:
    """Where the last clause, or word, of the second half of a window ends; the window's end if none does."""
    cuts = [match.end() for match in CLAUSE.finditer(window) if match.end() > len(window) // 2]
    clauses = [cut for cut in cuts if window[:cut].rstrip()[-1:] in ";:.!?,"]
    return (clauses or cuts or [len(window)])[-1]


def _grouped(text: str, units: Iterator[Unit], longest_chars: int) -> Iterator[list[Unit]]:
    """Short blocks are merged up to the limit; a block over it is cut into pieces of about equal length."""
    group: list[Unit] = []
    for _, block_units in groupby(units, key=lambda unit: (unit.block.start, unit.block.end)):
        for piece in _balanced(list(block_units), longest_chars):
            if group and not _joins(text, group, piece, longest_chars):
                yield group
                group = []
            group = [*group, *piece]
    if group:
        yield group


def _balanced(units: list[Unit], longest_chars: int) -> Iterator[list[Unit]]:
    length = units[-1].end - units[0].start
    share = length / math.ceil(length / longest_chars)
    piece: list[Unit] = []
    for unit in units:
        # The sentence goes where the cut falls nearer to the equal share.
        if piece and (piece[-1].end + unit.end) / 2 - piece[0].start > share:
            yield piece
            piece = []
        piece.append(unit)
    yield piece


def _joins(text: str, group: list[Unit], piece: list[Unit], longest_chars: int) -> bool:
    last, first = group[-1], piece[0]
    return (
        piece[-1].end - group[0].start <= longest_chars
        and first.block != last.block
        and first.headings == last.headings
        and first.block.header == last.block.header
        and GAP.fullmatch(text, last.end, first.start) is not None
    )
