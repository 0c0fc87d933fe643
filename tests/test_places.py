"""A citation says where its words stand: on which page, on which slide, in which row."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pptx
import pytest
from corpora import Make

from assistant import render


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (["Ship", "Flag", "Cargo"], ["Ada", "Norway", "salt"], [], ["Bo", "Denmark", "herring"]):
        book.active.append(row)
    return _saved(book.save)


def _talk() -> bytes:
    talk = pptx.Presentation()
    for title, words in (("Welcome", "Good morning."), ("Lighthouse", "The lighthouse has 199 steps.")):
        slide = talk.slides.add_slide(talk.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text_frame.text = title, words
    return _saved(talk.save)


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "made", "question", "words", "place"),
    [
        ("ships.xlsx", _workbook, "Which flag does Bo have?", "Denmark", "ships · Sheet · row 4"),
        ("talk.pptx", _talk, "How many steps has the lighthouse?", "199", "Welcome · Lighthouse · slide 2"),
    ],
)
def test_a_citation_names_its_place(
    make: Make, corpus: Path, name: str, made: Callable[[], bytes], question: str, words: str, place: str
) -> None:
    (corpus / name).write_bytes(made())
    assistant = make()
    assistant.sync()
    answer = assistant.ask(question)
    cited = [*answer.citations, *answer.closest]
    places = [render.place(one) for one in cited if words in one.quote]
    assert places == [place]
