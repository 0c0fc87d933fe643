"""The verbs of the command line: what each is given, whom it asks, and its exit code.

Knows nothing of how anything is done.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Annotated, Any

import typer

from assistant.assistant import Assistant
from assistant.cli import reports
from assistant.cli.arguments import STDIN, STDIN_NAME, AsJson, Batch, Id, Sources, needed, pair, piped
from assistant.cli.batch import answer_lines, turns
from assistant.cli.saying import bar, complain, complain_of, exit_if_failed, json_line, one_line, remark
from assistant.errors import AssistantError, SettingsError, UnknownDocument
from assistant.settings import Settings
from assistant.values import Failure, Hit, Progress, SyncReport

app = typer.Typer(
    help="Ask your own documents; every sentence of an answer cites the characters it stands on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
INTERRUPTED = 130  # the exit code that typer gives to Ctrl-C


def main() -> None:
    """Run the command line; an expected error is one line on standard error."""
    try:
        app()
    except AssistantError as error:
        complain(str(error))
        sys.exit(2)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            complain("Stopped. What was done is kept; the next run goes on from there.")
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

        complain_of(_synced(assistant).failures)
        serve(assistant, host=host, port=port, open_browser=open_browser, on_ready=ready)


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
        made = assistant.ask(row["question"], history=turns(row), sources=source or ())
        return json_line(render.to_json(made, id=row["id"]))

    if batch is not None:
        _batch(batch, answer, key="question", as_json=as_json)
    else:
        with _ready() as assistant:
            made = assistant.ask(needed(question), sources=source or ())
            shown = render.to_json(made, id="q1") if as_json else None
            print(json_line(shown) if shown else render.to_text(made))


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
        hits = assistant.search(row["question"], k=count, history=turns(row), sources=source or ())
        timings = {"total": round((time.perf_counter() - began) * 1000, 2)}
        found = {"id": row["id"], "query": row["question"], "hits": [render.hit_to_json(hit) for hit in hits]}
        return json_line(found | {"timings_ms": timings}), hits

    if batch is not None:
        _batch(batch, lambda assistant, row: find(assistant, row)[0], key="query", as_json=as_json)
    else:
        with _ready() as assistant:
            line, hits = find(assistant, {"id": "q1", "question": needed(query)})
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
    with Assistant() as assistant, bar() as progress, TemporaryDirectory(prefix="assistant-") as folder:
        names = [name or (STDIN_NAME if path == STDIN else None) for path in paths]
        if STDIN in paths:
            file = piped(Path(folder), most_bytes=assistant.settings.max_file_bytes)
            paths = [file if path == STDIN else path for path in paths]
        report = assistant.add(paths, names=names, progress=progress)
    reports.finished(report, as_json)


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
            print(json_line(render.receipt_to_json(receipt)) if as_json else render.receipt_to_text(receipt))
    exit_if_failed(failures)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the documents, one line for each file."""
    with Assistant() as assistant:
        documents = assistant.documents()
    for document in documents:
        for path in document.sources:
            row = reports.listed(document, path)
            text = f"{document.id}  {one_line(row['source'])}  {one_line(document.title)}"
            print(json_line(row) if as_json else text)
    if not documents:
        remark("No documents are indexed. Put files into the corpus folder and run: python -m assistant sync")


@app.command()
def show(document: Id, as_json: AsJson = False) -> None:
    """Show a document's text, as it is cited."""
    from assistant import render

    with Assistant() as assistant:
        found = assistant.document(document)
    if as_json:
        print(json_line(reports.whole(found)))
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
            reports.finished(report, as_json)
        else:
            reports.synced(report, as_json)
            assistant.close()
            remark(f"Watching {assistant.settings.corpus_dir} (Ctrl-C stops it).")
            reports.followed(assistant.follow(Event(), sharing=True), report.failures, as_json=as_json)


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
        with Assistant() as assistant:
            outcomes = assistant.check_citations(citations)
        reports.citations_checked(outcomes, as_json)
    elif removed:
        with Assistant() as assistant:
            proof = assistant.prove_removed(removed, original=original)
        reports.removal_checked(proof, as_json)
    else:
        with Assistant() as assistant:
            problems, documents = assistant.check(), len(assistant.documents())
        reports.index_checked(problems, documents, as_json=as_json)


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
    with bar() as progress:

        def run(chosen: Settings, stage: str) -> list[scoring.Outcome]:
            def report(done: int, total: int) -> None:
                progress(Progress(stage, done, total, unit="questions"))

            return scoring.run(folder, chosen, hide_gold=hide_gold, limit=limit, report=report)

        outcomes = run(settings, "asking")
        found = scoring.summary(outcomes, threshold, hide_gold=hide_gold)
        if compare:
            other = load(**dict(pair(text) for text in compare))
            again = run(other, "comparing")
            found["compared"] = scoring.compared(outcomes, threshold, again, other.minimum_confidence)
    if plot:
        scoring.draw_curve(found["curve"], plot)
    print(json_line(found) if as_json else scoring.table(found))


# --- shared by the verbs -------------------------------------------------------------------------


@contextmanager
def _ready() -> Iterator[Assistant]:
    """An assistant to ask; says so on standard error if there is nothing to ask it about."""
    with Assistant() as assistant:
        if assistant.is_empty:
            remark("Nothing is indexed yet. Run: python -m assistant sync")
        yield assistant


def _synced(assistant: Assistant, *, rebuild: bool = False, refresh: bool = False) -> SyncReport:
    with bar() as progress:
        report = assistant.sync(rebuild=rebuild, refresh=refresh, progress=progress)
    for note in report.notes:
        remark(note)
    return report


def _batch(path: Path, make: Callable[[Assistant, dict[str, Any]], str], *, key: str, as_json: bool) -> None:
    """One line out for each line in; exit is 1 if any fails."""
    if not as_json:
        raise SettingsError("--batch prints JSON lines. Add --json.")
    with _ready() as assistant:
        assistant.warm_up()
        failures = answer_lines(path, lambda row: make(assistant, row), key=key)
    exit_if_failed(failures)
