"""Scoring on a data set folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corpora import BRIDGE, LIGHTHOUSE, ORCHARD, Run

from assistant.evaluate import holds
from assistant.evaluate.figures import compare


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three documents and three questions; the last has no answer."""
    place = tmp_path / "set"
    place.mkdir()
    documents = [{"id": "l", "text": LIGHTHOUSE}, {"id": "b", "text": BRIDGE}, {"id": "o", "text": ORCHARD}]
    start = BRIDGE.index("opened in 1932")
    questions = [
        {
            "id": "1",
            "question": "When was the bridge over the Wend opened?",
            "answers": ["1932"],
            "evidence": [{"doc_id": "b", "start": start, "end": start + 14}],
        },
        {
            "id": "2",
            "question": "Who was the last keeper?",
            "answers": ["Bramble"],
            "evidence": [{"doc_id": "l"}],
        },
        {"id": "3", "question": "What is the capital of Mongolia?", "answerable": False},
    ]
    for name, rows in (("docs", documents), ("questions", questions)):
        (place / f"{name}.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
        )
    return place


def test_figures_of_a_small_set(run: Run, folder: Path, tmp_path: Path) -> None:
    done = run("evaluate", folder, "--json", "--plot", tmp_path / "curve.png")
    assert done.code == 0, done.err
    figures = json.loads(done.out)["figures"]
    assert figures["quote_integrity"] == 1.0
    assert figures["first_quote_right"] == 1.0
    assert figures["rejected"] == 1.0
    assert figures["doc_hit@1"] == 1.0
    assert figures["span_recall@5"] == 1.0
    assert figures["localised"] == 1.0
    assert figures["evidence_quoted"] == 1.0
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_with_the_gold_hidden_a_refusal_is_right(run: Run, folder: Path) -> None:
    done = run("evaluate", folder, "--json", "--hide-gold", "--limit", "2")
    assert json.loads(done.out)["figures"].keys() == {"refused"}


def test_two_settings_are_compared(run: Run, folder: Path) -> None:
    done = run("evaluate", folder, "--json", "--compare", "minimum_confidence=1.0")
    gain = json.loads(done.out)["compared"]["first_quote_right"]
    assert gain["low"] <= gain["gain"] <= gain["high"]
    assert gain["gain"] <= 0


def test_folder_that_is_no_data_set_is_refused(run: Run, tmp_path: Path) -> None:
    done = run("evaluate", tmp_path)
    assert done.code == 2
    assert "docs.jsonl" in done.err


@pytest.mark.parametrize(
    ("quote", "answers", "held"),
    [("It grew by 3.1 %.", ["3.1 %"], True), ("The Café", ["cafe"], True), ("Nothing", [""], False)],
)
def test_answer_is_held_in_whatever_case_and_punctuation(quote: str, answers: list[str], held: bool) -> None:
    assert holds(quote, answers) is held


def test_interval_of_a_sure_gain_is_above_zero() -> None:
    gain, low, high = compare([False] * 40, [True] * 40)
    assert (gain, low, high) == (1.0, 1.0, 1.0)
