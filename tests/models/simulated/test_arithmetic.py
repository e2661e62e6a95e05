import pytest

from manyminds.errors import InputError
from manyminds.models.simulated.arithmetic import MAX_STEPS, questions, read_question, slips, solve


@pytest.mark.parametrize("steps", [1, 5, MAX_STEPS])
def test_questions_can_be_read_and_their_answers_are_right(steps: int) -> None:
    for row in questions(50, steps, seed=3):
        chain = read_question(row["question"])
        assert chain is not None and len(chain.steps) == len(chain.traits) == steps
        assert chain.text == row["question"]
        value = chain.start
        for step in chain.steps:
            value = {
                "+": value + step.operand,
                "-": value - step.operand,
                "*": value * step.operand,
            }[step.sign]
        assert str(value) == str(solve(chain)) == row["answer"]


def test_questions_follow_from_their_arguments() -> None:
    assert questions(20, 5, 1) == questions(20, 5, 1)
    texts = {row["question"] for seed in range(3) for row in questions(100, 5, seed)}
    assert len(texts) == 300
    assert len({row["id"] for row in questions(60, [4, 5, 6])}) == 60
    lengths = [row["question"].count(".") - 1 for row in questions(6, [4, 5, 6])]
    assert lengths == [4, 5, 6, 4, 5, 6]


def test_difficulty_makes_numbers_longer_and_steps_harder() -> None:
    def hardness(difficulty: float) -> float:
        rows = questions(200, 5, difficulty=difficulty)
        chains = [chain for row in rows if (chain := read_question(row["question"]))]
        return sum(trait.hardness for chain in chains for trait in chain.traits) / 1000

    assert hardness(0.0) + 0.3 < hardness(0.5) < hardness(1.0) - 0.3


def test_the_last_question_of_a_text_is_read() -> None:
    text = (
        "Start with 1. Add 2. What is the result?\nNow: Start with 7.\nMultiply by 6. "
        "Subtract 2.  What is the result? Please show your work. Add 5."
    )
    chain = read_question(text)
    assert chain is not None and solve(chain) == 40


@pytest.mark.parametrize("text", ["", "What is 2 + 2?", "Start with 1. What is the result?"])
def test_other_texts_are_no_question(text: str) -> None:
    assert read_question(text) is None


def test_slips_are_wrong_and_different() -> None:
    for row in questions(100, 3, difficulty=0):
        chain = read_question(row["question"])
        assert chain is not None
        value = chain.start
        for step in chain.steps:
            wrong = slips(step, value)
            assert len(wrong) == len(set(wrong)) >= 4 and step.apply(value) not in wrong
            value = step.apply(value)


@pytest.mark.parametrize(
    "n, steps, difficulty",
    [(-1, 5, 0.5), (1, 0, 0.5), (1, MAX_STEPS + 1, 0.5), (1, [], 0.5), (1, 5, 3.5)],
)
def test_impossible_questions_are_refused(
    n: int, steps: int | list[int], difficulty: float
) -> None:
    with pytest.raises(InputError, match="questions: give"):
        questions(n, steps, difficulty=difficulty)
