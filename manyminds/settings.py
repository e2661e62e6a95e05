"""Settings of a run, and where they come from.

Nearest first: the graph's runtime context, `with manyminds.using(...)`, the builder, defaults.
"""

import contextlib
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, cast

from langgraph.runtime import get_runtime
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict, Unpack

from manyminds.errors import InputError
from manyminds.options import Count, Seconds, check, hints_of
from manyminds.protocols import AnswerStore, Cache, Recorder

DEFAULT_CONCURRENCY = 256


class Budget(BaseModel):
    """Limits of a run; None means no limit.

    Nested runs draw on the budgets of all runs around them. Use `shared()` to span several runs.

    Args:
        calls: questions put to models.
        tokens: input and output tokens together.
        dollars: needs a price for every member, given or looked up (checked before the first call).
        seconds: wall time from the first node on, summed over all lives of a resumed run.
        exhausted: "finish" ends with the answers so far and marks it; "raise" raises BudgetError.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    dollars: float | None = Field(default=None, ge=0)
    seconds: float | None = Field(default=None, gt=0)
    exhausted: Literal["finish", "raise"] = "finish"
    _account: object = PrivateAttr(default=None)

    def shared(self) -> "Budget":
        """Return a copy whose spending is counted once over all runs that use it."""
        copy = self.model_copy()
        copy._account = object()
        return copy

    @property
    def account(self) -> object:
        """Key of the counter of a budget that spans several runs; None: a counter for each run."""
        return self._account


class Options(TypedDict, total=False):
    """Options of `Context`, as keyword arguments of every builder and of `using`."""

    budget: Budget | None
    concurrency: Count | None
    seed: int | None
    params: Mapping[str, object] | None
    answer_tokens: Count | None
    deadline: Seconds | None
    grace: Seconds | None
    hedge: Seconds | None
    cache: Cache | None
    recorder: Recorder | None
    answers: AnswerStore | None


@dataclass(frozen=True)
class Context:
    """Options of one run; None leaves the choice to the next source.

    Pass it as `context=` to `invoke` and its kin, or set it for a block with `using`. It is the
    context schema of every method; a host's own context object is left alone.

    Args:
        budget: limits for the run and everything nested in it.
        concurrency: calls in flight at once to one model.
        seed: drives every random choice: order of members, shuffles shown to judges.
        params: sampling parameters that override those of members and builders.
        answer_tokens: limit of the call that writes the answer, where a streaming caller would see
            it written; the calls before it, and those that a vote is held on, are not limited.
        deadline: seconds that a layer, wave or round may take; late ones are cut, and the run goes
            on with the others if they are a quorum.
        grace: seconds that the others have once a quorum is in.
        options: options of the method's builder for this one run, such as `{"samples": 5}`: its
            numbers, flags and names of rules. The methods nested in it keep their own.
        hedge: seconds after which a spare is asked in addition to a late member: its own (see
            `Member`), else the same member once more. The first good answer counts.
        cache: one of LangGraph's, such as `InMemoryCache()`: answers that were given before to the
            same question of the same sample are taken from it, and cost nothing.
        recorder: receives every event of the run.
        answers: source of answers to use instead of calls, such as a run record.

    Raises:
        InputError: a value cannot be used.
    """

    budget: Budget | None = None
    concurrency: Count | None = None
    seed: int | None = None
    params: Mapping[str, object] | None = None
    answer_tokens: Count | None = None
    deadline: Seconds | None = None
    grace: Seconds | None = None
    hedge: Seconds | None = None
    options: Mapping[str, object] | None = None
    # What follows are objects of the program, which no caller can send from outside.
    cache: SkipJsonSchema[Cache | None] = None
    recorder: SkipJsonSchema[Recorder | None] = None
    answers: SkipJsonSchema[AnswerStore | None] = None

    __pydantic_config__ = ConfigDict(arbitrary_types_allowed=True)

    def __new__(cls, *_options: object, **named: object) -> "Context":
        """Refuse an option that no run has, with a clear sentence.

        Raises:
            InputError: the message names the options that there are.
        """
        unknown = named.keys() - Options.__annotations__.keys() - {"options"}
        if unknown:
            raise InputError(
                f"a run has no option {', '.join(map(repr, sorted(unknown)))}: it takes "
                f"{', '.join(Options.__annotations__)}; options of a method, such as samples, are "
                "given to its builder, or for one run as options={'samples': 5}"
            )
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Refuse values that would fail, or wait without end, in the middle of a run."""
        if isinstance(self.budget, Mapping):  # as a caller of a server sends it
            object.__setattr__(self, "budget", _budget(self.budget))
        if self.budget is not None and not isinstance(self.budget, Budget):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InputError(f"budget={self.budget!r}: give a Budget, such as Budget(calls=10)")
        for name, hint in hints_of(Context).items():
            check(name, getattr(self, name), hint)

    def over(self, other: "Context") -> "Context":
        """Return these settings, with gaps filled from `other`."""
        merged = object.__new__(Context)  # both were checked, and every node of a run merges
        given = {name: value for name, value in vars(self).items() if value is not None}
        vars(merged).update({**vars(other), **given})
        return merged


def _budget(given: Mapping[str, object]) -> Budget:
    try:
        return Budget.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"budget, {where}: {first['msg']}") from None


_NOTHING = Context()
_using: ContextVar[Context] = ContextVar("manyminds_using", default=_NOTHING)
_DEFAULTS = Context(concurrency=DEFAULT_CONCURRENCY, seed=0, params={})


def of_builder(method: str, options: Options) -> Context:
    """Return the settings that a builder was given.

    Raises:
        InputError: An option does not exist or a value cannot be used.
    """
    unknown = options.keys() - Options.__annotations__.keys()
    if unknown:
        raise InputError(
            f"{method} has no option {', '.join(map(repr, sorted(unknown)))}: besides its own "
            f"arguments it takes {', '.join(Options.__annotations__)}"
        )
    return Context(**options)


@contextlib.contextmanager
def using(**options: Unpack[Options]) -> Generator[Context]:
    """Set options for every run started inside the block.

    Use it if the graph is called by code that passes no context. Blocks nest;
    the inner one wins. The options are those of `Context`.
    """
    if "options" in options:
        raise InputError("options of a method go into the context of a run, or to its builder")
    inner = Context(**options)
    token = _using.set(inner.over(_using.get()))
    try:
        yield _using.get()
    finally:
        _using.reset(token)


def settings(builder: Context | None = None) -> Context:
    """Return the settings in force, from inside a node of a running graph."""
    given = cast(object, get_runtime().context)
    nearest = given if isinstance(given, Context) else _NOTHING
    return nearest.over(_using.get()).over(builder or _NOTHING).over(_DEFAULTS)
