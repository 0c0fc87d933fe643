"""Messages: who wrote what to whom and when, and which attachments were not read."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from conftest import words
from making import ole, outlook

from assistant.errors import UnreadableFile
from assistant.reading.outlookrtf import unpacked
from assistant.values import Content

Read = Callable[[str, str | bytes], Content]


@pytest.fixture
def message() -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = "Grüße from the harbour"
    made["From"] = "Ada Brook <ada@example.org>"
    made["To"] = "bo@example.org, cy@example.org"
    made["Date"] = "Fri, 03 May 2024 12:30:00 +0200"
    made.set_content("Dear Bo,\n\nthe ships are in.\n\nAda\n")
    return made


def test_a_message_shows_its_header_and_body(read: Read, message: EmailMessage) -> None:
    content = read("a.eml", message.as_bytes())
    assert content.title == "Grüße from the harbour"
    assert content.facts == {
        "author": "Ada Brook <ada@example.org>",
        "to": "bo@example.org, cy@example.org",
        "date": "2024-05-03",
    }
    assert "Date: 2024-05-03 12:30+02:00" in content.text
    assert content.text.endswith("the ships are in.\n\nAda")
    assert "the ships are in." in words(content)


def test_the_plain_body_is_preferred(read: Read, message: EmailMessage) -> None:
    message.add_alternative("<p>the ships <b>are</b> in, as HTML</p>", subtype="html")
    assert "as HTML" not in read("a.eml", message.as_bytes()).text


def test_a_plain_body_that_is_a_stub_gives_way(read: Read, message: EmailMessage) -> None:
    message.set_content("See the HTML.")
    long = "".join(f"<p>Ship {number} is in.</p>" for number in range(40))
    message.add_alternative(f"<h1>Ships</h1>{long}", subtype="html")
    content = read("a.eml", message.as_bytes())
    assert "Ship 39 is in." in words(content)
    assert words(content, "heading") == ["Grüße from the harbour", "Ships"]


def test_attachments_are_named(read: Read, message: EmailMessage) -> None:
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Pläne.pdf")
    message.add_attachment(message_inside())
    notes = read("a.eml", message.as_bytes()).notes
    assert notes == (
        "Its attachments were not read, save and add what you need: Pläne.pdf, a forwarded message.",
    )


def message_inside() -> EmailMessage:
    inside = EmailMessage()
    inside["Subject"] = "Inside"
    inside.set_content("Inside.")
    return inside


def test_a_message_is_known_by_its_fields(read: Read, message: EmailMessage) -> None:
    assert read("message", message.as_bytes()).media_type == "message/rfc822"


@pytest.mark.parametrize(
    "data",
    [
        b"From: \xff\xfe\nSubject: =?x-unknown?q?=41?=\nDate: yesterday\n\nWords.",
        b"Content-Type: text/plain; charset=x-unknown\nFrom: a@b\nSubject: s\n\nW\xf6rds.",
        b"Content-Type: multipart/mixed\nFrom: a@b\nSubject: s\n\nWords.",
        b"Content-Type: multipart/mixed; boundary=x\nSubject: s\n\n--x\n\nWords.",
        b"From: <<<>>>@@\nTo: ;;;\nSubject: s\n\nWords.",
        b"Subject: s\nContent-Transfer-Encoding: base64\n\nWords*.",
    ],
)
def test_messages_that_break_the_rules_are_read(read: Read, data: bytes) -> None:
    assert read("a.eml", data).text


def test_an_outlook_message_reads_the_same(read: Read) -> None:
    properties = {0x0037: "Ships", 0x1000: "The ships are in.", 0x0C1A: "Ada", 0x5D01: "ada@example.org"}
    inside = {
        "__recip_version1.0_#00000000": {0x3001: "Bo", 0x39FE: "bo@example.org"},
        "__recip_version1.0_#00000001": {0x3001: "cy@example.org", 0x3003: "cy@example.org"},
        "__attach_version1.0_#00000000": {0x3707: "plan.pdf"},
    }
    since = datetime.datetime(2024, 5, 3, 10, 30) - datetime.datetime(1601, 1, 1)
    ticks = since // datetime.timedelta(microseconds=1) * 10
    content = read("a.msg", outlook(properties, fixed={0x0039: ticks}, inside=inside))
    assert words(content) == [
        "Ships",
        "From: ada@example.org (Ada)\nTo: bo@example.org (Bo), cy@example.org\n"
        "Date: 2024-05-03 10:30+00:00\nSubject: Ships",
        "The ships are in.",
    ]
    assert content.notes == ("Its attachment was not read, save and add what you need: plan.pdf.",)


def test_an_outlook_message_in_html_is_read(read: Read) -> None:
    body = "<h2>Häfen</h2><p>All ships.</p>".encode("cp1252")
    content = read("a.msg", outlook({0x37: "Ships"}, binaries={0x1013: body}, fixed={0x3FDE: 1252}))
    assert words(content)[-2:] == ["Häfen", "All ships."]


def test_an_outlook_message_in_packed_rtf_is_read(read: Read) -> None:
    body = rb"{\rtf1\ansi The ships are in.\par}"
    packed = struct.pack("<II4sI", len(body) + 12, len(body), b"MELA", 0) + body
    assert (
        words(read("a.msg", outlook({0x37: "Ships"}, binaries={0x1009: packed})))[-1] == "The ships are in."
    )


def test_a_message_whose_packed_body_is_damaged_keeps_the_rest(read: Read) -> None:
    content = read("a.msg", outlook({0x37: "Ships"}, binaries={0x1009: b"not packed at all"}))
    assert words(content)[0] == "Ships"
    assert content.notes[0].startswith("Its formatted body was not read: It is damaged")


def test_packed_rtf_is_unpacked_as_its_specification_shows() -> None:
    # The two examples of MS-OXRTFCP, 3.1 and 3.2.
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked(simple) == rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert unpacked(crossing) == rb"{\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        ("WordDocument", "old Word document"),
        ("PowerPoint Document", "old PowerPoint presentation"),
        ("EncryptedPackage", "locked with a password"),
        ("Contents", "old Office file of a kind"),
    ],
)
def test_old_office_files_are_named(read: Read, stream: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read("a.doc", ole({stream: b"x" * 100}))


def test_an_ole_file_cut_off_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        read("a.msg", outlook({0x37: "Ships"})[:700])
