import itertools
import json
import math
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyminds.errors import InputError
from manyminds.votes.votes import (
    VOTES,
    Ballot,
    best_of,
    borda,
    cisc_weights,
    condorcet,
    consensus,
    fieldwise,
    labels,
    log_odds_weights,
    majority,
    pick,
    reconcile_weights,
    weighted,
)

ANSWERS = st.lists(st.sampled_from([None, "", "a", "b", "c", "d"]), max_size=12)
WEIGHTED = st.lists(
    st.tuples(st.sampled_from([None, "a", "b", "c"]), st.integers(0, 8).map(lambda n: n / 4)),
    max_size=12,
)
SNIPPETS = [
    "def f(x):\n    return x+1",
    "def f(x):\n    y = x + 1\n    return y",
    "def f(n):\n    return n*2",
    "def f(x):\n    return x+1",
]


def overlap(texts: Sequence[str]) -> list[list[float]]:
    return [[float(len(set(a) & set(b))) for b in texts] for a in texts]


def by_overlap(answers: Sequence[str | None]) -> Ballot:
    return consensus(answers, metric=overlap)


def equally(answers: Sequence[str | None]) -> Ballot:
    return weighted(answers, [1.0] * len(answers))


def add_up(ballot: Ballot, asked: int) -> None:
    indices = [i for group in ballot["groups"] for i in group["indices"]]
    assert ballot["voters"] + ballot["abstentions"] == asked
    assert sorted(set(indices)) == sorted(indices)
    assert len(indices) == ballot["voters"]
    weights = [group["weight"] for group in ballot["groups"]]
    assert weights == sorted(weights, reverse=True)
    assert ballot["margin"] == (weights[0] - weights[1] if len(weights) > 1 else sum(weights))
    assert ballot["tie"] is (len(weights) > 1 and weights[0] == weights[1])
    assert json.loads(json.dumps(ballot)) == ballot


def test_the_majority_wins_and_the_ballot_says_how() -> None:
    assert majority(["b", None, "a", "b", "c"]) == {
        "vote": "majority",
        "winner": 0,
        "answer": "b",
        "groups": [
            {"answer": "b", "indices": [0, 3], "weight": 2.0},
            {"answer": "a", "indices": [2], "weight": 1.0},
            {"answer": "c", "indices": [4], "weight": 1.0},
        ],
        "scores": [],
        "abstentions": 1,
        "voters": 4,
        "margin": 1.0,
        "tie": False,
    }


def test_a_tie_goes_to_the_answer_asked_first() -> None:
    ballot = majority(["c", "a", "b", "b", "a"])
    assert (ballot["winner"], ballot["answer"], ballot["tie"]) == (1, "a", True)


@pytest.mark.parametrize("answers", [[], [None], [None, "", "  "]])
def test_where_nobody_votes_nobody_wins(answers: list[str | None]) -> None:
    for vote in (majority, equally, by_overlap):
        ballot = vote(answers)
        assert (ballot["winner"], ballot["answer"], ballot["margin"]) == (None, None, 0)
        assert ballot["abstentions"] == len(answers)


def test_equivalent_answers_are_one() -> None:
    ballot = majority(["3", "1/2", "0.5", "3", "\\frac12"], extractor="math")
    assert ballot["answer"] == "1/2"
    assert ballot["groups"][0]["indices"] == [1, 2, 4]
    assert majority(["(b)", "A", "B"], extractor="choice")["winner"] == 0


def test_the_slower_test_joins_groups() -> None:
    pytest.importorskip("math_verify")
    assert labels(["2x+1", "7", "1+2x", None, "x+x+1"], "math") == [0, 1, 0, None, 0]


@given(ANSWERS)
def test_no_abstention_wins_and_the_counts_add_up(answers: list[str | None]) -> None:
    for ballot in (majority(answers), by_overlap(answers)):
        add_up(ballot, len(answers))
        if ballot["winner"] is None:
            assert not any(answers)
        else:
            assert answers[ballot["winner"]]
            assert ballot["answer"] == answers[ballot["winner"]]


@given(ANSWERS, st.randoms(use_true_random=False))
def test_permuting_changes_only_ties(answers: list[str | None], rng: random.Random) -> None:
    shuffle_for = rng.sample(answers, len(answers))
    for vote in (majority, by_overlap):
        one, other = vote(answers), vote(shuffle_for)
        assert (one["margin"], one["tie"]) == (other["margin"], other["tie"])
        if not one["tie"]:
            assert one["answer"] == other["answer"]


@given(ANSWERS)
def test_a_vote_more_for_the_winner_never_unseats_it(answers: list[str | None]) -> None:
    winner = majority(answers)["answer"]
    if winner is not None:
        assert majority([*answers, winner])["answer"] == winner
        assert majority([winner, *answers])["answer"] == winner


@given(WEIGHTED, st.integers(0, 8))
def test_weight_for_the_winner_never_unseats_it(
    cast: list[tuple[str | None, float]], more: int
) -> None:
    answers, weights = [a for a, _ in cast], [w for _, w in cast]
    ballot = weighted(answers, weights)
    add_up(ballot, len(cast))
    if ballot["answer"] is not None:
        assert (
            weighted([*answers, ballot["answer"]], [*weights, more])["answer"] == ballot["answer"]
        )


@given(ANSWERS, ANSWERS)
def test_labels_do_not_change_as_more_comes(
    answers: list[str | None], more: list[str | None]
) -> None:
    assert labels([*answers, *more])[: len(answers)] == labels(answers)


def test_grouping_is_linear() -> None:
    calls = 0

    def counted(text: str) -> str:
        nonlocal calls
        calls += 1
        return text

    from manyminds.reading.answers import Extractor

    kind = Extractor("counted", counted, counted)
    answers = [str(i % 700) for i in range(7000)]
    assert majority(answers, extractor=kind)["groups"][0]["weight"] == 10
    assert calls <= len(answers)


def test_weights_decide() -> None:
    ballot = weighted(["a", "b", "b", None], [0.9, 0.3, 0.3, 5.0])
    assert (ballot["winner"], ballot["groups"][1]["weight"]) == (0, 0.6)
    with pytest.raises(InputError, match="one weight an answer"):
        weighted(["a"], [])
    with pytest.raises(InputError, match="finite"):
        weighted(["a"], [math.nan])


def test_confidence_is_weighed_within_the_question() -> None:
    weights = cisc_weights([90, None, 50, 70], temperature=20)
    assert math.fsum(weights) == pytest.approx(1)
    assert weights[0] / weights[3] == pytest.approx(math.e)
    assert weights[1] == weights[3]
    assert cisc_weights([0.9, 0.9]) == [0.5, 0.5]
    assert cisc_weights([None, None]) == [0.5, 0.5]
    assert cisc_weights([1e6, 0], 1e-3) == [1, 0]
    assert cisc_weights([]) == []
    with pytest.raises(InputError, match="above 0"):
        cisc_weights([1.0], temperature=0)
    with pytest.raises(InputError, match="finite"):
        cisc_weights([math.inf])


def test_accuracy_is_weighed_by_its_log_odds() -> None:
    assert log_odds_weights([0.5, 0.9, 0.1]) == pytest.approx([0, math.log(9), -math.log(9)])
    assert log_odds_weights([0.25], choices=4) == pytest.approx([0])
    perfect, hopeless = log_odds_weights([1, 0])
    assert 5 < perfect < 10
    assert perfect == pytest.approx(-hopeless)
    for wrong in ([1.1], [-0.1], [math.nan]):
        with pytest.raises(InputError, match="between 0 and 1"):
            log_odds_weights(wrong)
    with pytest.raises(InputError, match="2 choices"):
        log_odds_weights([0.5], choices=1)


def test_reconcile_steps() -> None:
    found = reconcile_weights([1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.2, None])
    expected = [1, 0.8, 0.8, 0.5, 0.5, 0.3, 0.1, 0.1, 0.1]
    assert found == pytest.approx([weight + 1e-5 for weight in expected])


def test_the_most_similar_text_wins() -> None:
    ballot = consensus(SNIPPETS, metric="bleu")
    assert ballot["scores"] == pytest.approx([176.32, 114.60, 67.77, 176.32], abs=0.005)
    assert (ballot["vote"], ballot["winner"], ballot["tie"]) == ("bleu", 0, False)
    assert ballot["groups"][0]["indices"] == [0, 3]


@pytest.mark.parametrize("name", list(VOTES))
def test_votes_by_name(name: str) -> None:
    texts: list[str | None] = [
        "the cat sat here",
        None,
        "a dog",
        "the cat sat there",
        "the cat sat here",
    ]
    ballot = VOTES[name](texts)
    add_up(ballot, len(texts))
    assert (ballot["vote"], ballot["winner"], ballot["voters"]) == (name, 0, 4)


def test_one_text_alone_wins() -> None:
    ballot = consensus([None, "x"], metric="bleu")
    assert (ballot["winner"], ballot["scores"]) == (1, [None, 0])


def test_similarity_to_oneself_does_not_count() -> None:
    def selfish(texts: Sequence[str]) -> list[list[float]]:
        return [[1000.0, 1, 1], [2, 0, 2], [0, 0, 5]]

    ballot = consensus(["a", "b", "c"], metric=selfish)
    assert (ballot["winner"], ballot["scores"], ballot["vote"]) == (1, [2, 4, 0], "consensus")
    with pytest.raises(InputError, match="2 rows of 2"):
        consensus(["a", "b"], metric=selfish)


def test_each_field_is_voted_by_itself() -> None:
    ballot = fieldwise(
        [
            {"name": "x", "tags": ["a"], "year": 1},
            None,
            {"name": "y", "tags": ["a"], "year": 2},
            {"name": "x", "tags": ["b"], "year": 2, "odd": True},
        ]
    )
    assert json.loads(ballot["answer"] or "") == {"name": "x", "tags": ["a"], "year": 2}
    assert ballot["scores"] == [2, None, 2, 2]
    assert (ballot["winner"], ballot["tie"]) == (0, True)
    assert ballot.get("fields") == pytest.approx({"name": 2 / 3, "tags": 2 / 3, "year": 2 / 3})
    add_up(ballot, 4)
    assert fieldwise([None])["answer"] is None


def test_fields_can_make_an_answer_nobody_gave_and_null_is_a_value() -> None:
    ballot = fieldwise([{"a": None, "b": 1}, {"a": None, "b": 2}, {"a": 0, "b": 2}])
    assert json.loads(ballot["answer"] or "") == {"a": None, "b": 2}
    assert ballot["winner"] == 1


def test_the_best_rated_wins() -> None:
    ballot = best_of([0.2, None, 0.9, math.nan, 0.9], answers=["a", "b", "c", "d", "e"])
    assert (ballot["winner"], ballot["answer"], ballot["tie"]) == (2, "c", True)
    assert (ballot["voters"], ballot["abstentions"]) == (3, 2)
    assert ballot["scores"] == [0.2, None, 0.9, None, 0.9]
    assert best_of([None])["winner"] is None
    twice = best_of([0.1, 0.5, 0.9], answers=["a", "b", "a"])
    assert (twice["winner"], twice["groups"][0]["indices"]) == (2, [2, 0])


def test_borda_points() -> None:
    ballot = borda([[0, 1, 2], [0, 2, 1], [1, 0, 2]], 3, answers=["a", "b", "c"])
    assert ballot["scores"] == pytest.approx([2.5 / 3, 1.5 / 3, 0.5 / 3])
    assert (ballot["winner"], ballot["answer"], ballot["voters"]) == (0, "a", 3)


def test_those_left_out_share_the_places_left() -> None:
    assert borda([[2]], 3)["scores"] == [0.25, 0.25, 1]
    ballot = borda([[1], [1], [0], []], 3)
    assert (ballot["winner"], ballot["voters"], ballot["abstentions"]) == (1, 3, 1)


@pytest.mark.parametrize(("count", "top"), [(borda, 1.0), (condorcet, 2.0)])
def test_no_author_helps_or_harms_its_own(count: Callable[..., Ballot], top: float) -> None:
    selfish = [[0, 2, 1], [1, 2, 0], [2, 0, 1]]
    fair = count(selfish, 3, authors=[0, 1, 2])
    assert fair["winner"] == 2
    assert fair["scores"] == count([[2, 1], [2, 0], [0, 1]], 3, authors=[0, 1, 2])["scores"]
    missing = count([[2, 0, 1], [0, 1]], 3, authors=[None, 2])
    assert missing["scores"][2] == top


def test_the_winner_of_every_pair_wins() -> None:
    rankings = [[0, 1, 2, 3]] * 2 + [[3, 1, 0, 2], [2, 1, 3, 0], [1, 3, 2, 0]]
    ballot = condorcet(rankings, 4)
    assert (ballot["winner"], ballot["scores"]) == (1, [1.0, 3.0, 1.0, 1.0])
    cycle = condorcet([[0, 1, 2], [1, 2, 0], [2, 0, 1]], 3)
    assert (cycle["winner"], cycle["tie"], cycle["margin"]) == (0, True, 0)


@pytest.mark.parametrize("vote", [borda, condorcet])
def test_wrong_rankings_are_refused(vote: Callable[..., Ballot]) -> None:
    with pytest.raises(InputError, match="names candidate 3"):
        vote([[0, 3]], 3)
    with pytest.raises(InputError, match="one author a ranking"):
        vote([[0]], 3, authors=[])
    assert vote([], 2)["winner"] is None
    assert vote([[0]], 1)["winner"] == 0
    assert vote([[1, 1, 0]], 2)["winner"] == 1


@pytest.mark.parametrize("vote", [borda, condorcet])
@given(rankings=st.lists(st.permutations(range(4)), min_size=1, max_size=7))
def test_a_winner_raised_in_a_ranking_still_wins(
    vote: Callable[..., Ballot], rankings: list[list[int]]
) -> None:
    winner = vote(rankings, 4)["winner"]
    assert winner is not None
    raised = [winner, *(c for c in rankings[0] if c != winner)]
    assert vote([raised, *rankings[1:]], 4)["winner"] == winner


@given(st.lists(st.permutations(range(4)), min_size=1, max_size=7))
def test_copeland_agrees_with_counting_pairs(rankings: list[list[int]]) -> None:
    def beats(one: int, other: int) -> bool:
        return 2 * sum(r.index(one) < r.index(other) for r in rankings) > len(rankings)

    for one in range(4):
        if all(beats(one, other) for other in range(4) if other != one):
            assert condorcet(rankings, 4)["winner"] == one


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ("3", 2),
        (" [2]. ", 1),
        ("**4**", 3),
        ("Response 1", 0),
        ('{"choice": 2}', 1),
        ("1 and 3 agree on 5, so the most consistent is 3.", 2),
        ("Final answer: 4 (of 5)", 3),
        ("6", None),
        ("0", None),
        ("2 or 3", None),
        ("none", None),
        ("", None),
        ("99999999999999999999", None),
        ("answer" + " " * 50_000 + "x", None),
    ],
)
def test_an_index_only_reply_is_read(reply: str, choice: int | None) -> None:
    assert pick(reply, 5) == choice


def test_every_number_is_read_back() -> None:
    for n, i in itertools.product((1, 9, 120), range(120)):
        assert pick(f"{i + 1}", n) == (i if i < n else None)


def test_the_field_of_a_json_reply_counts_before_what_its_reason_says() -> None:
    assert pick('{"choice": 2, "reason": "Answer 3 forgets the sign."}', 3) == 1
    assert pick('{"choice": 9, "reason": "Answer 1 is short."}', 3) is None
