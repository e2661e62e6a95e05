"""formed: who is held to a form, what is read, and who is asked again."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from helpers.graphs import a_run
from helpers.panel import Holding, Refusing
from helpers.server import Reply, Server
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_openai import ChatOpenAI

from manyminds import Budget, Member
from manyminds.nodes.formed import Formed, ask_formed, held_to, object_schema
from manyminds.runs.context import RunContext
from manyminds.testing import Answer, ScriptedChatModel, ScriptedReply

SCHEMA = object_schema("found", {"value": {"type": "integer"}})


def read(text: str) -> int | None:
    try:
        return int(json.loads(text)["value"])
    except (ValueError, KeyError, TypeError):
        return None


def messages(member: Member) -> list[BaseMessage]:
    return [HumanMessage(f"for {member.name}")]


async def asked(chain: Sequence[Member], run: RunContext | None = None) -> Formed[int]:
    return await ask_formed(
        chain,
        messages,
        read,
        run or a_run(),
        schema=SCHEMA,
        role="reader",
        layer=3,
        draw=lambda _member: 7,
    )


def replies(kind: type[ScriptedChatModel], *says: Answer, name: str = "m") -> Member:
    left = iter(says)
    return Member(kind(lambda _m, _d: next(left)), name=name, retries=0)


@pytest.mark.parametrize(
    ("kind", "says", "value", "source", "held"),
    [
        (Holding, ['{"value": 4}'], 4, "model", [True]),
        (Holding, ["four", '{"value": 4}'], 4, "parser", [True, False]),
        (Holding, ["four", "4"], None, "fallback", [True, False]),
        (ScriptedChatModel, ['{"value": 4}'], 4, "parser", [False]),
        (ScriptedChatModel, ["four", '{"value": 4}'], 4, "parser", [False, False]),
        (Refusing, ["four", '{"value": 4}'], 4, "parser", [False, False]),
        (Holding, [ValueError("no")], None, "fallback", [True]),
        (ScriptedChatModel, [ValueError("no")], None, "fallback", [False]),
    ],
)
async def test_held_and_read(
    kind: type[ScriptedChatModel],
    says: list[Answer],
    value: int | None,
    source: str,
    held: list[bool],
) -> None:
    member = replies(kind, *says)
    found = await asked([member])
    assert (found.value, found.source) == (value, source)
    assert ["response_format" in c.params for c in member.model.calls] == held
    assert [(c["draw"], c["index"], c["layer"], c["role"]) for c in found.asked] == [
        (7 + nth, nth, 3, "reader") for nth in range(len(held))
    ]
    readable = [one["status"] == "ok" for one in found.asked]
    assert readable == [*[False] * (len(held) - 1), value is not None]
    if "four" in says:
        error = found.asked[0]["error"]
        assert found.asked[0]["status"] == "flagged" and error is not None
        assert error["kind"] == "malformed" and error["message"] == "the reply could not be read"


async def test_what_a_tool_was_given_is_read() -> None:
    calls = [{"name": n, "args": {"value": v}, "id": n} for n, v in (("other", 1), ("found", 4))]
    found = await asked([replies(Holding, ScriptedReply("", fields={"tool_calls": calls}))])
    assert (found.value, found.source) == (4, "model")


async def test_notes() -> None:
    chain = [
        replies(ScriptedChatModel, ValueError("no"), name="one"),
        replies(ScriptedChatModel, "?", "!", name="b"),
    ]
    lost = await asked(chain)
    assert lost.notes("judge", "likeness decided") == [
        "no judge was of use (malformed): likeness decided"
    ]
    chain = [
        replies(ScriptedChatModel, "?", "!", name="one"),
        replies(ScriptedChatModel, '{"value": 1}', name="two"),
    ]
    found = await asked(chain)
    assert found.notes("judge", "x") == ["two took over as judge after another failed"]
    again = await asked([replies(ScriptedChatModel, "?", '{"value": 1}')])
    assert again.notes("judge", "x") == []


@pytest.mark.parametrize(("calls", "made"), [(1, 0), (2, 1), (3, 2), (9, 4)])
async def test_the_last_call_of_a_budget_is_kept_for_the_answer(calls: int, made: int) -> None:
    chain = [
        replies(ScriptedChatModel, "?", "!", name="one"),
        replies(ScriptedChatModel, "?", "!", name="two"),
    ]
    found = await asked(chain, a_run(budget=Budget(calls=calls)))
    assert found.value is None and len(found.asked) == made
    kind = "malformed" if made else "budget"
    assert found.notes("judge", "x") == [f"no judge was of use ({kind}): x"]


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("openai:gpt-4o-mini", True),
        ("openai:gpt-3.5-turbo", False),
        ("openai:gpt-4", False),
        ("openai:gpt-4-turbo", False),
        ("openai:gpt-4.1-mini", True),
        ("ollama:llama3.1", True),
        ("vllm:Qwen", True),
        ("m@http://127.0.0.1:1/v1", False),
        ("simulated:small", False),
    ],
)
def test_which_members_are_held(name: str, held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    given = held_to(SCHEMA, Member(name))
    assert bool(given) is held
    if held:
        form = given["response_format"]
        assert form["type"] == "json_schema" and form["json_schema"]["strict"] is True
        assert form["json_schema"]["schema"] == SCHEMA and form["json_schema"]["name"] == "found"


def test_a_chain_or_a_function_is_not_held() -> None:
    assert held_to(SCHEMA, Member(ScriptedChatModel("x").bind(temperature=0), name="bound")) == {}


async def test_chat_models_of_langchain_are_held_over_http() -> None:
    with Server(lambda body, k: '{"value": 5}') as server:
        model: Any = ChatOpenAI(model="m", base_url=server.url, api_key="none")  # type: ignore[arg-type]  # pydantic takes a text
        found = await asked([Member(model, name="chat")])
        assert server.bodies[0]["response_format"]["json_schema"]["name"] == "found"
    assert (found.value, found.source) == (5, "model")


async def test_an_endpoint_that_refuses_the_schema_is_asked_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def behave(body: dict[str, Any], _k: int) -> Reply:
        if "response_format" in body:
            return Reply("no schemas here", status=400)
        return Reply('{"value": 6}')

    with Server(behave) as server:
        monkeypatch.setenv("VLLM_BASE_URL", server.url)
        found = await asked([Member("vllm:m")])
        assert ["response_format" in body for body in server.bodies] == [True, False]
    assert (found.value, found.source) == (6, "parser")
    assert found.notes("judge", "x") == []
