"""Scripted members of a Sparse Mixture-of-Agents."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from helpers.graphs import call, user
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda

from manyminds import Member, create_smoa
from manyminds.fence import parse_numbered
from manyminds.method_graph import MethodGraph
from manyminds.testing import Answer, Metadata, Script, ScriptedChatModel

STOP = '{"stop": true, "reason": "they agree"}'
GO_ON = '{"stop": false, "reason": "they differ"}'


def read(messages: Sequence[BaseMessage]) -> list[str]:
    """Return the numbered answers in a prompt, whose numbers must go from 1."""
    blocks = parse_numbered("\n".join(message.text for message in messages))
    assert [number for number, _ in blocks] == list(range(1, len(blocks) + 1))
    return [text for _, text in blocks]


def ranking(texts: Sequence[str], taste: Callable[[str], float], **more: object) -> str:
    """Return a judge's reply about answers it was shown, which scores them by `taste`."""
    rows = [
        {"number": number, "reason": f"on {text[:20]}", "score": taste(text)}
        for number, text in enumerate(texts, 1)
    ]
    return json.dumps({"answers": rows, **more})


def judge_by(taste: Callable[[str], float], **more: object) -> ScriptedChatModel:
    """Return a judge that reads the answers it is shown and scores them by `taste`."""
    return ScriptedChatModel(lambda messages, _data: ranking(read(messages), taste, **more))


def last_letter(text: str) -> float:
    """Like z best, a least; what ends otherwise is worth nothing."""
    return max(0.0, (ord(text.strip()[-1]) - ord("a")) / 5)


class Holding(ScriptedChatModel):
    """A model that offers structured output, as an endpoint that takes a JSON schema does."""

    def __init__(self, script: Script | Answer = "ok", /) -> None:
        super().__init__(script)

    def with_structured_output(self, schema: Any, **kwargs: Any) -> Runnable[Any, Any]:
        """Bind the schema, and parse after it as chat models of LangChain do."""
        form: Mapping[str, Any] = {"type": "json_schema", "json_schema": schema}
        return self.bind(response_format=form) | RunnableLambda(_parsed)


class Refusing(Holding):
    """A model whose class offers structured output, and which itself does not."""

    def with_structured_output(self, schema: Any, **kwargs: Any) -> Runnable[Any, Any]:
        """Refuse."""
        raise NotImplementedError


def proposers(
    *says: Answer | Callable[[Metadata], Answer],
) -> tuple[list[ScriptedChatModel], list[Member]]:
    """Return models and the members a, b, c, ...; a function gets the call's metadata."""

    def script(one: Answer | Callable[[Metadata], Answer]) -> Script:
        def by_layer(_messages: object, data: Metadata) -> Answer:
            return one(data) if callable(one) else one

        return by_layer

    models = [ScriptedChatModel(script(one)) for one in says]
    return models, [Member(m, name=n) for n, m in zip("abcdefgh", models, strict=False)]


def one_layer(texts: Sequence[Answer], judge: Any, **options: Any) -> MethodGraph:
    """Return a graph of one layer of proposers that say these texts."""
    return create_smoa(
        proposers(*texts)[1], judge=judge, aggregator=ScriptedChatModel("end"), layers=2, **options
    )


def of_layer(letter: str) -> Callable[[Metadata], Answer]:
    """Say the layer and this letter, by which the judge goes."""

    def says(data: Metadata) -> Answer:
        return f"layer {data['layer']} {letter}"

    return says


class Panel:
    """Four proposers, a judge that likes z best, and further members of a test."""

    def __init__(self, moderator: Any = GO_ON, letters: str = "bdac", **options: Any) -> None:
        if options.get("stop", "moderator") != "moderator":
            moderator = None
        self.models, self.members = proposers(*map(of_layer, letters))
        self.judge = judge_by(last_letter)
        self.aggregator = ScriptedChatModel("the end")
        self.moderator = ScriptedChatModel(moderator) if isinstance(moderator, str) else moderator
        given: dict[str, Any] = {
            "judge": self.judge,
            "moderator": self.moderator,
            "aggregator": self.aggregator,
            **options,
        }
        self.graph: MethodGraph = create_smoa(self.members, **given)

    async def run(self, way: str = "ainvoke", **compiled: Any) -> dict[str, Any]:
        """Ask a question in one of the four ways."""
        return await call(self.graph.compile(**compiled), way, user("Why?"))


def _parsed(_message: AIMessage) -> Any:
    raise AssertionError("replies are read by our own parser")
