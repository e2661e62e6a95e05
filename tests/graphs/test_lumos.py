"""LUMOS: who plans, who grounds, what is run, and what a failure leaves."""

from typing import Any

import pytest
from helpers.graphs import call, every_way, user
from langchain_core.tools import tool

from manyminds import InputError, Member, QuorumError
from manyminds.graphs.lumos import create_lumos
from manyminds.reading.plans import read_grounded, read_next, read_subgoals
from manyminds.testing import Answer, ScriptedChatModel, ScriptedReply

QUESTION = "Start with 60. Add 52. Multiply by 2. What is the result?"
PLANS: list[Answer] = [
    "Subgoal 1: Add 52 to 60.",
    "No, I will keep planning. Subgoal 2: Double it.",
    "Yes, I will stop planning.",
    "It is 224.",
]
GROUNDS: list[Answer] = ["R1 = calculate(60 + 52)", "R2 = calculate(R1 * 2)"]


def two(plans: list[Answer], grounds: list[Answer]) -> tuple[Any, Any]:
    return (
        Member(ScriptedChatModel(plans), name="planner-model"),
        Member(ScriptedChatModel(grounds), name="grounder-model"),
    )


@every_way
async def test_one_subgoal_after_the_other(way: str) -> None:
    planner, grounder = two(PLANS, GROUNDS)
    result = await call(create_lumos(planner, grounder).compile(), way, user(QUESTION))
    assert result["answer"] == "It is 224." and result["reward"] == 1.0
    assert result["subgoals"] == ["Add 52 to 60.", "Double it."]
    told = [
        (one["subgoal"], one["name"], one["action"], one["result"]) for one in result["results"]
    ]
    assert told == [
        (1, "R1", "calculate[60 + 52]", "112"),
        (2, "R2", "calculate[112 * 2]", "224"),
    ]
    assert result["report"]["calls"] == 6 and result["report"]["degraded"] is None
    third = planner.model.calls[2].texts
    assert third[1:] == [
        ("human", QUESTION),
        ("ai", PLANS[0]),
        ("human", "The executed result for Subgoal 1 is: 112. Should we stop planning?"),
        ("ai", PLANS[1]),
        ("human", "The executed result for Subgoal 2 is: 224. Should we stop planning?"),
    ]
    assert "R1 = calculate[60 + 52]: 112" in grounder.model.calls[1].prompt
    assert "Subgoal 2: Double it." in grounder.model.calls[1].prompt
    assert "Subgoal 1" not in grounder.model.calls[1].prompt


async def test_all_subgoals_at_once() -> None:
    planner, grounder = two(
        ["Subgoal 1: Add.\nSubgoal 2: Double.", "224"],
        ["R1 = calculate(60 + 52)\nR2 = calculate(R1 * 2)"],
    )
    result = (
        await create_lumos(planner, grounder, iterative=False).compile().ainvoke(user(QUESTION))
    )
    assert result["answer"] == "224" and result["report"]["calls"] == 3
    assert "Subgoal 1: Add.\nSubgoal 2: Double." in grounder.model.calls[0].prompt
    assert "one subgoal at a time" not in planner.model.calls[0].prompt


async def test_without_a_writer_the_last_result_is_the_answer() -> None:
    planner, grounder = two(PLANS, GROUNDS)
    result = await create_lumos(planner, grounder, write=False).compile().ainvoke(user(QUESTION))
    assert result["answer"] == "224" and result["report"]["calls"] == 5


async def test_it_plans_so_many_subgoals_at_most() -> None:
    planner, grounder = two(["No, I will keep planning. Subgoal 9: Go on."], ["R1 = calculate(1)"])
    app = create_lumos(planner, grounder, subgoals=3, write=False).compile()
    result = await app.ainvoke(user(QUESTION))
    assert len(result["subgoals"]) == 3 and result["report"]["calls"] == 6


async def test_langchain_tools() -> None:
    @tool
    def capital(country: str) -> str:
        """Return the capital of a country."""
        return {"France": "Paris"}.get(country, "unknown")

    def shout(text: str) -> str:
        """Write a text in capitals."""
        return text.upper()

    planner, grounder = two(
        ["Subgoal 1: Find it.\nSubgoal 2: Shout it.", "PARIS"],
        ['R1 = capital({"country": "France"}); R2 = shout("R1")'],
    )
    app = create_lumos(planner, grounder, [capital, shout], iterative=False).compile()
    result = await app.ainvoke(user("Shout the capital of France."))
    assert [one["result"] for one in result["results"]] == ["Paris", "PARIS"]
    assert "- capital[country]: Return the capital" in grounder.model.calls[0].prompt


@pytest.mark.parametrize(
    "grounded",
    ['quoted(text=R1, times=2)', 'quoted(R1, 2)', 'quoted({"text": R1, "times": 2})',
     'quoted({"text": "R1", "times": "2"})'],
)  # fmt: skip
async def test_a_result_with_quotes_and_lines_is_a_parameter_of_the_next_call(
    grounded: str,
) -> None:
    def lines(of: str) -> str:
        """Say something."""
        return f'He said "{of}",\nand left.'

    def quoted(text: str, times: int) -> str:
        """Repeat a text."""
        return text * times

    planner, grounder = two(["Subgoal 1: Look up.\nSubgoal 2: Repeat.", "x"],
                            [f"R1 = lines(of=no)\nR2 = {grounded}"])  # fmt: skip
    app = create_lumos(planner, grounder, [lines, quoted], iterative=False).compile()
    results = (await app.ainvoke(user(QUESTION)))["results"]
    assert [one["result"] for one in results] == [
        'He said "no",\nand left.',
        'He said "no",\nand left.' * 2,
    ]
    assert [one["subgoal"] for one in results] == [1, 2]


async def test_more_actions_than_subgoals_have_no_subgoal_of_their_own() -> None:
    planner, grounder = two(
        ["Subgoal 1: Add.\nSubgoal 2: Double.", "224"],
        ["R1 = calculate(60 + 52)\nR2 = calculate(R1 * 2)\nR3 = calculate(R2)"],
    )
    app = create_lumos(planner, grounder, iterative=False).compile()
    results = (await app.ainvoke(user(QUESTION)))["results"]
    assert [one["subgoal"] for one in results] == [0, 0, 0]


async def test_a_grounder_may_call_tools_natively() -> None:
    def calls(*asked: tuple[str, dict[str, Any]]) -> ScriptedReply:
        numbered = enumerate(asked)
        return ScriptedReply("", tool_calls=[
            {"name": name, "args": args, "id": str(n)} for n, (name, args) in numbered
        ])  # fmt: skip

    def add(first: int, second: int) -> int:
        """Add two numbers."""
        return first + second

    def shout(text: str) -> str:
        """Write a text in capitals."""
        return text.upper()

    planner, grounder = two(
        ["Subgoal 1: Add.\nSubgoal 2: Shout it.", "done"],
        [
            calls(("fly", {"to": "Rome"})),
            calls(("add", {"first": 2, "second": 3}), ("shout", {"text": "it's [R1] ) of \"them"})),
        ],
    )
    app = create_lumos(planner, grounder, [add, shout], iterative=False).compile()
    result = await app.ainvoke(user("Shout 2 + 3."))
    assert [(one["name"], one["result"]) for one in result["results"]] == [
        ("R1", "5"),
        ("R2", "IT'S [5] ) OF \"THEM"),
    ]
    assert len(grounder.model.calls) == 2 and result["report"]["degraded"] is None


async def test_what_cannot_be_grounded_is_a_result_that_says_so() -> None:
    planner, grounder = two(PLANS, ["I would add them", "so I said", GROUNDS[0]])
    result = await create_lumos(planner, grounder).compile().ainvoke(user(QUESTION))
    assert result["results"][0]["result"] == "Error: not grounded (malformed)"
    assert "not grounded" in planner.model.calls[1].prompt
    assert "subgoal 1 was not grounded" in result["report"]["degraded"]


async def test_a_planner_that_fails_later_leaves_the_results() -> None:
    planner, grounder = two([PLANS[0], ValueError("down")], GROUNDS)
    result = await create_lumos(planner, grounder).compile().ainvoke(user(QUESTION))
    assert result["answer"] == "112"
    assert "the planner failed" in result["report"]["degraded"]
    with pytest.raises(QuorumError, match="down"):
        await create_lumos(ScriptedChatModel(ValueError("down"))).compile().ainvoke(user(QUESTION))


@pytest.mark.parametrize("subgoals", [0, 99])
def test_wrong_arguments(subgoals: int) -> None:
    with pytest.raises(InputError, match="give from 1 to 20"):
        create_lumos(ScriptedChatModel(), subgoals=subgoals)


@pytest.mark.parametrize(
    ("reply", "goals"),
    [
        ("Subgoal 1: Add.\n**Subgoal 2:** Double it.", ["Add.", "Double it."]),
        ("Subgoal 1: a; Subgoal 2: b", ["a", "b"]),
        ("Sub-goal 1. Find the year", ["Find the year"]),
        ("Add the two.", ["Add the two."]),
        ("Subgoal 1:", []),
        ("", []),
    ],
)
def test_subgoals_as_models_write_them(reply: str, goals: list[str]) -> None:
    assert read_subgoals(reply) == goals


@pytest.mark.parametrize(
    ("reply", "following"),
    [
        ("No, I will keep planning. Subgoal 2: Go.", "Go."),
        ("Subgoal 2: Go.", "Go."),
        ("Yes, I will stop planning.", ""),
        ("We can stop.", ""),
        ("Yes, I will stop planning. Subgoal 2: Go.", None),
        ("The answer is 4.", ""),
    ],
)
def test_whether_a_planner_goes_on(reply: str, following: str | None) -> None:
    assert read_next(reply) == following


@pytest.mark.parametrize(
    ("reply", "actions"),
    [
        ("R1 = sum(1 + (2)); R2 = sum(R1)", ["R1 sum[1 + (2)]", "R2 sum[R1]"]),
        ("sum(1)\nsum(2)", ["R3 sum[1]", "R4 sum[2]"]),
        ("- `R1 = Sum(1)`", ["R1 sum[1]"]),
        ("The answer is 4.", ["R3 finish[4]"]),
        ("R1 = fly(1); R2 = sum(1)", []),
        ("nothing", []),
    ],
)
def test_actions_as_models_write_them(reply: str, actions: list[str]) -> None:
    found = read_grounded(reply, ["sum", "finish"], first=3)
    assert [f"{one.name} {one.action}" for one in found] == actions
