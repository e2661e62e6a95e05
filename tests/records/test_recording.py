"""What stands in a record, while it is written and afterwards."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
from helpers.registry import NAMES, QUESTION, SIMULATED, small
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import TypeAdapter

from manyminds import Context, Member, QuorumError, create_agent_forest, create_moa, record
from manyminds.method_graph import MethodGraph
from manyminds.models.simulated.model import SimulatedChatModel
from manyminds.protocols import Recorder
from manyminds.records import schema
from manyminds.records.jsonl import JsonlRecorder

GIVEN = {"messages": [("user", QUESTION)]}
LINES: dict[str, TypeAdapter[Any]] = {}
KEYS: dict[str, set[str]] = {}
for one in get_args(schema.Line):
    kind = get_args(one.__annotations__["type"])[0]
    LINES[kind] = TypeAdapter(one)
    KEYS[kind] = one.__required_keys__ | one.__optional_keys__


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def of_type(path: Path, kind: str) -> list[dict[str, Any]]:
    return [line for line in lines(path) if line["type"] == kind]


def recorded(graph: MethodGraph, folder: Path) -> Path:
    recorder = JsonlRecorder(folder)
    graph.compile().invoke(GIVEN, context=Context(recorder=recorder))
    assert recorder.last is not None
    return recorder.last


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_as_the_schema_says(name: str, tmp_path: Path) -> None:
    for line in lines(recorded(small(name), tmp_path)):
        own = LINES[line["type"]]
        own.validate_python(line)
        assert set(line) <= KEYS[line["type"]]


def test_calls_have_what_a_reader_asks_for(tmp_path: Path) -> None:
    path = recorded(small("moa"), tmp_path)
    calls = of_type(path, "call")
    assert Counter(call["role"] for call in calls) == {"proposer": 2, "aggregator": 1}
    prompts = {line["hash"]: line for line in of_type(path, "prompt")}
    said = {line["hash"]: line for line in of_type(path, "message")}
    last = prompts[calls[-1]["prompt"]]
    assert last["ref"].startswith("moa/synthesis@1#")
    assert said[last["messages"][-1]]["content"] == QUESTION
    assert [prompts[call["prompt"]]["ref"] for call in calls[:2]] == [None, None]
    assert all(call["at"] > 0 and call["seconds"] > 0 and call["attempts"] == 1 for call in calls)


def test_the_head_tells_how_the_graph_was_built(tmp_path: Path) -> None:
    path = recorded(create_moa(SIMULATED, layers=3, seed=5), tmp_path)
    (head,) = of_type(path, "run")
    assert lines(path)[0] == head
    assert head["options"] == {"proposers": SIMULATED, "layers": 3}
    assert head["settings"]["seed"] == 5
    assert [member["model"] for member in head["members"]] == SIMULATED
    assert "aggregator" in head["nodes"] and "graph TD" in head["graph"]
    assert head["question"] == QUESTION and head["version"] == schema.VERSION


def test_prompts_and_messages_are_written_once(tmp_path: Path) -> None:
    path = recorded(create_agent_forest("simulated:small", samples=50, prompt=None), tmp_path)
    assert len(of_type(path, "call")) == 50
    assert len(of_type(path, "prompt")) == len(of_type(path, "message")) == 1
    assert path.read_text(encoding="utf-8").count(QUESTION) == 2  # the question, and its message


def test_what_nodes_read_and_decide_is_there(tmp_path: Path) -> None:
    forest = recorded(create_agent_forest("simulated:small", samples=4), tmp_path / "forest")
    read = [one for line in of_type(forest, "node") for one in line["readings"]]
    assert len(read) == 4 and all(one["answer"] for one in read)
    smoa = recorded(small("smoa", *SIMULATED), tmp_path / "smoa")
    (judged,) = [line for line in of_type(smoa, "node") if line["node"] == "judge"]
    assert judged["outcome"]["kept"] == judged["outcome"]["verdict"]["order"][:2]


def test_nested_runs_are_in_the_same_file(tmp_path: Path) -> None:
    inner = create_moa(SIMULATED, layers=2)
    path = recorded(create_agent_forest([Member(inner, name="panel")], samples=2), tmp_path)
    parent_call, *nested = of_type(path, "run")
    assert parent_call["parent"] is None
    assert [(run["method"], run["parent"]["member"], run["parent"]["index"]) for run in nested] == [
        ("moa", "panel", 0),
        ("moa", "panel", 1),
    ]
    assert len(list(tmp_path.iterdir())) == 1


def unchanged(messages: list[BaseMessage]) -> list[BaseMessage]:
    return messages


def chain() -> Runnable[Any, Any]:
    model = SimulatedChatModel(skill=0.9)

    async def draft_and_check(messages: list[BaseMessage]) -> BaseMessage:
        first = await model.ainvoke(messages)
        return await model.ainvoke([*messages, AIMessage(first.text), *messages])

    return RunnableLambda(draft_and_check)


def test_calls_inside_a_foreign_chain_are_seen(tmp_path: Path) -> None:
    member = Member(chain(), name="chain", input=unchanged)
    path = recorded(create_agent_forest([member], samples=1, prompt=None), tmp_path)
    inner = of_type(path, "inner")
    assert [len(call["messages"]) for call in inner] == [1, 3]
    assert all(call["member"] == "chain" and "answer is" in call["text"] for call in inner)
    (call,) = of_type(path, "call")
    tokens = [one["usage"]["input_tokens"] + one["usage"]["output_tokens"] for one in inner]
    assert sum(tokens) == sum(call["usage"].values())


def test_a_method_inside_a_foreign_chain_is_a_nested_run(tmp_path: Path) -> None:
    app = create_moa(SIMULATED, layers=2).compile()

    async def ask(messages: list[BaseMessage]) -> str:
        return str((await app.ainvoke({"messages": messages}))["answer"])

    member = Member(RunnableLambda(ask), name="chain", input=unchanged)
    path = recorded(create_agent_forest([member], samples=1), tmp_path)
    assert [run["method"] for run in of_type(path, "run")] == ["agent-forest", "moa"]
    assert of_type(path, "inner") == []


def test_a_run_without_an_answer_says_why(tmp_path: Path) -> None:
    recorder = JsonlRecorder(tmp_path)
    failing = create_agent_forest("simulated:small?fail=1", samples=2).compile()
    with pytest.raises(QuorumError):
        failing.invoke(GIVEN, context=Context(recorder=recorder))
    assert recorder.last is not None
    (end,) = of_type(recorder.last, "failed")
    assert end["error"].startswith("QuorumError: ")
    assert {call["status"] for call in of_type(recorder.last, "call")} == {"failed"}


def test_every_line_is_there_as_soon_as_it_is_told(tmp_path: Path) -> None:
    recorder, seen = JsonlRecorder(tmp_path / "run.jsonl"), list[int]()

    def look(state: dict[str, Any]) -> dict[str, Any]:
        seen.append(len(of_type(tmp_path / "run.jsonl", "call")))
        return {}

    graph = create_moa(SIMULATED, layers=2).insert("look", look, after="gate")
    graph.compile().invoke(GIVEN, context=Context(recorder=recorder))
    assert seen == [2]


@pytest.mark.parametrize("torn", ["", '{"type":"call","ru'])
def test_a_record_goes_on_after_a_crash(torn: str, tmp_path: Path) -> None:
    path = recorded(small("moa"), tmp_path / "run.jsonl")
    before = len(lines(path))
    with path.open("a", encoding="utf-8") as file:
        file.write(torn)
    recorded(small("moa"), path)
    assert len(lines(path)) == 2 * before


def test_redaction_changes_texts_and_nothing_else(tmp_path: Path) -> None:
    with record(tmp_path, redact=lambda text: text.replace("60", "##")) as recording:
        create_moa(SIMULATED, layers=2).compile().invoke(GIVEN)
    text = recording.path.read_text(encoding="utf-8")
    assert "Start with ##." in text and "Start with 60" not in text
    run = recording.run
    assert run.finished and len(run.calls) == 3
    assert all(call.messages for call in run.calls)


def test_keys_are_not_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, other = "sk-abcdefghijkl123456", "hf_zyxwvutsrqpo654321"
    monkeypatch.setenv("A_KEY", key)
    members = [
        Member("m@http://127.0.0.1:9/v1#key=A_KEY", retries=0),
        Member("simulated:small", params={"api_key": other, "top_p": 0.5}),
    ]
    graph = create_agent_forest(members, samples=2, prompt=f"Use {key} to answer.")
    graph.compile().invoke(GIVEN, context=Context(recorder=JsonlRecorder(tmp_path / "r.jsonl")))
    written = lines(tmp_path / "r.jsonl")
    text = "".join(json.dumps(line) for line in written if line["type"] != "message")
    assert key not in text and other not in text and '"top_p": 0.5' in text


def test_lone_surrogates_are_written_as_escapes(tmp_path: Path) -> None:
    with record(tmp_path) as recording:
        create_agent_forest("simulated:small", samples=1).compile().invoke(
            {"messages": [("user", QUESTION + " \ud83d")]}
        )
    assert recording.run.question == QUESTION + " \ud83d"


async def test_a_block_records_also_when_it_is_async(tmp_path: Path) -> None:
    async with record(tmp_path) as recording:
        for _ in range(2):
            await create_moa(SIMULATED, layers=2).compile().ainvoke(GIVEN)
    assert [run.finished for run in recording.runs] == [True, True]
    assert recording.run.id == recording.runs[-1].id


def test_without_a_block_nothing_is_recorded(tmp_path: Path) -> None:
    with record(tmp_path):
        pass
    create_moa(SIMULATED, layers=2).compile().invoke(GIVEN)
    assert list(tmp_path.iterdir()) == []


def test_it_is_a_recorder(tmp_path: Path) -> None:
    assert isinstance(JsonlRecorder(tmp_path), Recorder)
