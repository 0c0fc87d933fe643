"""The command line: `python -m assistant VERB`.

Human output by default; `--json` prints JSON lines and nothing else on standard output. Progress and
warnings go to standard error. Exit 0 done, 1 some inputs failed (each named), 2 usage or settings.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Annotated, Any

import typer
from rich.console import Console

from assistant.assistant import Assistant
from assistant.errors import AssistantError, SettingsError, UnknownDocument
from assistant.settings import Settings
from assistant.values import Document, Failure, Hit, Progress, SyncReport, Turn

app = typer.Typer(
    help="Ask your own documents; every sentence of an answer cites the characters it stands on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

INTERRUPTED = 130  # the exit code that typer gives to Ctrl-C
STDIN = "-"
STDIN_NAME = "standard input.txt"  # its kind is told by what it holds

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Batch = Annotated[
    Path | None,
    typer.Option("--batch", metavar="FILE", help="Read one JSON object a line: id, question, history."),
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source", metavar="ID", help="Use this document only (an id, path or URL); may be repeated."
    ),
]
Id = Annotated[
    str, typer.Argument(metavar="ID", help="A document's id, its path below the corpus folder, or its URL.")
]


def main() -> None:
    """Run the command line; an expected error is one line on standard error."""
    try:
        app()
    except AssistantError as error:
        _complain(str(error))
        sys.exit(2)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            _complain("Stopped. What was done is kept; the next run goes on from there.")
        raise


@app.command()
def chat(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; the default is this machine only.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port; the default is 7860, or the next free one.")] = None,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = False,
) -> None:
    """Open the web chat; indexes what changed first."""
    from assistant.web import serve

    with Assistant() as assistant:

        def ready(url: str) -> None:
            assistant.serve_at(url)
            print(f"The chat is at {url}  (Ctrl-C stops it)", flush=True)

        for failure in _synced(assistant).failures:
            _complain(f"{failure.source}: {failure.reason}")
        serve(
            assistant,
            host=host,
            port=port,
            open_browser=open_browser,
            on_ready=ready,
        )


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="What you want to know, in quotes.")] = None,
    batch: Batch = None,
    as_json: AsJson = False,
    source: Sources = None,
) -> None:
    """Answer a question with cited sentences, or say that the documents do not hold the answer."""
    from assistant import render

    def answer(assistant: Assistant, row: dict[str, Any]) -> str:
        made = assistant.ask(row["question"], history=_turns(row), sources=source or ())
        return _json(render.to_json(made, id=row["id"]))

    if batch is not None:
        _need_json(as_json)
        _batch(batch, answer, key="question")
    else:
        with _ready() as assistant:
            made = assistant.ask(_need(question), sources=source or ())
            shown = render.to_json(made, id="q1") if as_json else None
            print(_json(shown) if shown else render.to_text(made))


@app.command()
def search(
    query: Annotated[str | None, typer.Argument(help="Words or a question, in quotes.")] = None,
    count: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    batch: Batch = None,
    as_json: AsJson = False,
    source: Sources = None,
) -> None:
    """Show the passages that fit a query best."""
    from assistant import render

    def find(assistant: Assistant, row: dict[str, Any]) -> tuple[str, tuple[Hit, ...]]:
        began = time.perf_counter()
        hits = assistant.search(row["question"], k=count, history=_turns(row), sources=source or ())
        timings = {"total": round((time.perf_counter() - began) * 1000, 2)}
        found = {"id": row["id"], "query": row["question"], "hits": [render.hit_to_json(hit) for hit in hits]}
        return _json(found | {"timings_ms": timings}), hits

    if batch is not None:
        _need_json(as_json)
        _batch(batch, lambda assistant, row: find(assistant, row)[0], key="query")
    else:
        with _ready() as assistant:
            line, hits = find(assistant, {"id": "q1", "question": _need(query)})
            print(
                line if as_json else "\n\n".join(render.hit_to_text(hit) for hit in hits) or "Nothing found."
            )


@app.command()
def add(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH_OR_URL…",
            help="Files, folders, patterns in quotes, addresses of web pages, or - for standard input.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="The name to give to a single file, or to standard input.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy files, or fetch web pages, into the corpus and index them; a name that is taken gets a number."""
    if name is not None and len(paths) > 1:
        raise SettingsError(f"--name {name!r} is for a single file, and there are {len(paths)} paths.")
    with Assistant() as assistant, _progress() as progress, TemporaryDirectory(prefix="assistant-") as folder:
        names = [name or (STDIN_NAME if path == STDIN else None) for path in paths]
        if STDIN in paths:
            piped = _standard_input(Path(folder), assistant.settings.max_file_bytes)
            paths = [piped if path == STDIN else path for path in paths]
        report = assistant.add(paths, names=names, progress=progress)
    _finish(report, as_json)


@app.command()
def remove(
    ids: Annotated[
        list[str], typer.Argument(metavar="ID…", help="Documents' ids, paths below the corpus, or URLs.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deleting the files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete documents: their files in the corpus, and everything derived from them; ends with a receipt."""
    from assistant import render

    failures: list[Failure] = []
    with Assistant() as assistant:
        for name in ids:
            try:
                document = assistant.document(name)
                files = ", ".join(document.sources)
                if not yes and sys.stdin.isatty():
                    typer.confirm(
                        f"Delete {files} from {assistant.settings.corpus_dir}?", abort=True, err=True
                    )
                receipt = assistant.remove(name)
            except UnknownDocument as error:
                failures.append(Failure(name, str(error)))
                continue
            print(_json(render.receipt_to_json(receipt)) if as_json else render.receipt_to_text(receipt))
    _exit_if_failed(failures)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the documents, one line for each file."""
    with Assistant() as assistant:
        documents = assistant.documents()
    for document in documents:
        for path in document.sources:
            row = _listed(document, path)
            text = f"{document.id}  {_one_line(row['source'])}  {_one_line(document.title)}"
            print(_json(row) if as_json else text)
    if not documents:
        errors.print(
            "No documents are indexed. Put files into the corpus folder and run: python -m assistant sync"
        )


@app.command()
def show(document: Id, as_json: AsJson = False) -> None:
    """Show a document's text, as it is cited."""
    from assistant import render

    with Assistant() as assistant:
        found = assistant.document(document)
    if as_json:
        whole = _listed(found, found.path) | {
            "text": found.text,
            "sections": [
                {"start": s.start, "end": s.end, "headings": list(s.headings)} for s in found.sections
            ],
            "pages": [{"number": p.number, "start": p.start, "end": p.end} for p in found.pages],
        }
        print(_json(whole))
    else:
        print(render.visible(found.text))


@app.command()
def sync(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Throw the index away and build it anew.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Fetch web pages again that have changed, first.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on: sync whenever the folder changes, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the index agree with the corpus folder: what is new, changed or gone."""
    with Assistant() as assistant:
        report = _synced(assistant, rebuild=rebuild, refresh=refresh)
        if not watch:
            _finish(report, as_json)
        else:
            _say(report, as_json)
            assistant.close()
            _watch(assistant, report.failures, as_json)


@app.command()
def check(
    citations: Annotated[
        Path | None,
        typer.Option("--citations", metavar="FILE", help="Find the citations of saved answers again."),
    ] = None,
    removed: Annotated[
        str | None,
        typer.Option(
            "--removed", metavar="ID", help="Search every byte of the index for a removed document."
        ),
    ] = None,
    original: Annotated[
        Path | None,
        typer.Option(
            "--original", metavar="FILE", help="With --removed: search for the words of this file too."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Test every invariant on the real data; exit 1 and name what fails."""
    if citations and removed:
        raise SettingsError("Check --citations or --removed, one at a time.")
    if original and not removed:
        raise SettingsError("--original goes with --removed ID.")
    if citations:
        _check_citations(citations, as_json)
    elif removed:
        _check_removed(removed, original, as_json)
    else:
        _check_index(as_json)


def _check_index(as_json: bool) -> None:
    with Assistant() as assistant:
        found = assistant.check()
        count = len(assistant.documents())
    if as_json:
        print(_json({"documents": count, "problems": list(found)}))
    else:
        for problem in found:
            _complain(problem)
        print(f"{count} documents checked, {len(found)} problems.")
    if found:
        raise typer.Exit(1)


def _check_citations(path: Path, as_json: bool) -> None:
    with Assistant() as assistant:
        found = assistant.check_citations(path)
    for outcome in found:
        if as_json:
            print(_json(asdict(outcome)))
        else:
            place = f"{outcome.source} {outcome.start}-{outcome.end}"
            print(_one_line(f"{outcome.answer} [{outcome.number}] {outcome.state}: {place}"))
    lost = sum(outcome.state.startswith("source") for outcome in found)
    if not as_json:
        print(f"{len(found)} citations checked, {lost} lost.")
    if lost:
        raise typer.Exit(1)


def _check_removed(name: str, original: Path | None, as_json: bool) -> None:
    with Assistant() as assistant:
        proof = assistant.prove_removed(name, original=original)
    if as_json:
        print(_json(asdict(proof)))
    else:
        for problem in proof.problems:
            _complain(problem)
        print(
            f"{proof.bytes:,} bytes of {proof.files} files searched for {proof.windows} pieces and "
            f"{proof.words} words of {_one_line(proof.document_id)}: {len(proof.problems)} problems."
        )
    if proof.problems:
        raise typer.Exit(1)


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(help="A folder of docs.jsonl and questions.jsonl.")],
    hide_gold: Annotated[
        bool, typer.Option("--hide-gold", help="Leave each question's gold documents out: refusing is right.")
    ] = False,
    compare: Annotated[
        list[str] | None,
        typer.Option("--compare", metavar="NAME=VALUE", help="Run again with this setting, and compare."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many questions.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw coverage against precision into this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score the assistant on a data set folder."""
    from assistant import evaluate as scoring
    from assistant.settings import load

    settings = load()
    threshold = settings.minimum_confidence
    with _progress() as progress:

        def run(chosen: Settings, stage: str) -> list[scoring.Outcome]:
            def report(done: int, total: int) -> None:
                progress(Progress(stage, done, total, unit="questions"))

            return scoring.run(folder, chosen, hide_gold=hide_gold, limit=limit, report=report)

        outcomes = run(settings, "asking")
        found = scoring.summary(outcomes, threshold, hide_gold=hide_gold)
        if compare:
            other = load(**dict(_pair(text) for text in compare))
            again = run(other, "comparing")
            found["compared"] = scoring.compared(outcomes, threshold, again, other.minimum_confidence)
    if plot:
        scoring.draw_curve(found["curve"], plot)
    print(_json(found) if as_json else scoring.table(found))


# --- shared by the verbs -------------------------------------------------------------------------


@contextmanager
def _ready() -> Iterator[Assistant]:
    """An assistant to ask; says so on standard error if there is nothing to ask it about."""
    with Assistant() as assistant:
        if assistant.is_empty:
            errors.print("Nothing is indexed yet. Run: python -m assistant sync")
        yield assistant


def _synced(assistant: Assistant, *, rebuild: bool = False, refresh: bool = False) -> SyncReport:
    with _progress() as progress:
        report = assistant.sync(rebuild=rebuild, refresh=refresh, progress=progress)
    for note in report.notes:
        errors.print(note, markup=False)
    return report


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal, and nothing elsewhere."""
    if not errors.is_terminal:
        yield lambda _: None
        return
    from rich.filesize import decimal
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}")
    with Bar(*columns, TimeRemainingColumn(), console=errors, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def report(progress: Progress) -> None:
            if progress.stage not in tasks:
                name = progress.stage.capitalize()
                tasks[progress.stage] = bar.add_task(name, total=progress.total, told="")
            task = tasks[progress.stage]
            bar.update(task, completed=progress.done, total=progress.total)
            speed = bar.tasks[task].speed or 0  # of the last seconds
            if progress.unit == "bytes":
                told = f"{decimal(progress.done)} of {decimal(progress.total)}, {decimal(int(speed))}/s"
            else:
                told = f"{progress.done} of {progress.total} {progress.unit}, {speed:.0f}/s"
            bar.update(task, told=told)

        yield report


def _batch(path: Path, make: Callable[[Assistant, dict[str, Any]], str], *, key: str) -> None:
    """One line out for each line in, as soon as it is ready; a line that fails says why, and exit is 1."""
    failures: list[Failure] = []
    with _ready() as assistant:
        assistant.warm_up()
        for number, line in enumerate(_lines(path), start=1):
            row: dict[str, Any] = {"id": str(number), "question": ""}
            try:
                row |= _row(line, key)
                print(make(assistant, row), flush=True)
            except SettingsError as error:
                failures.append(Failure(f"{path}, line {number}", str(error)))
                refused = {"id": row["id"], key: row["question"], "answered": False, "error": str(error)}
                empty: dict[str, Any] = {"sentences": [], "citations": [], "closest": [], "hits": []}
                print(_json(refused | empty), flush=True)
    _exit_if_failed(failures)


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as lines:
            yield from (line for line in lines if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The batch file {path} cannot be read ({error}). Name a file of JSON lines."
        ) from error


def _row(line: str, key: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"It is not JSON ({error}). Write one object a line.") from error
    question = row.get("question", row.get(key)) if isinstance(row, dict) else None
    if not isinstance(question, str):
        raise SettingsError('It has no question. Write {"id": "1", "question": "…"}.')
    return (
        {**row, "id": str(row["id"]), "question": question} if "id" in row else {**row, "question": question}
    )


def _turns(row: dict[str, Any]) -> tuple[Turn, ...]:
    history = row.get("history") or []
    if not isinstance(history, list):
        raise SettingsError('Its history is not a list. Write [{"role": "user", "content": "…"}].')
    turns = []
    for turn in history:
        if not isinstance(turn, dict) or turn.get("role") not in ("user", "assistant"):
            raise SettingsError('Its history has a turn without a role of "user" or "assistant".')
        turns.append(Turn(turn["role"], str(turn.get("content", ""))))
    return tuple(turns)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(
            f"--compare cannot be {text!r}. Write it as NAME=VALUE, for example passage_chars=450."
        )
    return name.strip(), value.strip()


def _need(question: str | None) -> str:
    if question is None:
        raise SettingsError(
            'Write the question in quotes, or name a file with --batch. For example: ask "Why?"'
        )
    return question


def _need_json(as_json: bool) -> None:
    if not as_json:
        raise SettingsError("--batch prints JSON lines. Add --json.")


def _listed(document: Document, path: str) -> dict[str, Any]:
    origin = document.origin(path)
    return {
        "document_id": document.id,
        "source": origin.url if origin else path,
        "path": path,
        "fetched_at": origin.fetched_at if origin else None,
        "title": document.title,
        "media_type": document.media_type,
        "sha256": document.sha256,
        "added_at": document.added_at,
        "facts": document.facts,
        "notes": list(document.notes),
    }


def _watch(assistant: Assistant, told: Sequence[Failure], as_json: bool) -> None:
    """Follow the folder until Ctrl-C. Other processes may use the index in between."""
    errors.print(f"Watching {assistant.settings.corpus_dir} (Ctrl-C stops it).", markup=False)
    for news in assistant.follow(Event(), sharing=True):
        if isinstance(news, AssistantError):
            _complain(str(news))
            continue
        for note in news.notes:
            errors.print(note, markup=False)
        new = tuple(failure for failure in news.failures if failure not in told)
        if new or news.added or news.changed or news.removed:
            _say(replace(news, failures=new), as_json)
        told = ()


def _standard_input(folder: Path, most: int) -> str:
    """What is piped into the program as a file in this folder. Raises SettingsError if that is too much."""
    path = folder / "standard input"
    with path.open("wb") as file:
        while chunk := sys.stdin.buffer.read(1 << 20):
            file.write(chunk)
            if file.tell() > most:
                raise SettingsError(
                    f"Standard input has more than the {most:,} bytes that are read. "
                    "Split it, or raise ASSISTANT_MAX_FILE_BYTES."
                )
    return str(path)


def _finish(report: SyncReport, as_json: bool) -> None:
    _say(report, as_json)
    if report.failures:
        raise typer.Exit(1)


def _say(report: SyncReport, as_json: bool) -> None:
    """What a sync did on standard output, and each failure on standard error."""
    if as_json:
        print(_json(asdict(report)), flush=True)
    else:
        print(
            f"{len(report.added)} added, {len(report.changed)} changed, {len(report.removed)} removed, "
            f"{report.unchanged} unchanged ({report.seconds:.1f} s).",
            flush=True,
        )
    _complain_of(report.failures)


def _complain_of(failures: Sequence[Failure]) -> None:
    for failure in failures:
        _complain(f"{failure.source}: {failure.reason}")


def _exit_if_failed(failures: Sequence[Failure]) -> None:
    _complain_of(failures)
    if failures:
        raise typer.Exit(1)


def _json(value: Any) -> str:
    """The value on one line. Half a surrogate pair, which UTF-8 cannot hold, is written as JSON's escape."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode("utf-8")


def _one_line(text: str) -> str:
    """Names and titles may hold anything, also what a terminal would obey."""
    from assistant import render

    return " ".join(render.visible(text).split())


def _complain(sentence: str) -> None:
    errors.print(_one_line(sentence), style="red", markup=False)
