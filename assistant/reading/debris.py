"""Which lines of a copied web page are not its content: navigation, repeated headlines, advertisements.

Conservative on purpose: a wrongly dropped line can never be found or cited. Few lines are debris wherever
they stand; the others only in a text that shows that it was copied from a page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.reading.lines import Line, ends_sentence, looks_like_code, looks_like_title, marker_length

LONGEST_PAGE = 2_000_000  # characters; nothing longer was copied from one web page
_LONGEST_LINE = 120
_HEAD_LINES = 40  # a page's headline is repeated within so many lines
_SHORT_REPEAT = 80
_FURTHEST_PLAIN_REPEAT = 3  # lines, where nothing else says that the text is a page
_FURTHEST_REPEAT = 8  # lines from one occurrence of a headline to the next

_ALWAYS = frozenset(
    """
    advertisement|advertisements|advertisement - continue reading below|continue reading below
    skip to content|skip to main content|skip to navigation|jump to content|skip advertisement
    accept all cookies|reject all cookies|accept cookies|manage cookies|cookie settings|cookie preferences
    share this article|share this story|share on facebook|share on twitter|share on linkedin|share on x
    sign up for our newsletter|subscribe to our newsletter|story continues below advertisement
    this is a modal window|scroll to continue|article continues below
    """.strip()
    .replace("\n    ", "|")
    .split("|")
)
_ON_A_PAGE = frozenset(
    """
    share|tweet|email|e-mail|print|save|copy link|copied|comments|comment|like|follow|follow us|subscribe
    subscribe now|sign in|sign up|log in|login|register|menu|close|search|home|newsletter|newsletters
    read more|more|show more|load more|see more|loading|sponsored|sponsored content|promoted|paid content
    back to top|top|next article|previous article|listen|play|pin|pin it|whatsapp|facebook|twitter|linkedin
    reddit|flipboard|link copied|get the app|download app|account|my account|newsletter sign up
    share full article|accept|decline|accept all|reject all|privacy policy|terms of use|terms of service
    contact us
    """.strip()
    .replace("\n    ", "|")
    .split("|")
)
_MORE_STORIES = re.compile(
    r"(?:read next|up next|related (?:articles|stories|posts|topics|content|news)"
    r"|more (?:stories|news|like this)|more (?:from|in|on) [\w &'’-]{2,40}|most (?:read|popular)"
    r"|trending(?: now)?|popular now|recommended(?: for you| stories| articles)?"
    r"|you (?:may|might) also like|editors?['’]s? picks?|latest news)",
    re.IGNORECASE,
)
_READING_TIME = re.compile(r".{0,40}?\d{1,3}[ -]?min(?:ute)?s? read", re.IGNORECASE)
_COOKIES = re.compile(
    r"(?:this (?:web)?site|we|our (?:web)?site) uses? cookies\b.*"
    r"(?:accept|agree|by (?:continuing|using|clicking)|learn more|cookie (?:settings|policy)|got it)\b.*",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright)\s*(?:©\s*)?(?:19|20)\d\d\b.{0,80}", re.IGNORECASE)
_CRUMB = re.compile(r"\s*[>›»/→|]\s*")


@dataclass(frozen=True, slots=True)
class Findings:
    """The starts of the lines that are debris, and the headline that the page repeats ("" if none)."""

    starts: frozenset[int] = frozenset()
    headline: str = ""


def find(groups: Sequence[Sequence[Line]]) -> Findings:
    """The debris of a text, given as the runs of lines between its blank lines."""
    lines = [line for group in groups for line in group]
    head, headline = _head(lines)
    found = {line.start for line in head}
    found.update(line.start for line in lines if _is_always_debris(line.words))
    if found:
        found.update(_on_a_page(lines, frozenset(found)))
    return Findings(frozenset(found), headline)


def _head(lines: Sequence[Line]) -> tuple[list[Line], str]:
    """The debris before the article, and the headline that the page repeats ("" if none).

    A page repeats its headline: in the breadcrumb, above the picture, above the text. Where other signs of
    a page stand among the repeats, all that is short and no sentence there is navigation and byline."""
    top = lines[:_HEAD_LINES]
    top = top[: next((at for at, line in enumerate(top) if not _is_crumb(line.words)), len(top))]
    words = [_without_marker(line.words) for line in top]
    places = _repeats(words)
    if not places or len(top) == len(lines):
        return list(lines[: _breadcrumbs(lines)]), ""
    kept = next((place for place in places if top[place].words == words[place]), places[0])
    if any(map(_is_sign_of_page, words[: places[-1] + 3])):
        return [line for line in top[: places[-1] + 1] if line != top[kept]], words[kept]
    if places[0] == 0 and places[-1] <= _FURTHEST_PLAIN_REPEAT:
        return [top[place] for place in places if place != kept], words[kept]
    return [], ""


def _repeats(words: Sequence[str]) -> list[int]:
    """The places of the line that is most often repeated, if it could be a headline."""
    counts = Counter(filter(_could_be_headline, words))
    repeated = next((one for one, count in counts.most_common(1) if count > 1), None)
    places = [place for place, one in enumerate(words) if one == repeated]
    is_near = all(after - before <= _FURTHEST_REPEAT for before, after in pairwise(places))
    return places if is_near else []


def _is_sign_of_page(words: str) -> bool:
    return words.casefold() == "home" or _is_always_debris(words)


def _could_be_headline(words: str) -> bool:
    return len(words.split()) >= 3 and looks_like_title(words)


def _is_crumb(words: str) -> bool:
    """Short enough for navigation, a byline or a headline, and no sentence."""
    return (
        len(words) <= _LONGEST_LINE
        and words[-1] not in ":;,{"
        and not ends_sentence(words.rstrip("?!"))
        and not looks_like_code(words)
    )


def _without_marker(words: str) -> str:
    return words[marker_length(words) :]


def _breadcrumbs(lines: Sequence[Line]) -> int:
    """How many lines at the top are a breadcrumb that starts at "Home": a list, or one line of crumbs."""
    if not lines:
        return 0
    if _is_crumb_line(lines[0].words):
        return 1
    if _without_marker(lines[0].words).casefold() != "home" or not marker_length(lines[0].words):
        return 0
    return next((at for at, line in enumerate(lines) if not _is_list_crumb(line.words)), len(lines))


def _is_list_crumb(words: str) -> bool:
    return bool(marker_length(words)) and len(words) <= _LONGEST_LINE and not ends_sentence(words)


def _is_crumb_line(words: str) -> bool:
    crumbs = _CRUMB.split(words) if len(words) <= _LONGEST_LINE else []
    return len(crumbs) >= 3 and crumbs[0].casefold() == "home" and not ends_sentence(words)


def _is_always_debris(words: str) -> bool:
    if len(words) > 2 * _LONGEST_LINE:
        return False
    plain = words.casefold().strip(" .:!…*-–—[]|")
    if plain in _ALWAYS:
        return True
    if "read" in plain and _READING_TIME.fullmatch(plain):
        return True
    return "cookies" in plain and _COOKIES.fullmatch(words) is not None


def _on_a_page(lines: Sequence[Line], known: frozenset[int]) -> Iterator[int]:
    """More debris, in a text that is known to be a copied page: buttons, repeats, links to other stories."""
    seen: set[str] = set()
    for line in lines:
        plain = line.words.casefold().strip(" .:!…*-–—[]|")
        if plain in _ON_A_PAGE or _COPYRIGHT.fullmatch(line.words[: 2 * _LONGEST_LINE]):
            yield line.start
        elif line.start not in known and _is_label(plain):
            if plain in seen:
                yield line.start
            seen.add(plain)
    yield from _links_at_the_end(lines)


def _is_label(words: str) -> bool:
    """Whether a repeat of this line says nothing new: opening hours and prices do, so no digits."""
    return (
        len(words) <= _SHORT_REPEAT
        and words.count(" ") >= 2
        and not any(map(str.isdigit, words))
        and not looks_like_code(words)
    )


def _links_at_the_end(lines: Sequence[Line]) -> Iterator[int]:
    """The titles of other stories below the article: a label such as "Read next", then no sentence."""
    tail = len(lines)
    while tail and _is_crumb(lines[tail - 1].words):
        tail -= 1
    labels = (at for at in range(tail, len(lines)) if _MORE_STORIES.fullmatch(lines[at].words.rstrip(" :")))
    for line in lines[next(labels, len(lines)) :]:
        yield line.start
