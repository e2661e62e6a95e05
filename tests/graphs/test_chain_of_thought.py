from typing import Any

import pytest
from helpers.graphs import call, every_way, shown, user

from manyminds import (
    InputError,
    Member,
    PromptError,
    QuorumError,
    create_agent_forest,
    create_chain_of_thought,
)
from manyminds.testing import ScriptedChatModel

STEPS = "6 * 7 = 42.\nFinal answer: 42"


@every_way
@pytest.mark.parametrize("zero_shot", [True, False])
async def test_one_call_reasons_first(way: str, zero_shot: bool) -> None:
    model = ScriptedChatModel(STEPS)
    app = create_chain_of_thought(model, zero_shot=zero_shot).compile()
    result = await call(app, way, user())
    (asked,) = model.calls
    kinds = [message.type for message in asked.messages]
    assert kinds == ["system", "human"] and asked.messages[1].text == user()["messages"][0][1]
    assert ("Question:" in asked.prompt) is not zero_shot
    assert result["answer"] == result["messages"][-1].text == STEPS
    assert result["report"]["calls"] == 1 and result["report"]["degraded"] is None
    (ref,) = result["report"]["prompts"]
    assert ref.startswith("cot/zero_shot@1#" if zero_shot else "cot/worked@1#")


async def test_examples_of_the_callers_come_instead_of_ours() -> None:
    model = ScriptedChatModel(STEPS)
    pairs = [("2 + 2?", "Steps: {two} and two.\nFinal answer: 4"), ("3 + 3?", "6")]
    await create_chain_of_thought(model, examples=pairs).compile().ainvoke(user())
    system = model.calls[0].messages[0].text
    assert system.endswith(
        "Question: 2 + 2?\nSteps: {two} and two.\nFinal answer: 4\n\nQuestion: 3 + 3?\n6"
    )
    assert "baker" not in system


async def test_tokens_stream_once() -> None:
    model = ScriptedChatModel(STEPS)
    seen = await shown(create_chain_of_thought(model).compile(), user())
    assert "".join(seen.texts(whole=False)) == STEPS
    assert seen.texts(whole=True) == []


async def test_sampled_and_voted_it_is_self_consistency() -> None:
    model = ScriptedChatModel(lambda _m, data: f"Final answer: {40 + min(data['draw'], 2)}")
    chain = create_chain_of_thought(model)
    result = await create_agent_forest([chain], samples=5).compile().ainvoke(user())
    assert result["ballot"]["answer"] == "42"
    assert sorted(call.metadata["draw"] for call in model.calls) == [0, 1, 2, 3, 4]
    assert all("Question:" in call.prompt for call in model.calls)
    assert result["report"]["calls"] == 5
    assert result["report"]["tokens"] == {"input": 50, "output": 25}


def test_wrong_arguments() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"zero_shot": True, "examples": [("a", "b")]}, "leave one of the two out"),
        ({"examples": []}, "give at least one, or zero_shot=True"),
    ]
    for options, message in wrong:
        with pytest.raises(InputError, match=message):
            create_chain_of_thought(ScriptedChatModel(), **options)
    with pytest.raises(PromptError, match="answers"):
        create_chain_of_thought(ScriptedChatModel(), prompt="Read {{{answers}}} first")


async def test_a_failure_is_no_answer() -> None:
    app = create_chain_of_thought(
        Member(ScriptedChatModel(ValueError("broken")), name="m")
    ).compile()
    with pytest.raises(QuorumError, match="m: error: broken"):
        await app.ainvoke(user())


def test_the_member_is_drawn() -> None:
    drawn = (
        create_chain_of_thought(Member(ScriptedChatModel(), name="thinker")).compile().get_graph()
    )
    edges = {(edge.source, edge.target) for edge in drawn.edges}
    assert {("begin", "thinker"), ("thinker", "finish")} <= edges
