"""Best of n: who is scored by what, and what happens when the scorer fails."""

import asyncio
import json
from typing import Any

import pytest
from helpers.graphs import call, every_way, user

from manyminds import Budget, InputError, Member, QuorumError
from manyminds.fence import parse_numbered
from manyminds.graphs.best_of_n import create_best_of_n
from manyminds.testing import Answer, Metadata, ScriptedChatModel

DOWN = ValueError("down")


def drawn(*answers: Answer) -> ScriptedChatModel:
    """Return a model whose sample n is the answer n."""

    def script(_messages: object, data: Metadata) -> Answer:
        return answers[int(data["draw"]) % len(answers)]

    return ScriptedChatModel(script)


def rater(**scores: object) -> ScriptedChatModel:
    """Return a rater that scores answers by their text."""

    def script(messages: Any, _data: Metadata) -> str:
        ((_, text),) = parse_numbered("\n".join(m.text for m in messages))
        return json.dumps({"reason": "so", "score": scores[text]})

    return ScriptedChatModel(script)


def longest(text: str) -> int:
    return len(text)


async def longest_later(text: str) -> float:
    await asyncio.sleep(0)
    return float(len(text))


def passes(text: str) -> tuple[bool, str]:
    return text == "abc", "too short"


async def run(members: Any, **options: Any) -> dict[str, Any]:
    return await create_best_of_n(members, **options).compile().ainvoke(user())


@every_way
@pytest.mark.parametrize("scorer", [longest, longest_later, passes])
async def test_a_function_scores(way: str, scorer: Any) -> None:
    app = create_best_of_n(drawn("a", "abc", "ab"), samples=3, scorer=scorer).compile()
    result = await call(app, way, user())
    assert result["answer"] == "abc"
    report = result["report"]
    assert report["calls"] == 3 and report["degraded"] is None
    assert result["ballot"]["scores"][1] == max(result["ballot"]["scores"])


async def test_a_member_rates_each_answer_by_itself() -> None:
    judge = rater(a=3, b=8, c=5)
    result = (
        await create_best_of_n(drawn("a", "b", "c"), samples=3, scorer=judge)
        .compile()
        .ainvoke(user("Why?"))
    )
    assert result["answer"] == "b" and result["ballot"]["scores"] == [3, 8, 5]
    assert len(judge.calls) == 3 and result["report"]["roles"]["scorer"]["calls"] == 3
    assert len({c.metadata["index"] for c in judge.calls}) == 3
    assert all(c.params.get("temperature") == 0 for c in judge.calls)


async def test_an_outlier_loses_against_the_majority_of_the_bests() -> None:
    says = ["The answer is 4.", "The answer is 9.", "So 4 it is. The answer is 4."]
    scores = dict(zip(says, (8, 10, 8), strict=True))
    model = drawn(says[0], says[1], says[2], says[0], says[2], says[0])

    async def answer(vote: Any) -> str:
        graph = create_best_of_n(model, samples=6, scorer=lambda text: scores[text], vote=vote)
        return str((await graph.compile().ainvoke(user()))["answer"])

    assert await answer("best") == says[1]
    assert await answer("majority-of-bests") == says[0]


async def test_members_are_sampled_in_turn() -> None:
    one, other = drawn("a", "aaa"), drawn("aa")
    result = (
        await create_best_of_n([one, other], samples=3, scorer=longest).compile().ainvoke(user())
    )
    assert [c["member"] for c in result["candidates"]] == ["scripted", "scripted-2", "scripted"]
    assert result["answer"] == "aaa"


async def test_a_test_that_raises_leaves_the_others() -> None:
    def flaky(text: str) -> int:
        return 1 // (len(text) - 3)

    result = (
        await create_best_of_n(drawn("abc", "abcd"), samples=2, scorer=flaky)
        .compile()
        .ainvoke(user())
    )
    assert result["answer"] == "abcd"
    assert "1 of 2 answers have no score: the scorer raised ZeroDivisionError" in str(
        result["report"]["degraded"]
    )


async def test_nonsense_is_no_score() -> None:
    judge = ScriptedChatModel("It is fine, I suppose.")
    result = await run(drawn("a b c", "a b d", "x"), samples=3, scorer=judge)
    assert result["answer"] == "a b c" and len(judge.calls) == 6
    assert "no answer has a score" in result["report"]["degraded"]


async def test_the_next_rater_rates_all_where_the_first_is_down() -> None:
    second = rater(a=1, b=2)
    graph = create_best_of_n(drawn("a", "b"), samples=2, scorer=[ScriptedChatModel(DOWN), second])
    result = await graph.compile().ainvoke(user())
    assert result["answer"] == "b" and len(second.calls) == 2


async def test_infinite_scores_are_none() -> None:
    values = {"a": float("inf"), "b": 2.0, "c": float("nan")}
    graph = create_best_of_n(drawn("a", "b", "c"), samples=3, scorer=lambda text: values[text])
    assert (await graph.compile().ainvoke(user()))["answer"] == "b"


async def test_a_score_that_is_no_number_is_one_sentence() -> None:
    words: Any = str.upper
    graph = create_best_of_n(drawn("a"), samples=1, scorer=words)
    with pytest.raises(InputError, match="the scorer returned 'A': return a number"):
        await graph.compile().ainvoke(user())


async def test_a_budget_leaves_room_for_the_scores() -> None:
    judge = rater(a=3, b=8)
    graph = create_best_of_n(drawn("a", "b"), samples=8, scorer=judge, budget=Budget(calls=4))
    result = await graph.compile().ainvoke(user())
    assert result["answer"] == "b" and result["report"]["calls"] == 4
    assert "room for 2 of 8 answers" in result["report"]["degraded"]


async def test_nobody_answers_and_too_few_answer() -> None:
    with pytest.raises(QuorumError, match="down"):
        await create_best_of_n(drawn(DOWN), scorer=longest).compile().ainvoke(user())
    graph = create_best_of_n(drawn("a", DOWN), samples=4, scorer=longest, quorum="75%")
    with pytest.raises(QuorumError, match="the quorum is 3"):
        await graph.compile().ainvoke(user())


@pytest.mark.parametrize(
    ("options", "says"),
    [({"samples": 0}, "samples=0"), ({"vote": "most"}, "vote='most'"), ({"quorum": 9}, "quorum=9")],
)
def test_what_cannot_be_used(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        create_best_of_n([Member("simulated:small")], **options)
