import asyncio
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig

from manyminds.errors import AnswerError
from manyminds.models.simulated.hanoi import SimulatedStepper
from manyminds.tasks import Hanoi, RedFlag

TASK = Hanoi()
STATES: list[Any] = [{"pegs": "AAAAA", "moves": 0}]
RIGHT = SimulatedStepper(accuracy=1.0)
while not TASK.done(STATES[-1]):
    said = RIGHT.invoke(TASK.prompt(STATES[-1])).text
    STATES.append(TASK.apply(STATES[-1], TASK.parse(said, STATES[-1])))
STATES.pop()


def at(**metadata: object) -> RunnableConfig:
    return RunnableConfig(metadata=dict(metadata))


def moves(model: SimulatedStepper, draws: int = 40) -> list[list[str]]:
    """For each state on the way, what the draws say."""
    return [
        [model.invoke(TASK.prompt(state), at(member="m", draw=d)).text for d in range(draws)]
        for state in STATES
    ]


def test_it_is_right_as_often_as_it_says_and_its_errors_are_allowed_moves() -> None:
    right = [RIGHT.invoke(TASK.prompt(state)).text for state in STATES]
    hits = total = 0
    for state, said, best in zip(STATES, moves(SimulatedStepper(accuracy=0.8)), right, strict=True):
        hits, total = hits + said.count(best), total + len(said)
        for reply in said:
            TASK.parse(reply, state)  # raises where it is no allowed move
    assert 0.76 < hits / total < 0.84


def test_rambling_is_flagged() -> None:
    model = SimulatedStepper(accuracy=1.0, rambling=0.5)
    flagged = 0
    for state, said in zip(STATES, moves(model, 20), strict=True):
        for reply in said:
            try:
                TASK.parse(reply, state)
            except RedFlag:
                flagged += 1
    assert 0.4 < flagged / (20 * len(STATES)) < 0.6


@pytest.mark.integration
def test_it_repeats_itself_and_another_seed_or_member_errs_elsewhere() -> None:
    model = SimulatedStepper(accuracy=0.5)
    assert moves(model) == moves(model)
    assert moves(model) != moves(SimulatedStepper(accuracy=0.5, seed=1))
    prompt = TASK.prompt(STATES[0])
    both = [[model.invoke(prompt, at(member=m, draw=d)).text for d in range(40)] for m in "ab"]
    assert both[0] != both[1]
    assert asyncio.run(model.ainvoke(prompt, at(member="a", draw=3))).text == both[0][3]


def test_it_says_that_it_is_simulated_and_what_it_used() -> None:
    message = RIGHT.invoke(TASK.prompt(STATES[0]))
    assert message.response_metadata == {"simulated": True, "model_name": "stepper"}
    assert message.usage_metadata is not None and message.usage_metadata["output_tokens"] == 4


def test_it_only_moves_disks() -> None:
    with pytest.raises(AnswerError, match="only moves disks") as raised:
        RIGHT.invoke("What is the capital of France?")
    assert raised.value.kind == "invalid_request" and not raised.value.retriable
