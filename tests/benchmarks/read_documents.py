"""Read a folder of real files and say whether each yields what its manifest asks for.

    python tests/benchmarks/read_documents.py FOLDER

FOLDER holds `manifest.jsonl`: `{"file", "must_include", "must_not_include"}` a line. What must be included is
written as Markdown, which a document's text here is not. So it counts as found where it stands word for word;
else where its marks say heading, item or row, and a block of that kind has its words; else, emphasis, links
and quotation marks aside, where its words stand in the text. Everything else is named as missing.
Exit code 1 if something is missing, something unwanted is there, or a file is silently empty.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from assistant.errors import UnreadableFile
from assistant.reading import Reader
from assistant.values import Content

_MARKS = ((re.compile(r"#{1,6} (.+)"), "heading"), (re.compile(r"[*-] (.+)"), "item"))
_ROW = re.compile(r"\| (.+) \|")
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\))?")
_EMPHASIS = re.compile(r"\*+|`+|^> ")


def main() -> None:
    folder = Path(sys.argv[1])
    tally: Counter[str] = Counter()
    with Reader() as reader:
        for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
            wanted = json.loads(line)
            tally["files"] += 1
            try:
                content = reader.read(folder / wanted["file"]).content
            except UnreadableFile as error:
                tally["refused"] += 1
                print(f"{wanted['file']}: refused. {error}")
                tally["missing"] += len(wanted.get("must_include", ()))
                continue
            tally.update(judge(wanted, content))
    print(dict(tally))
    raise SystemExit(bool(tally["missing"] or tally["unwanted"] or tally["empty"]))


def judge(wanted: dict[str, list[str]], content: Content) -> Counter[str]:
    """How each string of the manifest was found; prints what was not."""
    tally: Counter[str] = Counter()
    for words in wanted.get("must_include", ()):
        how = found(words, content)
        tally[how] += 1
        if how == "missing":
            print(f"{wanted['file']}: {words!r} is missing")
    for words in wanted.get("must_not_include", ()):
        if words in content.text:
            tally["unwanted"] += 1
            print(f"{wanted['file']}: {words!r} should not be there")
    if not content.blocks:
        tally["empty"] += 1
        print(f"{wanted['file']}: no block, and no reason")
    return tally


def found(words: str, content: Content) -> str:
    """How a string of the manifest stands in a document: "word for word", by its block's kind, or not."""
    if words in content.text:
        return "word for word"
    for mark, kind in _MARKS:
        if marked := mark.fullmatch(words):
            return (
                f"as {kind}" if _plain(marked[1]) in _blocks(content, kind) else _as_words(marked[1], content)
            )
    if row := _ROW.fullmatch(words):
        return "as row" if _plain(row[1]) in _blocks(content, "row") else "missing"
    return _as_words(words, content)


def _as_words(words: str, content: Content) -> str:
    plain = _plain(words)
    return "as words" if any(map(str.isalpha, plain)) and plain in _squeezed(content.text) else "missing"


def _blocks(content: Content, kind: str) -> set[str]:
    return {_squeezed(content.text[one.start : one.end]) for one in content.blocks if one.kind == kind}


def _plain(words: str) -> str:
    return _squeezed(_EMPHASIS.sub("", _LINK.sub(r"\1", words)))


def _squeezed(words: str) -> str:
    return " ".join(words.split())


if __name__ == "__main__":
    main()
