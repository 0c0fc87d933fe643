"""The short answer inside a sentence: the figure, date or name that the question asks for.

Only marks what is there; where no part of the sentence has the right shape, nothing is marked.
"""

from __future__ import annotations

import re

from assistant.questions import Question
from assistant.words import STOP_WORDS, is_year, words

MONTH = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?)"
)
DATE = re.compile(
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)?\s+)?\b{MONTH}(?:\s+\d{{1,2}}(?:st|nd|rd|th)?\b)?(?:\s*,?\s+\d{{4}}\b)?"
    r"|\b(?:1\d{3}|20\d{2})(?:s\b|\b)(?:\s*[-–]\s*\d{2,4}\b)?|\b\d{1,2}(?:st|nd|rd|th)[ -]century\b"
)
COUNT = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?"
NUMBER = re.compile(
    rf"[$€£¥]?\s?(?:\d[\d.,]*\d|\d|(?<![\w-])(?:{COUNT})\b(?!-))[½¼¾]?"
    r"(?:\s?%|\s(?:percent|per cent)\b)?(?:\s(?:hundred|thousand|million|billion|trillion)\b)*"
    r"(?:\s(?:US |U\.S\. )?(?:dollars|euros|pounds|yen)\b"
    r"|\s(?:years?|months?|weeks?|days?|hours?|minutes?|km|miles?)\b)?",
    re.IGNORECASE,
)
NAME = re.compile(r"\b[A-Z][\w’'-]*(?:\s+(?:(?:of|the|de|la|van|von|al)\s+)?[A-Z][\w’'-]*)*")
SHAPES = {"date": DATE, "number": NUMBER, "person": NAME, "place": NAME}


def emphasis(question: Question, sentence: str) -> tuple[int, int] | None:
    """Where the short answer stands: the part of the right shape that is nearest to the question's words."""
    shape = SHAPES.get(question.kind)
    if shape is None:
        return None
    parts = words(sentence)
    anchors = [(word.start + word.end) / 2 for word in parts if word.stem in question.stems]
    spans = [_trimmed(sentence, match.start(), match.end()) for match in shape.finditer(sentence)]
    spans = [(a, b) for a, b in spans if a < b and _is_new(question, sentence[a:b])]
    if not spans or (shape is NAME and len(spans) > 1):
        return None  # of several names, none can be told to be the one

    def distance(span: tuple[int, int]) -> float:
        return sum(min(abs(sum(span) / 2 - anchor), 80) for anchor in anchors)

    return min(spans, key=distance)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    found = text[start:end]
    return start + len(found) - len(found.lstrip()), end - (len(found) - len(found.rstrip(" ,.")))


def _is_new(question: Question, found: str) -> bool:
    """Whether it says something that the question does not."""
    parts = [word for word in words(found) if word.folded not in STOP_WORDS]
    if question.kind == "number":
        numbers = [word.number for word in parts if word.number]
        return any(number not in question.numbers and not is_year(number) for number in numbers)
    return any(word.stem not in question.stems for word in parts)
