"""Votes on one step, on hand-made proposals."""

import pytest
from helpers.candidates import candidate

from manyminds import Candidate, Member, RunError
from manyminds.nodes.step_vote import StepVoting, by_statement, cut_short
from manyminds.tasks import Arithmetic, Reasoning, StepTask
from manyminds.testing import ScriptedChatModel
from manyminds.votes import stopping

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


def voting(task: StepTask, vote: str, rule: str, redraws: int = 1) -> StepVoting:
    members = (Member(ScriptedChatModel(), name="m"),)
    return StepVoting(members, task, vote, stopping.rule(rule), redraws, {})


def proposals(*steps: str | None) -> list[Candidate]:
    return [candidate(step, index=n, answer=step) for n, step in enumerate(steps)]


def test_the_rule_counts_steps_that_state_the_same() -> None:
    seen = proposals("Two cats have 8 legs.", "4 + 4 = 8")
    assert voting(TASK, "stated", "ahead:2").decided(seen) is not None
    assert voting(Arithmetic(), "majority", "ahead:2").decided(seen) is None
    ends = proposals("Final answer: 8", "4 + 4 = 8")
    assert voting(TASK, "stated", "ahead:2").decided(ends) is None


def test_failed_proposals_are_replaced_and_their_number_is_limited() -> None:
    config = voting(TASK, "stated", "fixed:2")
    assert config.decided(proposals("It is 8.", None)) is None
    assert (config.decided(proposals("It is 8.", None, None)) or "").startswith("cap: 3 drawn")
    with pytest.raises(RunError, match="all 3 proposals failed"):
        config.decided(proposals(None, None, None))


def test_an_unasked_proposal_cuts_the_step_short() -> None:
    seen = proposals("It is 8.", None)
    assert not cut_short(seen)
    seen[1]["status"] = "skipped"
    assert cut_short(seen)
