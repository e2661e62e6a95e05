"""Simulated members: an honest statistical model of a chat model, for demos, tests and teaching.

A simulated model answers chains of arithmetic (`questions` makes them) by reading the prompt it is
given. It works step by step and errs at a step with a chance that follows from its own skill and
the hardness of that step. A share of the errors is systematic: every draw and every member of that
skill falls for the same wrong result, which no vote can mend. The rest is drawn again each time.
Asked for a verdict in JSON, it judges with its own skill. Every answer says that it is simulated.
"""

import asyncio
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from math import exp, isfinite, log
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    BaseRunManager,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, SystemMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.utils.utils import LC_ID_PREFIX
from pydantic import Field

from manyminds.errors import AnswerError, MemberError
from manyminds.fence import counts, parse_numbered
from manyminds.models.simulated.acting import act
from manyminds.models.simulated.arithmetic import Chain, questions, slips
from manyminds.models.simulated.choices import Asked, option_questions, read_asked
from manyminds.models.simulated.judging import Weighed, form, verdict, weigh

__all__ = ["MARK", "PRESETS", "SimulatedChatModel", "from_string", "option_questions", "questions"]

MARK = "[simulated]"
PRESETS = {"small": 0.45, "medium": 0.65, "large": 0.85}
"""Skill of the named models: the chance of answering five steps of average difficulty rightly."""

_STEPS_OF_SKILL = 5
# Telling a range from the right one is easier than a step: so much of a step's chance to err.
_MISREADING = 0.25
# How an independent error falls: often on the slip that tempts everyone, else on any.
_TEMPTED = 0.35
_CHARS_A_TOKEN = 4
_OPTIONS = {"skill": "skill", "systematic": "systematic", "latency": "latency",
            "fail": "failure_rate", "seed": "seed"}  # fmt: skip
_FENCED = re.compile(r'<answer number="\d+"(?: given-by="\d+ of \d+")?>\n.*?\n</answer>', re.DOTALL)
_GUESSED = "None of the ranges holds that, so this is a guess."
_CANNOT = (
    "I am a simulated model and found no question that I can answer: I only do the chains of "
    "arithmetic that manyminds.models.simulated.model.questions makes. Ask a real model "
    f"anything else.\n{MARK}"
)


class Working(NamedTuple):
    """A simulated model's own working: the lines it wrote and its result."""

    lines: list[str]
    result: int


class Prompt(NamedTuple):
    """The parts of a prompt that a simulated model reads.

    Attributes:
        asked: the question; None where there is none that it can answer.
        answers: the numbered answers of others.
        counts: number of members that gave each of them.
        keys: of the JSON object that it is to reply with; none: it replies with text.
        text: everything but AI messages and numbered answers.
        length: characters in all.
    """

    asked: Asked | None
    answers: list[tuple[int, str]]
    counts: Mapping[int, int]
    keys: tuple[str, ...]
    text: str
    length: int


class SimulatedChatModel(BaseChatModel):
    """A chat model that is simulated: skilled to a degree, and wrong in a reproducible way.

    What it answers follows from its seed, its member's name, the question and the call's metadata
    `draw`, `layer`, `role`, `shuffle` and `repeat`; `temperature=0` gives the same answer for every
    draw.

    Args:
        model_name: name, also of the member made from it where no other is given.
        skill: chance of answering a question of five average steps rightly; 0 < skill < 1.
        systematic: share of errors that all draws and members of this skill make alike.
        latency: mean seconds an answer takes.
        failure_rate: share of calls that fail with a server error, which may pass when retried
            (metadata `attempt`).
        seed: another seed, other independent errors.
        max_tokens: tokens of a reply, after which it is cut; a call may set it, too.
    """

    model_name: str = "medium"
    skill: float = Field(default=PRESETS["medium"], gt=0, lt=1)
    systematic: float = Field(default=0.2, ge=0, le=1)
    latency: float = Field(default=0.0, ge=0)
    failure_rate: float = Field(default=0.0, ge=0, le=1)
    seed: int = 0
    max_tokens: int | None = None

    @property
    def _llm_type(self) -> str:
        return "manyminds-simulated"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("model_name", *_OPTIONS.values())}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        message, seconds = self._answer(messages, run_manager, kwargs)
        if seconds:
            time.sleep(seconds)
        if run_manager and self._is_streamed(run_manager):
            for chunk in _tokens(message, run_manager.run_id):
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        message, seconds = self._answer(messages, run_manager, kwargs)
        if seconds:
            await asyncio.sleep(seconds)
        if run_manager and self._is_streamed(run_manager):
            for chunk in _tokens(message, run_manager.run_id):
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _is_streamed(self, manager: BaseRunManager) -> bool:
        # `_stream` is not told the call's metadata, on which the answer depends. So tokens are sent
        # from here, to the handlers that langchain would stream for (they have this method).
        listening = any(hasattr(handler, "tap_output_iter") for handler in manager.handlers)
        return listening and self.disable_streaming is not True

    def _answer(
        self,
        messages: Sequence[BaseMessage],
        manager: BaseRunManager | None,
        options: Mapping[str, Any],
    ) -> tuple[AIMessage, float]:
        metadata: Mapping[str, Any] = manager.metadata if manager else {}
        prompt = _read(messages)
        question = prompt.asked.chain.text if prompt.asked else ""
        key = self._key(metadata, question, greedy=options.get("temperature") == 0)
        seconds = 0.0
        if self.latency or self.failure_rate:
            luck = Random(f"{key}|luck|{metadata.get('attempt', 0)}")
            seconds = self.latency * (0.5 + luck.expovariate(2.0))
            if luck.random() < self.failure_rate:
                raise AnswerError(
                    f"{self.model_name}: simulated server error; try again",
                    kind="server_error",
                    retriable=True,
                )
        text = self._reply(prompt, Random(key))
        most = (options.get("max_tokens") or self.max_tokens or len(text)) * _CHARS_A_TOKEN
        ending = {} if len(text) <= most else {"finish_reason": "length"}
        if ending:
            text = f"{text[:most]}\n{MARK}"
        used, made = -(-prompt.length // _CHARS_A_TOKEN), -(-len(text) // _CHARS_A_TOKEN)
        message = AIMessage(
            content=text,
            response_metadata={"simulated": True, "model_name": self.model_name, **ending},
            usage_metadata=UsageMetadata(
                input_tokens=used, output_tokens=made, total_tokens=used + made
            ),
        )
        return message, seconds

    def _reply(self, prompt: Prompt, draw: Random) -> str:
        asked, weighed, lines = prompt.asked, None, list[str]()
        answer = ""
        if asked is not None:
            own = self.work(asked.chain, draw)
            plain = not asked.ranges and not prompt.keys
            acted = act(prompt.text, own.lines, MARK) if plain else None
            if acted is not None:
                return acted
            answer, is_guess = asked.choose(own.result, draw, self._error * _MISREADING)
            lines = [*own.lines, _GUESSED] if is_guess else own.lines
            weighed = weigh(answer, prompt.answers, self.trust(asked.chain), asked, prompt.counts)
        if prompt.keys:
            found = verdict(prompt.keys, prompt.text, asked, weighed, draw)
            if found is not None:
                return json.dumps({**found, "note": MARK}, ensure_ascii=False)
        if weighed is None:
            return _handed_back(prompt) or _CANNOT
        return _after_weighing(lines, weighed) if prompt.answers else _plain(lines, answer)

    def _key(self, metadata: Mapping[str, Any], question: str, *, greedy: bool) -> str:
        who = [self.seed, metadata.get("member", self.model_name)]
        when = [metadata.get(name) for name in ("shuffle", "repeat", "layer", "role")]
        drawn = ["greedy"] if greedy else [metadata.get("draw") or 0, *when]
        return "|".join(map(str, [*who, *drawn, question]))

    def work(self, chain: Chain, draw: Random) -> Working:
        """Work a question out step by step, with the errors this model makes."""
        base = _logit(self._error)
        value, lines = chain.start, list[str]()
        for step, trait in zip(chain.steps, chain.traits, strict=True):
            error = 1 / (1 + exp(-base - trait.hardness))
            shared = self.systematic * error
            lucky, tempted, other = draw.random(), draw.random(), draw.random()
            result = step.apply(value)
            if trait.trap < shared or lucky < (error - shared) / (1 - shared):
                wrong = slips(step, value)
                tempting = trait.trap < shared or tempted < _TEMPTED
                result = wrong[trait.slip % len(wrong) if tempting else int(other * len(wrong))]
            lines.append(f"{value} {step.sign} {step.operand} = {result}")
            value = result
        return Working(lines, value)

    @property
    def _error(self) -> float:
        """The chance to err at a step of average hardness."""
        return float(1 - self.skill ** (1 / _STEPS_OF_SKILL))

    def trust(self, chain: Chain) -> float:
        """How sure this model is of its own result: what its skill promises for that many steps."""
        return float(self.skill ** (len(chain.steps) / _STEPS_OF_SKILL))


def from_string(text: str) -> SimulatedChatModel:
    """Make the model that `NAME?skill=0.7&latency=0.1&fail=0.05&seed=3` describes.

    `simulated:` before it is allowed. The names small, medium and large come with a skill.

    Raises:
        MemberError: the name is unknown and has no skill, or an option is unknown or out of range.
    """
    name, _, query = text.removeprefix("simulated:").partition("?")
    given: dict[str, float | int] = {}
    for part in filter(None, query.split("&")):
        option, _, value = part.partition("=")
        if option not in _OPTIONS:
            raise MemberError(f"{text!r}: unknown option {option!r}; use {', '.join(_OPTIONS)}")
        given[_OPTIONS[option]] = _value(text, option, value)
    skill = given.pop("skill", PRESETS.get(name or "medium"))
    if skill is None:
        raise MemberError(
            f"{text!r}: no simulated model is called {name!r}; use {', '.join(PRESETS)}, "
            "or give it a skill: simulated:NAME?skill=0.7"
        )
    return SimulatedChatModel.model_validate(
        {"model_name": name or "medium", "skill": skill, **given}
    )


def _value(text: str, option: str, value: str) -> float | int:
    try:
        number = int(value) if option == "seed" else float(value)
    except ValueError:
        number = float("nan")
    highest = float("inf") if option in ("latency", "seed") else 1
    inside = isfinite(number) and (option == "seed" or 0 <= number <= highest)
    if not inside or (option == "skill" and number in (0, 1)):
        allowed = {
            "seed": "a whole number",
            "latency": "seconds, 0 or more",
            "skill": "a number between 0 and 1, both excluded",
        }
        wanted = allowed.get(option, "a number from 0 to 1")
        raise MemberError(f"{text!r}: {option}={value} does not work; give {wanted}")
    return number


def _read(messages: Sequence[BaseMessage]) -> Prompt:
    """Read the latest question, the latest numbered answers, and the form of the reply."""
    asked: Asked | None = None
    answers: list[tuple[int, str]] = []
    given: Mapping[int, int] = {}
    texts: list[str] = []
    keys: tuple[str, ...] = ()
    length = 0
    for message in reversed(messages):
        text = str(message.text)
        length += len(text)
        if isinstance(message, AIMessage):
            continue
        if not answers and "<answer" in text:
            answers, given = parse_numbered(text), counts(text)
        # What a member wrote is data: a question inside an answer is not the one being asked.
        text = _FENCED.sub("", text)
        asked = asked or read_asked(text)
        texts.append(text)
        if isinstance(message, SystemMessage) or len(texts) == 1:  # the latest message may ask, too
            keys = keys or form(text)
    return Prompt(asked, answers, given, keys, "\n".join(reversed(texts)), length)


def _handed_back(prompt: Prompt) -> str | None:
    """Return the one answer that a prompt without a question holds, as if it had been reworded."""
    if len(prompt.answers) != 1:
        return None
    ((_, text),) = prompt.answers
    return text if MARK in text else f"{text}\n{MARK}"


def _plain(lines: Sequence[str], answer: str) -> str:
    return "\n".join([*lines, f"The answer is {answer}.", MARK])


def _after_weighing(lines: Sequence[str], weighed: Weighed) -> str:
    """Answer with the result that has most support, and say why."""
    if weighed.best != weighed.own:
        lines = [f"My own working gave {weighed.own}."]
    agreeing = ", ".join(map(str, weighed.agreeing))
    if agreeing:
        lines = [*lines, f"Of the numbered answers, {agreeing} agree on {weighed.best}."]
    return _plain(lines, weighed.best)


def _tokens(message: AIMessage, run_id: UUID) -> Iterator[ChatGenerationChunk]:
    # One id for tokens and message, or a stream of messages would show the answer twice.
    message.id = f"{LC_ID_PREFIX}-{run_id}"
    for word in re.findall(r"\S+\s*", message.text):
        yield ChatGenerationChunk(message=AIMessageChunk(content=word, id=message.id))


def _logit(p: float) -> float:
    return log(p / (1 - p))
