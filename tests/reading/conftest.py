"""What the reading tests share: one reader, files made on the spot, and small PDFs written by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from assistant.reading import Reader
from assistant.values import Block, BlockKind, Content

_UNSTORED = re.compile("[\x00\ud800-\udfff]")
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_KEPT_AS_THEY_ARE = ("text/plain", "application/zip")  # and what holds plain texts


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    with Reader() as shared:
        yield shared


@pytest.fixture
def read(reader: Reader, tmp_path: Path) -> Callable[[str, str | bytes], Content]:
    """Write a file of this name, read it, and check what must hold for every content."""

    def write_and_read(name: str, words: str | bytes) -> Content:
        path = tmp_path / name
        path.write_bytes(words.encode() if isinstance(words, str) else words)
        content = reader.read(path).content
        check(content)
        return content

    return write_and_read


def words_of(content: Content, block: Block) -> str:
    return content.text[block.start : block.end]


def words(content: Content, *kinds: BlockKind) -> list[str]:
    """The words of all blocks, or of those of some kinds."""
    return [words_of(content, block) for block in content.blocks if not kinds or block.kind in kinds]


def check(content: Content) -> None:
    """Blocks are in order, apart, not empty, trimmed and inside the text; so are the pages."""
    reached = 0
    for block in content.blocks:
        assert reached <= block.start < block.end <= len(content.text)
        assert words_of(content, block) == words_of(content, block).strip()
        assert (block.kind == "heading") == (block.level > 0)
        if block.header is not None:
            assert block.kind == "row"
            assert 0 <= block.header[0] < block.header[1] <= block.start
        reached = block.end
    assert [page.number for page in content.pages] == list(range(1, len(content.pages) + 1))
    reached = 0
    for page in content.pages:
        assert reached <= page.start <= page.end <= len(content.text)
        reached = page.end
    starts = {block.start: block.end for block in content.blocks if block.kind == "row"}
    for rows in content.rows:
        assert rows.number > 0
        at = rows.start
        for line in content.text[rows.start : rows.end].split("\n"):
            assert starts[at] == at + len(line)
            at += len(line) + 1


def check_characters(content: Content) -> None:
    """Nothing is said with half a surrogate or a control character; a plain text keeps those it came with."""
    said = [content.title, *content.facts, *content.facts.values(), *content.notes, *content.questions]
    for words_said in said:
        assert not _UNSHOWN.search(words_said), words_said
        assert "\n" not in words_said
    plain = content.media_type in _KEPT_AS_THEY_ARE
    assert not (_UNSTORED if plain else _UNSHOWN).search(content.text)


Line = tuple[float, float, float, str]  # left, bottom, size, words


def page_of(lines: Sequence[str], *, top: float = 720, size: float = 11) -> list[Line]:
    """The lines of a page at the usual distance; an empty one leaves a gap."""
    return [(72, top - number * 14, size, line) for number, line in enumerate(lines) if line]


def pdf(pages: Sequence[Sequence[Line]], *, info: str = "", trailer: str = "") -> bytes:
    """A small PDF with these lines in Helvetica; `info` and `trailer` are raw PDF syntax."""
    numbers = [4 + 2 * at for at in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in zip(numbers, pages, strict=True):
        drawn = "".join(
            f"BT /F1 {size} Tf {x} {y} Td ({_escaped(text)}) Tj ET\n" for x, y, size, text in lines
        )
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {number + 1} 0 R >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}endstream")
    objects.append(f"<< {info} >>")
    return _assembled(objects, trailer=f"/Info {len(objects)} 0 R {trailer}")


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _assembled(objects: Sequence[str], *, trailer: str) -> bytes:
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("cp1252")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\n"
    return out + f"{end}startxref\n{len(out)}\n%%EOF\n".encode()
