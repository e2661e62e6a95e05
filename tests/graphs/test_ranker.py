import re
from typing import Any

import pytest
from helpers.graphs import call, every_way, user

from manyminds import InputError, Member, QuorumError, create_moa_lite, create_ranker
from manyminds.fence import parse_numbered
from manyminds.graphs.ranker import INSTEAD, PROMPT
from manyminds.prompts import load
from manyminds.testing import ScriptedChatModel

EXAMPLE = re.findall(r"^\{.*\}$", load(PROMPT).text, re.MULTILINE)[0]


def members(n: int = 4) -> list[Member]:
    names = "abcdefgh"[:n]
    return [Member(ScriptedChatModel(f"answer of {name}"), name=name) for name in names]


def picking(text: str) -> ScriptedChatModel:
    """Pick the answer with this text, wherever it stands."""

    def script(messages: Any, _data: Any) -> str:
        shown = parse_numbered(messages[-1].text)
        number = next(number for number, answer in shown if answer == text)
        return f'{{"reason": "It is the best.", "choice": {number}}}'

    return ScriptedChatModel(script)


@every_way
async def test_one_pick_word_for_word(way: str) -> None:
    judge = picking("answer of c")
    result = await call(create_ranker(members(), ranker=judge).compile(), way, user())
    assert result["answer"] == result["messages"][-1].text == "answer of c"
    assert result["report"]["answered_by"] == "c" and result["report"]["calls"] == 5
    assert result["report"]["roles_played_by"] == {"ranker": ["scripted"]}
    assert result["report"]["degraded"] is None and len(judge.calls) == 1


async def test_the_order_shown_is_shuffled_by_the_seed() -> None:
    orders: set[tuple[str, ...]] = set()
    for seed in range(8):
        judge = picking("answer of a")
        app = create_ranker(members(), ranker=judge, seed=seed).compile()
        assert (await app.ainvoke(user()))["answer"] == "answer of a"
        orders.add(tuple(text for _, text in parse_numbered(judge.calls[0].prompt)))
    assert len(orders) > 2 and {tuple(sorted(order)) for order in orders} == {
        tuple(f"answer of {name}" for name in "abcd")
    }


UNREADABLE = ["I cannot say.", '{"choice": 9}', "Answer 3 is the worst.", "bananas", EXAMPLE]


@pytest.mark.parametrize("reply", [*UNREADABLE, ValueError("broken")])
async def test_without_a_choice_the_most_typical_answer_is_taken_marked(reply: Any) -> None:
    said = ["the sky is blue", "the sky is so blue", "bananas"]
    asked = [Member(ScriptedChatModel(text), name=f"m{nth}") for nth, text in enumerate(said)]
    judge = ScriptedChatModel(reply)
    result = await create_ranker(asked, ranker=judge).compile().ainvoke(user())
    assert result["answer"] in said[:2]
    assert len(judge.calls) == (2 if isinstance(reply, str) else 1)
    assert "no ranker was usable" in result["report"]["degraded"]
    assert INSTEAD in result["report"]["degraded"]


async def test_failed_members_are_not_shown() -> None:
    asked = [*members(2), Member(ScriptedChatModel(ValueError("broken")), name="c")]
    judge = picking("answer of b")
    result = await create_ranker(asked, ranker=judge).compile().ainvoke(user())
    assert result["answer"] == "answer of b"
    assert len(parse_numbered(judge.calls[0].prompt)) == 2
    with pytest.raises(QuorumError):
        await create_ranker(asked, ranker=judge, quorum=3).compile().ainvoke(user())


async def test_the_first_member_ranks_by_default_with_a_draw_of_its_own() -> None:
    model = ScriptedChatModel(lambda _m, data: "1" if data["role"] == "ranker" else "an answer")
    result = await create_ranker([model]).compile().ainvoke(user())
    assert [call.metadata["role"] for call in model.calls] == ["proposer", "ranker"]
    assert model.calls[1].params["temperature"] == 0
    assert result["report"]["roles"]["ranker"]["read"] == {"parser": 1}
    assert result["report"]["roles_played_by"] == {"ranker": ["scripted"]}


async def test_a_node_of_the_hosts_may_pick() -> None:
    def last(state: Any) -> dict[str, Any]:
        return {"final": state["candidates"][-1]}

    result = await create_ranker(members(), ranker=last).compile().ainvoke(user())
    assert result["answer"] == "answer of d" and result["report"]["calls"] == 4


async def test_a_method_ranks_and_is_ranked() -> None:
    inner = create_moa_lite(members(2), aggregator=Member(ScriptedChatModel("merged"), name="z"))
    judge = picking("merged")
    app = create_ranker([inner, *members(2)], ranker=judge).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == "merged" and result["report"]["calls"] == 3 + 2 + 1


def test_wrong_arguments() -> None:
    with pytest.raises(InputError, match="quorum=5"):
        create_ranker(members(2), quorum=5)


@pytest.mark.parametrize(
    "reply", ["I choose answer {}.", "{{'reason': 'it is right', 'choice': {}}}", "{}", "({})"]
)
async def test_a_choice_in_other_forms_is_read(reply: str) -> None:
    def script(messages: Any, _data: Any) -> str:
        shown = {text: number for number, text in parse_numbered(messages[-1].text)}
        return reply.format(shown["answer of b"])

    app = create_ranker(members(), ranker=ScriptedChatModel(script)).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == "answer of b" and result["report"]["calls"] == 5


async def test_equal_answers_are_shown_once_with_their_number() -> None:
    said = ["Paris", "It is Paris.", "Lyon", "Paris"]
    asked = [Member(ScriptedChatModel(text), name=f"m{nth}") for nth, text in enumerate(said)]
    judge = picking("Paris")
    result = await create_ranker(asked, ranker=judge).compile().ainvoke(user("The capital?"))
    (call_,) = judge.calls
    assert sorted(text for _, text in parse_numbered(call_.prompt)) == ["Lyon", "Paris"]
    assert 'given-by="3 of 4"' in call_.prompt and result["report"]["answered_by"] == "m0"
    assert [kind for kind, _ in call_.texts] == ["system", "human", "ai", "human"]
