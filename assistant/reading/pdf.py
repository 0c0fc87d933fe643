"""PDF: the text layer page by page, as paragraphs, without running headers and page numbers.

Pictures are not read: a page without a text layer is named in a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import pypdfium2
from pypdfium2 import raw

from assistant.errors import UnreadableFile
from assistant.reading.building import Builder, first_heading, squeezed
from assistant.reading.decoding import refuse_if_lost
from assistant.reading.layout import PageLine, Paragraph, paragraphs, without_running_lines
from assistant.reading.lines import looks_like_title
from assistant.values import Content, Page

MEDIA_TYPE = "application/pdf"
HYPHEN = "\ufffe"  # what PDFium puts where it joined a word that a hyphen broke at a line end
_BROKEN_WORD = re.compile(rf"(\w*){HYPHEN}\s*(\w*)")
_PLACEHOLDER = re.compile(
    r"\W*(?:untitled|anonymous|unspecified|document|title|untitled document|unknown|slide)\W*\d*"
    r"|(?:microsoft word|microsoft powerpoint|powerpoint presentation)\b.*"
    r"|.*\.(?:docx?|pdf|tex|dvi|indd|qxd|pptx?|xlsx?|rtf|odt)",
    re.IGNORECASE,
)
_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")


def read(data: bytes) -> Content:
    """The content of a PDF. Raises UnreadableFile if it is locked, damaged or has no text layer."""
    document = _open(data)
    try:
        pages = [_page_lines(document, number) for number in range(len(document))]
        metadata = document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()
    empty = [number for number, lines in enumerate(pages, start=1) if not lines]
    if len(empty) == len(pages):
        raise UnreadableFile(_no_text(len(pages)))
    return _content(pages, metadata, empty)


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            reason = "It is locked with a password: save a copy without the password and add that."
        else:
            reason = "It is a damaged PDF that cannot be opened: export it again from where it was made."
        raise UnreadableFile(reason) from error


def _no_text(pages: int) -> str:
    where = f"any of its {pages} pages" if pages != 1 else "its only page"
    return f"It has no text layer on {where}: it may be scanned. Run text recognition (OCR) on it first."


def _content(pages: Sequence[list[PageLine]], metadata: dict[str, str], empty: list[int]) -> Content:
    joined = _dehyphenated(without_running_lines(pages))
    builder = Builder()
    starts: dict[int, int] = {}
    for paragraph in paragraphs(joined):
        _add(paragraph, builder, starts)
    text, blocks = builder.text, tuple(builder.blocks)
    if not text:
        raise UnreadableFile(_no_text(len(pages)))
    refuse_if_lost(text)
    return Content(
        title=_title(metadata, builder),
        text=text,
        media_type=MEDIA_TYPE,
        blocks=blocks,
        pages=tuple(_spans(starts, pages=len(pages), length=len(text))),
        facts=_facts(metadata),
        notes=_notes(empty, pages=len(pages)),
    )


# --- from the file to lines --------------------------------------------------------------------------


def _page_lines(document: pypdfium2.PdfDocument, number: int) -> list[PageLine]:
    """The lines of one page in the order of the file; a page that cannot be read counts as empty."""
    try:
        page = document[number]
        layer = page.get_textpage()
    except pypdfium2.PdfiumError:
        return []
    text = layer.get_text_range()
    # Character indices are those of the text unless it holds pairs of surrogates.
    has_places = len(text) == layer.count_chars()
    lines = []
    reached = 0
    for part in text.split("\r\n"):
        words = HYPHEN.join(map(squeezed, part.split(HYPHEN)))
        if any(map(str.isalnum, words)):  # a line of dashes is a rule
            first = reached + len(part) - len(part.lstrip())
            last = reached + len(part.rstrip()) - 1
            lines.append(
                _line(layer, number + 1, words, first, last) if has_places else PageLine(number + 1, words)
            )
        reached += len(part) + 2
    layer.close()
    page.close()
    return lines


def _line(layer: pypdfium2.PdfTextPage, page: int, words: str, first: int, last: int) -> PageLine:
    left, bottom, _, top = layer.get_charbox(first, loose=True)
    _, last_bottom, right, _ = layer.get_charbox(last, loose=True)
    return PageLine(
        page=page,
        words=words,
        left=left,
        right=right,
        bottom=bottom,
        last_bottom=last_bottom,
        height=top - bottom,
        font_size=raw.FPDFText_GetFontSize(layer.raw, first),
    )


def _dehyphenated(lines: Iterable[PageLine]) -> list[PageLine]:
    """Lines with broken words joined; the hyphen stays where the document writes the word with one."""
    found = list(lines)
    spelled = {word.casefold() for line in found for word in re.findall(r"\w+-\w+", line.words)}

    def mend(broken: re.Match[str]) -> str:
        before, after = broken.groups()
        hyphen = "-" if f"{before}-{after}".casefold() in spelled else ""
        return f"{before}{hyphen}{after}"

    return [line._replace(words=_BROKEN_WORD.sub(mend, line.words)) for line in found]


# --- from paragraphs to the content ------------------------------------------------------------------


def _add(paragraph: Paragraph, builder: Builder, starts: dict[int, int]) -> None:
    """Add one paragraph and note where each page begins; a paragraph may run over a page end."""
    words = paragraph.words
    match paragraph.kind:
        case "heading":
            builder.heading(words, level=paragraph.level)
        case "item":
            builder.item(words[paragraph.marker :], bullet=words[: paragraph.marker])
        case _:
            builder.paragraph(words)
    begin = builder.length - len(words)
    for page, offset in paragraph.pages:
        starts.setdefault(page, max(0, begin + offset))


def _spans(starts: dict[int, int], *, pages: int, length: int) -> Iterator[Page]:
    """Every page from its first character to the next page's first; a page without text is empty."""
    end = length
    spans = []
    for number in range(pages, 0, -1):
        start = starts.get(number, end)
        spans.append(Page(number, start, end))
        end = start
    return reversed(spans)


def _title(metadata: dict[str, str], builder: Builder) -> str:
    named = squeezed(metadata.get("Title", ""))
    if named and any(map(str.isalpha, named)) and not _PLACEHOLDER.fullmatch(named):
        return named
    text, blocks = builder.text, builder.blocks
    if heading := first_heading(blocks, text, level=6):
        return heading
    first = text[blocks[0].start : blocks[0].end]
    return first if looks_like_title(first) else ""


def _facts(metadata: dict[str, str]) -> dict[str, str]:
    facts = {}
    author = squeezed(metadata.get("Author", ""))
    if author and not _PLACEHOLDER.fullmatch(author):
        facts["author"] = author
    if created := _DATE.match(metadata.get("CreationDate", "")):
        facts["date"] = "-".join(created.groups())
    return facts


def _notes(empty: Sequence[int], *, pages: int) -> tuple[str, ...]:
    if not empty:
        return ()
    shown = ", ".join(map(str, empty[:20])) + (" and others" if len(empty) > 20 else "")
    which = f"Page {shown}" if len(empty) == 1 else f"Pages {shown}"
    return (f"{which} of {pages} without a text layer: what is pictured there cannot be found.",)
