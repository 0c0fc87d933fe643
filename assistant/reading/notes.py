"""Sentences that several formats say about what could not be read."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_NAMED = 20


def counted(count: int, noun: str) -> str:
    """ "1 picture", "2 pictures"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str | int]) -> str:
    """The names with commas between them; of many, the first ones and how many more there are."""
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(str, names[:_MOST_NAMED])) + more


def picture_note(count: int) -> str:
    """That there are pictures, whose words are not read."""
    return f"It has {counted(count, 'picture')}: words inside a picture cannot be found."


def without_text(pictures: int = 0) -> str:
    """Why a file that was opened is refused: it shows no words."""
    if pictures:
        return (
            f"It holds {counted(pictures, 'picture')} and no text: "
            "print it to PDF and run text recognition (OCR) on that."
        )
    return "It holds no text: check that it is the file you meant."


def attachment_note(names: Sequence[str]) -> tuple[str, ...]:
    """Which attachments were not read, in one sentence; nothing if there are none."""
    if not names:
        return ()
    what = "Its attachment was" if len(names) == 1 else "Its attachments were"
    return (f"{what} not read, save and add what you need: {listed(names)}.",)
