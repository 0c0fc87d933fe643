"""A question in a conversation becomes a question that stands alone, from the conversation's own words.

No language model: an elliptical or pronominal question takes over what the turns before it were about. A
question that names its own subject is left as it is. Knows nothing of the documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.questions import MEASURES
from assistant.values import Turn
from assistant.words import STOP_WORDS, content_words, fold, stem

TURNS_READ = 4  # of the user; what was said before is seldom meant
CONTEXT_WORDS = 8  # taken over at most
WORDS_OF_A_CLAUSE = 3  # before a comma, that "this …" after it may point at

OPENING = re.compile(
    r"^(?:(?:and|but|or|so|then|also|ok(?:ay)?|well|thanks?(?: you)?|i see|right)\b[\s,.:;!-]*)+",
    re.IGNORECASE,
)
SLOT = re.compile(
    r"^(?:what|how) about\b(.*)$|^(?:in|for|at|on|with|by|during|since|from|to)\b(.*)$", re.IGNORECASE
)
BARE = re.compile(r"^(why|when|where|who|how|how much|how many|how so|since when|why not)\W*$", re.IGNORECASE)
ASKING = re.compile(
    r"^(?:how (?:much|many|long|old|far|often)|why|when|where|who|whom|what|which|how)(?:'s)?\b\s*",
    re.IGNORECASE,
)
PRONOUN = re.compile(
    r"\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs|these|those|this|that|one|ones|there|both|same)\b",
    re.IGNORECASE,
)
STANDS_FOR = re.compile(r"\b(?:it|its|he|him|his|she|her|they|them|their)\b", re.IGNORECASE)
# "How long does it take …", "Is it true that …": stands for nothing.
EXPLETIVE = re.compile(
    r"it\s+(?:takes?|took|rains?|snows?|means?|matters?|(?:is|was|be)?\s*(?:true|possible|necessary|legal|safe)"
    r"|cost|called|that|to)\b",
    re.IGNORECASE,
)
MEANING = re.compile(
    r"^(?:i mean|i meant|i(?: a|['’])m (?:talking|asking) about|i was (?:talking|asking) about)\b\s*",
    re.IGNORECASE,
)
# "this library", "such laws": points at something by its kind.
POINTING = re.compile(
    r"(?<!^is )(?<!^was )(?<!^are )\b(?:this|these|such)\s+(?:same\s+)?([a-z][a-z-]{2,})",
    re.IGNORECASE,
)
DEFINITE = re.compile(
    r"\bthe\s+([a-z][a-z-]{2,})\b(?!\s+(?:of|that|which|who|in|for|to|from|on|at|[a-z]+ed)\b)"
)
NAME = re.compile(r"\b[A-Z][\w’'-]*(?:\s+(?:of|the|and|de|la|van|von|al)?\s*[A-Z][\w’'-]*)*")
NUMBER = re.compile(r"\b\d[\d.,]*\b")
NOT_POINTED_AT = frozenset(
    "is are was were has have can do does did will would may might one time way much many".split()
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A question that stands alone.

    `text` is what to look for; `asked` is what the user typed. `dangling` is a phrase that points at
    something which neither the question nor the conversation names ("this library", "it"), or empty.
    """

    text: str
    asked: str
    dangling: str = ""

    @property
    def is_rewritten(self) -> bool:
        return self.text != self.asked


def stand_alone(question: str, history: Sequence[Turn]) -> Standing:
    """Rewrite a follow-up with what the conversation was about; leave any other question as it is."""
    before = [turn.content for turn in history if turn.role == "user"][-TURNS_READ:]
    said = next((turn.content for turn in reversed(history) if turn.role == "assistant"), "")
    if not before:
        return Standing(question, question, _dangling(question, ()) or _unnamed(question))
    topic = _topic(before)
    core = OPENING.sub("", question).strip() or question
    if bare := BARE.match(core):
        return Standing(f"{_capital(bare[1])} {ASKING.sub('', topic)}", question)
    if MEANING.match(core):
        return Standing(f"{topic.rstrip(' ?.!')} ({MEANING.sub('', core).strip(' .!')})?", question)
    slot = SLOT.match(core)
    if slot and len(content_words(core)) <= 4 and not PRONOUN.search(core):
        return Standing(_with_slot(topic, (slot[1] or core).strip(" ?.!")), question)
    dangling = _dangling(core, (*before, said))
    if dangling or not _leans(core, question, before, said):
        return Standing(question, question, dangling)
    context = _context(core, topic, said)
    return Standing(f"{core} ({', '.join(context)})" if context else question, question)


def _topic(before: Sequence[str]) -> str:
    """The latest question of the user that stands alone, with what the ones after it added."""
    for at in range(len(before) - 1, -1, -1):
        core = OPENING.sub("", before[at]).strip()
        leans = BARE.match(core) or SLOT.match(core) or PRONOUN.search(core)
        if at == 0 or (not leans and len(content_words(core)) > 2):
            later = [word for text in before[at + 1 :] for word in _names(text)]
            return core if not later else f"{core.rstrip(' ?')} ({', '.join(dict.fromkeys(later))})?"
    return before[-1]


def _leans(core: str, question: str, before: Sequence[str], said: str) -> bool:
    """Whether the question needs what was said before: it points back, or says too little of its own."""
    words = content_words(core)
    known = {stem(word) for text in (*before, said) for word in content_words(text)}
    own = [word for word in words if stem(word) not in known and word not in STOP_WORDS]
    names = [name for name in _names(core) if not _is_said(name, (*before, said))]
    if names and len(own) > 1:
        return False  # a change of subject is not dragged back
    if PRONOUN.search(core) or core != question:
        return len(own) <= 6
    pointed = {stem(fold(word)) for word in DEFINITE.findall(core)}
    return (len(words) <= 2 and len(own) <= 1) or bool(pointed & known and not names)


def _with_slot(topic: str, given: str) -> str:
    """The topic asked again with another year, number or name in place of its own."""
    number, names = NUMBER.search(given), _names(given)
    if number and (old := [n for n in NUMBER.findall(topic) if len(n) == len(number[0])]):
        return topic.replace(old[-1], number[0])
    own = _names(topic)
    if names and len(own) == 1:
        return topic.replace(own[0], names[0])
    return f"{topic.rstrip(' ?.!')} {given}?"


def _context(core: str, topic: str, said: str) -> list[str]:
    """Words that the question takes over: the topic's, and the names of the sentence that answered it."""
    present = {stem(word) for word in content_words(core)}
    fresh = NUMBER.search(core)
    found = [*_names(topic), *content_words(topic), *_names(said)[:2]]
    kept: list[str] = []
    for word in found:
        stems = {stem(part) for part in content_words(word)}
        if fresh and NUMBER.fullmatch(word):
            continue  # "and in 2022?" replaces the year
        if stems and not stems <= present:
            kept.append(word)
            present |= stems
    return kept[:CONTEXT_WORDS]


def _dangling(question: str, said: Iterable[str]) -> str:
    """A phrase that points at something by its kind, where nothing said names anything of that kind.

    It may point at a clause of the question itself ("If a winch moves a bridge, what is this machine?").
    """
    known = {stem(word) for text in said for word in content_words(text)}
    for found in POINTING.finditer(question):
        word = fold(found[1])
        before = question[: found.start()]
        if len(set(content_words(before.rpartition(",")[0])) - STOP_WORDS) >= WORDS_OF_A_CLAUSE:
            continue
        earlier = {stem(word) for word in content_words(before)}
        if word not in NOT_POINTED_AT and word not in STOP_WORDS and stem(word) not in known | earlier:
            return found[0]
    return ""


def _unnamed(question: str) -> str:
    """A pronoun that stands for something the question does not name before it ("How much did it grow?")."""
    pronoun = STANDS_FOR.search(question)
    if not pronoun or EXPLETIVE.search(question, pronoun.start()):
        return ""
    before = set(content_words(question[: pronoun.start()])) - STOP_WORDS - MEASURES
    after = set(content_words(question[pronoun.end() :])) - STOP_WORDS
    return "" if before or len(after) > 2 or _names(question) else pronoun[0]


def _names(text: str) -> list[str]:
    """Capitalised names in order, without a sentence's first word unless it goes on in capitals."""
    found = []
    for match in NAME.finditer(text):
        words = match[0].split()
        opens = not text[: match.start()].rstrip() or text[: match.start()].rstrip()[-1] in ".!?:"
        if opens and (fold(words[0]) in STOP_WORDS or len(words) == 1):
            words = words[1:]
        name = re.sub(r"[’']s$", "", " ".join(words))
        if name and fold(name) not in STOP_WORDS:
            found.append(name)
    return list(dict.fromkeys(found))


def _is_said(name: str, texts: Iterable[str]) -> bool:
    return any(fold(name) in fold(text) for text in texts)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:].lower()
