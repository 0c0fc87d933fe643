"""PDF: the text layer page by page, as paragraphs, without running headers and page numbers.

A page without a text layer is recognised by Tesseract where that is installed, and named in a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from ctypes import c_double, c_ushort
from dataclasses import replace
from math import isfinite

import pypdfium2
from pypdfium2 import raw

from assistant.errors import UnreadableFile
from assistant.reading import ocr
from assistant.reading.building import Builder, first_heading, page_spans, squeezed
from assistant.reading.columns import WIDE_GAP, Cell, PageLine, in_reading_order, names_columns
from assistant.reading.decoding import refuse_if_lost
from assistant.reading.layout import Paragraph, paragraphs, without_running_lines
from assistant.reading.lines import looks_like_title
from assistant.reading.notes import listed
from assistant.values import Content

Span = tuple[int, int]

MEDIA_TYPE = "application/pdf"
HYPHEN = "\ufffe"  # what PDFium puts where it joined a word that a hyphen broke at a line end
_BROKEN_WORD = re.compile(rf"(\w*){HYPHEN}\s*(\w*)")
_PLACEHOLDER = re.compile(
    r"\W*(?:untitled|anonymous|unspecified|document|title|untitled document|unknown|slide)\W*\d*"
    r"|(?:microsoft word|microsoft powerpoint|powerpoint presentation)\b.*"
    r"|.*\.(?:docx?|pdf|tex|dvi|indd|qxd|pptx?|xlsx?|rtf|odt)",
    re.IGNORECASE,
)
_LONGEST_LANGUAGE = 40  # characters, the closing zero included
_GAP = re.compile(r" +")
_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")


def read(data: bytes) -> Content:
    """The content of a PDF. Raises UnreadableFile if it is locked, damaged or has no text layer."""
    document = _open(data)
    try:
        pages = [in_reading_order(_page_lines(document, number)) for number in range(len(document))]
        metadata = {**document.get_metadata_dict(skip_empty=True), "Language": _language(document)}
        empty = [number for number, lines in enumerate(pages, start=1) if not lines]
        scans = ocr.recognised(document, empty) if empty else ocr.Recognised()
    finally:
        document.close()
    for number, lines in scans.pages.items():
        pages[number - 1] = lines
    if not any(pages):
        raise UnreadableFile(_no_text(len(pages), scans))
    return _content(pages, metadata, empty, scans)


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            reason = "It is locked with a password: save a copy without the password and add that."
        else:
            reason = "It is a damaged PDF that cannot be opened: export it again from where it was made."
        raise UnreadableFile(reason) from error


def _no_text(pages: int, scans: ocr.Recognised) -> str:
    where = f"any of its {pages} pages" if pages != 1 else "its only page"
    if scans.unreached:
        tried = f"{pages - len(scans.unreached):,}"
        return (
            f"It has no text layer on {where}, and Tesseract found no words on the first {tried}: split it."
        )
    if scans.is_available:
        return f"It has no text layer on {where}, and Tesseract recognised no words: check the scan."
    return (
        f"It has no text layer on {where}: it may be scanned. "
        "Install Tesseract and sync again, or run text recognition (OCR) on it first."
    )


def _content(
    pages: Sequence[list[PageLine]], metadata: dict[str, str], empty: list[int], scans: ocr.Recognised
) -> Content:
    joined = _dehyphenated(without_running_lines(pages))
    builder = Builder()
    starts: dict[int, int] = {}
    headers: dict[tuple[int, int], Span] = {}
    for paragraph in paragraphs(joined):
        _add(paragraph, builder, starts, headers)
    text, blocks = builder.text, tuple(builder.blocks)
    if not text:
        raise UnreadableFile(_no_text(len(pages), scans))
    refuse_if_lost(text)
    return Content(
        title=_title(metadata, builder),
        text=text,
        media_type=MEDIA_TYPE,
        blocks=blocks,
        pages=tuple(
            replace(page, label=f"p. {page.number}, read by text recognition")
            if page.number in scans.pages
            else page
            for page in page_spans(starts, pages=len(pages), length=len(text))
        ),
        facts={**_facts(metadata), **scans.facts},
        notes=tuple(_notes(empty, scans, pages=len(pages))),
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
            if has_places:
                line = _line(layer, number + 1, words, first, last)
                lines.append(line._replace(cells=_cells(layer, text, first, last, line.height)))
            else:
                lines.append(PageLine(number + 1, words))
        reached += len(part) + 2
    layer.close()
    page.close()
    return lines


def _line(layer: pypdfium2.PdfTextPage, page: int, words: str, first: int, last: int) -> PageLine:
    left, bottom, _, top = layer.get_charbox(first, loose=True)
    _, last_bottom, right, _ = layer.get_charbox(last, loose=True)
    if not all(map(isfinite, (left, right, bottom, last_bottom, top))):  # letters of a damaged size
        return PageLine(page, words)
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


def _cells(layer: pypdfium2.PdfTextPage, text: str, first: int, last: int, height: float) -> tuple[Cell, ...]:
    """The parts of a line between gaps far wider than a space; none if there is no such gap."""
    cells: list[Cell] = []
    left, _ = _edges(layer, first)
    begin = first
    for gap in _GAP.finditer(text, first, last + 1):
        _, right = _edges(layer, gap.start() - 1)
        end, _ = _edges(layer, gap.end())
        if end - right > WIDE_GAP * height:
            cells.append(Cell(left, right, squeezed(text[begin : gap.start()])))
            left, begin = end, gap.end()
    cells.append(Cell(left, _edges(layer, last)[1], squeezed(text[begin : last + 1])))
    is_placed = all(isfinite(edge) for cell in cells for edge in (cell.left, cell.right))
    return tuple(cells) if len(cells) > 1 and is_placed else ()


def _edges(layer: pypdfium2.PdfTextPage, index: int) -> tuple[float, float]:
    """Where a character begins and ends; asked for every word, so without pypdfium2's own checks."""
    left, right, bottom, top = c_double(), c_double(), c_double(), c_double()
    raw.FPDFText_GetCharBox(layer.raw, index, left, right, bottom, top)
    return left.value, right.value


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


def _add(
    paragraph: Paragraph, builder: Builder, starts: dict[int, int], headers: dict[tuple[int, int], Span]
) -> None:
    """Add one paragraph and note where each page begins; a paragraph may run over a page end."""
    words = paragraph.words
    if paragraph.kind == "table":
        _add_table(paragraph, builder, starts, headers)
        return
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


def _add_table(
    paragraph: Paragraph, builder: Builder, starts: dict[int, int], headers: dict[tuple[int, int], Span]
) -> None:
    """Add a table. One without a header goes on from the last on its page, or the page before, of its width.

    `headers` holds where the last header stands, by page and number of columns."""
    page, width, before = paragraph.pages[0][0], len(paragraph.rows[0]), len(builder.blocks)
    has_header = names_columns(paragraph.rows)
    last = None if has_header else headers.get((page, width)) or headers.get((page - 1, width))
    header = builder.table(paragraph.rows, has_header=has_header, header=last)
    if header is not None:
        headers[page, width] = header
    starts.setdefault(page, builder.blocks[before].start)


def _title(metadata: dict[str, str], builder: Builder) -> str:
    named = squeezed(metadata.get("Title", ""))
    if named and any(map(str.isalpha, named)) and not _PLACEHOLDER.fullmatch(named):
        return named
    text, blocks = builder.text, builder.blocks
    if heading := first_heading(blocks, text, level=6):
        return heading
    first = text[blocks[0].start : blocks[0].end]
    return first if looks_like_title(first) else ""


def _language(document: pypdfium2.PdfDocument) -> str:
    """The language that the file says it is in, such as "en-GB"; "" if it does not say."""
    characters = (c_ushort * _LONGEST_LANGUAGE)()
    size = raw.FPDFCatalog_GetLanguage(document.raw, characters, _LONGEST_LANGUAGE)
    return squeezed("".join(map(chr, characters[: size - 1]))) if 1 < size <= _LONGEST_LANGUAGE else ""


def _facts(metadata: dict[str, str]) -> dict[str, str]:
    facts = {}
    if metadata["Language"]:
        facts["language"] = metadata["Language"]
    author = squeezed(metadata.get("Author", ""))
    if author and not _PLACEHOLDER.fullmatch(author):
        facts["author"] = author
    if created := _DATE.match(metadata.get("CreationDate", "")):
        facts["date"] = "-".join(created.groups())
    return facts


def _notes(empty: Sequence[int], scans: ocr.Recognised, *, pages: int) -> Iterator[str]:
    """Which pages hold pictures instead of text, and which of them were recognised."""
    unreached = set(scans.unreached)
    if scans.pages:
        which = _which(list(scans.pages), pages=pages)
        yield f"{which} scanned: the words come from text recognition (OCR) and can be wrong."
    if scans.unreached:
        which = _which(scans.unreached, pages=pages)
        yield f"{which} not recognised: text recognition (OCR) ran out of time. Split the file."
    left = [number for number in empty if number not in scans.pages and number not in unreached]
    if left:
        yield f"{_which(left, pages=pages)} without a text layer: what is pictured there cannot be found."
        if not scans.is_available:
            yield "Install Tesseract and sync again to have scanned pages recognised."


def _which(numbers: Sequence[int], *, pages: int) -> str:
    return f"{'Page' if len(numbers) == 1 else 'Pages'} {listed(numbers)} of {pages}"
