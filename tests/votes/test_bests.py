"""Majority of the bests against its own definition; the self-consistent member."""

import random
from collections import Counter

import pytest
from helpers.graphs import user

from manyminds import create_agent_forest
from manyminds.errors import InputError
from manyminds.reading.answers import extractor
from manyminds.testing import ScriptedChatModel
from manyminds.votes.bests import chances_of_best, majority_of_bests, self_consistent_member


@pytest.mark.parametrize("subset", [1, 3, 7])
def test_chances_are_those_of_a_bootstrap(subset: int) -> None:
    scores = [3.0, 9.0, 9.0, None, 5.0, float("nan"), 1.0]
    exact = chances_of_best(scores, subset)
    assert sum(exact) == pytest.approx(1) and exact[3] == exact[5] == 0
    draw, wins, known = random.Random(1), Counter[int](), [0, 1, 2, 4, 6]
    for _ in range(20_000):
        drawn = [draw.choice(known) for _ in range(subset)]
        best = max(scores[place] or 0 for place in drawn)
        wins[draw.choice([place for place in drawn if scores[place] == best])] += 1
    for place in known:
        assert wins[place] / 20_000 == pytest.approx(exact[place], abs=0.015)


def test_an_outlier_of_the_scorer_does_not_win() -> None:
    scores, answers = [8.0, 8.0, 7.0, 8.0, 10.0, 3.0], ["4", "4", "4", "4", "9", "5"]
    ballot = majority_of_bests(scores, answers)
    assert (ballot["answer"], ballot["winner"]) == ("4", 0)
    assert majority_of_bests(scores, answers, subset=1_000)["answer"] == "9"
    assert ballot["voters"] == 6 and ballot["abstentions"] == 0


def test_what_was_not_rated_cannot_win_and_what_was_not_read_stands_alone() -> None:
    ballot = majority_of_bests([None, 2.0, 9.0], ["4", "4", None])
    assert ballot["winner"] == 2 and ballot["answer"] is None
    assert [group["indices"] for group in ballot["groups"]] == [[2], [1]]
    assert majority_of_bests([None, None], ["4", "4"])["winner"] is None


def test_equal_answers_count_together_and_the_best_of_them_is_shown() -> None:
    ballot = majority_of_bests(
        [6, 7, 8], ["0.5", "1/2", "3"], subset=1, extractor=extractor("math")
    )
    assert ballot["winner"] == 1 and ballot["groups"][0]["indices"] == [1, 0]


def test_the_member_that_agrees_with_itself_answers() -> None:
    answers = ["4", "5", "6", "9", "9", "9", "4", "4", "8"]
    members = ["a"] * 3 + ["b"] * 3 + ["c"] * 3
    ballot = self_consistent_member(answers, members)
    assert ballot["answer"] == "9" and ballot["winner"] == 3
    assert ballot["voters"] == 9


def test_of_equally_consistent_members_the_one_with_more_support_wins() -> None:
    ballot = self_consistent_member(["7", "7", "4", "4", "4", "1"], ["a", "a", "b", "b", "c", "c"])
    assert ballot["answer"] == "4"


def test_abstentions_count_against_a_member_and_nobody_wins_without_answers() -> None:
    ballot = self_consistent_member(["7", None, None, "4", "4", "1"], ["a"] * 3 + ["b"] * 3)
    assert ballot["answer"] == "4" and ballot["abstentions"] == 2
    assert self_consistent_member([None, None], ["a", "b"])["winner"] is None


def test_lengths_must_fit() -> None:
    with pytest.raises(InputError, match="one score an answer: 2, not 1"):
        majority_of_bests([1.0], ["4", "5"])
    with pytest.raises(InputError, match="one member an answer: 1, not 2"):
        self_consistent_member(["4"], ["a", "b"])
    with pytest.raises(InputError, match="subset=0"):
        majority_of_bests([1.0], ["4"], subset=0)


async def test_a_forest_takes_the_vote_by_name() -> None:
    unsure = ScriptedChatModel(lambda _m, data: f"The answer is {data['draw'] % 2 + 4}.")
    sure = [ScriptedChatModel("The answer is 9.")]
    forest = create_agent_forest(
        [unsure, unsure, unsure, *sure], samples=8, vote="self-consistent-member"
    )
    result = await forest.compile().ainvoke(user())
    assert result["answer"] == "The answer is 9."
    assert result["ballot"]["vote"] == "self-consistent-member"
    assert result["report"]["degraded"] is None
