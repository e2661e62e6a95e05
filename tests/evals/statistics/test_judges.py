import numpy as np
import pytest
from helpers.statsmodels_parts import statsmodels

from manyminds.errors import InputError
from manyminds.evals.statistics.judges import (
    Judgement,
    consistency,
    preferences,
    repeatability,
)


def judged(n: int, *, first: float, longer: float, both: bool = True) -> list[Judgement]:
    """Judge answers of which none is better: by place, by length, else by chance."""
    random, found = np.random.default_rng(7), list[Judgement]()
    for question in range(n):
        lengths = {"a": int(random.integers(50, 900)), "b": int(random.integers(50, 900))}
        liked = "a" if random.random() < 0.5 else "b"
        orders = [("a", "b"), ("b", "a")] if both else [("a", "b")]
        for shown in orders:
            draw = random.random()
            if draw < first:
                winner = shown[0]
            elif draw < first + longer:
                winner = max(shown, key=lambda name: lengths[name])
            else:
                winner = liked
            sizes = lengths[shown[0]], lengths[shown[1]]
            found.append(Judgement(f"q{question}", shown, sizes, shown.index(winner)))
    return found


def test_an_honest_judge_is_not_accused() -> None:
    assert not any(one.caught for one in preferences(judged(300, first=0, longer=0)))
    assert consistency(judged(300, first=0, longer=0)) == (1.0, 300)


def test_a_judge_that_prefers_the_first_is_caught_and_by_how_much() -> None:
    first, longer = preferences(judged(300, first=0.4, longer=0))
    assert first.caught and first.interval[0] <= 0.7 <= first.interval[1]
    assert not longer.caught
    assert "chose the first answer in" in str(first) and "a preference" in str(first)
    same, pairs = consistency(judged(300, first=0.4, longer=0))
    assert pairs == 300 and same < 0.8


def test_a_judge_that_prefers_the_longer_is_caught_and_by_how_much() -> None:
    first, longer = preferences(judged(300, first=0, longer=0.5, both=False))
    assert not first.caught and longer.caught
    assert longer.interval[0] <= 0.75 <= longer.interval[1]
    assert consistency(judged(10, first=0, longer=0, both=False)) == (0.0, 0)


def test_kappa_agrees_with_statsmodels() -> None:
    random = np.random.default_rng(2)
    truth = random.integers(0, 3, size=60)
    verdicts = [
        [int(true if random.random() < 0.7 else random.integers(0, 3)) for _ in range(4)]
        for true in truth
    ]
    found = repeatability(verdicts)
    raters = statsmodels("stats.inter_rater")
    expected = raters.fleiss_kappa(raters.aggregate_raters(np.array(verdicts))[0])
    assert found.kappa == pytest.approx(float(expected)) and found.items == 60
    assert repeatability([["A", "A"], ["A"]]).agreement == 1.0
    with pytest.raises(InputError, match="two verdicts"):
        repeatability([["A"]])


def test_without_judgements_it_is_one_sentence() -> None:
    with pytest.raises(InputError, match="at least one judgement"):
        preferences([])
