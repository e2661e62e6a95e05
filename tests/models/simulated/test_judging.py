import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig

from manyminds import Member, create_agent_forest, create_hierarchical_voting
from manyminds.fence import numbered
from manyminds.models.simulated.arithmetic import read_question
from manyminds.models.simulated.choices import option_questions
from manyminds.models.simulated.judging import form
from manyminds.models.simulated.model import MARK, SimulatedChatModel, from_string, questions
from manyminds.prompts import load
from manyminds.reading.roles import read_rating
from manyminds.reading.verdicts import read_plan
from manyminds.votes.votes import pick

SURE = SimulatedChatModel(skill=0.9999999)
UNSURE = SimulatedChatModel(skill=0.3, seed=5)
QUESTION = "Start with 17. Add 5. Multiply by 3. What is the result?"  # 66
FILLING = {
    "keep": "2", "layer": "1", "layers": "3", "agreement": "0.5", "scores": "5, 5", "most": "3",
    "count": "5", "role": "You add.", "ranking": "1, 2", "description": "sums", "task": "add",
}  # fmt: skip


def judged(
    name: str, *answers: object, model: SimulatedChatModel = SURE, question: str = QUESTION
) -> dict[str, Any]:
    texts = [f"The answer is {a}." if isinstance(a, int) else str(a) for a in answers]
    return verdict(ask(name, texts, model, question))


def ask(
    name: str,
    texts: list[str],
    model: SimulatedChatModel = SURE,
    question: str = QUESTION,
    **metadata: object,
) -> str:
    prompt = load(name)
    wanted = {key: FILLING[key] for key in prompt.variables if key != "answers"}
    if "answers" in prompt.variables:
        wanted["answers"] = numbered(texts)
    messages: list[BaseMessage] = [HumanMessage(question)] if question else []
    rendered = prompt.render(messages, **wanted)
    return model.invoke(rendered, RunnableConfig(metadata=dict(metadata))).text


def verdict(reply: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reply)
    assert found.pop("note") == MARK
    return found


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("universal/pick@1", ["choice"]),
        ("ranker/pick@1", ["choice", "reason"]),
        ("rater/score@1", ["score"]),
        ("ranker/pick@2", ["reason", "choice"]),
        ("smoa/judge@1", ["order", "scores", "reasons"]),
        ("smoa/judge@2", ["answers"]),
        ("smoa/moderator@2", ["reason", "stop"]),
        ("smoa/judge_moderator@2", ["answers", "reason", "stop"]),
        ("council/rank@2", ["answers"]),
        ("smoa/moderator@1", ["stop", "reason"]),
        ("smoa/judge_moderator@1", ["order", "scores", "reasons", "stop", "reason"]),
        ("council/rank@1", ["reasons", "order"]),
        ("smoa/role@1", ["roles"]),
        ("hierarchical/plan@1", ["questions"]),
    ],
)
def test_every_form_of_ours_is_answered_in_that_form(name: str, keys: list[str]) -> None:
    assert list(judged(name, 66, 70, 66)) == keys


@pytest.mark.parametrize(
    "name", ["moa/synthesis@1", "smoa/synthesis@1", "smoa/proposer@2", "council/chair@2"]
)
def test_other_prompts_ask_for_no_form(name: str) -> None:
    prompt = load(name)
    wanted = {**FILLING, "answers": numbered(["The answer is 66."])}
    rendered = prompt.render(
        [HumanMessage(QUESTION)], **{key: wanted[key] for key in prompt.variables}
    )
    assert form("\n".join(m.text for m in rendered if isinstance(m, SystemMessage))) == ()
    assert SURE.invoke(rendered).text.endswith(f"The answer is 66.\n{MARK}")


def test_a_judge_scores_its_own_result_high_the_majority_less_others_low() -> None:
    found = judged("smoa/judge@1", 70, 66, 80, "I do not know.", 70, 66)
    assert found["scores"] == [6, 9, 2, 0, 6, 9]
    assert found["order"] == [2, 6, 1, 5, 3, 4]
    assert len(found["reasons"]) == 6 and all(found["reasons"])


def test_enough_agreement_outweighs_a_judge_who_is_not_sure() -> None:
    own = judged("ranker/pick@1", 1, 2, model=UNSURE)["reason"]
    assert own.startswith("My own working gave")
    swayed = judged("smoa/judge@1", -5, -5, -5, 1, model=UNSURE)
    assert swayed["scores"][:3] == [9, 9, 9] and swayed["order"][0] == 1
    assert judged("smoa/judge@1", -5, -5, 66)["order"][0] == 3


def test_the_choice_is_a_number_that_pick_reads() -> None:
    for name in ("universal/pick@1", "ranker/pick@1"):
        reply = ask(name, ["The answer is 70.", "The answer is 66.", "The answer is 68."])
        assert verdict(reply)["choice"] == 2 and pick(reply, 3) == 1


@pytest.mark.parametrize(("answer", "score"), [(66, 9), (70, 2), ("No idea.", 0)])
def test_a_rating_is_a_number_that_rated_reads(answer: object, score: int) -> None:
    assert judged("rater/score@1", answer) == {"score": score}
    text = f"The answer is {answer}." if isinstance(answer, int) else str(answer)
    assert read_rating(ask("rater/score@1", [text])) == score


@pytest.mark.parametrize(
    ("answers", "stop"),
    [
        ([66, 66, 66], True),
        ([66, 66, 70], True),
        ([66, 70, 80], False),
        ([66, 66, 70, 70], False),
        ([70, 70, 70], False),  # they agree, and a judge who is sure finds something else
        (["?", "?", "?"], False),
    ],
)
def test_a_moderator_stops_where_most_agree_and_it_finds_the_same(
    answers: list[object], stop: bool
) -> None:
    assert judged("smoa/moderator@1", *answers)["stop"] is stop
    assert judged("smoa/judge_moderator@1", *answers)["stop"] is stop


def test_a_judge_may_be_wrong_and_never_sees_the_truth() -> None:
    rows = questions(80, 6, seed=2)
    asked = [(row["question"], int(row["answer"])) for row in rows]
    model = from_string("small")
    right = sum(
        judged("smoa/judge@1", truth, truth + 1, model=model, question=q)["order"][0] == 1
        for q, truth in asked
    )
    same_place = sum(
        judged("smoa/judge@1", truth + 1, truth, model=model, question=q)["order"][0] == 2
        for q, truth in asked
    )
    # With neither answer its own, a judge can only take the first: it is wrong as often as small.
    assert right > 30 and 20 < same_place < 60


def test_roles_are_as_many_as_asked_for_different_and_repeatable() -> None:
    found = judged("smoa/role@1", question="")["roles"]
    assert len(found) == len(set(found)) == 5
    assert found == judged("smoa/role@1", question="")["roles"]
    assert all(role.startswith("You are a") for role in found)


def test_a_plan_is_of_parts_that_can_be_read() -> None:
    row = questions(1, 7, seed=1)[0]
    plan = read_plan(ask("hierarchical/plan@1", [], question=row["question"]), 3)
    chains = [read_question(question) for question in plan]
    assert [len(chain.steps) for chain in chains if chain] == [2, 4, 7]
    assert plan[-1] == row["question"]
    short = ask("hierarchical/plan@1", [], question="Start with 1. Add 2. What is the result?")
    assert len(read_plan(short, 3)) == 1


def test_verdicts_repeat_and_another_draw_may_differ() -> None:
    texts = ["The answer is 70.", "The answer is 66.", "The answer is 76."]
    model = from_string("small?skill=0.05&systematic=0")
    first = [ask("ranker/pick@1", texts, model, draw=draw) for draw in range(12)]
    assert first == [ask("ranker/pick@1", texts, model, draw=draw) for draw in range(12)]
    assert len(set(first)) > 2


def test_what_it_cannot_judge_is_answered_with_an_honest_sentence() -> None:
    assert "simulated" in ask("smoa/judge@1", ["Paris", "Rome"], question="Which city?")
    assert pick(ask("ranker/pick@1", []), 3) is None


def test_an_example_in_the_conversation_asks_for_nothing() -> None:
    given = [HumanMessage('{"score": 7}'), AIMessage('{"choice": 3}'), HumanMessage(QUESTION)]
    assert SURE.invoke(given).text.endswith(f"The answer is 66.\n{MARK}")
    fenced = SystemMessage(numbered(['{"score": 7}']))
    assert not SURE.invoke([fenced, HumanMessage(QUESTION)]).text.startswith("{")


def test_ranges_are_judged_too() -> None:
    row = option_questions(1, 5, options=4)[0]
    wrong = next(str(one) for one in ("from 0 to 1", "from 2 to 3") if one not in row["question"])
    texts = [f"The answer is {wrong}.", f"The answer is {row['answer']}."]
    assert verdict(ask("ranker/pick@1", texts, question=row["question"]))["choice"] == 2


@pytest.mark.parametrize("vote", ["universal", "rated"])
async def test_asked_votes_work_with_simulated_members(vote: str) -> None:
    rows = questions(12, 5, seed=8)
    graph = create_agent_forest("simulated:small", samples=5, vote=vote, judge="simulated:large")
    app, right = graph.compile(), 0
    for row in rows:
        result = await app.ainvoke({"messages": [("user", row["question"])]})
        assert result["ballot"]["vote"] == vote and result["report"]["degraded"] is None
        right += f"The answer is {row['answer']}." in result["answer"]
    assert right >= 7


async def test_a_planned_hierarchy_works_with_simulated_members() -> None:
    rows = questions(8, 9, seed=8)
    app = create_hierarchical_voting([Member(from_string("medium"))], most=3).compile()
    right = 0
    for row in rows:
        result = await app.ainvoke({"messages": [("user", row["question"])]})
        assert len(result["levels"]) == 3
        right += f"The answer is {row['answer']}." in result["answer"]
    assert right >= 6
