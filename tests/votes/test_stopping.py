import gzip
import json
import os
import random
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyminds.errors import InputError
from manyminds.reading.answers import extractor
from manyminds.votes.stopping import (
    StoppingRule,
    ahead_by,
    any_of,
    beta,
    esc,
    fixed,
    lead_for,
    majority_probability,
    rule,
    share,
    unbeatable,
)
from manyminds.votes.votes import labels, majority

DATA = Path(os.environ.get("MANYMINDS_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
RULES: list[StoppingRule] = [
    fixed(7),
    beta(),
    beta(0.8, 12),
    esc(),
    esc(3, 17),
    ahead_by(),
    ahead_by(1),
    unbeatable(15),
    share(),
    share(1.0, 3, 9),
    share(0.5, 5),
    any_of(esc(4), ahead_by(5), unbeatable(20)),
]
STREAMS = st.lists(st.sampled_from([None, 0, 0, 0, 1, 1, 2, 3]), min_size=40, max_size=40)


def one_by_one(which: StoppingRule, stream: Sequence[int | None]) -> int:
    return next(n for n in range(len(stream) + 1) if which.stop(stream[:n]) is not None)


def in_waves(which: StoppingRule, stream: Sequence[int | None]) -> tuple[int, int]:
    """Return how many samples a run in waves buys, and in how many waves."""
    asked = waves = 0
    while (more := which.need(stream[:asked])) > 0:
        asked, waves = asked + more, waves + 1
    return asked, waves


@pytest.mark.parametrize("which", RULES, ids=lambda r: r.name)
@given(stream=STREAMS)
def test_waves_buy_what_one_by_one_would_have_bought(
    which: StoppingRule, stream: list[int | None]
) -> None:
    asked, waves = in_waves(which, stream)
    assert asked == one_by_one(which, stream)
    assert waves <= asked <= which.cap
    assert which.stop(stream[:asked]) is not None


@pytest.mark.parametrize("which", RULES, ids=lambda r: r.name)
def test_the_need_is_exact_where_all_agree(which: StoppingRule) -> None:
    assert in_waves(which, [0] * 40)[1] == 1


@pytest.mark.parametrize("which", RULES, ids=lambda r: r.name)
@given(stream=STREAMS)
def test_no_rule_goes_on_beyond_its_cap(which: StoppingRule, stream: list[int | None]) -> None:
    assert which.stop(stream[: which.cap]) is not None
    assert which.need(stream) == 0


@pytest.mark.parametrize("which", RULES, ids=lambda r: r.name)
def test_a_rule_is_made_again_from_its_name(which: StoppingRule) -> None:
    again = rule(which.name)
    rng = random.Random(3)
    for _ in range(50):
        stream = [rng.choice([None, 0, 0, 1, 2]) for _ in range(40)]
        assert again.name == which.name
        assert in_waves(again, stream) == in_waves(which, stream)


@pytest.mark.parametrize(
    ("runner_up", "leader"), [(0, 4), (1, 6), (2, 8), (3, 9), (4, 11), (5, 12)]
)
def test_the_table_of_the_beta_rule(runner_up: int, leader: int) -> None:
    assert beta(0.95, 100).stop([0] * leader + [1] * runner_up) is not None
    assert beta(0.95, 100).stop([0] * (leader - 1) + [1] * runner_up) is None


def test_the_probability_of_a_majority() -> None:
    assert majority_probability(0, 0) == 0.5
    assert majority_probability(4, 0) == pytest.approx(31 / 32)
    assert majority_probability(3, 5) == pytest.approx(1 - majority_probability(5, 3))


@pytest.mark.parametrize(
    ("accuracy", "steps", "k"),
    [(0.99, 10**6, 4), (0.9978, 10**6, 3), (0.9, 1000, 5), (0.7, 1000, 12)],
)
def test_the_lead_a_chain_of_steps_needs(accuracy: float, steps: int, k: int) -> None:
    odds = (1 - accuracy) / accuracy
    assert lead_for(accuracy, steps) == k
    assert (1 + odds**k) ** -steps >= 0.95 > (1 + odds ** (k - 1)) ** -steps


def test_reasons_say_whether_the_rule_gave_up() -> None:
    split: list[int | None] = [0, 1] * 20
    assert ahead_by(3).stop(split) == "cap: 40 asked"
    assert ahead_by(3).stop([0, 0, None, 0]) == "ahead: by 3"
    assert esc(3).stop([0, 1, 1, 2, None, 2, 2]) == "esc: 3 votes in a row agree"
    assert unbeatable(5).stop([0, 0, 1, 0]) == "unbeatable: 1 of 5 left"
    assert unbeatable(5).stop([0, 0, 1, 1]) is None
    assert any_of(fixed(4), ahead_by(9, cap=4)).stop([0, 1, 2, 3]) == "fixed: 4 asked"


def test_abstentions_are_asked_but_no_votes() -> None:
    silent: list[int | None] = [None] * 39
    for which in (beta(), esc(), ahead_by(), share()):
        assert which.stop(silent) is None
        assert which.stop([*silent, None]) == "cap: 40 asked"
    assert share(0.75, 4).need([0, 0, None]) == 2


@given(stream=STREAMS, n=st.integers(1, 40))
def test_an_unbeatable_leader_is_the_winner_of_them_all(stream: list[int | None], n: int) -> None:
    asked = in_waves(unbeatable(n), stream)[0]

    def winner(votes: Sequence[int | None]) -> str | None:
        return majority([None if vote is None else str(vote) for vote in votes])["answer"]

    assert winner(stream[:asked]) == winner(stream[:n])


def test_rules_from_text() -> None:
    assert rule("beta").name == "beta:0.95,40"
    assert rule("esc:3").name == "esc:3,40"
    assert rule(12).name == rule("12").name == rule("fixed:12").name == "fixed:12"
    assert rule("esc:5|ahead:3,20").name == "esc:5,40|ahead:3,20"
    assert rule("esc:5|ahead:3,20").cap == 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("betta:0.9", "use beta"),
        ("", "no stopping rule"),
        ("beta:x", "like 'beta:0.95,40'"),
        ("ahead:3,40,5", "like 'ahead:3,40'"),
        ("ahead:2.5", "like 'ahead:3,40'"),
        ("beta:0.4", "between 0.5 and 1"),
        ("fixed:0", "at least 1"),
        ("esc:5,0", "cap of at least 1"),
        ("share:1.5", "share above 0"),
        ("beta:nan", "between 0.5 and 1"),
        ("ahead:inf", "like 'ahead:3,40'"),
    ],
)
def test_a_wrong_rule_says_what_to_write(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rule(text)


@cache
def gsm8k(every: int) -> list[tuple[list[int | None], set[int | None]]]:
    """Return for each question the labels of its samples, and which label is right."""
    path = DATA / "gsm8k_zeroeval_44models.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not here; set MANYMINDS_DATA")
    read = extractor("number")
    questions: list[tuple[list[int | None], set[int | None]]] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for at, line in enumerate(lines):
            if at % every == 0:
                row = json.loads(line)
                answers = [read.extract(sample["text"]) for sample in row["samples"]]
                numbered = labels([*answers, row["answer"]], "number")
                questions.append((numbered[:-1], {numbered[-1]}))
    return questions


def measured(which: StoppingRule, every: int, repeats: int = 5) -> tuple[float, float, float]:
    """Return accuracy, samples and waves a question, the samples permuted and at most 40."""
    right = samples = rounds = runs = 0
    rng = random.Random(0)
    for votes, gold in gsm8k(every):
        for _ in range(repeats):
            stream = rng.sample(votes, min(40, len(votes)))
            asked, waves = in_waves(which, stream)
            asked = min(asked, len(stream))
            cast = [vote for vote in stream[:asked] if vote is not None]
            winner = max(cast, key=cast.count, default=None)  # the first of the most frequent
            right, samples = right + (winner in gold), samples + asked
            rounds, runs = rounds + waves, runs + 1
    return right / runs, samples / runs, rounds / runs


@pytest.mark.parametrize(
    "every",
    [
        pytest.param(12, marks=pytest.mark.integration),  # reads 4,840 replies
        pytest.param(1, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    ("make", "accuracy", "samples", "rounds"),
    [(beta, 0.966, 6.6, 2.0), (esc, 0.96, 10.5, 2.2), (ahead_by, 0.962, 4.2, 2.0)],
)
def test_adaptive_votes_on_recorded_answers(
    make: Callable[[], StoppingRule], accuracy: float, samples: float, rounds: float, every: int
) -> None:
    found = measured(make(), every)
    print(
        f"{make.__name__}: accuracy {found[0]:.4f}, samples {found[1]:.2f}, rounds {found[2]:.2f}"
    )
    assert found[0] >= accuracy
    assert found[1] <= samples
    assert found[2] <= rounds
