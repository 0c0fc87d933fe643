"""What the tests put into a corpus, and what they look for in answers and on the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from assistant import Answer, Assistant

Make = Callable[..., Assistant]
Run = Callable[..., "Ran"]


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


LIGHTHOUSE = """# The lighthouse at Skerry Point

🎉 The lighthouse at Skerry Point was built in 1874 by the engineer Ottoline Marsh.
Its tower is 41 metres high and stands on black granite.

## The lamp

The lamp burned rapeseed oil until 1921. Since then an electric lamp of 1,000 watts has been used.
Sailors can see its light from a distance of 33 kilometres.

## The keepers

The last keeper, Josiah Bramble, left the lighthouse in November 1988.
"""
BRIDGE = """# The bridge over the Wend

The bridge over the river Wend was opened in 1932. It is 612 metres long and carries four lanes of traffic.

The steel came from the foundry in Harrowgate, which closed in 1979.

Construction of the bridge cost 4.7 million pounds, twice as much as the town council had planned.
"""
ORCHARD = """# The orchard of Quillon Abbey

The monks of Quillon Abbey planted 280 apple trees in 1603.

The rarest apple of the orchard is the Velvet Russet, which ripens in October.

Visitors may pick apples on the second Sunday of September.
"""
TOWN = {"lighthouse.md": LIGHTHOUSE, "places/bridge.md": BRIDGE, "places/orchard.txt": ORCHARD}
QUESTIONS = (
    "When was the lighthouse at Skerry Point built?",
    "How long is the bridge over the Wend?",
    "Which apple is the rarest of the orchard?",
    "How far can sailors see the light?",
    "What did the bridge cost?",
    "Who was the last keeper of the lighthouse?",
    "What is the capital of Mongolia?",
    "apples",
)
# A page of text that says nothing: what a scanned paper looks like to a program.
EMPTY_PDF = b"""%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] >> endobj
xref
0 4
0000000000 65535 f\x20
0000000009 00000 n\x20
0000000058 00000 n\x20
0000000115 00000 n\x20
trailer << /Size 4 /Root 1 0 R >>
startxref
186
%%EOF
"""


def write(corpus: Path, files: Mapping[str, str | bytes]) -> None:
    """Put these files into a corpus folder."""
    for source, content in files.items():
        path = corpus / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def untimed(answer: Answer) -> Answer:
    """The answer without the one thing that differs from run to run."""
    return replace(answer, timings_ms={})


def answers(assistant: Assistant) -> list[Answer]:
    """What the assistant says to every question about the town."""
    return [untimed(assistant.ask(question)) for question in QUESTIONS]


def faultless(assistant: Assistant, answer: Answer) -> bool:
    """Whether an answer keeps every promise that is made about answers. Raises AssertionError where not."""
    numbers = [citation.number for citation in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {n for sentence in answer.sentences for n in sentence.citations} == set(numbers)
    quotes = {citation.number: citation.quote for citation in answer.citations}
    for citation in (*answer.citations, *answer.closest):
        document = assistant.document(citation.document_id)
        assert document.text[citation.start : citation.end] == citation.quote != ""
        assert (citation.source, citation.path or citation.source) == (document.source, document.path)
    for sentence in answer.sentences:
        assert sentence.citations
        assert sentence.text in [quotes[number] for number in sentence.citations]
        if sentence.emphasis:
            assert 0 <= sentence.emphasis[0] < sentence.emphasis[1] <= len(sentence.text)
    assert answer.answered == bool(answer.sentences) == bool(answer.citations)
    assert answer.answered == (answer.kind == "answer")
    assert not answer.answered or not answer.closest
    assert len(answer.closest) <= 3
    assert 0 <= answer.confidence <= 1
    return True


def indexed(assistant: Assistant) -> dict[str, tuple[tuple[int, int, str], ...]]:
    """Everything that a sync is to bring about: for every file its passages; and the index is sound."""
    assert assistant.check() == ()
    library = assistant._library
    return {
        source: tuple((p.start, p.end, p.text) for p in library.passages_of(document.id))
        for document in assistant.documents()
        for source in document.sources
    }


def bytes_below(folder: Path) -> bytes:
    """Every byte of every file in a folder, and every file's name."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"\0".join(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() for path in files)
