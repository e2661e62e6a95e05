"""Every method, its roles and its streams, with replies of a real model."""

import json
from typing import Any

import pytest
from helpers.real import MEMBER, client
from helpers.registry import NAMES, small
from jsonschema import validate  # type: ignore[import-untyped]

from manyminds import Member, create_agent_forest, create_moa
from manyminds.errors import RunError
from manyminds.models.structured_output import request_params
from manyminds.reading.schemas import Schema, number_field, object_schema, scored_answers

QUESTION = "What is 7 + 5? Reply with the number only."


def asked(text: str = QUESTION) -> dict[str, Any]:
    return {"messages": [("user", text)]}


@pytest.mark.parametrize("name", NAMES)
async def test_every_method_ends_and_accounts_for_its_calls(name: str) -> None:
    # One member of ours, and one as a user of LangChain would bring it: both ask the same engine.
    async with client(max_tokens=24) as chat:
        graph = small(name, Member(MEMBER, params={"max_tokens": 24}), Member(chat, name="chat"))
        try:
            result = await graph.compile().ainvoke(asked())
        except RunError as error:
            # Nobody has to give an answer in 24 tokens, but each failure has a known reason.
            assert any(word in str(error) for word in ("truncated", "malformed", "empty")), error
            return
    report = result["report"]
    assert isinstance(result["answer"], str) and result["answer"].strip()
    assert report["calls"] >= 1 and (not report["missing"] or report["degraded"])
    assert report["tokens"]["input"] > 0 and report["tokens"]["output"] > 0


STOP = {"stop": {"type": "boolean"}, "reason": {"type": "string"}}
ROLES = {"roles": {"type": "array", "items": {"type": "string"}, "maxItems": 3}}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(object_schema("verdict", {"answers": scored_answers(2)}), id="judge"),
        pytest.param(object_schema("decision", STOP), id="moderator"),
        pytest.param(object_schema("pick", {"number": number_field(3)}), id="ranker"),
        pytest.param(object_schema("panel", ROLES), id="role_writer"),
    ],
)
async def test_a_role_is_held_to_its_schema(schema: Schema) -> None:
    member = Member(MEMBER)
    model = member.runnable(stream=False)
    prompt = "Two answers to 7 + 5: number 1 says 12, number 2 says 75. Be brief. Reply in JSON."
    params: dict[str, Any] = {"max_tokens": 200, "temperature": 0.0}
    params |= request_params(schema, member.model)
    reply = await model.ainvoke(prompt, **params)
    if reply.response_metadata["finish_reason"] == "length":
        assert reply.text.startswith("{")  # in the form, as far as it came
    else:
        validate(json.loads(reply.text), schema)


async def test_tokens_of_the_last_role_are_streamed() -> None:
    graph = create_moa([Member(MEMBER, params={"max_tokens": 16})] * 2, layers=2).compile()
    streamed, final = "", {}
    options = {"stream_mode": ["messages", "values"]}
    async for mode, part in graph.astream(asked("What is the opposite of hot?"), **options):
        if mode == "messages":
            streamed += part[0].text
        else:
            final = part
    assert streamed and streamed.strip() in final["answer"]


async def test_four_at_once_and_several_samples_a_request() -> None:
    options = {"max_tokens": 48}
    plain = create_agent_forest(Member(MEMBER, params=options), samples=4).compile()
    packed = Member(MEMBER, params=options, samples_per_request=4)
    for forest in (plain, create_agent_forest(packed, samples=4).compile()):
        report = (await forest.ainvoke(asked()))["report"]
        assert report["calls"] == 4 and report["tokens"]["output"] > 4
