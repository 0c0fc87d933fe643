"""The package around Word, PowerPoint and Excel files (ECMA-376 part 2): parts, relationships, properties."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from assistant.errors import UnreadableFile
from assistant.reading import trees
from assistant.reading.archives import DAMAGED, Archive
from assistant.reading.building import squeezed

_PLACEHOLDERS = re.compile(
    r"(?:untitled|document\s?\d*|presentation|powerpoint presentation|title|python-docx|openpyxl|user|admin"
    r"|microsoft office user|unknown|author)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Relationship:
    """A link from one part to another, or to something outside (`target` is "" then)."""

    kind: str  # the last step of its type's address: "slide", "image", "hyperlink", …
    target: str


class Package:
    """The parts of an Office file, read on demand."""

    def __init__(self, data: bytes) -> None:
        """Raises UnreadableFile if it is no sound zip file."""
        self.archive = Archive(data)

    def part(self, name: str) -> Any:
        """The root element of a part. Raises UnreadableFile if it is missing or damaged."""
        return trees.parse(self.archive.read(name))

    def relationships(self, name: str = "") -> dict[str, Relationship]:
        """The links of a part (of the whole package for ""), by their ids."""
        folder, base = posixpath.split(name)
        links = posixpath.join(folder, "_rels", f"{base}.rels")
        if links not in self.archive:
            return {}
        return {
            trees.attribute(link, "Id"): Relationship(
                trees.attribute(link, "Type").rpartition("/")[2], _target(link, folder)
            )
            for link in trees.children(self.part(links), "Relationship")
        }

    def main(self) -> str:
        """The name of the part that holds the document. Raises UnreadableFile if there is none."""
        return self.related("", "officeDocument") or _missing()

    def related(self, name: str, kind: str) -> str:
        """The first part of this kind that a part links to and the package holds, "" if there is none."""
        found = (link.target for link in self.relationships(name).values() if link.kind == kind)
        return next((target for target in found if target in self.archive), "")

    def optional(self, name: str, kind: str) -> Any | None:
        """The root element of the first part of this kind, None if there is none."""
        target = self.related(name, kind)
        return self.part(target) if target else None

    def properties(self) -> tuple[str, dict[str, str]]:
        """The title ("" if there is none) and the facts that the file says about itself."""
        core = self.optional("", "core-properties")
        if core is None:
            return "", {}
        said = {trees.name(one): squeezed(trees.words_of(one)) for one in core}
        facts = {
            "author": _named(said.get("creator", "")),
            "date": (said.get("modified") or said.get("created", ""))[:10],
            "language": said.get("language", ""),
        }
        return _named(said.get("title", "")), {key: value for key, value in facts.items() if value}


def _target(link: Any, folder: str) -> str:
    if trees.attribute(link, "TargetMode") == "External":
        return ""
    target = unquote(trees.attribute(link, "Target"))
    return posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")


def _named(words: str) -> str:
    """The words, unless a program put them there."""
    return "" if _PLACEHOLDERS.fullmatch(words) else words


def _missing() -> str:
    raise UnreadableFile(DAMAGED)
