"""Nested records (JSON, XML) as lines of "path: value", and lists of flat ones as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeGuard

from assistant.reading.building import Builder

_MOST_COLUMNS = 60
_LONGEST_CELL = 1000  # characters; a longer value is a text of its own
_SAMPLE = 1000


def add_value(value: Any, builder: Builder, path: str = "") -> None:
    """Add everything in a value: flat records as a table, all else as one line for each scalar."""
    if is_table(value):
        if path:
            builder.heading(path, level=2)
        builder.table(table_rows(value))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            add_value(inner, builder, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value and all(map(_is_scalar, value)) and not _is_long(value):
        _add_line(", ".join(map(shown, value)), builder, path)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            add_value(inner, builder, f"{path}[{at}]")
    else:
        _add_line(shown(value), builder, path)


def is_table(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Whether a value is a list of records without anything nested in them, more than one."""
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(one, Mapping) for one in value):
        return False
    columns = {key for record in islice(value, _SAMPLE) for key in record}
    return 1 < len(columns) <= _MOST_COLUMNS and all(
        _is_scalar(inner) and len(shown(inner)) <= _LONGEST_CELL
        for record in value
        for inner in record.values()
    )


def table_rows(records: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """The names of all fields, then the fields of each record in the same order."""
    columns = dict.fromkeys(key for record in records for key in record)
    yield list(columns)
    for record in records:
        yield [shown(record.get(column)) for column in columns]


def shown(value: Any) -> str:
    """A scalar as JSON writes it, without quotes; nothing for null."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _add_line(words: str, builder: Builder, path: str) -> None:
    if not words.strip():
        return
    if "\n" in words.strip() or len(words) > _LONGEST_CELL:
        builder.end_list()
        builder.paragraph(f"{path}: {words}" if path else words)
    else:
        builder.item(f"{path}: {words}" if path else words, bullet="")


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, Mapping | list)


def _is_long(values: Sequence[Any]) -> bool:
    return any(len(shown(value)) > _LONGEST_CELL for value in islice(values, _SAMPLE))
