"""A simulated member for the Towers of Hanoi: right at each step with a given probability.

It takes the place of a real model in long step-wise runs: it reads the pegs and the move number out
of the prompt, finds the move by the rule that the prompt gives, and errs independently.
"""

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from manyminds.errors import AnswerError

_ASKED = re.compile(r"upwards: ([ABC ]+)\nMove number: (\d+)\nCycle of pegs for disk 1: (\S), (\S)")
_CHARS_A_TOKEN = 4


class SimulatedStepper(BaseChatModel):
    """A chat model that is simulated and moves disks; no answer of it comes from a real model.

    Args:
        model_name: of the member made from it.
        accuracy: chance that a move is right; a wrong one is another allowed-looking move.
        rambling: chance that the reply breaks the format, as a confused model's does.
        seed: another seed, other errors.
    """

    model_name: str = "stepper"
    accuracy: float = Field(default=0.998, ge=0, le=1)
    rambling: float = Field(default=0.0, ge=0, le=1)
    seed: int = 0

    @property
    def _llm_type(self) -> str:
        return "manyminds-simulated-stepper"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._answer(messages, run_manager.metadata if run_manager else {})

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._answer(messages, run_manager.metadata if run_manager else {})

    def _answer(self, messages: Sequence[BaseMessage], metadata: Mapping[str, Any]) -> ChatResult:
        asked = _ASKED.search(messages[-1].text)
        if asked is None:
            raise AnswerError(
                "a simulated stepper only moves disks: ask it with the task Hanoi",
                kind="invalid_request",
            )
        pegs, number = asked[1].replace(" ", ""), int(asked[2])
        key = f"{self.seed}|{metadata.get('member')}|{metadata.get('draw', 0)}|{number}"
        luck = Random(key)
        text = _right_move(pegs, number, asked[3], asked[4])
        if luck.random() >= self.accuracy:
            text = _other_move(pegs, text, luck)
        if luck.random() < self.rambling:
            text = f"Let me think about {text} once more, and then once more. Wait"
        length = sum(len(message.text) for message in messages) // _CHARS_A_TOKEN
        message = AIMessage(
            content=text,
            response_metadata={"simulated": True, "model_name": self.model_name},
            usage_metadata=UsageMetadata(
                input_tokens=length, output_tokens=4, total_tokens=length + 4
            ),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])


def _right_move(pegs: str, number: int, first: str, second: str) -> str:
    """Follow the rule of the prompt; the cycle is given by its first two pegs."""
    third = (set("ABC") - {first, second}).pop()
    if number % 2:
        after = {first: second, second: third, third: first}
        return f"move: 1 {pegs[0]} {after[pegs[0]]}"
    free = [peg for peg in "ABC" if peg != pegs[0]]
    tops = [pegs.find(peg) for peg in free]  # -1: the peg is empty
    source = 0 if tops[1] < 0 or 0 <= tops[0] < tops[1] else 1
    return f"move: {tops[source] + 1} {free[source]} {free[1 - source]}"


def _other_move(pegs: str, right: str, luck: Random) -> str:
    """Return a move that the rules allow and that is not the right one."""
    moves: list[str] = []
    for source in dict.fromkeys(pegs):
        disk = pegs.index(source)
        for target in "ABC":
            move = f"move: {disk + 1} {source} {target}"
            if target not in pegs[: disk + 1] and move != right:
                moves.append(move)
    return luck.choice(moves)
