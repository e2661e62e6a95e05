"""Cascade: which stage answers, on what ground, and what happens when stages fail."""

from typing import Any

import pytest
from helpers.graphs import call, every_way, shown, user
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import Budget, Context, InputError, Member, Price, QuorumError, create_agent_forest
from manyminds.graphs.cascade import create_cascade
from manyminds.presets import Preset
from manyminds.testing import Answer, ScriptedChatModel, ScriptedReply

DOWN = ValueError("down")


def says(*answers: int | Answer) -> ScriptedChatModel:
    """Return a model that states these answers in turn."""
    given = [f"The answer is {a}." if isinstance(a, int) else a for a in answers]
    return ScriptedChatModel(given)


async def run(*stages: Any, **options: Any) -> dict[str, Any]:
    return await create_cascade(list(stages), **options).compile().ainvoke(user())


def grounds(result: dict[str, Any]) -> list[tuple[bool, str]]:
    return [(stage["stands"], stage["why"]) for stage in result["stages"]]


@every_way
async def test_a_stage_that_agrees_answers_and_the_next_is_not_asked(way: str) -> None:
    cheap, dear = says(4), says(5)
    result = await call(create_cascade([cheap, dear]).compile(), way, user())
    assert result["answer"] == "The answer is 4."
    assert (len(cheap.calls), len(dear.calls)) == (3, 0)
    assert grounds(result) == [(True, "100% of 3 replies agree")]
    report = result["report"]
    assert report["calls"] == 3 and report["degraded"] is None
    assert report["stages"] == result["stages"] and report["decision"]["agreement"] == 1


async def test_a_stage_that_disagrees_hands_on_and_the_last_is_asked_once() -> None:
    cheap, dear = says(4, 5, 6), says(7)
    result = await run(cheap, dear)
    assert result["answer"] == "The answer is 7." and len(dear.calls) == 1
    assert grounds(result) == [(False, "the replies disagree"), (True, "the last stage")]
    assert result["report"]["degraded"] is None


async def test_an_answer_that_two_stages_give_stands() -> None:
    def stages() -> list[ScriptedChatModel]:
        return [says(4, 4, 6), says(4, 4, 9), says(0)]

    result = await run(*stages())
    assert result["answer"] == "The answer is 4." and result["report"]["calls"] == 6
    assert grounds(result)[-1] == (True, "the answer of stage 1, too")
    assert (await run(*stages(), confirm=False))["answer"] == "The answer is 0."


async def test_answers_are_compared_however_they_are_worded() -> None:
    wordings = [
        "So it is 1,200 in total.\nThe answer is 1,200.",
        "Final answer: 1200.0",
        "**1200**",
    ]
    dear = says(5)
    result = await run(ScriptedChatModel(wordings), dear)
    assert not dear.calls and grounds(result)[0][0]


@pytest.mark.parametrize(("agree", "stands"), [(0.6, True), (0.7, False)])
async def test_a_share_of_the_replies_may_be_enough(agree: float, stands: bool) -> None:
    result = await run(says(4, 5, 4), says(9), agree=agree)
    assert result["stages"][0]["stands"] is stands
    assert result["stages"][0]["share"] == 0.667


async def test_a_stopping_rule_samples_until_it_is_sure() -> None:
    cheap = says(4, 5, 4, 4, 4)
    result = await run(cheap, says(9), samples=8, stop="ahead:3")
    assert len(cheap.calls) == 5 and grounds(result) == [(True, "ahead: by 3")]
    unsure = says(4, 5, 4, 5, 4, 5)
    result = await run(unsure, says(9), samples=6, stop="ahead:3")
    assert len(unsure.calls) == 4 + 2 and not grounds(result)[0][0]


ESSAY = "There are many sides to this, and reasonable people differ about each of them."


async def test_replies_without_an_answer_agree_on_nothing() -> None:
    result = await run(ScriptedChatModel(ESSAY), says(5))
    assert grounds(result)[0] == (False, "no answer could be read")
    assert result["answer"] == "The answer is 5."


async def test_one_reply_of_three_does_not_agree_with_itself() -> None:
    result = await run(says(4, DOWN), says(5))
    assert grounds(result)[0] == (False, "the replies disagree")


async def test_a_list_of_members_is_sampled_in_turn() -> None:
    panel = [says(4) for _ in range(5)]
    result = await run(panel, says(9))
    assert [len(model.calls) for model in panel] == [1] * 5 and result["report"]["calls"] == 5


async def test_a_panel_as_the_last_stage_votes_with_all_replies_of_the_run() -> None:
    stages = [[says(4, 4, 5)], [says(5), says(6), says(5)]]
    result = await create_cascade(stages).compile().ainvoke(user())
    assert result["answer"] == "The answer is 5."
    assert [stage["answer"] for stage in result["stages"]] == ["4", "5"]
    assert "no answer has more than half" in result["report"]["degraded"]


async def test_a_method_is_judged_by_its_own_vote() -> None:
    sure = create_agent_forest(says(4), samples=4, extract="number")
    torn = create_agent_forest(says(4, 5, 6, 4), samples=4, extract="number")
    result = await run(sure, says(9))
    assert result["answer"] == "The answer is 4." and result["report"]["calls"] == 4
    assert (await run(torn, says(9)))["answer"] == "The answer is 9."
    assert grounds(result) == [(True, "100% of its own vote agrees")]


async def test_the_last_stage_streams_and_no_other() -> None:
    app = create_cascade([says(4, 5, 6), says(7)]).compile()
    seen = await shown(app, user())
    assert "".join(seen.texts(whole=False)) == "The answer is 7." and not seen.texts(whole=True)


async def test_a_stage_that_is_down_is_passed_over() -> None:
    result = await run(says(DOWN), says(5, 5, 5), says(9))
    assert grounds(result) == [(False, "no answer (error)"), (True, "100% of 3 replies agree")]
    assert "3 of 6 calls gave no answer" in result["report"]["degraded"]


async def test_without_the_last_stage_the_replies_before_are_voted_on() -> None:
    result = await run(says(4, 5, 4), says(DOWN))
    assert result["answer"] == "The answer is 4."
    assert "the last stage gave no answer (error)" in result["report"]["degraded"]


async def test_nobody_answers() -> None:
    with pytest.raises(QuorumError, match="down"):
        await run(says(DOWN), says(DOWN))


async def test_a_budget_that_ends_leaves_the_vote_so_far() -> None:
    result = await run(says(4, 5, 4), says(5, 6, 5), says(9), budget=Budget(calls=5))
    assert result["report"]["calls"] == 5
    assert result["answer"] == "The answer is 5."
    assert "before stage 3" in result["report"]["degraded"]


async def test_a_deadline_cuts_the_late_replies_of_a_stage() -> None:
    late = ScriptedReply("The answer is 4.", delay=30)
    app = create_cascade([[says(4), says(4), says(late)], [says(9)]]).compile()
    result = await app.ainvoke(user(), context=Context(deadline=0.2))
    assert result["answer"] == "The answer is 4." and result["stages"][0]["stands"]


async def test_two_turns_and_a_member_in_two_stages_have_draws_of_their_own() -> None:
    model = says(4, 5, 6, 7)
    app = create_cascade([model, model]).compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    await app.ainvoke(user(), config)
    assert [one.metadata.get("draw") for one in model.calls[:3]] == [0, 1, 2]
    second = await app.ainvoke(user("And again?"), config)
    assert [stage["stage"] for stage in second["stages"]] == [1]


@pytest.mark.parametrize(
    ("options", "says_what"),
    [
        ({"samples": 0}, "samples=0: give at least 1"),
        ({"agree": 0}, "agree=0: give a share"),
        ({"agree": 1.5}, "agree=1.5"),
        ({"stop": "sure"}, "no stopping rule 'sure'"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(options: dict[str, Any], says_what: str) -> None:
    with pytest.raises(InputError, match=says_what):
        create_cascade([Member("simulated:small")], **options)


def test_stages_are_needed() -> None:
    with pytest.raises(InputError, match="stages: give at least one"):
        create_cascade([[]])


def at(price: float, model: ScriptedChatModel, name: str) -> Member:
    return Member(model, name=name, price=Price(input=price, output=price))


@pytest.mark.parametrize(
    ("preset", "order", "answer", "calls"),
    [
        ("budget", ["a", "b"], "The answer is 4.", 3),
        ("balanced", ["a", "b", "c"], "The answer is 4.", 6),
        ("quality", ["a", "b", "c"], "The answer is 9.", 11),
    ],
)
async def test_a_preset_orders_the_stages_by_price(
    preset: Preset, order: list[str], answer: str, calls: int
) -> None:
    stages = [at(30, says(9), "c"), at(1, says(4, 4, 6), "a"), at(5, says(4, 4, 8), "b")]
    result = await create_cascade(stages, preset=preset).compile().ainvoke(user())
    found = result["report"]["preset"]
    assert (found["name"], found["members"]) == (preset, order)
    assert found["dollars"]["a"] == pytest.approx(0.0015)
    assert (result["answer"], result["report"]["calls"]) == (answer, calls)


def test_a_preset_needs_prices() -> None:
    with pytest.raises(InputError, match="needs the price of every member, and that of scripted"):
        create_cascade([says(4)], preset="budget")
    with pytest.raises(InputError, match="give 'quality', 'balanced', 'budget'"):
        create_cascade([says(4)], preset="best")  # type: ignore[arg-type]


def cut(text: str) -> ScriptedChatModel:
    """Return a model whose replies the token limit cuts."""
    fields = {"response_metadata": {"finish_reason": "length"}}
    return ScriptedChatModel(ScriptedReply(text, fields=fields))


async def test_replies_that_the_token_limit_cut_agree_on_nothing() -> None:
    result = await run(cut("Let me see: 7 plus 12"), says(19))
    assert result["answer"] == "The answer is 19."
    assert grounds(result)[0] == (False, "no answer could be read")


async def test_a_last_reply_that_was_cut_stands_only_where_nothing_else_does() -> None:
    result = await run(says(19, 19, 4), cut("Well, 7 plus 12"))
    assert result["answer"] == "The answer is 19."
    assert grounds(result)[1] == (False, "the token limit cut the reply")
    unread = await run(ScriptedChatModel(ESSAY), cut("First of all, we"))
    assert unread["answer"] == "First of all, we"


@pytest.mark.parametrize(
    ("stop", "needs"),
    [
        ("certified:0.05", "samples=6"),
        ("beta:0.95", "samples=4"),
        ("esc:5", "samples=5"),
        ("ahead:3,2", "a rule with a larger cap"),
    ],
)
def test_a_rule_that_cannot_be_reached_says_what_it_needs(stop: str, needs: str) -> None:
    with pytest.raises(InputError, match=f"never stops within . samples: give {needs}"):
        create_cascade([says(1), says(2)], stop=stop)
    create_cascade([says(1), says(2)], stop=stop.removesuffix(",2"), samples=6)


async def test_a_rule_that_did_not_stop_is_the_reason() -> None:
    result = await run(says(4, 4, 4, 4, 4, 5), says(4), stop="certified:0.05", samples=6)
    assert grounds(result)[0] == (False, "certified:0.05,6 did not stop within 6 replies")


async def test_a_rule_holds_for_all_members_of_a_long_list() -> None:
    row = [says(4) for _ in range(6)]
    result = await run(row, says(9), samples=1, stop="certified:0.05")
    assert grounds(result) == [(True, "certified: 6 of 6, error <= 0.05")]


def test_a_preset_takes_no_samples_of_ones_own() -> None:
    priced = [Member(says(n), name=f"m{n}", price=Price(input=n, output=n)) for n in (1, 2)]
    with pytest.raises(InputError, match="sets samples, agree and confirm"):
        create_cascade(priced, preset="balanced", samples=7)


@pytest.mark.parametrize(("limit", "answer"), [(None, "The answer is 4."), (3, "The answer")])
async def test_a_last_stage_that_the_callers_own_limit_cut_stands(
    limit: int | None, answer: str
) -> None:
    cut = ScriptedReply("The answer", fields={"response_metadata": {"finish_reason": "length"}})
    app = create_cascade([says(4, 5, 4), says(cut)]).compile()
    result = await app.ainvoke(user(), context=Context(answer_tokens=limit))
    assert result["answer"] == answer and result["stages"][-1]["stands"] is (limit is not None)
