"""What a method will cost, before anything is paid: a rehearsal on simulated members.

The method itself runs, with its real prompts, on simulated members that are as accurate as is said
and write texts as long as is said. So prompts grow as they will, early stops happen as often as
such members agree, and the calls of every layer are counted. The registry's formula bounds them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from langchain_core.callbacks import BaseRunManager
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from pydantic import Field

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError
from manyminds.evals.statistics.intervals import interval
from manyminds.method_graph import MethodGraph
from manyminds.models.simulated.arithmetic import QuestionRow, questions
from manyminds.models.simulated.model import SimulatedChatModel
from manyminds.prices import Listed, Price
from manyminds.reading.answers import extractor
from manyminds.state import TokenUsage

QUESTION_TOKENS, ANSWER_TOKENS, WAIT, SPEED = 100, 300, 0.5, 60.0
_LEAST_SKILL, _STEPS = 0.02, 5
_CHARS_A_TOKEN, _AT_ONCE = 4, 16
_FILLER = "The working of a real answer goes on here. "
_BACKGROUND = "A real question says more than this one. "


class RehearsedModel(SimulatedChatModel):
    """A simulated member that writes answers of a given length and notes what they would take.

    Args:
        answer_tokens: Length of an answer; verdicts and actions keep their own.
        wait: Seconds until the first token.
        speed: Tokens a second.
    """

    answer_tokens: int = ANSWER_TOKENS
    wait: float = WAIT
    speed: float = SPEED
    used: list[TokenUsage] = Field(default_factory=list[TokenUsage])
    stages: dict[str, dict[tuple[str, int], float]] = Field(
        default_factory=dict[str, dict[tuple[str, int], float]]
    )

    def _answer(
        self,
        messages: Sequence[BaseMessage],
        manager: BaseRunManager | None,
        options: Mapping[str, Any],
    ) -> tuple[AIMessage, float]:
        message, _ = super()._answer(messages, manager, options)
        text = str(message.text)
        if "The answer is " in text:
            missing = self.answer_tokens * _CHARS_A_TOKEN - len(text)
            text = _FILLER * max(0, round(missing / len(_FILLER))) + text
        usage = message.usage_metadata
        assert usage is not None
        given, made = usage["input_tokens"], -(-len(text) // _CHARS_A_TOKEN)
        self.used.append(TokenUsage(input_tokens=given, output_tokens=made))
        metadata: Mapping[str, Any] = manager.metadata if manager else {}
        stages = self.stages.setdefault(str(metadata.get("question_id")), {})
        stage = str(metadata.get("role")), int(metadata.get("layer") or 0)
        stages[stage] = max(stages.get(stage, 0.0), self.wait + made / self.speed)
        counted = UsageMetadata(input_tokens=given, output_tokens=made, total_tokens=given + made)
        return message.model_copy(update={"content": text, "usage_metadata": counted}), 0.0


@dataclass(frozen=True)
class Forecast:
    """What a question will take; figures are means over the rehearsed questions.

    Attributes:
        method: Name of the method.
        calls: Calls.
        least: Fewest calls that a question took.
        most: Calls at most: by the registry's formula, else the most that a question took.
        bounded: Whether `most` is the formula's.
        input_tokens: Tokens of prompts.
        output_tokens: Tokens of answers.
        dollars: None where a price is unknown.
        seconds: Slowest call of each layer, added up.
        accuracy: Of simulated members as accurate as was said, 0 to 1.
        interval: Of the accuracy, 95 %.
        rehearsed: Number of simulated questions.
    """

    method: str
    calls: float
    least: int
    most: int
    bounded: bool
    input_tokens: float
    output_tokens: float
    dollars: float | None
    seconds: float
    accuracy: float
    interval: tuple[float, float]
    rehearsed: int

    def to_json(self) -> dict[str, object]:
        """Return plain data for `json.dumps`."""
        return asdict(self)


def rehearsed(
    name: str,
    *,
    accuracy: float,
    answer_tokens: int = ANSWER_TOKENS,
    wait: float = WAIT,
    speed: float = SPEED,
) -> RehearsedModel:
    """Make the simulated model that stands for a real one.

    Args:
        name: Name of the real model.
        accuracy: Share of questions that it answers rightly alone, 0 to 1.
        answer_tokens: Length of its answers.
        wait: Seconds until its first token.
        speed: Tokens a second.

    Raises:
        InputError: An argument is out of range.
    """
    if not 0 <= accuracy <= 1:
        raise InputError(f"accuracy {accuracy}: give a share from 0 to 1")
    if answer_tokens < 1 or wait < 0 or speed <= 0:
        raise InputError("give at least 1 token an answer, a wait of 0 s or more, and a speed")
    skill = min(max(accuracy, _LEAST_SKILL), 1 - _LEAST_SKILL)
    return RehearsedModel(
        model_name=name, skill=skill, answer_tokens=answer_tokens, wait=wait, speed=speed
    )


async def aforecast(
    graph: MethodGraph,
    models: Mapping[str, RehearsedModel],
    prices: Mapping[str, Price | Listed | None],
    *,
    most: int | None,
    question_tokens: int = QUESTION_TOKENS,
    rows: int = 60,
    seed: int = 0,
) -> Forecast:
    """Rehearse a method and return what a question takes.

    Args:
        graph: The method, built over members of `models`.
        models: Rehearsed models by name, those of roles included.
        prices: Price of each of them by the same name.
        most: Calls at most by the registry's formula; None where it has none.
        question_tokens: Length of a question.
        rows: Number of simulated questions.
        seed: Draws the questions.
    """
    app, made = graph.compile(), questions(rows, _STEPS, seed)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(row: QuestionRow) -> tuple[int, bool]:
        async with gate:
            return await _rehearse(app, row, question_tokens)

    found = await asyncio.gather(*(one(row) for row in made))
    calls = [count for count, _ in found]
    right = [float(good) for _, good in found]
    usage = {name: _sum(model.used) for name, model in models.items()}
    return Forecast(
        method=graph.method,
        calls=sum(calls) / rows,
        least=min(calls),
        most=max(calls) if most is None else most,
        bounded=most is not None,
        input_tokens=sum(one["input_tokens"] for one in usage.values()) / rows,
        output_tokens=sum(one["output_tokens"] for one in usage.values()) / rows,
        dollars=_dollars(usage, prices, rows),
        seconds=sum(_critical_path(models.values(), row["id"]) for row in made) / rows,
        accuracy=sum(right) / rows,
        interval=interval(right),
        rehearsed=rows,
    )


async def _rehearse(app: CompiledMethod, row: QuestionRow, tokens: int) -> tuple[int, bool]:
    missing = tokens * _CHARS_A_TOKEN - len(row["question"])
    question = _BACKGROUND * max(0, round(missing / len(_BACKGROUND))) + row["question"]
    output = await app.ainvoke(
        {"messages": [("user", question)]}, {"metadata": {"question_id": row["id"]}}
    )
    read = extractor("number").extract(str(output.get("answer")))
    return int(output["report"]["calls"]), read == row["answer"]


def _critical_path(models: Any, question: str) -> float:
    """Return the seconds of a question: the slowest call of each stage, added up."""
    slowest: dict[tuple[str, int], float] = {}
    for model in models:
        for stage, seconds in model.stages.get(question, {}).items():
            slowest[stage] = max(slowest.get(stage, 0.0), seconds)
    return sum(slowest.values())


def _sum(used: Sequence[TokenUsage]) -> TokenUsage:
    return TokenUsage(
        input_tokens=sum(one["input_tokens"] for one in used),
        output_tokens=sum(one["output_tokens"] for one in used),
    )


def _dollars(
    usage: Mapping[str, TokenUsage], prices: Mapping[str, Price | Listed | None], rows: int
) -> float | None:
    total = 0.0
    for name, used in usage.items():
        if not used["input_tokens"]:
            continue
        price = prices.get(name)
        if isinstance(price, Price):
            cost: float | None = (
                used["input_tokens"] * price.input + used["output_tokens"] * price.output
            ) / 1e6
        else:
            cost = None if price is None else price.cost_of(used)
        if cost is None:
            return None
        total += cost
    return total / rows
