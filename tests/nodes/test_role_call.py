"""role_call: which requests a role makes, what they carry, and what is read of the replies."""

import json
import re
import time
from collections.abc import Sequence
from typing import Any

import pytest
from helpers.candidates import asking
from helpers.graphs import a_run
from helpers.growth import LINEAR, growth
from helpers.panel import Holding, Refusing
from helpers.server import Reply, Server
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI

from manyminds import Budget, Member, create_council, create_smoa, create_tournament
from manyminds.fence import numbered
from manyminds.models.structured_output import request_params
from manyminds.nodes.role_call import RoleReply, Unreadable, ask_role
from manyminds.nodes.step import Ask
from manyminds.reading.schemas import follows, number_field, object_schema
from manyminds.runs.context import RunContext
from manyminds.testing import Answer, ScriptedChatModel, ScriptedReply

SCHEMA = object_schema("found", {"value": {"type": "integer"}})


def read(text: str) -> int | None:
    if text == "negative":
        raise Unreadable("a value below 0")
    try:
        return int(json.loads(text)["value"])
    except (ValueError, KeyError, TypeError):
        return None


def messages(member: Member) -> list[BaseMessage]:
    return [HumanMessage(f"for {member.name}")]


async def asked(chain: Sequence[Member], run: RunContext | None = None) -> RoleReply[int]:
    return await ask_role(
        chain,
        messages,
        run or a_run(),
        role="reader",
        layer=3,
        parse=read,
        schema=SCHEMA,
        draw=lambda _member: 7,
    )


def replies(kind: type[ScriptedChatModel], *says: Answer, name: str = "m") -> Member:
    left = iter(says)
    return Member(kind(lambda _m, _d: next(left)), name=name, retries=0)


@pytest.mark.parametrize(
    ("kind", "says", "value", "source", "held"),
    [
        (Holding, ['{"value": 4}'], 4, "model", [True]),
        (Holding, ['{"value": "4", "more": 1}'], 4, "parser", [True]),
        (Holding, ["four", '{"value": 4}'], 4, "parser", [True, False]),
        (Holding, ['{"value": "four"}', '{"value": 4}'], 4, "model", [True, True]),
        (Holding, ["four", "4"], None, "fallback", [True, False]),
        (ScriptedChatModel, ['{"value": 4}'], 4, "parser", [False]),
        (ScriptedChatModel, ["four", '{"value": 4}'], 4, "parser", [False, False]),
        (Refusing, ["four", '{"value": 4}'], 4, "parser", [False, False]),
        (Holding, [ValueError("no")], None, "fallback", [True]),
        (ScriptedChatModel, [ValueError("no")], None, "fallback", [False]),
    ],
)
async def test_requests_and_source(
    kind: type[ScriptedChatModel],
    says: list[Answer],
    value: int | None,
    source: str,
    held: list[bool],
) -> None:
    member = replies(kind, *says)
    found = await asked([member])
    assert (found.value, found.source) == (value, source)
    assert found.reply is (found.asked[-1] if value is not None else None)
    assert ["response_format" in c.params for c in member.model.calls] == held
    assert all(c.params["temperature"] == 0 for c in member.model.calls)
    assert [(c["draw"], c["index"], c["layer"], c["role"]) for c in found.asked] == [
        (7 + nth, nth, 3, "reader") for nth in range(len(held))
    ]
    readable = [one["status"] == "ok" for one in found.asked]
    assert readable == [*[False] * (len(held) - 1), value is not None]
    assert found.asked[-1].get("read") == source
    if "four" in says:
        error = found.asked[0]["error"]
        assert found.asked[0]["status"] == "flagged" and error is not None
        assert error["kind"] == "malformed" and error["message"] == "the reply could not be read"


@pytest.mark.parametrize(
    ("said", "reason"), [("four", "could not be read"), ("negative", "a value below 0")]
)
async def test_the_second_request_says_what_was_wrong(said: str, reason: str) -> None:
    member = replies(ScriptedChatModel, said, '{"value": 4}')
    await asked([member])
    _first, second = [call.texts for call in member.model.calls]
    assert second[:2] == [("human", "for m"), ("ai", said)]
    assert second[2][0] == "human" and reason in second[2][1] and '"value"' in second[2][1]


async def test_arguments_of_the_tool_call_are_read() -> None:
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
        "no judge was usable (malformed): likeness decided"
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
async def test_the_last_call_of_a_budget_is_reserved_for_the_answer(calls: int, made: int) -> None:
    chain = [
        replies(ScriptedChatModel, "?", "!", name="one"),
        replies(ScriptedChatModel, "?", "!", name="two"),
    ]
    found = await asked(chain, a_run(budget=Budget(calls=calls)))
    assert found.value is None and len(found.asked) == made
    assert found.why == ("malformed" if made else "budget")


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
        ("m@http://127.0.0.1:1/v1", True),
        ("simulated:small", False),
    ],
)
def test_which_members_get_the_schema(
    name: str, held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    given = request_params(SCHEMA, Member(name).model)
    assert bool(given) is held
    if held:
        form = given["response_format"]
        assert form["type"] == "json_schema" and form["json_schema"]["strict"] is True
        assert form["json_schema"]["schema"] == SCHEMA and form["json_schema"]["name"] == "found"


def test_a_chain_has_no_schema() -> None:
    bound = Member(ScriptedChatModel("x").bind(temperature=0), name="bound")
    assert request_params(SCHEMA, bound.model) == {}


async def test_chat_models_of_langchain_get_the_schema_over_http() -> None:
    with Server(lambda body, k: '{"value": 5}') as server:
        model: Any = ChatOpenAI(model="m", base_url=server.url, api_key="none")  # type: ignore[arg-type]  # pydantic takes a text
        found = await asked([Member(model, name="chat")])
        assert server.bodies[0]["response_format"]["json_schema"]["name"] == "found"
    assert (found.value, found.source) == (5, "model")


@pytest.mark.parametrize("refused", ["response_format", "temperature"])
async def test_a_refused_parameter_is_not_offered_again(refused: str) -> None:
    def behave(body: dict[str, Any], _k: int) -> Reply:
        if refused in body:
            return Reply(f"no {refused} here", status=400)
        return Reply('{"value": 6}')

    with Server(behave) as server:
        member = Member(f"m-{refused}@{server.url}")
        found = await asked([member])
        again = await asked([member])
        assert [refused in body for body in server.bodies] == [True, False, False]
        other = {"response_format", "temperature"} - {refused}
        assert all(name in server.bodies[2] for name in other)
    assert found.value == again.value == 6
    assert found.notes("judge", "x") == []


EXAMPLE = '{"reason": "The sum is right.", "value": 4}'


@pytest.mark.parametrize(
    ("said", "example", "value"),
    [
        (EXAMPLE, EXAMPLE, None),
        (f"Sure!\n```json\n{EXAMPLE}\n```", EXAMPLE, None),
        (f'{EXAMPLE}\n{{"reason": "One is missing.", "value": 3}}', EXAMPLE, 3),
        ('{"reason": "The sum is right.", "value": 5}', EXAMPLE, 5),
        ('{"value": 4}', '{"value": 4}', 4),  # nothing in it tells it from a verdict of one's own
    ],
)
async def test_a_reply_that_repeats_the_example_is_no_verdict(
    said: str, example: str, value: int | None
) -> None:
    def prompt(_member: Member) -> list[BaseMessage]:
        return [SystemMessage(f"Reply with JSON:\n\n{example}\n\nNow."), HumanMessage("Why?")]

    def last(text: str) -> int:
        return int(re.findall(r'"value": (\d)', text)[-1])

    member = Member(ScriptedChatModel(said), name="m")
    found = await ask_role([member], prompt, a_run(), role="r", layer=1, parse=last, schema=SCHEMA)
    assert found.value == value
    if value is None:
        assert "repeats the example" in member.model.calls[1].texts[-1][1]
        again = " ".join(text for _, text in member.model.calls[1].texts)
        assert example not in again and "Reply with JSON" in again


async def test_refused_parameters_take_no_attempt() -> None:
    says = iter(["four", '{"value": 7}'])

    def behave(body: dict[str, Any], _k: int) -> Reply:
        for name in ("temperature", "response_format"):
            if name in body:
                return Reply(f"no {name} here", status=400)
        return Reply(next(says))

    with Server(behave) as server:
        found = await asked([Member(f"refuses-both@{server.url}")])
        assert len(server.bodies) == 4
    assert found.value == 7 and [c["index"] for c in found.asked] == [0, 1]
    assert [c.get("read") for c in found.asked] == [None, "parser"]
    assert "response_format" in str(found.asked[0].get("notes"))


@pytest.mark.parametrize("before", ["", "```json\n"])
async def test_a_verdict_that_a_member_wrote_as_its_answer_is_no_example(before: str) -> None:
    shown = numbered([f"{before}{EXAMPLE}\n", "no", f"As I said:\n{EXAMPLE}"])

    def prompt(_member: Member) -> list[BaseMessage]:
        return [SystemMessage("Reply with JSON."), HumanMessage(f"Answers:\n{shown}\nJudge them.")]

    member = Member(ScriptedChatModel(EXAMPLE), name="m")
    found = await ask_role(
        [member], prompt, a_run(), role="r", layer=1, parse=lambda text: text, schema=SCHEMA
    )
    assert found.value is not None and len(found.asked) == 1


def test_a_reply_follows_its_schema() -> None:
    assert follows('{"value": 1}', SCHEMA)
    assert not follows('{"value": 1} or so', SCHEMA) and not follows("[1]", SCHEMA)
    assert number_field(3)["enum"] == [1, 2, 3]


def chain_of(*answers: Answer) -> list[Member]:
    return [Member(ScriptedChatModel(answer), name=f"m{n}") for n, answer in enumerate(answers)]


def writing(layer: int = 1) -> Ask:
    return asking({"messages": [HumanMessage("Why?")], "layer": layer}, "x", layer=layer)


async def test_the_first_writer_that_answers_is_taken() -> None:
    members = chain_of(ValueError("no"), "yes", "never")
    found = await writing(layer=2).writer(members, index=4)
    assert found.value == "yes" and found.reply is found.asked[1] and len(found.asked) == 2
    assert [(c["index"], c["role"], c["layer"]) for c in found.asked] == [(4, "x", 2), (5, "x", 2)]
    assert members[1].model.calls[0].texts == [("human", "Why?")]
    assert "temperature" not in members[1].model.calls[0].params


async def test_sampling_defaults_of_the_role_reach_the_model() -> None:
    members = chain_of("yes")
    await writing().writer(members, params={"temperature": 0.3})
    assert members[0].model.calls[0].params["temperature"] == 0.3


async def test_nobody_answers() -> None:
    members = chain_of(ValueError("no"), TimeoutError("late"))
    found = await writing().writer(members)
    assert found.reply is None and found.why == "timeout"


async def test_a_streamed_reply_that_is_refused_is_dropped() -> None:
    events: list[dict[str, Any]] = []
    run = a_run()
    run.write = events.append
    members = chain_of("bad", "good")
    found = await ask_role(
        members,
        messages,
        run,
        role="x",
        layer=1,
        parse=lambda text: text if text == "good" else None,
        attempts=1,
        stream=True,
        reserve=0,
    )
    assert found.value == "good"
    assert [e["member"] for e in events if e["event"] == "dropped"] == ["m0"]


# Replies of members that do not hold to any form, at the greatest length of an answer that is kept.
ENDLESS = (
    *("A) x B) y ", "[", "{", "\\boxed{", "1/2", "1, ", "= ", "Answer: \n", '{"answer": ', "$x$ "),
    *("| a | b |\n", "not ", "The answer is ", "2 is better than 1, ", "**", "```json\n{"),
)


@pytest.mark.timed
@pytest.mark.parametrize("unit", ENDLESS)
def test_an_endless_verdict_takes_linear_time(unit: str) -> None:
    verdict = ""

    def reply(_messages: list[BaseMessage], data: dict[str, Any]) -> str:
        return "It is 4." if data["role"] in ("proposer", "sampler") else verdict

    models = [ScriptedChatModel(reply) for _ in range(2)]
    graphs = [create_council(models), create_smoa(models, layers=2), create_tournament(models[0])]

    def run(text: str) -> None:
        nonlocal verdict
        verdict = text
        for graph in graphs:
            result = graph.compile().invoke("What is 2 + 2?")
            assert "It is 4." in result["answer"] or result["report"]["degraded"]

    assert growth(run, unit, 190_000, clock=time.process_time) < LINEAR
