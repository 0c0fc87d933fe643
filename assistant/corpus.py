"""The corpus folder: files copied in under safe names, and files taken out. Nothing else writes to it."""

from __future__ import annotations

import errno
import glob
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from assistant.errors import CorpusError
from assistant.sidecars import beside
from assistant.values import Failure

NOT_INDEXED = frozenset({"README.md"})  # at the top of the corpus: it says what belongs there
LONGEST_NAME = 200  # bytes; leaves room for a number below the 255 of most file systems
# Also what would break a line or turn its direction where the name is shown.
# A copy that is not whole yet. It has the name of no document, and is hidden, so that it is never indexed.
PART = re.compile(r"\.copying-\d+\.part")
NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069/\\:*?"<>|]+')


def copy_in(
    corpus_dir: Path, paths: Sequence[Path | str], *, names: Sequence[str | None] | None, max_bytes: int
) -> tuple[list[str], list[Failure]]:
    """Copy files, and those of folders and patterns, into the corpus; a name that is taken gets a number.

    Returns the new sources, and the paths that could not be copied with the reason.
    """
    copied: list[str] = []
    failures: list[Failure] = []
    try:
        corpus_dir.mkdir(parents=True, exist_ok=True)
        discard_parts(corpus_dir)
    except OSError as error:
        raise CorpusError(f"The corpus folder {corpus_dir} cannot be written ({error.strerror}).") from error
    for at, given in enumerate(paths):
        name = names[at] if names else None
        try:
            for path, target in _files(Path(given), name):
                copied.append(_copy(path, corpus_dir, target, max_bytes))
        except CorpusError as error:
            failures.append(Failure(name or str(given), str(error)))
        except OSError as error:
            reason = f"It could not be copied into {corpus_dir} ({error.strerror or error})."
            failures.append(Failure(name or str(given), reason))
    return copied, failures


def files(corpus_dir: Path) -> list[str]:
    """Every file in the folder as a path below it, hidden ones too; none where there is no folder."""
    return [path.relative_to(corpus_dir).as_posix() for path in corpus_dir.rglob("*") if path.is_file()]


def replace(corpus_dir: Path, source: str, content: bytes) -> None:
    """Put this content at a path of the corpus, in one step. Raises OSError."""
    path = corpus_dir / source
    part = path.with_name(f".copying-{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def delete(corpus_dir: Path, sources: Sequence[str]) -> int:
    """Delete these files of the corpus, with their sidecars; how many there were.

    Raises CorpusError if one cannot be deleted.
    """
    root, deleted = corpus_dir.resolve(), 0
    paths = [corpus_dir / source for source in sources]
    sidecars = [corpus_dir / beside(source) for source in sources]  # of a long name there can be none
    for path in (*paths, *filter(os.path.lexists, sidecars)):
        if not path.parent.resolve().is_relative_to(root):
            raise CorpusError(f"{path} is behind a link out of the corpus, so it is not deleted.")
        try:
            path.unlink()
            deleted += 1
        except FileNotFoundError:
            continue
        except OSError as error:
            raise CorpusError(
                f"{path} cannot be deleted ({error.strerror}). Check its permissions."
            ) from error
    return deleted


def discard_parts(corpus_dir: Path) -> None:
    """Delete what a copy left that was killed. The caller owns the index, so no other copy is under way."""
    for path in corpus_dir.glob(".copying-*.part"):
        if PART.fullmatch(path.name):
            with suppress(OSError):  # hidden, so in nobody's way
                path.unlink()


def safe_name(name: str) -> str:
    """A file name for any text: no folders, no hidden file, no control characters, not too long."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    name = UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .") or "document"
    stem, suffix = os.path.splitext(name)
    suffix = suffix if len(suffix.encode()) <= 20 else ""
    stem = stem if suffix else name
    room = LONGEST_NAME - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + suffix


def _files(path: Path, name: str | None) -> Iterator[tuple[Path, str]]:
    if name and (path.is_dir() or (not path.exists() and glob.has_magic(str(path)))):
        raise CorpusError("A name is for a single file. Leave it out to keep the names of these.")
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
        visible = [p for p in inside if not any(part.startswith(".") for part in p.relative_to(path).parts)]
        if not visible:
            raise CorpusError("The folder holds no files. Name one that does.")
        yield from ((p, p.name) for p in visible)
    elif path.is_file():
        yield path, name or path.name
    elif path.exists():
        raise CorpusError("It is not a regular file. Name a file or a folder.")
    elif matching := sorted(glob.glob(str(path), recursive=True)):
        matched = [Path(found) for found in matching if Path(found).is_file()]
        if not matched:
            raise CorpusError("The pattern matches folders only. End it with /* to mean their files.")
        yield from ((found, found.name) for found in matched)
    elif glob.has_magic(str(path)):
        raise CorpusError("No file matches the pattern. Check it, and the folder it begins in.")
    else:
        raise CorpusError("There is no such file. Check the path.")


def _copy(path: Path, corpus_dir: Path, name: str, max_bytes: int) -> str:
    """Copy one file under a free name, so that the corpus holds all of it or none. Returns its source."""
    size = path.stat().st_size
    if size > max_bytes:
        raise CorpusError(
            f"It has {size:,} bytes; at most {max_bytes:,} are read. "
            "Split it, or raise ASSISTANT_MAX_FILE_BYTES."
        )
    if path.resolve().is_relative_to(corpus_dir.resolve()):
        return path.resolve().relative_to(corpus_dir.resolve()).as_posix()
    stem, suffix = os.path.splitext(safe_name(name))
    part = corpus_dir / f".copying-{os.getpid()}.part"
    try:
        shutil.copyfile(path, part)
        for number in range(1, 100_000):
            target = corpus_dir / (f"{stem}{suffix}" if number == 1 else f"{stem} ({number}){suffix}")
            if target.name in NOT_INDEXED:
                continue
            try:
                _name(part, target)
            except FileExistsError:
                continue
            return target.name
        raise CorpusError("Every numbered variant of its name is taken. Rename it.")
    finally:
        part.unlink(missing_ok=True)


def _name(part: Path, target: Path) -> None:
    """Give a whole copy its name. Raises FileExistsError where that is taken: nothing is ever overwritten."""
    try:
        os.link(part, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        target.open("xb").close()  # a file system without links, as on some sticks and network paths
        os.replace(part, target)
