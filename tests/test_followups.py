"""A question in a conversation becomes one that stands alone."""

from __future__ import annotations

import pytest

from assistant import Turn
from assistant.followups import stand_alone

GROWTH = (
    Turn("user", "How much did North Korea's economy grow in 2023?"),
    Turn("assistant", "North Korea's gross domestic product grew by 3.1 % in 2023."),
)


@pytest.mark.parametrize(
    ("asked", "understood"),
    [
        ("And in 2022?", "How much did North Korea's economy grow in 2022?"),
        ("What about South Korea?", "How much did South Korea's economy grow in 2023?"),
        ("Why?", "Why did North Korea's economy grow in 2023?"),
    ],
)
def test_elliptical_question_takes_over_the_last_one(asked: str, understood: str) -> None:
    assert stand_alone(asked, GROWTH).text == understood


def test_pronoun_brings_the_subject_of_the_conversation() -> None:
    standing = stand_alone("Who measured it?", GROWTH)
    assert standing.is_rewritten
    assert "North Korea" in standing.text
    assert standing.asked == "Who measured it?"


@pytest.mark.parametrize(
    "asked",
    ["How many points did the Panthers score in Denver?", "Who built the lighthouse at Skerry Point?"],
)
def test_change_of_subject_is_not_dragged_back(asked: str) -> None:
    assert not stand_alone(asked, GROWTH).is_rewritten


def test_first_question_is_left_as_it_is() -> None:
    assert stand_alone("Why did it grow?", ()).text == "Why did it grow?"


def test_phrase_that_points_at_nothing_is_named() -> None:
    assert stand_alone("What does this library offer?", ()).dangling == "this library"
    assert stand_alone("In 2020, what did this library offer?", ()).dangling == "this library"
    assert stand_alone("What does this library offer?", (Turn("user", "Is there a library?"),)).dangling == ""


@pytest.mark.parametrize(
    ("asked", "dangling"),
    [
        ("How much did it grow?", "it"),
        ("Why did they sign it?", "they"),
        ("How long does it take to bake bread?", ""),
        ("Does a dog wag its tail?", ""),
        ("where did they film the lighthouse keeper series", ""),
        ("If a bridge is moved by a winch, what is this machine called?", ""),  # the clause before says it
    ],
)
def test_word_that_points_in_a_first_question_is_told_from_one_that_stands_for_nothing(
    asked: str, dangling: str
) -> None:
    assert stand_alone(asked, ()).dangling == dangling


def test_conversation_of_200_turns_is_read() -> None:
    turns = [turn for _ in range(100) for turn in GROWTH]
    assert stand_alone("And in 2022?", turns).text == "How much did North Korea's economy grow in 2022?"
