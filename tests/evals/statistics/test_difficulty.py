import pytest

from manyminds.errors import InputError
from manyminds.evals.statistics.difficulty import bands, gains, prior, steps
from manyminds.evals.statistics.paired import difference


def test_a_vote_is_measured_in_each_group() -> None:
    groups = ["hard", "easy", "hard", "easy", "hard"]
    single, voted = [0.2, 0.8, 0.4, 0.6, 0.3], [0.0, 1.0, 1.0, 1.0, 0.0]
    hard, easy = gains(groups, single, voted)
    assert (hard.group, hard.n, easy.group, easy.n) == ("hard", 3, "easy", 2)
    assert hard.single == pytest.approx(0.3) and hard.voted == pytest.approx(1 / 3)
    assert easy.gain == pytest.approx(0.3)
    assert easy.gain_interval == difference([1.0, 1.0], [0.8, 0.6])[1]
    with pytest.raises(InputError, match="for every question"):
        gains(["a"], [0.1, 0.2], [1.0])


def test_bands_are_numbered_from_the_hardest() -> None:
    assert bands([0.0, 0.3, 0.31, 0.9, 1.0], [0.3, 0.9]) == [0, 1, 1, 2, 2]


def test_options_give_the_prior() -> None:
    assert prior("Which?\nA) one\nB) two\nC) three\n(D) four") == 1 / 4
    assert prior("Which?\nA. one\nB. two") == 1 / 2
    assert prior("What is 3 + 4?") is None
    assert prior("B) a list that starts elsewhere\nC) is none") is None


def test_calculations_are_steps() -> None:
    assert steps("She has 3*2=<<3*2=6>>6 eggs and <<6-1=5>>5 left. #### 5") == 2
    assert steps("Five.") is None
