"""Members: the models a method asks. All that can answer becomes a `Member` with a unique name."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any, Literal, TypeAlias, TypeVar, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable
from langgraph.graph import StateGraph
from pydantic import BaseModel, ConfigDict, Field, SkipValidation, ValidationError

from manyminds.aio import per_loop
from manyminds.errors import MemberError
from manyminds.members_file import read_members
from manyminds.models.askable import askable_of, default_name, retries_help, type_name
from manyminds.models.identity import endpoint_of, identity_of
from manyminds.models.input_kind import InputKind, input_kind_of, is_sync_only, may_stream, silent
from manyminds.models.openai import EndpointModel, as_request
from manyminds.models.redact import hidden, secrets_in, without_secrets
from manyminds.models.transformers_model import TransformersChatModel
from manyminds.prices import Listed, Price, look_up, source
from manyminds.state import TokenUsage

K = TypeVar("K")

# Node names of the methods and keys of their states.
RESERVED = frozenset(
    {
        *("begin", "layer", "round", "wave", "step", "gate", "finish"),
        *("sampler", "voter", "judge", "moderator", "aggregator", "role_writer", "ranker"),
        *("summarizer", "cleaner", "planner", "checker", "rater", "chair", "commit"),
        *("messages", "candidates", "answer", "report"),
    }
)
DEFAULT_TIMEOUT = 120.0
MAX_ANSWER_CHARS = 200_000


class Member(BaseModel):
    """A model that a method calls, with its name, options and limits.

    Every argument that takes a member also takes a chat model, Runnable, compiled graph or string;
    use `Member` to give a name, options or limits.

    Args:
        model: chat model, Runnable, graph, string `provider:model`, or a function from a list of
            messages to a text or message.
        name: unique and safe as a node name; taken from the model where not given, and numbered
            `-2`, `-3` where it repeats.
        role: text for its system message, such as "You check every step twice."
        weight: of its vote in weighted votes.
        params: sampling parameters such as temperature; override those of the builder.
        timeout: seconds for one answer, retries included; None waits without a limit.
        retries: further attempts after a failure that may pass. Default: 2 for members made from a
            string, 0 for models handed over, which keep their own.
        price: dollars per million tokens; default: looked up where `manyminds[prices]` is installed
            and the model is a known provider's. A budget in dollars needs one.
        input: Function from the messages to the input of the Runnable.
        output: Function from the output of the Runnable to a text or message.
        samples_per_request: for endpoints that honour `n`: so many samples in one request.
        concurrency: calls in flight at once; default: that of the run. Where the endpoint says that
            it is too much, there are fewer until it has kept up for a while.
        requests_per_minute: to the member's endpoint, by this whole process; default: no limit.
        tokens_per_minute: input and output tokens together; default: no limit.
        context: tokens of a prompt and its reply together. In a longer prompt, other members'
            answers are shortened, then the oldest turns are left out, and the report says so.
            Default: known for `local:` models; else the prompt is sent as it is.
        overflow: what an aggregator does with answers of others that do not fit: "shorten" cuts
            their middles; "summarise" asks it for a summary of each long one; "tournament" lets it
            compare the longest ones in pairs, and the loser is left out. The report says so.
        max_answer_chars: characters of an answer that are kept; the rest is cut off, with a mark.
        hedge_with: the member of the second call where this one is late (see `hedge` of `Context`);
            default: the same member again.
        copy_index: set by builders: the number of this copy of its model, and of how many.
        spec: set where the model was given as a string.

    Raises:
        MemberError: the model cannot be asked; the message says what to give.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    model: SkipValidation[Any]
    name: str = ""
    role: str | None = None
    weight: float = Field(default=1.0, ge=0)
    params: Mapping[str, Any] = Field(default_factory=dict)
    timeout: float | None = Field(default=DEFAULT_TIMEOUT, gt=0)
    retries: int | None = Field(default=None, ge=0)
    price: Price | None = None
    input: Callable[[list[BaseMessage]], Any] | None = None
    output: Callable[[Any], Any] | None = None
    samples_per_request: int = Field(default=1, ge=1)
    concurrency: int | None = Field(default=None, ge=1)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    context: int | None = Field(default=None, ge=64)
    overflow: Literal["shorten", "summarise", "tournament"] = "shorten"
    max_answer_chars: int = Field(default=MAX_ANSWER_CHARS, ge=1)
    hedge_with: SkipValidation[Any] = None
    copy_index: tuple[int, int] = Field(default=(0, 1), repr=False)
    spec: str | None = Field(default=None, repr=False)

    def __init__(self, model: object, /, **options: Any) -> None:
        """Accept the model as the one positional argument."""
        if isinstance(model, Member):
            raise MemberError(
                "this is a Member already: change it with member.model_copy(update=...)"
            )
        askable = askable_of(model)
        spec = model if isinstance(model, str) else None
        other = options.get("hedge_with")
        if other is not None and not isinstance(other, Member):
            options["hedge_with"] = Member(other)
        try:
            super().__init__(model=askable, **{"spec": spec, **options})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise MemberError(f"Member option `{where}`: {first['msg']}") from None
        if "retries" not in options and retries_help(model):
            object.__setattr__(self, "retries", 2)
        if isinstance(askable, EndpointModel | TransformersChatModel):
            for limit in {"concurrency", "context"} - options.keys():
                object.__setattr__(self, limit, getattr(askable, limit))
        assert self.input_kind  # an unclear input is an error now, not in a run
        if not self.name:
            object.__setattr__(self, "name", safe_name(default_name(askable)))
        elif self.name != safe_name(self.name):
            raise MemberError(
                f"the name `{self.name}` cannot name a node: use letters, digits, `.`, `_`, `-`, "
                f"such as `{safe_name(self.name)}`"
            )

    def __repr__(self) -> str:
        """Return the name, the model and the options that were given."""
        model = self.model
        shown = repr(self.spec) if self.spec else f"<{type_name(model)}>"
        if isinstance(model, EndpointModel):  # a base URL may hold a password or a key
            shown = repr(model.name)
        given = self.model_fields_set - {"model", "name", "spec", "copy_index"}
        values = {name: getattr(self, name) for name in type(self).model_fields if name in given}
        options = "".join(f", {name}={value!r}" for name, value in without_secrets(values).items())
        return f"Member({shown}, name={self.name!r}{options})"

    __str__ = __repr__

    @cached_property
    def input_kind(self) -> InputKind:
        """The kind of input that the model takes."""
        if isinstance(self.model, EndpointModel):
            return InputKind("chat")
        return input_kind_of(self.model, custom=self.input is not None)

    @cached_property
    def _silent(self) -> Runnable[Any, Any]:
        return silent(self.model) if self.is_chat else self.model

    @cached_property
    def seconds(self) -> float | None:
        """The time limit of one answer; a method has none of its own unless it was given one."""
        own = "timeout" in self.model_fields_set
        return self.timeout if own or self.input_kind.kind != "method" else None

    def request_params(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return sampling parameters as the model's client takes them in a call."""
        return as_request(params) if isinstance(self.model, EndpointModel) else params

    def without_key(self, text: str) -> str:
        """Return a provider's text without this member's key, should it repeat it."""
        return hidden(text, self._secrets)

    @cached_property
    def _secrets(self) -> tuple[str, ...]:
        return secrets_in([self.params, self.model])

    def cost_of(self, usage: TokenUsage) -> float | None:
        """Return the dollars for `usage`, or None where no price is known."""
        if self.price is None:
            return None if self._listed is None else self._listed.cost_of(usage)
        dollars = usage["input_tokens"] * self.price.input
        return (dollars + usage["output_tokens"] * self.price.output) / 1e6

    @property
    def priced_by(self) -> str | None:
        """Where the price comes from: "given", a list and its version, or None: it is unknown."""
        if self.price is not None:
            return "given"
        return None if self._listed is None else source()

    @cached_property
    def _listed(self) -> Listed | None:
        return look_up(self.model)

    @cached_property
    def endpoint(self) -> object:
        """Name of the endpoint. Members with the same one share a limit of calls in flight."""
        return endpoint_of(self.model)

    @cached_property
    def identity(self) -> str:
        """Identity of the model, the same in every process."""
        return identity_of(self.model, self.spec, self.name)

    @property
    def is_chat(self) -> bool:
        """Whether sampling parameters and streaming apply."""
        return self.input_kind.kind == "chat"

    @cached_property
    def is_sync_only(self) -> bool:
        """Whether the model has no async code, so that its calls run in threads."""
        return not isinstance(self.model, EndpointModel) and is_sync_only(self.model)

    @cached_property
    def may_repeat_usage(self) -> bool:
        """Whether the chunks of a stream may each count the usage: only those of other clients."""
        return not isinstance(self.model, EndpointModel) and may_stream(self.model)

    def runnable(self, *, stream: bool) -> Runnable[Any, Any]:
        """Return the Runnable to call; for endpoints, the one of the running event loop."""
        if isinstance(self.model, EndpointModel):
            model = self.model.chat_model()
            return model if stream else per_loop(("silent", id(model)), lambda: silent(model))
        return cast("Runnable[Any, Any]", self.model) if stream else self._silent

    def recorded_draw(self, draw: int) -> int:
        """Number a draw over all copies of the same model, so that copies never share an answer."""
        copy, copies = self.copy_index
        return draw * copies + copy


Askable: TypeAlias = (
    Member
    | BaseChatModel
    | EndpointModel
    | Runnable[Any, Any]
    | StateGraph[Any, Any, Any, Any]
    | Path
    | str
)


def members(given: Askable | Sequence[Askable], *, what: str = "members") -> tuple[Member, ...]:
    """Turn a caller's models into members with unique names.

    The same model given n times becomes n members (`name`, `name-2`, ...) whose draws are numbered
    together. `what` names the argument in messages.

    Raises:
        MemberError: none was given, or one cannot be asked.
    """
    return layers_of_members([listed(given)], what=what)[0]


def listed(given: Askable | Sequence[Askable]) -> list[Askable]:
    """Return one member, or several, as a list."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        return [given]
    return list(given)


def layers_of_members(
    given: Sequence[Sequence[Askable]], *, what: str = "members"
) -> tuple[tuple[Member, ...], ...]:
    """Turn members given layer by layer into members; the same one in two layers is one member."""
    known: dict[tuple[object, int], Member] = {}
    taken = set(RESERVED)
    layers: list[list[tuple[object, int]]] = []
    for row in with_files_read(given):
        if not row:
            raise MemberError(f"{what}: give at least one, such as 'openai:gpt-4o-mini'")
        seen: dict[object, int] = {}
        layer: list[tuple[object, int]] = []
        for item in row:
            identity = item if isinstance(item, str) else id(item)
            seen[identity] = seen.get(identity, 0) + 1
            key = (identity, seen[identity])
            if key not in known:
                known[key] = _unique(item, taken)
            layer.append(key)
        layers.append(layer)
    known = _number_copies(known)
    return tuple(tuple(known[key] for key in layer) for layer in layers)


def with_files_read(rows: Sequence[Sequence[Askable]]) -> list[list[Askable]]:
    """Put the members that a file holds in the place of its path, or of `members:FILE`.

    A file that is named in several rows is read once, and its members are the same in all.
    """
    read: dict[Path, list[Member]] = {}
    result: list[list[Askable]] = []
    for row in rows:
        result.append([])
        for item in row:
            path = _path(item)
            if path is None:
                result[-1].append(item)
                continue
            if path not in read:
                read[path] = [Member(model, **options) for model, options in read_members(path)]
            result[-1] += read[path]
    return result


def _path(item: Askable) -> Path | None:
    if isinstance(item, str) and item.startswith("members:"):
        return Path(item.removeprefix("members:"))
    return item if isinstance(item, Path) else None


def _number_copies(known: Mapping[K, Member]) -> dict[K, Member]:
    """Tell the copies of one model apart, so that their draws are numbered together."""
    same_model: dict[object, list[K]] = {}
    for key, member in known.items():
        same_model.setdefault(member.spec or id(member.model), []).append(key)
    return {
        key: known[key].model_copy(update={"copy_index": (nth, len(copies))})
        for copies in same_model.values()
        for nth, key in enumerate(copies)
    }


def safe_name(name: str) -> str:
    """Return `name` with only letters, digits, `.`, `_` and `-`, as node names are drawn best."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "member"


def _unique(item: object, taken: set[str]) -> Member:
    if isinstance(item, FunctionType | MethodType | partial):
        whole = item.func if isinstance(item, partial) else item
        name = getattr(whole, "__name__", "function")
        raise MemberError(
            f"`{name}` is a plain function, and so a node: to ask it with messages as a member, "
            f"write Member({name})"
        )
    member = item if isinstance(item, Member) else Member(item)
    name, number = member.name, 1
    while name in taken:
        number += 1
        name = f"{member.name}-{number}"
    taken.add(name)
    # A copy, because numbering its draws must not change the caller's own object.
    return member.model_copy(update={"name": name})
