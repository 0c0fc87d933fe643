"""Plain text: its characters stay as they are; blocks say which are heading, item, row or paragraph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby
from operator import itemgetter

from assistant.reading import debris
from assistant.reading.decoding import decode
from assistant.reading.lines import (
    LONGEST_HARD_WRAP,
    MOST_LINES,
    Line,
    ends_sentence,
    groups,
    looks_like_code,
    looks_like_heading,
    looks_like_title,
    marker_length,
)
from assistant.values import Block, Content

MEDIA_TYPE = "text/plain"
_UNDERLINE = re.compile(r"={3,}|-{3,}|~{3,}")
_TABLE_RULE = re.compile(r"[-+=|:\s]{3,}")
_MAX_HEADINGS_IN_A_ROW = 3  # title, chapter, section; more lone lines than that are a list
_LOWER_CASE_SHARE = 0.2  # of continuation lines in wrapped prose, far more start in lower case

Group = list[Line]
Span = tuple[int, int]


def read(data: bytes) -> Content:
    """The content of a plain text file; only byte order mark and carriage returns are gone."""
    text, notes = decode(data)
    title, blocks = structure(text)
    return Content(title=title, text=text, media_type=MEDIA_TYPE, blocks=blocks, notes=notes)


def structure(text: str) -> tuple[str, tuple[Block, ...]]:
    """The title ("" if there is none) and the blocks of a plain text."""
    if len(text) > debris.LONGEST_PAGE:
        return _outline(groups(text), "")
    found = list(groups(text))
    findings = debris.find(found)
    return _outline(_without(found, findings.starts), findings.headline)


def _without(found: Iterable[Group], dropped: frozenset[int]) -> Iterator[Group]:
    """The groups without the dropped lines; a dropped line parts a group as a blank line does."""
    for group in found:
        for is_dropped, part in groupby(group, key=lambda line: line.start in dropped):
            if not is_dropped:
                yield list(part)


def _outline(found: Iterator[Group], headline: str) -> tuple[str, tuple[Block, ...]]:
    first = next(found, None)
    if first is None:
        return headline, ()
    title = headline or _title(first)
    return title, tuple(_blocks(chain([first], found), title))


def _title(group: Group) -> str:
    """The first line, if it is a headline: not an item, a row, or the first of wrapped lines."""
    words = group[0].words
    if not looks_like_title(words) or marker_length(words) or "\t" in words:
        return ""
    if len(group) == 1 or _UNDERLINE.fullmatch(group[1].words):
        return words
    return words if _is_followed_by_text(group) else ""


def _is_followed_by_text(group: Group) -> bool:
    """Whether the first line stands above a text rather than being its first wrapped line."""
    first, second = group[0].words, group[1].words
    if len(second) > LONGEST_HARD_WRAP:
        return looks_like_heading(first)
    starts_anew = second[0] in "“\"'‘" or (second[0].isalpha() and not second[0].islower())
    return looks_like_heading(first) and len(first) * 2 < len(second) and starts_anew


def _blocks(found: Iterator[Group], title: str) -> Iterator[Block]:
    """All blocks in order. Groups of one heading-like line are held until it is known what follows them."""
    lone: list[Line] = []
    header: Span | None = None  # of a table that goes on in the next group
    for group in found:
        if len(group) == 1 and looks_like_heading(group[0].words) and not marker_length(group[0].words):
            lone.append(group[0])
            continue
        yield from _lone_lines(lone, title, is_text_next=True)
        lone = []
        last = None
        for last in _group_blocks(group, title, header):
            yield last
        is_cut = len(group) == MOST_LINES and last is not None and last.kind == "row"
        header = (last.header or (last.start, last.end)) if is_cut and last is not None else None
    yield from _lone_lines(lone, title, is_text_next=False)


def _lone_lines(lone: Sequence[Line], title: str, *, is_text_next: bool) -> Iterator[Block]:
    """Short lines that stand alone: headings if text follows, at most three at once, else paragraphs."""
    first_heading = len(lone) if not is_text_next else 0
    if is_text_next and len(lone) > _MAX_HEADINGS_IN_A_ROW:
        first_heading = len(lone) - 1
    for at, line in enumerate(lone):
        is_title = line.words == title and (is_text_next or len(lone) > 1) and at == 0
        if at >= first_heading or is_title:
            yield Block("heading", line.start, line.end, level=1 if line.words == title else 2)
        else:
            yield Block("paragraph", line.start, line.end)


def _group_blocks(group: Group, title: str, header: Span | None) -> Iterator[Block]:
    """The blocks of a run of lines without a blank line; a table at its start goes on from this header."""
    if len(group) > 1 and _UNDERLINE.fullmatch(group[1].words) and looks_like_title(group[0].words):
        level = 1 if group[0].words == title else 2
        yield Block("heading", group[0].start, group[0].end, level=level)
        group = group[2:]
    elif len(group) > 1 and group[0].words == title:
        yield Block("heading", group[0].start, group[0].end, level=1)
        group = group[1:]
    for name, run in _runs(group):
        if name == "code":
            yield Block("code", run[0].start, run[-1].end)
        else:
            yield from _rows(run, header) if name else _prose(run)
        header = None


def _runs(group: Group) -> Iterator[tuple[str, Group]]:
    """Parts of a group that are all rows of a table, all code, or all prose, each with which of them."""
    named = [(name, [line for _, line in run]) for name, run in groupby(_named(group), key=itemgetter(0))]
    confirmed = ((name if _CONFIRM.get(name, _never)(run) else "", run) for name, run in named)
    for name, runs in groupby(confirmed, key=itemgetter(0)):
        yield name, list(chain.from_iterable(run for _, run in runs))


def _named(group: Group) -> Iterator[tuple[str, Line]]:
    """Each line with what it looks like alone: a table's delimiter, "code", or "" for prose."""
    name = ""
    for line in group:
        words = line.words
        if looks_like_code(words) or (name == "code" and line.indent and not marker_length(words)):
            name = "code"
        elif "\t" in words:
            name = "\t"
        else:
            name = "|" if " | " in words or words.count("|") > 1 else ""
        yield name, line


def _are_rows(run: Group, delimiter: str) -> bool:
    """Whether lines with this delimiter have columns in common."""
    rows = [line.words for line in run if not _TABLE_RULE.fullmatch(line.words)]
    return len(run) > 1 and bool(rows) and len({row.strip("| ").count(delimiter) for row in rows[:50]}) <= 2


def _is_code(run: Group) -> bool:
    programs = sum(looks_like_code(line.words) for line in run[:200])
    return len(run) > 1 and programs * 2 >= min(len(run), 200)


def _never(run: Group) -> bool:
    return False


_CONFIRM: dict[str, Callable[[Group], bool]] = {
    "code": _is_code,
    "\t": partial(_are_rows, delimiter="\t"),
    "|": partial(_are_rows, delimiter="|"),
}


def _rows(run: Group, header: Span | None) -> Iterator[Block]:
    """One block a line, each with the first row as header; rules between rows are no rows."""
    for line in run:
        if not _TABLE_RULE.fullmatch(line.words):
            yield Block("row", line.start, line.end, header=header)
            header = header or (line.start, line.end)


def _prose(run: Group) -> Iterator[Block]:
    """Items and paragraphs."""
    is_list = _has_items(run)
    part: Group = []
    in_item = False
    for line in run:
        is_item = is_list and bool(marker_length(line.words))
        if part and (is_item or (in_item and not _continues_item(part, line))):
            yield from _item(part) if in_item else _paragraphs(part)
            part, in_item = [], False
        in_item = is_item or in_item
        part.append(line)
    if part:
        yield from _item(part) if in_item else _paragraphs(part)


def _has_items(run: Group) -> bool:
    """Whether lines that start like items are items: a wrapped line can begin with a dash by chance."""
    marked = [at for at, line in enumerate(run) if marker_length(line.words)]
    if not marked:
        return False
    at = marked[0]
    return at == 0 or len(marked) > 1 or run[at - 1].words[-1] in ".:;!?"


def _continues_item(item: Group, line: Line) -> bool:
    """Whether a line without a bullet belongs to the item above: indented under it, or wrapped from it."""
    if line.indent > item[0].indent:
        return True
    last = item[-1].words
    return line.words[0].islower() and not ends_sentence(last) and len(last) > LONGEST_HARD_WRAP // 3


def _item(lines: Group) -> Iterator[Block]:
    """The item without its bullet."""
    yield Block("item", lines[0].start + marker_length(lines[0].words), lines[-1].end)


def _paragraphs(lines: Group) -> Iterator[Block]:
    """Wrapped lines as one paragraph, or each line as its own where the lines were not wrapped."""
    if _are_wrapped(lines):
        yield Block("paragraph", lines[0].start, lines[-1].end)
        return
    for line in lines:
        if not _UNDERLINE.fullmatch(line.words):
            yield Block("paragraph", line.start, line.end)


def _are_wrapped(lines: Group) -> bool:
    """Whether an editor broke these lines: none is long, and the next often starts in lower case."""
    if any(len(line.words) > LONGEST_HARD_WRAP for line in lines):
        return False
    starts = [line.words[0] for line in lines[1:]]
    cased = sum(start.isdigit() or start.islower() or start.isupper() for start in starts)
    lower = sum(map(str.islower, starts))
    return len(lines) < 4 or not cased or lower >= _LOWER_CASE_SHARE * cased
