"""A message from any mail program as text: who wrote to whom and when, the subject as title, the body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import UnreadableFile
from assistant.reading import html
from assistant.reading import text as plain_text
from assistant.reading.building import Builder, squeezed
from assistant.reading.decoding import printable
from assistant.reading.notes import attachment_note, without_text
from assistant.values import Content

_STUB_SHARE = 0.2  # a plain body with less of the other's letters says only that there is another


@dataclass(frozen=True, slots=True)
class Message:
    """What a mail file holds; "" where it does not say."""

    subject: str = ""
    sender: str = ""
    to: str = ""
    copies: str = ""
    date: str = ""  # ISO 8601
    plain: str = ""
    markup: str = ""  # the body as HTML
    rich: Content | None = None  # the body in another format, already read
    attachments: Sequence[str] = ()
    notes: tuple[str, ...] = ()


def content(message: Message, *, media_type: str) -> Content:
    """The content of a message. Raises UnreadableFile if it says nothing."""
    builder = Builder()
    subject = squeezed(message.subject)
    builder.heading(subject, level=1)
    lines = {"From": message.sender, "To": message.to, "Cc": message.copies, "Date": message.date}
    header = [f"{name}: {squeezed(words)}" for name, words in lines.items() if squeezed(words)]
    if subject:
        header.append(f"Subject: {subject}")
    builder.paragraph("\n".join(header))
    builder.embed(_body(message), below=1)
    if not builder.blocks:
        raise UnreadableFile(without_text())
    facts = {"author": message.sender, "to": message.to, "date": message.date[:10]}
    return Content(
        title=subject,
        text=builder.text,
        media_type=media_type,
        blocks=tuple(builder.blocks),
        facts={name: squeezed(words) for name, words in facts.items() if squeezed(words)},
        notes=message.notes + attachment_note([squeezed(name) for name in message.attachments]),
    )


def _body(message: Message) -> Content:
    """The plain body, or the HTML or rich one where there is no plain one to speak of."""
    plain = printable(message.plain).strip()
    shown = html.fragment(message.markup)
    if message.rich is not None and not shown.text:
        shown = message.rich
    if len(plain) >= _STUB_SHARE * len(shown.text):
        _, blocks = plain_text.structure(plain)
        return Content(title="", text=plain, media_type=plain_text.MEDIA_TYPE, blocks=blocks)
    return shown
