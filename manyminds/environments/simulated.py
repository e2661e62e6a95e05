"""A simulated agent: it knows how a task is solved, and errs at each step with a given chance.

Use it in demos and tests, where no model is available. Like all simulated members it says what it
is.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field, ValidationError

from manyminds.environments.environment import Generated, Task
from manyminds.errors import MemberError
from manyminds.models.simulated.model import MARK
from manyminds.reading.actions import FINISH, Action, read_action

_ALL = "all"
_OPTIONS = ("environment", "skill", "seed")
_CHARS_A_TOKEN = 4
_ENDS = 0.5  # share of the errors that end the task, rather than cost a step


class SimulatedAgent(BaseChatModel):
    """A chat model that acts in one of our environments, skilled to a degree.

    Its errors follow from the seed, the member's name, the draw, the task and the step.

    Args:
        environment: Environment whose tasks it knows.
        skill: Chance that a step is right; from 0 to 1.
        seed: Another seed gives other errors.
    """

    environment: Any
    skill: float = Field(default=0.9, ge=0, le=1)
    seed: int = 0

    @property
    def _llm_type(self) -> str:
        return "manyminds-simulated-agent"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"environment": self.environment.name, "skill": self.skill, "seed": self.seed}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        metadata: dict[str, Any] = run_manager.metadata if run_manager else {}
        text = self._reply(messages, f"{metadata.get('member')}|{metadata.get('draw')}")
        used = -(-sum(len(message.text) for message in messages) // _CHARS_A_TOKEN)
        made = -(-len(text) // _CHARS_A_TOKEN)
        message = AIMessage(
            content=text,
            response_metadata={"simulated": True, "model_name": "simulated-agent"},
            usage_metadata=UsageMetadata(
                input_tokens=used, output_tokens=made, total_tokens=used + made
            ),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _reply(self, messages: Sequence[BaseMessage], who: str) -> str:
        assert isinstance(self.environment, Generated)
        tasks = [self.environment.find(message.text) for message in messages]
        task = next((task for task in reversed(tasks) if task is not None), None)
        if task is None:
            return f"I will do the steps in their order, and check each of them. {MARK}"
        said = [message for message in messages if message.type == "ai"]
        following = _following(task, [message.text for message in said])
        draw = Random(f"{self.seed}|{who}|{task.id}|{len(said)}")
        if draw.random() >= self.skill:
            ends = draw.random() < _ENDS or following.tool == FINISH
            following = Action(FINISH, "unknown") if ends else Action(following.tool, "?")
        return f"Thought: Step {len(said) + 1} of the task. {MARK}\nAction: {following}"


def _following(task: Task, said: Sequence[str]) -> Action:
    """Return the first action of the solution that was not done yet."""
    tools = list(dict.fromkeys(action.tool for action in task.solution))
    left = list(task.solution)
    for text in said:
        if left and read_action(text, tools).action == left[0]:
            left.pop(0)
    return left[0] if left else Action(FINISH, task.answer)


class _AllTasks(Generated):
    """The tasks of several environments."""

    name = _ALL

    def __init__(self, environments: Mapping[str, type[Generated]]) -> None:
        super().__init__()
        self._places = [make() for make in environments.values()]

    def made(self) -> list[Task]:
        """Return the tasks of every environment."""
        return [task for place in self._places for task in place.made()]


def agent_from_string(text: str, environments: Mapping[str, type[Generated]]) -> SimulatedAgent:
    """Make the agent that `simulated:agent?environment=sql&skill=0.8&seed=3` describes.

    Every option may be left out; without an environment it knows the tasks of all.

    Raises:
        MemberError: An option is unknown or out of range.
    """
    given: dict[str, Any] = {}
    for part in filter(None, text.partition("?")[2].split("&")):
        option, _, given[option] = part.partition("=")
        if option not in _OPTIONS:
            raise MemberError(f"{text!r}: unknown option {option!r}; use {', '.join(_OPTIONS)}")
    name = given.pop("environment", _ALL)
    if name not in (_ALL, *environments):
        raise MemberError(
            f"{text!r}: there is no environment {name!r}: use {', '.join(environments)}"
        )
    place = environments[name]() if name != _ALL else _AllTasks(environments)
    try:
        return SimulatedAgent(environment=place, name="agent", **given)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise MemberError(f"{text!r}: {wrong['loc'][0]}: {wrong['msg']}") from None
