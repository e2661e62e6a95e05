from helpers.graphs import a_run
from langchain_core.messages import BaseMessage, HumanMessage

from manyminds import Member
from manyminds.nodes.fallback import first_answer, why
from manyminds.testing import Answer, ScriptedChatModel


def chain(*answers: Answer) -> list[Member]:
    return [Member(ScriptedChatModel(answer), name=f"m{n}") for n, answer in enumerate(answers)]


def prompt(member: Member) -> list[BaseMessage]:
    return [HumanMessage(f"for {member.name}")]


async def test_the_first_that_answers_is_taken_and_the_rest_are_not_asked() -> None:
    members = chain(ValueError("no"), "yes", "never")
    answer, asked = await first_answer(members, prompt, a_run(), role="judge", layer=2, index=4)
    assert answer is not None and answer is asked[1] and answer["text"] == "yes" and len(asked) == 2
    assert [(c["index"], c["role"], c["layer"]) for c in asked] == [
        (4, "judge", 2),
        (5, "judge", 2),
    ]
    assert members[1].model.calls[0].texts == [("human", "for m1")]


async def test_a_refused_answer_is_flagged_and_the_next_is_asked() -> None:
    members = chain("bad", "good")
    answer, asked = await first_answer(
        members,
        prompt,
        a_run(),
        role="x",
        layer=1,
        refuse=lambda t: "is bad" if t == "bad" else None,
    )
    assert answer is asked[1]
    assert asked[0]["status"] == "flagged" and asked[0]["error"] is not None
    assert asked[0]["error"]["message"] == "is bad"


async def test_the_roles_sampling_defaults_reach_the_model() -> None:
    members = chain("yes")
    params = {"temperature": 0.3}
    await first_answer(members, prompt, a_run(), role="x", layer=1, params=params)
    assert members[0].model.calls[0].params["temperature"] == 0.3


async def test_nobody_answers() -> None:
    members = chain(ValueError("no"), TimeoutError("late"))
    answer, asked = await first_answer(members, prompt, a_run(), role="x", layer=1)
    assert answer is None and why(asked) == "timeout" and why([]) == "no answer"
