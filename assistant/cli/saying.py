"""How the command line says things: JSON on a line, sentences on standard error, a bar on a terminal.

Knows nothing of what is said.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

from assistant.values import Failure, Progress

errors = Console(stderr=True, highlight=False, soft_wrap=True)


def json_line(value: Any) -> str:
    """The value on one line. Half a surrogate pair, which UTF-8 cannot hold, is written as JSON's escape."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode("utf-8")


def one_line(text: str) -> str:
    """Names and titles may hold anything, also what a terminal would obey."""
    from assistant import render

    return " ".join(render.visible(text).split())


def remark(sentence: str) -> None:
    """Something worth knowing that is no failure, on standard error."""
    errors.print(sentence, markup=False)


def complain(sentence: str) -> None:
    """Something that failed, on standard error."""
    errors.print(one_line(sentence), style="red", markup=False)


def complain_of(failures: Sequence[Failure]) -> None:
    """Each failure on a line of standard error."""
    for failure in failures:
        complain(f"{failure.source}: {failure.reason}")


def exit_if_failed(failures: Sequence[Failure]) -> None:
    """Complain of the failures; if there are any, the exit code is 1."""
    complain_of(failures)
    if failures:
        raise typer.Exit(1)


@contextmanager
def bar() -> Iterator[Callable[[Progress], None]]:
    """Where to report progress: a bar on a terminal, and nothing elsewhere."""
    if not errors.is_terminal:
        yield lambda _: None
        return
    from rich.filesize import decimal
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}")
    with Bar(*columns, TimeRemainingColumn(), console=errors, transient=True) as shown:
        tasks: dict[str, Any] = {}

        def report(progress: Progress) -> None:
            if progress.stage not in tasks:
                name = progress.stage.capitalize()
                tasks[progress.stage] = shown.add_task(name, total=progress.total, told="")
            task = tasks[progress.stage]
            shown.update(task, completed=progress.done, total=progress.total)
            speed = shown.tasks[task].speed or 0  # of the last seconds
            if progress.unit == "bytes":
                told = f"{decimal(progress.done)} of {decimal(progress.total)}, {decimal(int(speed))}/s"
            else:
                told = f"{progress.done} of {progress.total} {progress.unit}, {speed:.0f}/s"
            shown.update(task, told=told)

        yield report
