# ruff: noqa: E501 - replies are easier to read in one line
"""Sections behind the answer of a long reply say nothing about it."""

import pytest

from manyminds.reading.appendix import answering
from manyminds.reading.together import read_all

TILES = "How many tiles does Rosa need for a floor of 4 m by 6 m, if a tile covers 0.25 m²?"
WORKING = "**Area**\n\nThe floor has 4 × 6 = 24 m².\n\n**Tiles**\n\n24 / 0.25 = 96."


@pytest.mark.parametrize(
    ("question", "reply", "answer"),
    [
        (
            TILES,
            f"{WORKING}\n\n**So Rosa needs 96 tiles for the floor.**\n\n**Waste**\n\nTilers order a tenth more. "
            "With 10 of them broken, 106 would be safe.\n\n**Price**\n\nAt 2 € a tile she pays 192 €.",
            "96",
        ),
        (
            TILES,
            f"{WORKING}\n\nRosa therefore needs **96 tiles**.\n\n---\n\n### Check\n\n96 × 0.25 = 24\n\n"
            "### Other sizes\n\n- tiles of 0.5 m²: 48\n- tiles of 1 m²: 24",
            "96",
        ),
        (
            "Wie viele Fliesen braucht Rosa für 24 m², wenn eine Fliese 0,25 m² hat?",
            "**Rechnung**\n\n24 / 0,25 = 96\n\n**Rosa braucht also 96 Fliesen.**\n\n**Hinweise**\n\n"
            "- Rechnen Sie mit 10 % Verschnitt, dann sind es 106.\n- Eine Packung hat 12 Stück.",
            "96",
        ),
        (
            "Which city is the capital of Turkey?",
            "Many people think of the largest city.\n\n**The capital of Turkey is Ankara.**\n\n**Background**\n\n"
            "Atatürk moved the government in 1923.\n\n**Largest cities**\n\n1. Istanbul\n2. Ankara\n3. Izmir",
            "Ankara",
        ),
    ],
)
def test_what_stands_in_sections_behind_the_answer_is_left_out(
    question: str, reply: str, answer: str
) -> None:
    assert read_all([reply], question=question).answers == [answer]


@pytest.mark.parametrize(
    "reply",
    [
        # The calculation goes on.
        "**Step 1: the area**\n\n**So the floor needs 96 tiles.**\n\n**Step 2: add the broken ones**\n\n"
        "Rosa breaks 4 tiles.\n\nRosa needs 100 tiles.",
        # A cue further down states the answer.
        "**So Rosa needs 96 tiles for the floor.**\n\n**Broken tiles**\n\nFour break.\n\nThe answer is 100.",
        # It is taken back.
        "**So Rosa needs 96 tiles for the floor.**\n\n**Check**\n\nWait, that is wrong: four break.",
        # No section follows.
        "The floor has 24 m².\n\n**So Rosa needs 96 tiles.**\n\nFour break, and she needs 100.",
    ],
)
def test_a_reply_that_goes_on_stays_whole(reply: str) -> None:
    assert answering(reply, TILES) == reply
