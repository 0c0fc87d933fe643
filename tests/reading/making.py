"""Files made on the spot that no library in the tests writes: zip files, e-books, OLE files, OpenDocument."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

SECTOR = 512
_FREE, _END, _FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STORAGE, STREAM, ROOT = 1, 2, 5


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip file with these members."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, words in members.items():
            archive.writestr(name, words)
    return packed.getvalue()


def with_member(packed: bytes, name: str, words: str | bytes) -> bytes:
    """The zip file with one member changed or added."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        members: dict[str, str | bytes] = {one: archive.read(one) for one in archive.namelist()}
    return zipped({**members, name: words})


def epub(pages: Mapping[str, str], *, metadata: str = "<dc:title>Ships</dc:title>", more: str = "") -> bytes:
    """A book with these pages in order; `more` is added to its manifest."""
    items = "".join(
        f'<item id="i{at}" href="text/{name}" media-type="application/xhtml+xml"/>'
        for at, name in enumerate(pages)
    )
    spine = "".join(f'<itemref idref="i{at}"/>' for at in range(len(pages)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata>{metadata}</metadata><manifest>{items}{more}</manifest><spine>{spine}</spine></package>"
    )
    container = '<container><rootfiles><rootfile full-path="O/p.opf"/></rootfiles></container>'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "O/p.opf": package,
            **{f"O/text/{name}": f"<html><body>{page}</body></html>" for name, page in pages.items()},
        }
    )


def opendocument(kind: str, body: str, *, meta: str = "") -> bytes:
    """An OpenDocument file; `body` is the inside of its text, spreadsheet or presentation."""
    spaces = " ".join(f'xmlns:{name}="urn:{name}"' for name in ("office", "text", "table", "draw", "dc"))
    spaces += ' xmlns:presentation="urn:presentation" xmlns:meta="urn:meta"'
    inner = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {spaces}>{inner}</office:document-content>",
            "meta.xml": f"<office:m {spaces}><office:meta>{meta}</office:meta></office:m>",
        }
    )


Entry = tuple[str, int, bytes, list[int]]  # name, kind, bytes, numbers of the entries inside


def ole(streams: Mapping[str, bytes]) -> bytes:
    """An OLE file (MS-CFB version 3) with these streams; "a/b" is stream b in storage a.

    Every stream is padded to the size from which streams stand in sectors of their own."""
    entries: list[Entry] = [("Root Entry", ROOT, b"", [])]
    storages: dict[str, int] = {}
    for path, words in streams.items():
        folder, _, name = path.rpartition("/")
        if folder and folder not in storages:
            storages[folder] = len(entries)
            entries[0][3].append(len(entries))
            entries.append((folder, STORAGE, b"", []))
        entries[storages[folder] if folder else 0][3].append(len(entries))
        entries.append((name, STREAM, words, []))
    return _assembled(entries)


def _assembled(entries: Sequence[Entry]) -> bytes:
    """Header, directory, small streams' table, the streams, and the table of sectors at the end."""
    small, places = b"", {}
    for number, (_, kind, words, _) in enumerate(entries):
        if kind == STREAM and words:
            places[number] = len(small) // 64
            small += words.ljust(-(-len(words) // 64) * 64, b"\0")
    chains = [place for number, place in places.items()]
    small_table = []
    for number, place in places.items():
        count = -(-len(entries[number][2]) // 64)
        small_table += [*range(place + 1, place + count), _END]
    assert len(chains) == len(places)
    directory = b"".join(
        _directory_entry(entries, number, places, small_size=len(small)) for number in range(len(entries))
    )
    parts = [
        _padded(directory),
        _padded(struct.pack(f"<{len(small_table)}I", *small_table), fill=b"\xff"),
        _padded(small),
    ]
    table: list[int] = []
    starts = []
    for part in parts:
        starts.append(len(table))
        count = len(part) // SECTOR
        table += [*range(len(table) + 1, len(table) + count), _END] if count else []
    sectors = -(-(len(table) + 1) // 127)
    first = len(table)
    table += [_FAT_SECTOR] * sectors
    packed = struct.pack(f"<{len(table)}I", *table)
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\0" * 16, 0x3E, 3, 0xFFFE, 9, 6, b"\0" * 6),
        *(0, sectors, starts[0], 0, 4096, starts[1], len(parts[1]) // SECTOR, _END, 0, first),
    )
    listed = [first + at for at in range(1, sectors)]
    header += struct.pack("<108I", *(listed + [_FREE] * (108 - len(listed))))
    patched = directory[:116] + struct.pack("<II", starts[2], len(small)) + directory[124:]
    return header + _padded(patched) + parts[1] + parts[2] + _padded(packed, fill=b"\xff")


def _directory_entry(
    entries: Sequence[Entry], number: int, places: Mapping[int, int], *, small_size: int
) -> bytes:
    name, kind, words, inside = entries[number]
    encoded = name.encode("utf-16-le") + b"\0\0"
    # Siblings hang on each other's right: olefile does not mind that the tree is a list.
    parent = next((one for one in entries if number in one[3]), None)
    following = parent[3][parent[3].index(number) + 1 :] if parent else []
    return struct.pack(
        "<64sHBBIII16sI8s8sIII",
        *(encoded.ljust(64, b"\0"), len(encoded), kind, 1, _FREE, following[0] if following else _FREE),
        *(inside[0] if inside else _FREE, b"\0" * 16, 0, b"\0" * 8, b"\0" * 8),
        *(places.get(number, _END), len(words), 0),
    )


def _padded(words: bytes, *, fill: bytes = b"\0") -> bytes:
    return words.ljust(-(-len(words) // SECTOR) * SECTOR, fill)


def outlook(
    strings: Mapping[int, str],
    *,
    binaries: Mapping[int, bytes] | None = None,
    fixed: Mapping[int, int] | None = None,
    inside: Mapping[str, Mapping[int, str]] | None = None,
) -> bytes:
    """An Outlook message with these properties by tag; `inside` are its recipients and attachments."""
    table = b"".join(struct.pack("<IIQ", tag << 16 | 0x40, 6, value) for tag, value in (fixed or {}).items())
    streams = {"__properties_version1.0": b"\0" * 32 + table}
    for tag, words in strings.items():
        streams[f"__substg1.0_{tag:04X}001F"] = words.encode("utf-16-le")
    for tag, words_there in (binaries or {}).items():
        streams[f"__substg1.0_{tag:04X}0102"] = words_there
    for name, properties in (inside or {}).items():
        for tag, words in properties.items():
            streams[f"{name}/__substg1.0_{tag:04X}001F"] = words.encode("utf-16-le")
    return ole(streams)
