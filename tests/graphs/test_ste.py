"""STE: queries that are imagined, tried, reflected on and judged; examples to show others."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.graphs import call, every_way, user
from helpers.runs import recorded
from langgraph.store.memory import InMemoryStore

from manyminds import InputError, Member, QuorumError, create_agent_forest
from manyminds.errors import DataError
from manyminds.export.counts import Counts
from manyminds.export.from_records import from_run
from manyminds.export.pipeline import export
from manyminds.export.plan import Plan
from manyminds.graphs.interaction import create_interaction
from manyminds.graphs.spp import create_spp
from manyminds.graphs.ste import create_ste
from manyminds.nodes.demonstrations import Example, demonstrations, nearest
from manyminds.reading.trials import is_rewording, read_query, read_solved
from manyminds.testing import Answer, Metadata, ScriptedChatModel


def weather(city: str) -> str:
    """Say what the weather is like in a city."""
    return f"It rains in {city}." if city != "Atlantis" else "Error: unknown city"


GOOD = ScriptedChatModel('{"score": 8, "reason": ""}')
CITIES = ["Oslo", "Lyon", "Atlantis", "Graz"]


def explorer(**says: Answer) -> ScriptedChatModel:
    """Explore one city after the other."""

    def script(messages: Any, data: Metadata) -> Answer:
        city, role = CITIES[(data["layer"] - 1) % 4], data["role"]
        if role in says:
            return says[role]
        if role == "query":
            return json.dumps({"query": f"What is it like in {city}?"})
        if role == "agent":
            seen = any(m.text.startswith("Observation: ") for m in messages)
            return f"Action: finish[Rain in {city}]" if seen else f"Action: weather[{city}]"
        solved = "Error" not in messages[0].text.partition("Your answer:")[0]
        return json.dumps({"reason": "so", "solved": solved})

    return ScriptedChatModel(script)


@every_way
async def test_it_explores_and_returns_approved_examples(way: str) -> None:
    model, judge = explorer(), ScriptedChatModel('{"score": 8, "reason": ""}')
    app = create_ste(model, weather, episodes=2, slots=2, judge=judge).compile()
    result = await call(app, way, user("Ask about cities."))
    assert result["answer"] == "4 queries were tried, 3 solved, 4 are examples."
    assert result["report"]["calls"] == 4 * 4 + 4 and len(judge.calls) == 4
    assert result["examples"][0] == {
        "query": "What is it like in Oslo?",
        "tool": "weather",
        "argument": "Oslo",
        "observation": "It rains in Oslo.",
        "answer": "Rain in Oslo",
    }
    told = [row["details"] for row in result["trajectories"]]
    assert [(one["session"], one["slot"], one["solved"]) for one in told] == [
        (1, 1, True),
        (1, 2, True),
        (2, 1, False),
        (2, 2, True),
    ]


async def test_short_term_memory_is_the_session_and_long_term_memory_all_queries() -> None:
    model = explorer()
    await create_ste(model, weather, episodes=2, slots=2).compile().ainvoke(user("Cities."))
    asked = [c.prompt for c in model.calls if c.metadata["role"] == "query"]
    assert "In this session" not in asked[0] and "Earlier queries" not in asked[0]
    assert "Action: weather[Oslo]\nObservation: It rains" in asked[1]
    assert "- Query: What is it like in Oslo? | Solved: Yes" in asked[1]
    assert "In this session" not in asked[2] and "in Lyon? | Solved: Yes" in asked[2]
    assert "Atlantis? | Solved: No" in asked[3] and "Action: weather[Lyon]" not in asked[3]
    known = {(c.metadata["role"], c.metadata["layer"], c.metadata["index"]) for c in model.calls}
    assert len(known) == len(model.calls)


async def test_the_store_keeps_the_long_term_memory() -> None:
    store, model = InMemoryStore(), explorer()
    for _ in range(2):
        app = create_ste(model, weather, episodes=1, slots=1).compile(store=store)
        await app.ainvoke(user("Cities."))
    asked = [c.prompt for c in model.calls if c.metadata["role"] == "query"]
    assert "Earlier queries" not in asked[0] and "in Oslo? | Solved: Yes" in asked[1]


async def test_what_the_judge_refuses_or_has_no_call_is_no_example() -> None:
    low = ScriptedChatModel('{"score": 3, "reason": "made up"}')
    app = create_ste(explorer(), weather, episodes=1, slots=2, judge=low).compile()
    assert (await app.ainvoke(user("Cities.")))["examples"] == []
    guess = explorer(agent="Action: finish[Rain]")
    judge = ScriptedChatModel('{"score": 9, "reason": ""}')
    app = create_ste(guess, weather, episodes=1, slots=1, judge=judge).compile()
    result = await app.ainvoke(user("Cities."))
    assert result["examples"] == [] and judge.calls == []


async def test_trials_that_fail_are_trials_that_are_not_solved() -> None:
    app = create_ste(explorer(agent="hm"), weather, episodes=1, slots=2, turns=3).compile()
    result = await app.ainvoke(user("Cities."))
    assert result["answer"] == "2 queries were tried, 0 solved, 0 are examples."
    assert [row["details"]["ended"] for row in result["trajectories"]] == ["steps"] * 2
    sql = create_ste(explorer(), "sql", episodes=1, slots=1).compile()
    (row,) = (await sql.ainvoke(user("Cities.")))["trajectories"]
    assert "has no shop for this question" in row["details"]["ended"]
    with pytest.raises(QuorumError, match="down"):
        down = create_ste(explorer(query=ValueError("down")), weather).compile()
        await down.ainvoke(user("Cities."))


def reworder(*says: str) -> ScriptedChatModel:
    """Explore as ever, and word a query as the script says, by the number of wordings so far."""
    plain = explorer()

    def script(messages: Any, data: Metadata) -> Answer:
        if data["role"] != "paraphraser":
            answer: Answer = plain.script(messages, data)
            return answer
        known = messages[0].text.count("\n- ")
        return json.dumps({"query": says[known].format(messages[-1].text)})

    return ScriptedChatModel(script)


async def test_paraphrases_are_examples_and_trajectories_with_the_same_call() -> None:
    model = reworder("Say: {}", "Tell: {}", "Ask: {}")
    app = create_ste(model, weather, episodes=1, slots=1, paraphrases=3, judge=GOOD).compile()
    result = await app.ainvoke(user("Cities."))
    query = "What is it like in Oslo?"
    wordings = [query, f"Say: {query}", f"Tell: {query}", f"Ask: {query}"]
    assert [one["query"] for one in result["examples"]] == wordings
    assert {one["argument"] for one in result["examples"]} == {"Oslo"}
    assert [row["content"][0]["content"] for row in result["trajectories"]] == wordings
    assert len({row["id"] for row in result["trajectories"]}) == 4
    asked = [c.prompt for c in model.calls if c.metadata["role"] == "paraphraser"]
    assert "already" not in asked[0] and f"- Say: {query}\n- Tell: {query}" in asked[2]
    known = {(c.metadata["role"], c.metadata["index"], c.metadata["draw"]) for c in model.calls}
    assert len(known) == len(model.calls)


@pytest.mark.parametrize(("score", "rows", "rating"), [(8, 2 * 8, 4.0), (5, 0, 2.5)])
def test_the_export_has_each_approved_trial_once(
    score: int, rows: int, rating: float, tmp_path: Path
) -> None:
    judge = ScriptedChatModel(json.dumps({"score": score, "reason": ""}))
    says = {"paraphraser": '{"query": "How does it look there?"}'}
    graph = create_ste(explorer(**says), weather, episodes=2, slots=2, judge=judge, paraphrases=1)
    run = recorded(graph, tmp_path)
    found = list(from_run(run, "episodes"))
    assert len({one.id for one in found}) == len(found) == (8 if rows else 4)
    assert [one.rating for one in found] == [rating] * len(found)
    counts = Counts()
    try:
        counts = export(Plan([tmp_path], "ste"), tmp_path / "rows.json")
    except DataError as error:
        assert "did not approve" in str(error)
    assert counts.rows == rows


async def test_a_rewording_that_loses_a_number_or_comes_again_is_none() -> None:
    assert is_rewording("How warm are 3 cities?", ["Are 3 cities warm?"])
    assert not is_rewording("How warm are three cities?", ["Are 3 cities warm?"])
    assert not is_rewording("Are 3  Cities warm?", ["Are 3 cities warm?"])
    app = create_ste(reworder("{}"), weather, episodes=1, slots=1, paraphrases=2, judge=GOOD)
    assert len((await app.compile().ainvoke(user("Cities.")))["examples"]) == 1


async def test_simulated_explorers_run_the_defaults() -> None:
    result = await create_ste("simulated:large").compile().ainvoke(user("Start with 1. Add 2. "
        "What is the result?"))  # fmt: skip
    assert result["answer"].startswith("60 queries were tried")
    assert len({row["content"][0]["content"] for row in result["trajectories"]}) > 50


@pytest.mark.parametrize("options", [{"episodes": 0}, {"slots": 0}, {"turns": 0}])
def test_wrong_arguments(options: Any) -> None:
    with pytest.raises(InputError, match="=0: give at least 1"):
        create_ste(ScriptedChatModel(), **options)


EXAMPLES = [
    Example(query=query, tool="weather", argument=query.split()[-1], observation="", answer="")
    for query in ("How warm is Oslo", "Is there snow in Graz", "Sort the numbers 3 1 2")
]


def test_the_most_similar_example_comes_last() -> None:
    near = nearest("How warm is Lyon", EXAMPLES, count=2)
    assert near[-1]["query"] == "How warm is Oslo" and len(near) == 2


async def test_any_graph_takes_demonstrations(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in EXAMPLES), encoding="utf-8")
    for given in (EXAMPLES, path):
        model = ScriptedChatModel("Final answer: mild")
        graph = create_spp(model)
        graph.insert("demonstrations", demonstrations(given, count=1), after="begin")
        result = await graph.compile().ainvoke(user("How warm is Lyon"))
        system, question = model.calls[0].texts
        assert "User Query: How warm is Oslo\nAction: weather[Oslo]" in system[1]
        assert question == ("human", "How warm is Lyon") and result["answer"] == "mild"
    acting = ScriptedChatModel("Action: finish[1]")
    graph = create_interaction(acting)
    graph.insert("demonstrations", demonstrations(EXAMPLES), after="begin")
    forest = create_agent_forest([Member(graph, name="agent")], samples=2).compile()
    await forest.ainvoke(user("How warm is Lyon"))
    assert "Action: weather[Oslo]" in acting.calls[0].texts[0][1]


def test_wrong_examples(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one example"):
        demonstrations([])
    (tmp_path / "x.jsonl").write_text('{"text": "x"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="no `query`"):
        demonstrations(tmp_path / "x.jsonl")


@pytest.mark.parametrize(
    ("reply", "query"),
    [
        ('{"query": "How far?"}', "How far?"),
        ("Thought: new\nQuery: How far?", "How far?"),
        ('```json\n{"query": "How\\nfar?"}\n```', "How far?"),
        ("I cannot.", None),
        ('{"query": ""}', None),
    ],
)
def test_queries_as_models_write_them(reply: str, query: str | None) -> None:
    assert read_query(reply) == query


@pytest.mark.parametrize(
    ("reply", "solved"),
    [
        ('{"reason": "x", "solved": true}', True),
        ("Yes, it was fulfilled.", True),
        ("**No.** The call failed.", False),
        ("Now I see that it worked.", None),
        ("Not sure", None),
        ("", None),
    ],
)
def test_reflections_as_models_write_them(reply: str, solved: bool | None) -> None:
    found = read_solved(reply)
    assert (None if found is None else found[0]) is solved


async def test_an_explorer_that_fails_later_ends_the_exploration() -> None:
    asked: list[str] = []

    def script(_messages: Any, data: Metadata) -> Answer:
        asked.append(data["role"])
        if data["role"] == "query" and data["layer"] > 1:
            return ValueError("down")
        return (
            "Action: finish[x]" if data["role"] == "agent" else '{"query": "How?", "solved": true}'
        )

    result = await create_ste(ScriptedChatModel(script), weather).compile().ainvoke(user("Cities."))
    assert asked == ["query", "agent", "reflector", "query"]
    assert result["answer"] == "2 queries were tried, 1 solved, 0 are examples."
