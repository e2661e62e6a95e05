"""The solver of Inspect: a method answers each sample."""

from collections.abc import Sequence
from typing import Any

from inspect_ai.model import Model, get_model
from inspect_ai.model._generate_config import active_generate_config
from inspect_ai.solver import Generate, Solver, TaskState, solver

from manyminds.inspect_ai.conversion import REPORT
from manyminds.inspect_ai.member import InspectChatModel
from manyminds.inspect_ai.provider import MethodAPI

__all__ = ["MethodAPI", "manyminds"]


@solver
def manyminds(method: str, members: Sequence[Any] | str | None = None, **options: Any) -> Solver:
    """Solve each sample with a method.

    Use it in place of `generate()`, also after solvers that prepare the prompt. The answer becomes
    the sample's output, and the report its metadata under "manyminds". Usage, epochs, seeds and
    errors are as for `--model manyminds/NAME`. Where the task has tools, the method's writer calls
    them until it answers.

    Args:
        method: Name of a method, or of an ensemble in the file `ensembles`.
        members: Strings, chat models, models of Inspect, methods. Default: the model that Inspect
            evaluates (`--model`), as the one member, so that its calls are Inspect's.
        **options: Further arguments of `MethodAPI`: `ensembles`, `budget`, `writer`, and the
            options of the method's builder.
    """
    own = members is None and "ensembles" not in options
    listed = members if members is None or isinstance(members, str) else list(map(_member, members))
    built: dict[str, Model] = {}  # by the model that is evaluated, known only in a run

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        evaluated = str(state.model) if own else ""
        if evaluated not in built:
            built[evaluated] = _built(method, [_member(get_model())] if own else listed, options)
        said, output = await built[evaluated].generate_loop(
            state.messages, tools=state.tools, config=active_generate_config()
        )
        state.messages += said
        state.output = output
        state.metadata[REPORT] = (output.metadata or {}).get(REPORT)
        return state

    if not own:
        built[""] = _built(method, listed, options)  # wrong arguments are an error before the run
    return solve


def _built(method: str, members: Any, options: dict[str, Any]) -> Model:
    return get_model(f"manyminds/{method}", memoize=False, members=members, **options)


def _member(given: Any) -> Any:
    return InspectChatModel(model=given) if isinstance(given, Model) else given
