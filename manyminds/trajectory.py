"""A trajectory: an agent's task, its actions and its observations, ready to be trained on.

The shape is that of the Agent Data Protocol (arXiv 2510.24702): a list of actions and observations,
distinguished by `class_`. Added here: a `train` flag per action, actions that share a turn, and
what filters need: reward, rating, model, method, agreement of the vote, reference answer.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from manyminds.errors import DataError

Source: TypeAlias = Literal["user", "agent", "environment"]
Reward: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Action(_Part):
    """Something that the agent did.

    Attributes:
        description: The thought that goes with the action, as the agent wrote it.
        reasoning_content: Reasoning that the model keeps apart from its reply.
        reward: Reward of this step.
        tool_call_id: Links the action to the observation that answers it.
        train: Whether a trainer learns this action; False for demonstrations and given history.
        continues: Whether it belongs to the same turn of the assistant as the action before it.
    """

    description: str | None = None
    reasoning_content: str | None = None
    reward: Reward | None = None
    tool_call_id: str | None = None
    train: bool = True
    continues: bool = False


class APIAction(_Action):
    """A tool call: `function` with the arguments `kwargs`."""

    class_: Literal["api_action"] = "api_action"
    function: str
    kwargs: dict[str, Any] = Field(default_factory=dict[str, Any])


class CodeAction(_Action):
    """Code to execute."""

    class_: Literal["code_action"] = "code_action"
    language: str
    content: str


class MessageAction(_Action):
    """A text of the agent: an answer, or a step that is written out, as ReAct's are."""

    class_: Literal["message_action"] = "message_action"
    content: str


class _Observation(_Part):
    """Something that the agent was given or saw; `tool_call_id` names the action it answers."""

    reward: Reward | None = None
    tool_call_id: str | None = None


class TextObservation(_Observation):
    """A text: of the user, of another agent, or of the environment (`name`: which tool)."""

    class_: Literal["text_observation"] = "text_observation"
    content: str
    source: Source
    name: str | None = None


class ImageObservation(_Observation):
    """An image; `content` is its path."""

    class_: Literal["image_observation"] = "image_observation"
    content: str
    source: Source = "environment"
    annotations: list[dict[str, Any]] | None = None


class WebObservation(_Observation):
    """A web page as HTML, as accessibility tree, as image."""

    class_: Literal["web_observation"] = "web_observation"
    html: str | None = None
    axtree: str | None = None
    url: str | None = None
    image_observation: ImageObservation | None = None
    viewport_size: tuple[int, int] | None = None


Action: TypeAlias = APIAction | CodeAction | MessageAction
Observation: TypeAlias = TextObservation | ImageObservation | WebObservation
Step: TypeAlias = Annotated[Action | Observation, Field(discriminator="class_")]


class Trajectory(_Part):
    """One conversation of an agent with a user and an environment.

    Attributes:
        id: Name of the trajectory, unique in its source.
        content: Actions and observations in order.
        system: System message.
        tools: Tools that the agent had, as OpenAI function schemas.
        task: Name of the question or task. Trajectories of the same task are compared in pairs.
        model: Model that acted.
        method: Method of the run, such as `agent-forest`.
        role: Part that the model played in the method, such as `proposer`.
        source: File or data set that the trajectory comes from.
        reward: Reward of the whole trajectory, commonly 0 to 1.
        rating: Rating of the whole trajectory by a model, 0 to 5.
        answer: Answer that was read out of the last action.
        gold: Reference answer.
        agreement: Share of a vote's weight that is behind this answer, 0 to 1.
        won: Whether this answer won the vote; None where there was no vote or it abstained.
        details: Anything else that the source says.
    """

    id: str
    content: list[Step]
    system: str | None = None
    tools: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    task: str | None = None
    model: str | None = None
    method: str | None = None
    role: str | None = None
    source: str | None = None
    reward: Reward | None = None
    rating: Annotated[float, Field(ge=0, le=5)] | None = None
    answer: str | None = None
    gold: str | None = None
    agreement: Annotated[float, Field(ge=0, le=1)] | None = None
    won: bool | None = None
    details: dict[str, Any] = Field(default_factory=dict[str, Any])

    @classmethod
    def read(cls, row: Mapping[str, Any], where: str) -> "Trajectory":
        """Read a row that `row` has written.

        Args:
            row: Parsed JSON object.
            where: File and line, for the message.

        Raises:
            DataError: The row is no trajectory.
        """
        try:
            return cls.model_validate(row)
        except ValidationError as error:
            raise DataError(f"{where}: this is no trajectory: {first_fault(error)}") from None

    def row(self) -> dict[str, Any]:
        """Return the trajectory as plain data, without fields that have their default."""
        plain = self.model_dump(mode="json", exclude_defaults=True)
        kinds = [step.class_ for step in self.content]
        steps = [
            {"class_": kind, **step}
            for kind, step in zip(kinds, plain.get("content", []), strict=True)
        ]
        return {**plain, "content": steps}

    def turns(self) -> Iterator[list[Action] | Observation]:
        """Yield observations one by one, and the actions of one turn of the assistant together."""
        turn: list[Action] = []
        for step in self.content:
            if isinstance(step, APIAction | CodeAction | MessageAction):
                if turn and not step.continues:
                    yield turn
                    turn = []
                turn.append(step)
                continue
            if turn:
                yield turn
                turn = []
            yield step
        if turn:
            yield turn


def first_fault(error: ValidationError) -> str:
    """Return the first complaint of pydantic as a clause: where it is, and what was expected."""
    fault = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place or 'the row'}: {fault['msg']}"
