"""Markdown: readable text without its markup, with headings, items, table rows and code as blocks."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistant.errors import UnreadableFile
from assistant.reading.building import Builder, first_heading, squeezed
from assistant.reading.decoding import decode, refuse_if_lost
from assistant.reading.tags import plain_lines
from assistant.values import Content

MEDIA_TYPE = "text/markdown"
_INDENT = "  "  # of a nested list, for each level
_FENCES = ("---\n", "--- ", "---\t")


@dataclass
class _List:
    """A list that is open while its items are read; `number` is 0 for bullets."""

    number: int
    is_item_started: bool = False


@dataclass
class _State:
    """Where the walk over the tokens stands."""

    builder: Builder = field(default_factory=Builder)
    lists: list[_List] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    is_table: bool = False
    heading_level: int = 0


@dataclass(frozen=True)
class _Front:
    """What the front matter says."""

    title: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unread: str = ""  # front matter that is not valid, to be shown as it is


def read(data: bytes) -> Content:
    """The content of a Markdown file. Raw HTML is reduced to its words and never interpreted."""
    source, notes = decode(data)
    front, body = _split_front(source)
    state = _State()
    if front.unread:
        state.builder.aside(front.unread)
    for token in _parser().parse(body):
        _take(token, state)
    text, blocks = state.builder.text, tuple(state.builder.blocks)
    if not text:
        raise UnreadableFile("It has no words besides markup: add some, or remove it.")
    refuse_if_lost(text)
    return Content(
        title=front.title or first_heading(blocks, text),
        text=text,
        media_type=MEDIA_TYPE,
        blocks=blocks,
        facts=front.facts,
        questions=front.questions,
        notes=notes + front.notes,
    )


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


# --- front matter ------------------------------------------------------------------------------------


def _split_front(source: str) -> tuple[_Front, str]:
    """The front matter, if there is one, and the Markdown after it."""
    if not source.startswith(_FENCES):
        return _Front(), source
    import yaml  # 20 ms, and most files have no front matter
    from frontmatter.default_handlers import YAMLHandler

    try:
        handler = YAMLHandler()
        raw, body = handler.split(source)
    except ValueError:  # no closing fence: the first line is a rule
        return _Front(), source
    try:
        fields = handler.load(raw)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" (line {line + 1})" if line is not None else ""
        note = f"Its front matter is not valid YAML{where}, so its fields were not used."
        return _Front(notes=(note,), unread=raw), body
    if not isinstance(fields, dict):
        return (_Front(), source) if fields is not None else (_Front(), body)
    return _front({str(key): value for key, value in fields.items()}), body


def _front(fields: dict[str, object]) -> _Front:
    questions = fields.pop("questions", None)
    asked = questions if isinstance(questions, list) else [questions]
    title = _scalar(fields.pop("title", None))
    facts = {squeezed(key): words for key, value in fields.items() if (words := _fact(value))}
    return _Front(
        title=title,
        facts=facts,
        questions=tuple(words for one in asked if isinstance(one, str) and (words := squeezed(one))),
    )


def _fact(value: object) -> str:
    """A field as words: a scalar, or a list of them; "" for anything deeper."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_scalar, value)))
    return _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date):  # a datetime is one, too
        return value.isoformat()
    return squeezed(str(value)) if isinstance(value, str | int | float) else ""


# --- the document ------------------------------------------------------------------------------------


def _take(token: Token, state: _State) -> None:
    """Add one token of the flat stream to the text, or note where in the structure it leads."""
    match token.type:
        case "inline":
            _take_inline(token, state)
        case "fence" | "code_block":
            state.builder.code(token.content)
        case "html_block":
            for line in plain_lines(token.content):
                state.builder.paragraph(line)
        case "heading_open":
            state.heading_level = int(token.tag[1:])
        case "heading_close":
            state.heading_level = 0
        case "bullet_list_open":
            state.lists.append(_List(number=0))
        case "ordered_list_open":
            state.lists.append(_List(number=1))
        case "bullet_list_close" | "ordered_list_close":
            state.lists.pop()
            if not state.lists:
                state.builder.end_list()
        case "list_item_open":
            state.lists[-1].is_item_started = False
            if state.lists[-1].number:
                state.lists[-1].number = int(token.info or 1)
        case _ if token.type.startswith(("table", "tr")):
            _take_table(token, state)


def _take_table(token: Token, state: _State) -> None:
    match token.type:
        case "table_open":
            state.is_table, state.rows = True, []
        case "tr_open":
            state.rows.append([])
        case "table_close":
            state.is_table = False
            state.builder.table(state.rows)


def _take_inline(token: Token, state: _State) -> None:
    words = "".join(_words(token.children or ()))
    if state.is_table:
        state.rows[-1].append(words)
    elif state.heading_level:
        state.builder.heading(words, level=state.heading_level)
    elif state.lists and not state.lists[-1].is_item_started:
        state.lists[-1].is_item_started = True
        number = state.lists[-1].number
        bullet = f"{number}. " if number else "- "
        state.builder.item(words, bullet=_INDENT * (len(state.lists) - 1) + bullet)
    else:
        state.builder.paragraph(words)


def _words(children: Sequence[Token]) -> Iterator[str]:
    """The words of inline tokens: link texts without targets, pictures as their descriptions, no tags."""
    for child in children:
        match child.type:
            case "softbreak":
                yield " "
            case "hardbreak":
                yield "\n"
            case "image":
                yield from _words(child.children or ())
            case "html_inline":
                yield "\n" if child.content.lower().startswith("<br") else ""
            case _:
                yield child.content
