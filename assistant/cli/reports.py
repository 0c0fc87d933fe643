"""What is reported of a document, of a sync and of a check, as JSON or for people.

Results go to standard output, failures to standard error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import typer

from assistant.cli.saying import complain, complain_of, json_line, one_line, remark
from assistant.errors import AssistantError
from assistant.values import Document, Failure, SyncReport

if TYPE_CHECKING:
    from assistant.citations import Outcome
    from assistant.removal import Proof


def listed(document: Document, path: str) -> dict[str, Any]:
    """One of a document's files, ready for JSON."""
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


def whole(document: Document) -> dict[str, Any]:
    """A document with its text and structure, ready for JSON."""
    sections = [{"start": s.start, "end": s.end, "headings": list(s.headings)} for s in document.sections]
    pages = [{"number": p.number, "start": p.start, "end": p.end} for p in document.pages]
    return listed(document, document.path) | {"text": document.text, "sections": sections, "pages": pages}


def synced(report: SyncReport, as_json: bool) -> None:
    """What a sync did, and each failure."""
    if as_json:
        print(json_line(asdict(report)), flush=True)
    else:
        print(
            f"{len(report.added)} added, {len(report.changed)} changed, {len(report.removed)} removed, "
            f"{report.unchanged} unchanged ({report.seconds:.1f} s).",
            flush=True,
        )
    complain_of(report.failures)


def finished(report: SyncReport, as_json: bool) -> None:
    """What a sync did, and each failure; if there are any, the exit code is 1."""
    synced(report, as_json)
    if report.failures:
        raise typer.Exit(1)


def followed(news: Iterable[SyncReport | AssistantError], told: Sequence[Failure], *, as_json: bool) -> None:
    """What each sync did, where it did anything; failures `told` before are not told again by the first."""
    for report in news:
        if isinstance(report, AssistantError):
            complain(str(report))
            continue
        for note in report.notes:
            remark(note)
        new = tuple(failure for failure in report.failures if failure not in told)
        if new or report.added or report.changed or report.removed:
            synced(replace(report, failures=new), as_json)
        told = ()


def index_checked(problems: Sequence[str], documents: int, *, as_json: bool) -> None:
    """The problems of an index of so many documents; if there are any, the exit code is 1."""
    if as_json:
        print(json_line({"documents": documents, "problems": list(problems)}))
    else:
        for problem in problems:
            complain(problem)
        print(f"{documents} documents checked, {len(problems)} problems.")
    if problems:
        raise typer.Exit(1)


def citations_checked(found: Sequence[Outcome], as_json: bool) -> None:
    """What became of each citation; if any is lost, the exit code is 1."""
    for outcome in found:
        if as_json:
            print(json_line(asdict(outcome)))
        else:
            place = f"{outcome.source} {outcome.start}-{outcome.end}"
            print(one_line(f"{outcome.answer} [{outcome.number}] {outcome.state}: {place}"))
    lost = sum(outcome.state.startswith("source") for outcome in found)
    if not as_json:
        print(f"{len(found)} citations checked, {lost} lost.")
    if lost:
        raise typer.Exit(1)


def removal_checked(proof: Proof, as_json: bool) -> None:
    """What was searched for a removed document; if any of it was found, the exit code is 1."""
    if as_json:
        print(json_line(asdict(proof)))
    else:
        for problem in proof.problems:
            complain(problem)
        print(
            f"{proof.bytes:,} bytes of {proof.files} files searched for {proof.windows} pieces and "
            f"{proof.words} words of {one_line(proof.document_id)}: {len(proof.problems)} problems."
        )
    if proof.problems:
        raise typer.Exit(1)
