"""The values that pass between the rooms: what a document, a passage and an answer are.

Standard library only. Offsets are Python string indices into `Document.text`, end exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["heading", "paragraph", "item", "row", "code"]
Support = Literal["verbatim"]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a document's own structure: `text[start:end]` is a heading, paragraph, item or row.

    Text between blocks is shown to a reader but never becomes a passage (navigation, advertisements).
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0  # of a heading, 1 is the outermost
    header: tuple[int, int] | None = None  # of a table row: where its header row stands


@dataclass(frozen=True, slots=True)
class Section:
    """The part of a text that stands under one heading, with the headings above it."""

    start: int
    end: int
    headings: tuple[str, ...]  # outermost first


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a paged document; `number` counts from 1."""

    number: int
    start: int
    end: int
    label: str = ""  # how a reader names it, where that is not "p. 3": "slide 3", "p. 3, read by OCR"


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows of a sheet, one a line of the text; the first of them is the sheet's row `number`."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader makes of a file's bytes: the text that is stored and shown, and its structure."""

    title: str
    text: str
    media_type: str
    blocks: tuple[Block, ...]
    pages: tuple[Page, ...] = ()
    rows: tuple[Rows, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)  # author, publisher, date, language … as found
    questions: tuple[str, ...] = ()  # examples that the document itself suggests
    notes: tuple[str, ...] = ()  # what could not be read, one sentence each


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when a file of the corpus was fetched."""

    path: str  # below the corpus folder
    url: str
    fetched_at: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the corpus; `source` is its path below the corpus folder, or a fetched page's URL."""

    id: str
    title: str
    source: str
    media_type: str
    text: str
    sha256: str  # of the file's bytes
    sections: tuple[Section, ...]
    pages: tuple[Page, ...]
    added_at: str  # ISO 8601, UTC
    rows: tuple[Rows, ...] = ()
    sources: tuple[str, ...] = ()  # every path that holds these bytes, that of `source` first
    facts: dict[str, str] = field(default_factory=dict)
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()  # of those of `sources` that were fetched

    @property
    def path(self) -> str:
        """The path below the corpus folder."""
        return self.sources[0] if self.sources else self.source

    def origin(self, path: str) -> Origin | None:
        """Where the file at this path was fetched; None for one that was not."""
        return next((origin for origin in self.origins if origin.path == path), None)


@dataclass(frozen=True, slots=True)
class Sentence:
    """`document.text[start:end] == text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one document, the unit that is embedded and retrieved."""

    id: str
    document_id: str
    start: int
    end: int
    text: str
    sentences: tuple[Sentence, ...]
    headings: tuple[str, ...] = ()  # the headings it stands under, outermost first
    header: tuple[int, int] | None = None  # for table rows: where the header row stands

    @property
    def sentence_spans(self) -> tuple[tuple[int, int], ...]:
        """Where each sentence stands in `text`."""
        return tuple((s.start - self.start, s.end - self.start) for s in self.sentences)


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. `score`: higher is better; `rank` counts from 1."""

    passage: Passage
    title: str
    source: str
    score: float
    rank: int
    found_by: tuple[str, ...]  # "meaning", "keywords"
    keywords: float = 0.0  # BM25, higher is better; 0 where the keywords did not find it
    path: str = ""  # below the corpus folder, where `source` is a URL


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact characters that support a sentence: `document.text[start:end] == quote`."""

    number: int  # counts from 1 within an answer
    document_id: str
    title: str
    source: str
    start: int
    end: int
    quote: str
    page: int | None = None
    section: str | None = None
    path: str = ""  # below the corpus folder, where `source` is a URL
    place: str = ""  # the page, slide or row as a reader names it: "p. 3", "slide 2", "row 17"


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One shown sentence and the numbers of the citations that support it, at least one.

    `text[emphasis[0]:emphasis[1]]` is the short answer in it, where that is clear. `is_header`: it names
    the columns of a table of which another sentence is a row.
    """

    text: str
    citations: tuple[int, ...]
    support: Support = "verbatim"
    emphasis: tuple[int, int] | None = None
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reader is shown.

    `kind` "answer" has sentences; its `note` names the part of the question that has no answer, if one has
    none. All others have no sentences, `answered` is False and `note` speaks: a "refusal", with up to three
    `closest` citations that were read and found not to answer; a "clarification", which asks back and names
    `choices`; or "about", a reply about the assistant itself. `confidence` is the probability, 0 to 1, that
    the best sentences found answer the question.
    """

    question: str
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    answered: bool
    confidence: float
    closest: tuple[Citation, ...]
    timings_ms: dict[str, float]
    model: str = "extractive"
    kind: Literal["answer", "refusal", "clarification", "about"] = "answer"
    note: str = ""  # what was looked for, what is missing, or what is asked back
    understood_as: str = ""  # the question that was answered, where a follow-up was rewritten
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long task is: `done` of `total` in this `stage`, counted in `unit`."""

    stage: str  # "reading", "embedding", …
    done: int
    total: int
    name: str = ""  # the file at hand, where there is one
    unit: Literal["documents", "bytes", "questions"] = "documents"


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that could not be used: its name, and one sentence that says why and what to do."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync changed. Counts of documents, except `embedded`: passages that had to be embedded."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    embedded: int = 0
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()  # what the user should know, one sentence each
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a removal deleted; `deleted` counts by place ("corpus", "library", "chroma"), then by kind."""

    document_id: str
    title: str
    source: str
    sources: tuple[str, ...]
    removed_at: str  # ISO 8601, UTC
    deleted: dict[str, dict[str, int]]
