"""The words of raw HTML inside another format: tags and comments are dropped, nothing is interpreted."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_TAG = re.compile(r"<(/?[a-zA-Z][\w-]*)[^<>]*>")
_SILENT = ("script", "style", "template")
_INLINE = frozenset(
    "a abbr b bdi bdo cite code data del dfn em font i img ins kbd label mark q s samp small span strong sub"
    " sup time tt u var wbr".split()
)


def plain_lines(source: str) -> Iterator[str]:
    """The lines of words between the block tags of an HTML fragment."""
    without = _without_spans(source, "<!--", "-->")
    for name in _SILENT:
        without = _without_spans(without, f"<{name}", f"</{name}>")
    broken = "".join(
        html.unescape(_TAG.sub(_replacement, line)) for line in without.splitlines(keepends=True)
    )
    yield from (words for line in broken.split("\n") if (words := line.strip()))


def _without_spans(source: str, opening: str, closing: str) -> str:
    """The source without everything from `opening` to the next `closing`, or to the end if there is none."""
    lowered = source.lower()
    if len(lowered) != len(source):  # a few capital letters grow; then only the exact spelling is found
        lowered = source
    parts: list[str] = []
    reached = 0
    while (start := lowered.find(opening, reached)) >= 0:
        parts.append(source[reached:start])
        end = lowered.find(closing, start)
        if end < 0:
            return "".join(parts)
        reached = end + len(closing)
    return "".join([*parts, source[reached:]])


def _replacement(tag: re.Match[str]) -> str:
    return "" if tag.group(1).strip("/").lower() in _INLINE else "\n"
