"""Votes on one step, on hand-made proposals."""

import pytest

from manyminds.nodes.step_vote import by_statement
from manyminds.tasks import Reasoning

TASK = Reasoning()


@pytest.mark.parametrize(
    ("steps", "winner", "finished"),
    [
        (["Two cats have 8 legs.", "4 + 4 = 8", "Bananas: there are 3.", None], 0, (0, 3)),
        (["There are 9.", "4 + 4 = 8", "Two cats have 4 * 2 = 8 legs"], 1, (0, 3)),
        (["Final answer: 9", "**Final answer:** 8", "Final answer: 8 legs", "4 = 4"], 1, (3, 1)),
        (["Final answer: 8", "To get the final answer, we add: 4 + 4 = 8"], 1, (1, 1)),
        (["Final answer: 8", "Final answer: 8", "4 is 4", "It is 4", "So it has 4"], 2, (2, 3)),
        (["Add both.", "Add them both.", "Bananas."], 0, (0, 3)),
    ],
)
def test_finished_is_a_vote_of_its_own_and_steps_are_compared_by_what_they_state(
    steps: list[str | None], winner: int, finished: tuple[int, int]
) -> None:
    ballot = by_statement(TASK, steps)
    assert ballot["winner"] == winner and ballot["answer"] == steps[winner]
    assert ballot["finished"] == {"yes": finished[0], "no": finished[1]}


def test_answers_that_nobody_can_read_are_chosen_by_likeness() -> None:
    steps = ["Final answer: I cannot say", "Final answer: I cannot say it"]
    assert by_statement(TASK, steps)["answer"] in steps
