"""An `Answer` as JSON, plain text, Markdown, or a message of the chat: the only place that escapes.

Everything a document or a user wrote comes out as literal characters, whatever it holds.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote as percent_encoded

from assistant.values import Answer, AnswerSentence, Citation, Hit

REFUSAL = "The documents do not answer this."

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
    names = ("number", "document_id", "title", "source", "page", "section", "place", "start", "end", "quote")
    return {name: getattr(citation, name) for name in names}


def hit_to_json(hit: Hit) -> dict[str, Any]:
    """The fields of one hit in `search --json`."""
    return {
        "document_id": hit.passage.document_id,
        "source": hit.source,
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
        return "\n".join([*lines, "", *(f"[{c.number}] {_one_line(place(c))}" for c in answer.citations)])
    near = [f"- {_one_line(c.quote)}\n  {_one_line(place(c))}" for c in answer.closest]
    found = ["", "The nearest passages:", *near] if near else []
    return "\n".join([_one_line(_unanswered(answer)), *found])


def to_markdown(answer: Answer) -> str:
    """The answer as Markdown to paste elsewhere, with its sources listed below."""
    if answer.answered:
        said = [_markdown(s.text) + "".join(f" [{n}]" for n in s.citations) for s in answer.sentences]
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
        return _refusal_to_chat(answer)
    cited = {citation.number: citation for citation in answer.citations}
    shown = answer.sentences[:sentences]
    blocks = [
        f'<p class="said">{_emphasised(s)}{"".join(_button(cited[n], f"[{n}]") for n in s.citations)}</p>'
        for s in shown
    ]
    if answer.understood_as:
        blocks.insert(0, f'<p class="nearest">Understood as: {escaped(answer.understood_as)}</p>')
    if len(shown) == len(answer.sentences):
        sources = [_button(c, f"[{c.number}] {place(c)}", kind="source") for c in answer.citations]
        blocks += [f'<div class="sources">{"".join(sources)}</div>', _copy(answer)]
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


def _emphasised(sentence: AnswerSentence) -> str:
    """The sentence with its short answer, where it has one, made to stand out."""
    if sentence.emphasis is None:
        return escaped(sentence.text)
    start, end = sentence.emphasis
    before, short, after = sentence.text[:start], sentence.text[start:end], sentence.text[end:]
    return f"{escaped(before)}<strong>{escaped(short)}</strong>{escaped(after)}"


def _refusal_to_chat(answer: Answer) -> str:
    if answer.kind == "about":
        return words_to_chat(answer.note)
    if answer.kind == "clarification":
        blocks = [words_to_chat(_unanswered(answer))]
        near = "What they say nearest to it:"
    else:
        note = f"<span>{escaped(answer.note)}</span>" if answer.note else ""
        blocks = [f'<div class="refusal"><strong>{REFUSAL}</strong> {note}</div>']
        near = "The nearest passages, read and found not to answer:"
    if answer.closest:
        blocks.append(f'<p class="nearest">{near}</p>')
    blocks += [
        f'<details class="near"><summary>{escaped(place(c))}</summary>'
        f'<p class="said">{escaped(c.quote)}</p>{_button(c, "Open in the document", kind="open")}</details>'
        for c in answer.closest
    ]
    return "\n\n".join([*blocks, _copy(answer)])


def _button(citation: Citation, words: str, *, kind: str = "number") -> str:
    key = f"cite-{percent_encoded(citation.document_id, safe='')}-{citation.start}-{citation.end}"
    return (
        f'<button type="button" class="cite {kind} {escaped(key)}" title="{escaped(citation.quote)}">'
        f"{escaped(words)}</button>"
    )


def _copy(answer: Answer) -> str:
    return (
        '<div class="tools"><button type="button" class="copy">Copy as Markdown</button>'
        f'<pre class="portable" hidden>{escaped(to_markdown(answer))}</pre></div>'
    )


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
