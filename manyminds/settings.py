"""Settings of a run, and where they come from.

Nearest first: the graph's runtime context, `with manyminds.using(...)`, the builder, defaults.
"""

import contextlib
import dataclasses
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import cast

from langgraph.runtime import get_runtime

from manyminds.asking.budget import Budget
from manyminds.errors import InputError

DEFAULT_CONCURRENCY = 256


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

    Raises:
        InputError: a value cannot be used.
    """

    budget: Budget | None = None
    concurrency: int | None = None
    seed: int | None = None
    params: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        """Refuse what would fail, or wait for ever, in the middle of a run."""
        if self.budget is not None and not isinstance(self.budget, Budget):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InputError(f"budget={self.budget!r}: give a Budget, such as Budget(calls=10)")
        if self.concurrency is not None and self.concurrency < 1:
            raise InputError(f"concurrency={self.concurrency}: give at least 1")

    def over(self, other: "Context") -> "Context":
        """Return these settings, with gaps filled from `other`."""
        merged = {
            field.name: getattr(other, field.name)
            if getattr(self, field.name) is None
            else getattr(self, field.name)
            for field in dataclasses.fields(self)
        }
        return Context(**merged)


_NOTHING = Context()
_using: ContextVar[Context] = ContextVar("manyminds_using", default=_NOTHING)
_DEFAULTS = Context(concurrency=DEFAULT_CONCURRENCY, seed=0, params={})


@contextlib.contextmanager
def using(
    *,
    budget: Budget | None = None,
    concurrency: int | None = None,
    seed: int | None = None,
    params: Mapping[str, object] | None = None,
) -> Generator[Context]:
    """Set options for every run started inside the block.

    Handy where the graph is called by somebody else's code that passes no context. Blocks nest;
    the inner one wins. The options are those of `Context`.
    """
    inner = Context(budget=budget, concurrency=concurrency, seed=seed, params=params)
    token = _using.set(inner.over(_using.get()))
    try:
        yield _using.get()
    finally:
        _using.reset(token)


def settings(builder: Context | None = None) -> Context:
    """Return the settings in force, from inside a node of a running graph."""
    given = cast(object, get_runtime().context)
    nearest = given if isinstance(given, Context) else Context()
    return nearest.over(_using.get()).over(builder or Context()).over(_DEFAULTS)
