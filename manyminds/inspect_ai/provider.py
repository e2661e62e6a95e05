"""The model provider of Inspect: `inspect eval TASK --model manyminds/NAME`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from inspect_ai._util.error import PrerequisiteError
from inspect_ai.log._samples import sample_active
from inspect_ai.model import ChatMessage, GenerateConfig, ModelAPI, ModelOutput, ServedModelUsage
from inspect_ai.model import modelapi as provider
from inspect_ai.tool import ToolChoice, ToolInfo

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError, ManymindsError
from manyminds.evals.evaluate import seed_of
from manyminds.inspect_ai import conversion
from manyminds.inspect_ai.member import InspectChatModel
from manyminds.method_graph import MethodGraph
from manyminds.server.config import Ensemble, read_config
from manyminds.settings import Budget, Context


@provider(name="manyminds")
class MethodAPI(ModelAPI):
    """A method, or an ensemble of a configuration file, as a model of Inspect.

    The usage of a call is that of all calls inside, and the report is in the output's metadata
    under "manyminds". Each epoch of a sample is a run with a seed of its own, derived from `--seed`
    and the epoch as `manyminds eval --seed --repeats` derives it, so both give the same answers.

    Args:
        model_name: Name of a method, or of an ensemble in `ensembles`.
        base_url: Not used.
        api_key: Not used.
        config: Sampling parameters and the seed. A temperature of 0 is not handed to members.
        members: Members of the method: strings, separated by commas or as a list, or anything that
            its builder takes.
        ensembles: Configuration file as for `manyminds serve`, which names ensembles.
        budget: Limits of each run, such as `{calls: 20}`.
        writer: Member that calls the task's tools. Default: the method's first chat model.
        options: Options of the method's builder.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 (Inspect's own signature)
        members: Sequence[Any] | str | None = None,
        ensembles: str | Path | None = None,
        budget: Mapping[str, Any] | None = None,
        writer: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        try:
            ensemble = _ensemble(model_name, members, ensembles, budget, writer, options)
            self._app = ensemble.build()
        except ManymindsError as error:
            raise PrerequisiteError(f"manyminds/{model_name}: {error}") from None
        self._writer = ensemble.writer
        self._graph = cast("MethodGraph", self._app.builder)
        asked = self._graph.members.items()
        self._inspected = {name for name, m in asked if isinstance(m.model, InspectChatModel)}

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Run the method on the conversation.

        Raises:
            RunError: The method gave no answer, which is the sample's error.
            InputError: The task asks for something that a method cannot give.
        """
        if (config.num_choices or 1) > 1:
            raise InputError("num_choices: a method gives one answer; use --epochs")
        used = list(tools) if tool_choice != "none" else []
        sample, seed = sample_active(), config.seed or 0
        repeat = 0 if sample is None else sample.epoch - 1
        about: dict[str, object] = {"shuffle": str(seed), "repeat": repeat}
        if sample is not None and sample.sample.id is not None:
            about["question_id"] = str(sample.sample.id)
            about["question_text"] = _text(sample.sample.input)
        state = await self._running(used, tool_choice).ainvoke(
            {"messages": await conversion.to_langchain(input)},
            config={"metadata": about},
            context=Context(seed=seed_of(seed, repeat), params=conversion.to_params(config)),
        )
        return conversion.to_output(f"manyminds/{self.model_name}", state, self._inspected)

    def served_model_usage(self, output: ModelOutput) -> list[ServedModelUsage] | None:
        """Return the usage of each member, by which Inspect knows the cost of a call."""
        return conversion.served(output)

    def connection_key(self) -> str:
        """Return what tells the connections of ensembles apart."""
        return self.model_name

    def _running(self, tools: Sequence[ToolInfo], choice: ToolChoice) -> CompiledMethod:
        """Return the application of a turn: the method, or the method and then its writer."""
        if not tools:
            return self._app
        listed = conversion.to_tools(tools)
        graph = self._graph.with_tools(listed, conversion.to_binding(choice), self._writer)
        return graph.compile()


def _text(given: str | list[ChatMessage]) -> str:
    """Return the question of a sample as its data set has it, before prompts are put around it."""
    return given if isinstance(given, str) else given[-1].text


def _ensemble(
    name: str,
    members: Sequence[Any] | str | None,
    ensembles: str | Path | None,
    budget: Mapping[str, Any] | None,
    writer: str | None,
    options: Mapping[str, Any],
) -> Ensemble:
    """Return the ensemble that a model's name and its arguments stand for."""
    if ensembles is not None:
        known = read_config(Path(ensembles)).ensembles
        if name not in known:
            raise InputError(f"{ensembles} has {', '.join(known)}: name one of these")
        if members or options or budget:
            raise InputError("the ensemble has its own members and options: give only `ensembles`")
        return known[name]
    listed = members.split(",") if isinstance(members, str) else list(members or ())
    if not listed:
        raise InputError("name its members, such as -M members=openai:gpt-4o-mini,ollama:llama3.1")
    limits = Context(budget=cast("Budget | None", budget)).budget
    # Members may also be objects, which a configuration file cannot hold: they are not validated.
    return Ensemble.model_construct(
        method=name, members=listed, options=dict(options), budget=limits, writer=writer
    )
