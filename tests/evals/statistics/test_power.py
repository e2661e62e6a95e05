import numpy as np
import pytest
from helpers.statsmodels_parts import statsmodels

from manyminds.errors import InputError
from manyminds.evals.statistics.paired import mcnemar
from manyminds.evals.statistics.power import discordance_of, questions_needed, smallest_effect


def test_questions_and_effect_are_each_others_inverse() -> None:
    for n in (50, 300, 1_319):
        effect = smallest_effect(n, discordance=0.3)
        assert questions_needed(effect, discordance=0.3) == pytest.approx(n, abs=1)
    assert smallest_effect(400) < smallest_effect(100)
    assert smallest_effect(2, discordance=0.2) == 0.2, "two questions show nothing"


def test_it_agrees_with_statsmodels() -> None:
    effect, discordance = 0.05, 0.2
    standard = effect / (discordance - effect**2) ** 0.5
    expected = (
        statsmodels("stats.power")
        .NormalIndPower(ddof=0)
        .solve_power(standard, power=0.8, alpha=0.05, ratio=0)
    )
    assert questions_needed(effect, discordance=discordance) == pytest.approx(expected, abs=1)


def test_an_effect_of_that_size_is_found_as_often_as_it_says() -> None:
    n, discordance = 400, 0.2
    effect = smallest_effect(n, discordance=discordance)
    chances = [(discordance + effect) / 2, (discordance - effect) / 2, 1 - discordance]
    random = np.random.default_rng(1)
    draws = random.multinomial(n, chances, size=400)
    found = sum(mcnemar(int(better), int(worse)) < 0.05 for better, worse, _ in draws)
    assert 0.70 <= found / 400 <= 0.86  # the exact test is a little weaker than the normal one


def test_accuracies_bound_the_discordance() -> None:
    assert discordance_of(0.9, 0.8) == pytest.approx((0.1, 0.3))


@pytest.mark.parametrize("effect", [0.0, 0.3])
def test_an_effect_above_the_discordance_is_refused(effect: float) -> None:
    with pytest.raises(InputError, match="at most the discordance"):
        questions_needed(effect, discordance=0.2)
    with pytest.raises(InputError, match="at least 1 question"):
        smallest_effect(0)
    with pytest.raises(InputError, match="between 0 and 1"):
        smallest_effect(10, power=1.0)
