"""Many questions at once through one compiled graph: nothing of one is ever seen by another."""

import asyncio
import random
import re
from typing import Any

import pytest
from helpers.graphs import user
from langchain_core.messages import BaseMessage
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import Member, MethodGraph, create_agent_forest, create_moa
from manyminds.testing import Metadata, ScriptedChatModel, ScriptedReply

COUNT = 40
SECRET = re.compile(r"secret-\d+")


def question(n: int) -> str:
    return f"What does secret-{n}. mean?"


def echo(name: str) -> ScriptedChatModel:
    """Answer with every secret in the prompt, after a pause that mixes the questions up."""
    pauses = random.Random(name)

    def script(messages: list[BaseMessage], _data: Metadata) -> ScriptedReply:
        found = sorted({s for m in messages for s in SECRET.findall(m.text)})
        return ScriptedReply(f"{name} knows {' '.join(found)}.", delay=pauses.random() / 200)

    return ScriptedChatModel(script)


def moa(a: Member, b: Member, c: Member) -> MethodGraph:
    return create_moa([a, b], aggregator=c, layers=3)


def forest(a: Member, b: Member, c: Member) -> MethodGraph:
    return create_agent_forest([a, b, c], samples=6, stop="ahead:3")


def nested(a: Member, b: Member, c: Member) -> MethodGraph:
    members: list[Any] = [create_agent_forest([a, b], samples=2), c]
    return create_moa(members, layers=2)


@pytest.mark.parametrize(
    ("build", "checkpointed"),
    [(moa, False), (moa, True), (forest, False), (nested, True)],
    ids=["moa", "moa on threads", "agent-forest", "nested on threads"],
)
async def test_no_question_meets_another(build: Any, checkpointed: bool) -> None:
    models = [echo(name) for name in "abc"]
    members = [Member(model, name=name) for name, model in zip("abc", models, strict=True)]
    app = build(*members).compile(checkpointer=InMemorySaver() if checkpointed else None)
    results = await asyncio.gather(
        *(
            app.ainvoke(user(question(n)), {"configurable": {"thread_id": str(n)}})
            for n in range(COUNT)
        )
    )
    runs: dict[str, set[str]] = {}
    for call in (call for model in models for call in model.calls):
        secrets = set(SECRET.findall(call.prompt))
        assert len(secrets) == 1
        runs.setdefault(call.metadata["run"], set()).update(secrets)
    assert all(len(secrets) == 1 for secrets in runs.values())
    for n, result in enumerate(results):
        assert [m.text for m in result["messages"][:-1]] == [question(n)]
        assert SECRET.findall(result["answer"]) == [f"secret-{n}"]
        texts = [c["text"] for c in result["candidates"]]
        assert {s for text in texts for s in SECRET.findall(text)} == {f"secret-{n}"}
    assert len({result["report"]["run"] for result in results}) == COUNT
    assert sum(r["report"]["calls"] for r in results) == sum(len(m.calls) for m in models)
