"""An `Answer` as JSON, plain text, Markdown, or a message of the chat: the only place that escapes.

Everything a document or a user wrote comes out as literal characters, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote as percent_encoded

from assistant.values import Answer, AnswerSentence, Citation, Hit, Receipt

REFUSAL = "The documents do not answer this."
CELLS_APART = " | "  # how the readers write the cells of a table's row
CONFIDENCE = ((0.7, "high"), (0.3, "fair"), (0.0, "low"))  # from this probability on; see docs/answering.md

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_HTML_SPECIAL = re.compile(r"[\t\n!-/:-@\[-`{-~]")
# What can begin a construct inside a line of Markdown, also a bare address that readers turn into a link.
_INLINE = re.compile(r"[\\`*_\[\]<>&~|$]|@|:(?=/)|(?<=\w)\.(?=[^\W\d_])")
_BLOCK = re.compile(r"^(?:[-+=#]|\d+(?=[.)]))")


def to_json(answer: Answer, *, id: str | None = None) -> dict[str, Any]:
    """The fields of `ask --json`, in order; `id` is the question's in a batch."""
    return {
        "id": id,
        "question": answer.question,
        "understood_as": answer.understood_as or answer.question,
        "answered": answer.answered,
        "kind": answer.kind,
        "text": " ".join(_marked(sentence) for sentence in answer.sentences),
        "model": answer.model,
        "confidence": answer.confidence,
        "sentences": [
            {
                "text": sentence.text,
                "citations": list(sentence.citations),
                "support": sentence.support,
                "emphasis": list(sentence.emphasis) if sentence.emphasis else None,
            }
            for sentence in answer.sentences
        ],
        "citations": [citation_to_json(citation) for citation in answer.citations],
        "closest": [citation_to_json(citation) for citation in answer.closest],
        "note": answer.note,
        "choices": list(answer.choices),
        "timings_ms": dict(answer.timings_ms),
    }


def citation_to_json(citation: Citation) -> dict[str, Any]:
    """The fields of one citation in `ask --json`."""
    names = (
        "number",
        "document_id",
        "title",
        "source",
        "path",
        "page",
        "section",
        "place",
        "start",
        "end",
        "quote",
    )
    return {name: getattr(citation, name) for name in names} | {"path": citation.path or citation.source}


def hit_to_json(hit: Hit) -> dict[str, Any]:
    """The fields of one hit in `search --json`."""
    return {
        "document_id": hit.passage.document_id,
        "source": hit.source,
        "path": hit.path or hit.source,
        "title": hit.title,
        "start": hit.passage.start,
        "end": hit.passage.end,
        "text": hit.passage.text,
        "score": hit.score,
        "rank": hit.rank,
        "found_by": list(hit.found_by),
    }


def to_plain(answer: Answer) -> str:
    """The answer as a turn of a conversation: its words alone."""
    return (
        " ".join(sentence.text for sentence in answer.sentences) if answer.answered else _unanswered(answer)
    )


def to_text(answer: Answer) -> str:
    """The answer for a terminal: no markup, and no character that a terminal would obey."""
    if answer.answered:
        lines = [_one_line(_marked(sentence)) for sentence in answer.sentences]
        lines += [_one_line(answer.note)] if answer.note else []
        return "\n".join([*lines, "", *(f"[{c.number}] {_one_line(place(c))}" for c in answer.citations)])
    near = [f"- {_one_line(c.quote)}\n  {_one_line(place(c))}" for c in answer.closest]
    found = ["", "The nearest passages:", *near] if near else []
    return "\n".join([_one_line(_unanswered(answer)), *found])


def to_markdown(answer: Answer) -> str:
    """The answer as Markdown to paste elsewhere, with its sources listed below."""
    if answer.answered:
        said = [_markdown(s.text) + "".join(f" [{n}]" for n in s.citations) for s in answer.sentences]
        said += [_markdown(answer.note)] if answer.note else []
        sources = [f"- [{c.number}] {_markdown(place(c))}" for c in answer.citations]
        return "\n\n".join([*said, "\n".join(sources)]) + "\n"
    near = [f"> {_markdown(c.quote)}\n>\n> — {_markdown(place(c))}" for c in answer.closest]
    return "\n\n".join([_markdown(_unanswered(answer)), *near]) + "\n"


def to_chat(answer: Answer, *, sentences: int | None = None) -> str:
    """The answer as a chat message: Markdown that holds nothing but HTML blocks of ours.

    With `sentences`, only so many of them, as they are shown one after the other. Each citation is a
    button whose class `cite-DOCUMENT-START-END` says what to open, and whose title is the quote.
    """
    if not answer.answered:
        return _unanswered_to_chat(answer)
    shown = answer.sentences[:sentences]
    blocks = [*_understood(answer), *_said(shown, answer.citations)]
    if len(shown) == len(answer.sentences):
        blocks += [f'<p class="nearest">{escaped(answer.note)}</p>'] if answer.note else []
        sources = [_button(c, _place(c, f"[{c.number}] "), kind="source") for c in answer.citations]
        blocks += [f'<div class="sources">{"".join(sources)}</div>', _tools(answer)]
    return "\n\n".join(blocks)


def words_to_chat(words: str, *, kind: str = "words") -> str:
    """Any text as a chat message that shows exactly these characters, line ends included."""
    lines = (escaped(line) for line in visible(words).split("\n"))
    return f'<div class="{kind}">{"<br>".join(lines)}</div>'


def place(citation: Citation) -> str:
    """Where a citation stands, for a reader: title, section, and page, slide or row."""
    section = citation.section if citation.section != citation.title else ""
    return " · ".join(part for part in (citation.title, section, citation.place) if part)


def visible(text: str) -> str:
    """The text with every control character, and half of a pair, as a replacement character."""
    return _INVISIBLE.sub("\ufffd", text.replace("\r\n", "\n"))


def escaped(text: str) -> str:
    """The text for an HTML element or attribute, inert in Markdown too: all punctuation as references.

    Markdown gives no character reference a meaning, so none can open a link, a list, code or mathematics.
    """
    return _HTML_SPECIAL.sub(lambda found: f"&#{ord(found[0])};", visible(text))


def _unanswered(answer: Answer) -> str:
    """What is said in place of an answer."""
    said = f"{REFUSAL} {answer.note}".rstrip() if answer.kind in ("refusal", "answer") else answer.note
    return f"{said} {'; '.join(answer.choices)}." if answer.choices else said


def _understood(answer: Answer) -> list[str]:
    said = f"Understood as: {escaped(answer.understood_as)}"
    return [f'<p class="understood">{said}</p>'] if answer.understood_as else []


def _said(sentences: Sequence[AnswerSentence], citations: Sequence[Citation]) -> Iterator[str]:
    """The sentences as paragraphs, and rows of a table as a table below the header that is cited for them."""
    cited = {citation.number: citation for citation in citations}
    tables: dict[tuple[str, int], list[AnswerSentence]] = {}
    for sentence in sentences:
        tables.setdefault(_columns(sentence, cited), []).append(sentence)
    for sentence in sentences:
        rows = tables[_columns(sentence, cited)]
        if not any(row.is_header for row in rows):
            yield f'<p class="said">{_emphasised(sentence)}{_numbers(sentence, cited)}</p>'
        elif sentence is rows[0]:
            ordered = sorted(rows, key=lambda row: not row.is_header)
            table = "".join(_row(row, cited) for row in ordered)
            yield f'<div class="said table"><table>{table}</table></div>'


def _columns(sentence: AnswerSentence, cited: Mapping[int, Citation]) -> tuple[str, int]:
    """Which table a row may belong to: its document's id, and how many cells it has."""
    return cited[sentence.citations[0]].document_id, sentence.text.count(CELLS_APART)


def _row(sentence: AnswerSentence, cited: Mapping[int, Citation]) -> str:
    tag, cells, at = "th" if sentence.is_header else "td", [], 0
    for cell in sentence.text.split(CELLS_APART):
        cells.append(f"<{tag}>{_emphasised(sentence, at, at + len(cell))}</{tag}>")
        at += len(cell) + len(CELLS_APART)
    return f"<tr>{''.join(cells)}<td>{_numbers(sentence, cited)}</td></tr>"


def _numbers(sentence: AnswerSentence, cited: Mapping[int, Citation]) -> str:
    buttons = "".join(_button(cited[number], f"[{number}]") for number in sentence.citations)
    return f'<span class="cites">{buttons}</span>'


def _emphasised(sentence: AnswerSentence, start: int = 0, end: int | None = None) -> str:
    """These characters of the sentence, with its short answer, where it has one, made to stand out."""
    end = len(sentence.text) if end is None else end
    first, last = (min(max(at, start), end) for at in sentence.emphasis or (start, start))
    before, short, after = (
        escaped(sentence.text[a:b]) for a, b in ((start, first), (first, last), (last, end))
    )
    return f"{before}<strong>{short}</strong>{after}" if short else before + after


def _unanswered_to_chat(answer: Answer) -> str:
    if answer.kind == "about":
        return words_to_chat(answer.note)
    near = "".join(_near(citation) for citation in answer.closest)
    blocks = _understood(answer)
    if answer.kind == "clarification":  # its choices are buttons below the message
        blocks.append(f'<div class="clarification">{escaped(answer.note)}</div>')
        if near:
            summary = "<summary>What the documents say nearest to it</summary>"
            blocks.append(f'<details class="nearest">{summary}<div class="nearby">{near}</div></details>')
        return "\n\n".join(blocks)
    note = f"<span>{escaped(answer.note)}</span>" if answer.note else ""
    blocks.append(f'<div class="refusal"><strong>{REFUSAL}</strong> {note}</div>')
    if near:
        blocks.append('<p class="nearest">The nearest passages, read and found not to answer:</p>')
        blocks.append(f'<div class="nearby">{near}</div>')
    return "\n\n".join([*blocks, _tools(answer)])


def _near(citation: Citation) -> str:
    words = f'<span class="quote">{escaped(citation.quote)}</span>'
    return _button(citation, words + _place(citation), kind="near")


def _place(citation: Citation, before: str = "") -> str:
    return f'<span class="place">{escaped(before + place(citation))}</span>'


def _button(citation: Citation, inside: str, *, kind: str = "number") -> str:
    """A button that opens a citation; `inside` is HTML of ours."""
    key = f"cite-{percent_encoded(citation.document_id, safe='')}-{citation.start}-{citation.end}"
    return (
        f'<button type="button" class="cite {kind} {escaped(key)}" title="{escaped(citation.quote)}">'
        f"{inside}</button>"
    )


def _tools(answer: Answer) -> str:
    """What can be done with an answer, and how it came about."""
    lines = "".join(f"<p>{escaped(line)}</p>" for line in _details(answer))
    return (
        '<div class="tools"><button type="button" class="copy">Copy as Markdown</button>'
        f'<pre class="portable" hidden>{escaped(to_markdown(answer))}</pre>'
        f'<details class="details"><summary>Details</summary>{lines}</details></div>'
    )


def _details(answer: Answer) -> Iterator[str]:
    word = next(word for least, word in CONFIDENCE if answer.confidence >= least)
    about = "Confidence" if answer.answered else "Confidence that the best sentence found answers it"
    yield f"{about}: {word} ({answer.confidence:.2f} of 1)"
    if answer.answered:
        extractive = answer.model == "extractive"
        yield "Quoted word for word, without a language model" if extractive else f"Written by {answer.model}"
    names = {"retrieve": "finding passages", "answer": "choosing sentences", "total": "in all"}
    times = [
        f"{words} {answer.timings_ms[name]:.0f} ms"
        for name, words in names.items()
        if name in answer.timings_ms
    ]
    if times:
        yield f"Time: {', '.join(times)}"


def _marked(sentence: AnswerSentence) -> str:
    return sentence.text + "".join(f" [{number}]" for number in sentence.citations)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", visible(text)).strip()


def _markdown(text: str) -> str:
    inline = _INLINE.sub(r"\\\g<0>", _one_line(text))
    return _BLOCK.sub(lambda found: found[0] + "\\" if found[0].isdigit() else "\\" + found[0], inline)


def hit_to_text(hit: Hit) -> str:
    """A retrieved passage for a terminal."""
    place = " · ".join(part for part in (hit.title, *hit.passage.headings[1:]) if part)
    first = f"{hit.rank}. {_one_line(place)}  ({_one_line(hit.source)}, {hit.score:.2f})"
    return f"{first}\n   {_one_line(hit.passage.text)}"


def receipt_to_json(receipt: Receipt) -> dict[str, Any]:
    """The fields of `remove --json`."""
    return {
        "removed": receipt.document_id,
        "source": receipt.source,
        "sources": list(receipt.sources),
        "title": receipt.title,
        "removed_at": receipt.removed_at,
        "deleted": receipt.deleted,
    }


def receipt_to_text(receipt: Receipt) -> str:
    """What was deleted where, one line for each place."""
    first = f"Removed {_one_line(', '.join(receipt.sources))} ({receipt.document_id})."
    places = [
        f"  {place}: " + ", ".join(f"{count:,} {what}" for what, count in held.items())
        for place, held in receipt.deleted.items()
    ]
    return "\n".join(
        [first, *places, f"Prove it with: python -m assistant check --removed {receipt.document_id}"]
    )
