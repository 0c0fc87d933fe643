"""One small sound file of every kind, by name. Mutations start here, so each shows much of its format."""

from __future__ import annotations

import datetime
import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from email.message import EmailMessage

import pptx
import xlwt
from conftest import page_of, pdf
from making import epub, opendocument, outlook, zipped
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

_PADDING = (
    "theme",
    "slideLayout",
    "Master",
    "printer",
    "thumbnail",
    "Props.xml",
    "app.xml",
    "Styles",
    "embed",
)

PLAIN = """Tide mills
==========

A tide mill is driven by the tide, see the list:

- the pond fills
- the gate closes (Fig. 1)
1. first

Mill\tYear
Eling\t1086
Carew\t1541

def grind(corn):
    return corn / 2;
"""

MARKED = """---
title: Tide mills
author: Ada
---
# Tide mills

A *tide* mill is [driven](http://x.example) by the `tide`.[^1]

- the pond
  1. fills
- > quoted

| Mill | Year |
|------|------|
| Eling | 1086 |

```python
grind()
```
<div>raw <b>words</b></div>
<!-- gone -->

[^1]: A note. &nbsp;&#x41;
"""

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tide mills</title>
<meta name="author" content="Ada"><meta property="article:published_time" content="2024-05-03"></head><body>
<nav><a href="/">Home</a></nav><article><h1>Tide mills</h1><p>A tide mill is a water mill driven by the rise
and fall of the tide, and was <b>very</b> common.<br>It stood at the sea.</p><ul><li>pond<ol><li>gate</ol>
</ul><table><tr><th>Mill<th>Year</tr><tr><td>Eling<td>1086</tr></table><pre>grind()
stop()</pre><dl><dt>a</dt><dd>b</dd></dl><blockquote>So it was, said the miller at the door.</blockquote>
</article><div hidden>no</div><script>run()</script></body></html>"""

FEED = """<?xml version="1.0"?><rss version="2.0" xmlns:dc="d"><channel><title>News</title>
<language>en</language>
<item><title>Ships &amp; salt</title><pubDate>Fri, 03 May 2024 12:30:00 +0200</pubDate>
<dc:creator>Ada</dc:creator>
<description>&lt;p&gt;All about &lt;b&gt;them&lt;/b&gt;.&lt;/p&gt;</description></item></channel></rss>"""

TREE = """<a x="1"><ship><name>Ada</name><load>7</load></ship><ship><name>Bo</name><load>8</load></ship>
<part><title>Salt</title><p>mixed <i>words</i> here</p><![CDATA[x]]></part></a>"""

JSON = """{"title": "Ships", "list": [{"name": "Ada", "load": 7.5}, {"name": "Bo", "load": null}],
"deep": {"er": [[1, true], ["x\\ud800"]]}, "long": "Words.\\nMore words."}"""

NOTEBOOK = """{"nbformat": 4, "metadata": {"title": "T"}, "cells": [
{"cell_type": "markdown", "source": ["# T\\n", "x"]},
{"cell_type": "code", "source": "1+1", "outputs": [{"output_type": "stream", "text": ["4\\u001b[0m"]},
{"output_type": "display_data", "data": {"text/plain": "x", "image/png": "AA"}},
{"output_type": "error", "ename": "E", "evalue": "v"}]},
{"cell_type": "heading", "level": 2, "source": "H"}]}"""

RICH = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil Arial;}{\f1\fnil\fcharset128 Gothic;}}
{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}}
{\info{\title Harbour \'dcbersicht}{\author Ada Brook}{\creatim\yr2024\mo5\dy3}}
{\header Printed\par}\pard\s1 Ships\par
\pard A barge\~came\u8212?with {\b salt}{\v hidden}{\footnote A note.\par}.\par
{\listtext\'b7\tab}\pard one\par{\listtext 2.\tab}two\par
\trowd\intbl Ship\cell Flag\cell Load\cell\row\intbl Ada\cell NO\cell 7\cell\row
\pard\f1 \'93\'8c\par{\pict 89504e47}{\shp{\*\shpinst{\shptxt In a box.\par}}}{\*\x y}
\u-10179?\u-8704?\bin3 xyz\par}"""


def _package(main: str, kind: str, parts: Mapping[str, tuple[str, str]], document: str) -> bytes:
    """An Office file: `parts` are what its main part links to, by name, each with its kind and its XML."""
    links = "".join(
        f'<Relationship Id="r{at}" Type="x/{linked}" Target="{name}"/>'
        for at, (name, (linked, _)) in enumerate(parts.items())
    )
    folder, _, base = main.rpartition("/")
    start = f'<Relationship Id="r1" Type="x/officeDocument" Target="{main}"/>'
    core = '<Relationship Id="r2" Type="x/core-properties" Target="core.xml"/>'
    return zipped(
        {
            "[Content_Types].xml": f'<Types><Override ContentType="application/x.{kind}.main+xml"/></Types>',
            "_rels/.rels": f"<Relationships>{start}{core}</Relationships>",
            "core.xml": "<c><title>Harbour</title><creator>Ada</creator><modified>2024-05-03</modified></c>",
            main: document,
            f"{folder}/_rels/{base}.rels": f"<Relationships>{links}</Relationships>",
            **{f"{folder}/{name}": source for name, (_, source) in parts.items()},
        }
    )


def _text_document() -> bytes:
    def paragraph(inner: str, properties: str = "") -> str:
        return f"<w:p><w:pPr>{properties}</w:pPr><w:r>{inner}</w:r></w:p>"

    item = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    box = f"<w:pict><w:txbxContent>{paragraph('<w:t>In a box.</w:t>')}</w:txbxContent></w:pict>"
    cells = "".join(f"<w:tc>{paragraph(f'<w:t>c{at}</w:t>')}</w:tc>" for at in range(3))
    rows = f"<w:tr><w:trPr><w:tblHeader/></w:trPr>{cells}</w:tr><w:tr>{cells}</w:tr>"
    maths = "<m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>a+b</m:t></m:r></m:den></m:f>"
    body = (
        paragraph("<w:t>Harbour</w:t>", '<w:pStyle w:val="h"/>')
        + paragraph(f'<w:t>Ships</w:t><w:br/><w:footnoteReference w:id="2"/>{box}')
        + f"{paragraph('<w:t>a barge</w:t>', item)}{paragraph('<w:t>a tug</w:t>', item)}<w:tbl>{rows}</w:tbl>"
        f"<w:p><w:ins><w:r><w:t>in</w:t></w:r></w:ins><w:del><w:r><w:delText>out</w:delText></w:r></w:del>"
        f"<m:oMath>{maths}</m:oMath></w:p><w:p><w:drawing><wp:docPr descr='A map'/></w:drawing></w:p>"
    )
    spaces = 'xmlns:w="w" xmlns:m="m" xmlns:wp="wp"'
    levels = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
    )
    parts = {
        "styles.xml": (
            "styles",
            f'<w:styles {spaces}><w:style w:type="paragraph" w:styleId="h"><w:name w:val="heading 1"/>'
            '<w:basedOn w:val="h"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style></w:styles>',
        ),
        "numbering.xml": (
            "numbering",
            f'<w:numbering {spaces}><w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
            '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>',
        ),
        "footnotes.xml": (
            "footnotes",
            f'<w:footnotes {spaces}><w:footnote w:id="2">{paragraph("<w:t>A note.</w:t>")}</w:footnote>'
            "</w:footnotes>",
        ),
        "comments.xml": ("comments", f"<w:comments {spaces}><w:comment/></w:comments>"),
    }
    document = f"<w:document {spaces}><w:body>{body}</w:body></w:document>"
    return _package("word/document.xml", "word", parts, document)


def _presentation() -> bytes:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Ships of the Week"
    slide.placeholders[1].text_frame.text = "Barges"
    slide.notes_slide.notes_text_frame.text = "Say hello first."
    table = slide.shapes.add_table(2, 3, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for at, text in enumerate(("Ship", "Flag", "Load", "Ada", "NO", "salt")):
        table.cell(at // 3, at % 3).text = text
    values = CategoryChartData()
    values.categories = ["May", "June"]
    values.add_series("Ships", (7, 8))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(1), Inches(1), values)
    return _without_padding(presentation)


def _workbook() -> bytes:
    rows = (
        '<row><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="D1" t="b"><v>1</v></c></row>'
        '<row><c r="A2" s="1"><v>45415.5</v></c><c r="B2" s="2"><v>0.25</v></c>'
        '<c r="C2" t="str"><f>A1</f></c>'
        '<c r="D2" t="inlineStr"><is><t>Ada</t></is></c></row>'
    )
    parts = {
        "sheet1.xml": ("worksheet", f"<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        "sharedStrings.xml": ("sharedStrings", "<sst><si><t>Day</t></si><si><r><t>Share</t></r></si></sst>"),
        "styles.xml": (
            "styles",
            '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy"/></numFmts>'
            '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="10"/></cellXfs></styleSheet>',
        ),
    }
    sheets = '<workbookPr date1904="0"/><sheets><sheet name="Ships" r:id="r0"/></sheets>'
    return _package("xl/workbook.xml", "spreadsheetml", parts, f'<workbook xmlns:r="r">{sheets}</workbook>')


def _old_workbook() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Ships")
    sheet.write(0, 0, "Ship")
    sheet.write(0, 1, "Day")
    sheet.write(1, 0, "Ada")
    sheet.write(1, 1, datetime.date(2024, 5, 3), xlwt.easyxf(num_format_str="YYYY-MM-DD"))
    return _saved(book)


def _saved(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def _without_padding(document: object) -> bytes:
    """The file without the parts that no reader looks at, which would take most of the mutations."""
    with zipfile.ZipFile(io.BytesIO(_saved(document))) as archive:
        kept = [name for name in archive.namelist() if not any(part in name for part in _PADDING)]
        return zipped({name: archive.read(name) for name in kept})


def _message() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ada <a@b.example>", "c@d.example", "Häfen"
    message["Date"] = "Fri, 03 May 2024 12:30:00 +0200"
    message.set_content("The ships are in.")
    message.add_alternative("<h2>Ships</h2><p>The ships are in.</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Pläne.pdf")
    return message.as_bytes()


def _outlook_message() -> bytes:
    packed = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")  # MS-OXRTFCP 3.2
    return outlook(
        {0x37: "Ships", 0x0C1A: "Ada", 0x5D01: "a@b.example"},
        binaries={0x1009: packed},
        fixed={0x39: 133_000_000_000_000_000},
        inside={"__recip_version1.0_#00000000": {0x3001: "Bo"}, "__attach_version1.0_#0": {0x3707: "a.pdf"}},
    )


def _outlook_page() -> bytes:
    body = b"<h2>Ships</h2><p>All ships.</p>"
    rich = rb"{\rtf1\ansi The ships are in.\par}"
    stored = struct.pack("<II4sI", len(rich) + 12, len(rich), b"MELA", 0) + rich
    return outlook({0x37: "S"}, binaries={0x1013: body, 0x1009: stored}, fixed={0x3FDE: 1252})


def _table(cells: int) -> str:
    cell = "<table:table-cell><text:p>x</text:p></table:table-cell>"
    wide = '<table:table-cell table:number-columns-repeated="2"/>'
    row = f"<table:table-row>{cell * cells}{wide}</table:table-row>"
    return f'<table:table table:name="Ships">{row * 2}</table:table>'


def _open_text() -> bytes:
    note = "<text:note><text:note-body><text:p>Flat.</text:p></text:note-body></text:note>"
    items = "<text:list><text:list-item><text:p>salt</text:p></text:list-item></text:list>"
    return opendocument(
        "text",
        f'<text:h text:outline-level="1">Ships</text:h><text:p>A<text:s/>b{note}.</text:p>{items}{_table(3)}',
        meta="<dc:title>Register</dc:title>",
    )


def _open_slides() -> bytes:
    box = "<draw:frame{}><draw:text-box><text:p>Words.</text:p></draw:text-box></draw:frame>"
    title = box.format(' presentation:class="title"')
    page = f"<draw:page>{title}{box.format('')}<presentation:notes>{box.format('')}</presentation:notes>"
    return opendocument("presentation", f"{page}</draw:page>")


def _scan() -> bytes:
    lines = [(72.0, 700.0 - 14 * at, 11.0, f"Line {at} of words that run on and on") for at in range(6)]
    cells = [(72.0 + 120 * (at % 3), 500.0 - 14 * (at // 3), 11.0, f"Cell {at}") for at in range(9)]
    return pdf([[(72, 760, 20, "Ships"), *lines, *cells], page_of(["- item one", "1"])], info="/Title (T)")


_MADE: dict[str, Callable[[], bytes]] = {
    "a.txt": PLAIN.encode,
    "b.txt": lambda: "Die Mühle steht am Meer.\n\nZweite.".encode("utf-16"),
    "a.md": MARKED.encode,
    "a.html": PAGE.encode,
    "a.pdf": _scan,
    "a.docx": _text_document,
    "a.pptx": _presentation,
    "a.xlsx": _workbook,
    "a.xls": _old_workbook,
    "a.csv": lambda: b'Ship,Load\n"Ada, and ""co""",7\nBo;x,8',
    "b.csv": lambda: "名前\t年齢\n佐藤\t30\n三木\t25\n".encode("cp932"),
    "a.epub": lambda: epub({"a.xhtml": "<h1>One</h1><p>Salt.</p>", "b.xhtml": "<ul><li>x</li></ul>"}),
    "a.eml": _message,
    "a.msg": _outlook_message,
    "b.msg": _outlook_page,
    "a.rtf": lambda: RICH,
    "a.odt": _open_text,
    "a.ods": lambda: opendocument("spreadsheet", _table(2)),
    "a.odp": _open_slides,
    "a.json": JSON.encode,
    "a.jsonl": lambda: b'{"name": "Ada", "load": 7}\n{"name": "Bo", "load": 8}\n',
    "a.ipynb": NOTEBOOK.encode,
    "a.xml": FEED.encode,
    "b.xml": TREE.encode,
    "a.zip": lambda: zipped({"a.md": "# x", "b/c.csv": "a,b\n1,2", "d.rtf": RICH, "e.html": "<p>x</p>"}),
}
SAMPLES: dict[str, bytes] = {name: make() for name, make in _MADE.items()}
