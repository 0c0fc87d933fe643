"""Misspelt words of a question are mended with the documents' own."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.spelling import mended

KNOWN = {"korea": 9, "north": 7, "note": 2, "growth": 3, "economi": 1, "contain": 2, "chloroplast": 1}
KNOWN |= {"hormon": 4, "carb": 1, "facil": 2}
FORMS = {
    "economi": ["economy"],
    "contain": ["contain", "containment"],
    "hormon": ["hormone"],
    "facil": ["facilitate", "facility"],
}


def mend(text: str) -> str:
    return mended(
        text,
        passages_with=lambda words: [KNOWN.get(word, 0) for word in words],
        is_common=lambda word: word in {"weather", "what"},
        stems_like=lambda stem: [(known, n) for known, n in KNOWN.items() if known[0] == stem[0]],
        forms=lambda stem: FORMS.get(stem, [stem]),
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Noth Korea grwoth", "North Korea growth"),  # the commoner of two that are as near
        ("NOTH KOREA", "NORTH KOREA"),
        ("What weather?", "What weather?"),  # a common word is not there, but it is no slip
        ("Kore 2023 xyz", "Korea 2023 xyz"),
        ("Portugal", "Portugal"),  # nothing is near
        ("containerized", "containerized"),
        ("container", "container"),  # another word than "contain", which it begins with
        ("Chloropla", "Chloroplast"),  # two letters short of it
        ("econmoy", "economy"),
        ("facilty", "facility"),  # of the words of a stem, the nearest
        ("harmonize", "harmonize"),  # its stem is near that of "hormone", but it is not
        ("caribou", "caribou"),  # nor is this a "carb"
        ("", ""),
    ],
)
def test_word_becomes_the_nearest_that_is_known(typed: str, meant: str) -> None:
    assert mend(typed) == meant


def test_misspelt_question_is_answered_and_says_how_it_was_understood(town: Assistant) -> None:
    answer = town.ask("How long is the brigde over the Wennd?")
    assert "612 metres" in answer.sentences[0].text
    assert answer.understood_as == "How long is the bridge over the Wend?"


def test_misspelt_search_finds_the_same(town: Assistant) -> None:
    assert town.search("lighthose lanp", k=1)[0].source == "lighthouse.md"
