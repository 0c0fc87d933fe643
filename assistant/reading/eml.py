"""A message as mail programs save it (RFC 5322, eml). Attachments are named and not read."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from assistant.reading import mail
from assistant.values import Content

MEDIA_TYPE = "message/rfc822"
# What the parser of the standard library raises on header fields and bodies that break the rules.
_FAILURES = (ValueError, TypeError, AttributeError, IndexError, KeyError, LookupError, OverflowError)


def read(data: bytes) -> Content:
    """The content of a message. Raises UnreadableFile if it says nothing."""
    message = message_from_bytes(data, policy=policy.default)
    return mail.content(
        mail.Message(
            subject=_field(message, "subject"),
            sender=_field(message, "from"),
            to=_field(message, "to"),
            copies=_field(message, "cc"),
            date=_date(_field(message, "date")),
            plain=_body(message, "plain"),
            markup=_body(message, "html"),
            attachments=tuple(_attachments(message)),
        ),
        media_type=MEDIA_TYPE,
    )


def _field(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except _FAILURES:
        return next((str(value) for key, value in message.raw_items() if key.lower() == name), "")


def _date(words: str) -> str:
    """The date as ISO 8601 with its own offset, as it stands where it cannot be understood."""
    try:
        moment = parsedate_to_datetime(words)
    except _FAILURES:
        return words
    return moment.isoformat(sep=" ", timespec="minutes") if isinstance(moment, datetime.datetime) else words


def _body(message: EmailMessage, kind: str) -> str:
    """The words of the body of this kind: "plain" or "html"; "" if there is none."""
    try:
        part = message.get_body(preferencelist=(kind,))
    except _FAILURES:
        return ""
    return _words(part) if isinstance(part, EmailMessage) else ""


def _words(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except _FAILURES:  # an unknown character set, most often
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _attachments(message: EmailMessage) -> Iterator[str]:
    for part in message.walk():
        if part.is_multipart() and part.get_content_type() != "message/rfc822":
            continue
        try:
            name = part.get_filename() or ""
        except _FAILURES:
            name = ""
        if part.get_content_type() == "message/rfc822" and part is not message:
            yield name or "a forwarded message"
        elif name or part.get_content_disposition() == "attachment":
            yield name or f"an attachment of type {part.get_content_type()}"
