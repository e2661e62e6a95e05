from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyminds.errors import InputError
from manyminds.models.simulated.arithmetic import MAX_STEPS, questions
from manyminds.tasks import TASKS, Arithmetic, Hanoi, Reasoning, RedFlag, task

TASK = Arithmetic()
QUESTION = "Start with 17. Add 5. Multiply by 3. Subtract 100. What is the result?"


def test_it_asks_one_operation_after_the_other() -> None:
    state: Any = TASK.start(QUESTION)
    asked: list[str] = []
    for result in ("22", "66", "-34"):
        assert not TASK.done(state)
        asked.append(TASK.prompt(state)[0].text)
        state = TASK.apply(state, result)
    assert TASK.done(state) and TASK.answer(state) == "The answer is -34."
    assert asked == [
        "Start with 17. Add 5. What is the result?",
        "Start with 22. Multiply by 3. What is the result?",
        "Start with 66. Subtract 100. What is the result?",
    ]


def test_a_wrong_step_is_carried_on() -> None:
    state: Any = TASK.apply(TASK.start(QUESTION), "23")
    assert "Start with 23. Multiply" in TASK.prompt(state)[0].text


@pytest.mark.parametrize("steps", [1, MAX_STEPS])
def test_right_steps_give_the_right_answer(steps: int) -> None:
    row = questions(1, steps, seed=9)[0]
    state: Any = TASK.start(row["question"])
    for _ in range(steps):
        sign, operand = state["steps"][state["next"]]
        value = state["value"]
        right = {"+": value + operand, "-": value - operand, "*": value * operand}[sign]
        state = TASK.apply(state, str(right))
    assert TASK.answer(state) == f"The answer is {row['answer']}."


@pytest.mark.parametrize(
    ("reply", "step"),
    [
        ("17 + 5 = 22\nThe answer is 22.", "22"),
        ("The answer is 1,234.", "1234"),
        ("-7", "-7"),
        ("The answer is 007.", "7"),
    ],
)
def test_equal_results_are_one_step(reply: str, step: str) -> None:
    assert TASK.parse(reply, TASK.start(QUESTION)) == step


@pytest.mark.parametrize("reply", ["", "I cannot say.", "The answer is 2.5.", "The answer is 1/2."])
def test_what_is_no_whole_number_is_flagged(reply: str) -> None:
    with pytest.raises(RedFlag, match="no whole number"):
        TASK.parse(reply, TASK.start(QUESTION))


@given(st.text(max_size=200))
def test_parsing_gives_a_whole_number_or_a_flag(reply: str) -> None:
    try:
        step = TASK.parse(reply, {})
    except RedFlag:
        return
    assert str(int(step)) == step


def test_other_questions_are_refused() -> None:
    with pytest.raises(InputError, match="Arithmetic: ask 'Start with 17"):
        TASK.start("What is 2 + 2?")


def test_tasks_by_name() -> None:
    assert set(TASKS) == {"arithmetic", "hanoi", "reasoning"}
    kinds = (Arithmetic, Hanoi, Reasoning)
    assert [type(task(name)) for name in ("arithmetic", "hanoi", "reasoning")] == [*kinds]
    assert all(task(kind.name).name == kind.name for kind in kinds)
    own = Hanoi(3)
    assert task(own) is own
    with pytest.raises(InputError, match="there is no task 'hannoi': use hanoi, or a StepTask"):
        task("hannoi")
    with pytest.raises(InputError, match="arithmetic or hanoi or reasoning"):
        task("xyz")


def test_a_number_longer_than_python_reads_is_a_flag() -> None:
    task = Arithmetic()
    with pytest.raises(RedFlag):
        task.parse("9" * 5_000, task.start("Start with 7. Add 5. What is the result?"))
