"""Weights without labels: they follow skill, and are not fooled by what says nothing."""

import json
import random

import pytest

from manyminds.errors import InputError
from manyminds.reading.answers import extractor
from manyminds.votes.agreement import by_agreement
from manyminds.votes.unlabelled import AgreementWeights, agreement_weights
from manyminds.votes.votes import majority, weighted, weighted_together


def simulated(skills: list[float], questions: int, seed: int) -> list[list[str | None]]:
    """Return votes on questions whose right answer is "right"."""
    draw = random.Random(seed)
    return [
        ["right" if draw.random() < skill else f"wrong {draw.randrange(3)}" for skill in skills]
        for _ in range(questions)
    ]


def test_weights_follow_skill() -> None:
    found = agreement_weights(simulated([0.9, 0.75, 0.6, 0.45, 0.3], 400, 1))
    assert found == sorted(found, reverse=True) and found[0] > 2 * found[2]


def test_weighted_votes_beat_the_majority_where_skills_differ() -> None:
    rows = simulated([0.92, 0.9, 0.35, 0.35, 0.35, 0.3, 0.3], 500, 2)
    weights = agreement_weights(rows)
    plain = sum(majority(row)["answer"] == "right" for row in rows)
    better = sum(weighted(row, weights)["answer"] == "right" for row in rows)
    assert better > plain + 25


def test_a_member_that_always_abstains_or_always_dissents_gains_nothing() -> None:
    rows = [[*row, None, f"own {n}"] for n, row in enumerate(simulated([0.8] * 4, 200, 3))]
    weights = agreement_weights(rows)
    assert weights[5] == 0 and weights[4] <= min(weights[:4])


def test_nothing_to_compare_is_one_for_all() -> None:
    assert agreement_weights([]) == []
    alone = agreement_weights([["a", None], [None, "b"]])
    assert alone[0] == alone[1] > 0


def test_rows_must_fit() -> None:
    with pytest.raises(InputError, match="give 2 votes for every question"):
        agreement_weights([["a", "b"], ["a"]])
    with pytest.raises(InputError, match="choices=1"):
        agreement_weights([["a", "b"]], choices=1)


def test_a_vote_over_many_questions_finds_its_weights_itself() -> None:
    rows = simulated([0.85, 0.75, 0.45, 0.4, 0.35], 300, seed=8)
    found = [ballot["answer"] == "right" for ballot in weighted_together(rows)]
    plain = [majority(row)["answer"] == "right" for row in rows]
    by_hand = agreement_weights(rows)
    assert found == [weighted(row, by_hand)["answer"] == "right" for row in rows]
    assert sum(found) > sum(plain)
    assert {ballot["vote"] for ballot in weighted_together(rows, by_hand)} == {"weighted"}
    with pytest.raises(InputError, match="votes for every question"):
        weighted_together([["a", "b"], ["a"]])


NAMES = [f"m{n}" for n in range(7)]


def test_the_first_question_is_a_majority_vote() -> None:
    learned = AgreementWeights()
    ballot = by_agreement(["b", "a", "b", None], NAMES[:4], learned)
    plain = majority(["b", "a", "b", None])
    assert (ballot["answer"], ballot["voters"], ballot["tie"]) == ("b", 3, plain["tie"])
    assert ballot["vote"] == "agreement" and "0 earlier questions" in str(ballot.get("notes"))
    assert learned.questions == 1


def test_learning_one_question_after_another_does_as_well_as_all_at_once() -> None:
    rows = simulated([0.92, 0.9, 0.35, 0.35, 0.35, 0.3, 0.3], 500, 2)
    learned = AgreementWeights()
    ballots = [by_agreement(row, NAMES, learned) for row in rows]
    right = sum(ballot["answer"] == "right" for ballot in ballots)
    together = sum(ballot["answer"] == "right" for ballot in weighted_together(rows))
    plain = sum(majority(row)["answer"] == "right" for row in rows)
    assert right > plain + 20 and right >= together - 10
    assert learned.questions == 500 and "notes" not in ballots[-1]
    weights = learned.weights(NAMES)
    assert min(weights["m0"], weights["m1"]) > 2 * max(weights[name] for name in NAMES[2:])


def test_equal_answers_are_told_as_the_extractor_tells_them() -> None:
    learned = AgreementWeights()
    for _ in range(5):
        by_agreement(["1,000", "1000.0", "7"], NAMES[:3], learned, extractor=extractor("number"))
    weights = learned.weights(NAMES[:3])
    assert weights["m0"] == weights["m1"] > weights["m2"]


def test_further_samples_of_a_member_are_votes_of_their_own() -> None:
    once, twice = AgreementWeights(), AgreementWeights()
    by_agreement(["a", "a", "b"], ["x", "y", "z"], once)
    by_agreement(["a", "a", "b", "a", "a", None], ["x", "y", "z"] * 2, twice)
    assert twice.known["x"][1] == once.known["x"][1] + 1
    assert twice.known["z"] == once.known["z"], "it abstained"
    alone = AgreementWeights()
    by_agreement(["a", "a", "b"], ["x", "x", "x"], alone)
    assert not alone.known, "a member that agrees with itself says nothing of anybody"


def test_what_was_learned_is_plain_numbers_that_another_can_go_on_with() -> None:
    learned = AgreementWeights()
    for row in simulated([0.9, 0.8, 0.3], 50, 3):
        by_agreement(row, NAMES[:3], learned)
    kept = json.loads(json.dumps(learned.known))
    assert AgreementWeights(kept).weights(NAMES) == learned.weights(NAMES)
    with pytest.raises(InputError, match="at least 2"):
        AgreementWeights(choices=1)


def test_where_only_distrusted_members_answer_they_count_alike() -> None:
    learned = AgreementWeights({"x": (90, 100), "y": (2, 100), "z": (2, 100), "w": (2, 100)})
    ballot = by_agreement([None, "a", "b", "b"], ["x", "y", "z", "w"], learned)
    assert ballot["answer"] == "b"
