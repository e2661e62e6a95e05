"""The server's configuration: a YAML file that names ensembles, keys and limits."""

import hashlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import DataError, InputError
from manyminds.members import Member
from manyminds.presets import cheapest_first
from manyminds.registry import AUTO, automatic, frugal, method
from manyminds.settings import Budget
from manyminds.yaml_text import is_tangled

_LARGEST = 1_000_000  # characters of a configuration file
EXAMPLE = """\
ensembles:
  panel:
    method: moa
    members: [simulated:small, simulated:medium, simulated:large]
    options: {layers: 2}
    budget: {calls: 20}
"""


class Ensemble(BaseModel):
    """One model that the server offers.

    Attributes:
        method: Name of the method, as `manyminds methods` lists it, or "auto": a cascade over
            several different members, cheapest first, and one is sampled until it is sure.
        members: Strings such as `openai:gpt-4o-mini`, or mappings with `model` and the options of
            `Member`.
        options: Keyword options of the method's builder.
        budget: Limits of each run: calls, tokens, dollars, seconds.
        writer: Member that calls the client's tools, or several that vote on the tool and then on
            its arguments. Default: the role that writes the answer, or all chat models where the
            method votes.
        context_length: Tokens that the ensemble can read, which clients ask for. Default: the
            smallest context among the members, where that of each is given or known.
        refuse_degraded: Whether a degraded answer becomes an error instead of a marked answer.
    """

    model_config = ConfigDict(extra="forbid")

    method: str
    members: list[str | dict[str, Any]] = Field(min_length=1)
    options: dict[str, Any] = Field(default_factory=dict)
    budget: Budget | None = None
    writer: str | list[str] | None = None
    context_length: int | None = Field(default=None, ge=1)
    refuse_degraded: bool = False

    def build(self) -> CompiledMethod:
        """Build the ensemble.

        Raises:
            InputError: The method or a member cannot be used; the message says what to give.
        """
        name, options = self.method, self.options
        members = [_member(each) for each in self.members]
        if name == AUTO:
            members = cheapest_first([m if isinstance(m, Member) else Member(m) for m in members])
            name = automatic({member.spec or id(member.model) for member in members})
            options = {**frugal(name, options), **options}
        builder = method(name).create()
        single = next(iter(inspect.signature(builder).parameters)) == "member"
        if single and len(members) > 1:
            raise InputError(f"{name} asks one member: give one")
        try:
            graph = builder(members[0] if single else members, **options, budget=self.budget)
        except TypeError as error:
            raise InputError(f"{name}: {error}") from None
        return cast("CompiledMethod", graph.compile())

    def context(self, app: CompiledMethod) -> int | None:
        """Return the tokens that the ensemble can read; None where that is not known."""
        if self.context_length is not None:
            return self.context_length
        known = [context_of(member) for member in cast("Any", app.builder).members.values()]
        sizes = [size for size in known if size is not None]
        return min(sizes) if sizes and len(sizes) == len(known) else None


class Key(BaseModel):
    """One API key. The file holds its SHA-256 hash; `manyminds serve --new-key NAME` makes one.

    Attributes:
        name: Name of the holder, for logs and metrics.
        sha256: Hash of the key, 64 hexadecimal digits.
        requests_per_minute: Requests that the key may make. Default: no limit.
        budget: Limits over all runs of the key while the server runs.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    requests_per_minute: float | None = Field(default=None, gt=0)
    budget: Budget | None = None

    def share(self, processes: int) -> "Key":
        """Return the key with its part of the limits.

        Raises:
            InputError: A limit is too small to be divided.
        """
        rate, limits = self.requests_per_minute, dict[str, Any]()
        for name, limit in (self.budget or Budget()).model_dump(exclude_none=True).items():
            whole = isinstance(limit, int)
            limits[name] = limit if name == "exhausted" else limit / processes
            if whole:
                limits[name] = limit // processes
                if limit and not limits[name]:
                    raise InputError(
                        f"the key {self.name} has a budget of {limit} {name}, which {processes} "
                        "processes cannot share: give more, or fewer processes"
                    )
        update = {
            "requests_per_minute": None if rate is None else rate / processes,
            "budget": None if self.budget is None else Budget(**limits),
        }
        return self.model_copy(update=update)


class Config(BaseModel):
    """The configuration of a server: its ensembles, keys and limits.

    Attributes:
        ensembles: Ensembles by the name that clients send as `model`. None: runs are shown only.
        keys: API keys. Empty: no key is asked for, which is allowed on the loopback address only.
        max_body_bytes: Size of a request.
        keep_alive: Seconds between the comments that keep a silent stream open.
        first_byte: Seconds that a stream waits for its first event, so that an early failure has
            an HTTP status.
        drain: Seconds that a stop waits for open requests.
        record: Folder that run records are written into. Default: no records.
        database: Where conversations are kept that a client names: `sqlite:FILE`, or the address
            of a PostgreSQL database, which several processes can share. Default: none are kept.
    """

    model_config = ConfigDict(extra="forbid")

    ensembles: dict[str, Ensemble] = Field(default_factory=dict)
    keys: list[Key] = Field(default_factory=list)
    max_body_bytes: int = Field(default=8_000_000, ge=1)
    keep_alive: float = Field(default=10.0, gt=0)
    first_byte: float = Field(default=2.0, ge=0)
    drain: float = Field(default=30.0, ge=0)
    record: Path | None = None
    database: Annotated[str, Field(pattern="^(sqlite:.|postgres(ql)?://)")] | None = None

    def share(self, processes: int) -> "Config":
        """Return the configuration of one of several processes: a key's limits are divided.

        Raises:
            InputError: A limit is too small to be divided.
        """
        return self.model_copy(update={"keys": [key.share(processes) for key in self.keys]})


def read_config(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        DataError: The file cannot be read, or something in it cannot be used; the message says
            where and what.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read: {reason}") from None
    try:
        if len(text) > _LARGEST or is_tangled(text):
            raise DataError(f"{path}: a configuration is short and has no YAML aliases")
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        where = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is not YAML: {where}") from None
    try:
        config = Config.model_validate(loaded)
        if not config.ensembles:
            raise DataError(f"{path} names no ensembles; an example:\n{EXAMPLE}")
        return config
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(f"{path}, {where}: {first['msg']}; an example:\n{EXAMPLE}") from None


def hash_of(key: str) -> str:
    """Return the hash that a configuration keeps of an API key."""
    return hashlib.sha256(key.encode()).hexdigest()


def _member(given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    options = dict(cast("Mapping[str, Any]", given))
    model = options.pop("model", None)
    if not isinstance(model, str):
        raise InputError("a member that is a mapping needs `model`, such as openai:gpt-4o-mini")
    return Member(model, **options)


def context_of(member: Member) -> int | None:
    """Return the tokens that a member can read, where it is given or LangChain knows it."""
    if member.context is not None:
        return member.context
    if not member.is_chat:
        return None
    profile = getattr(member.runnable(stream=False), "profile", None) or {}
    size = profile.get("max_input_tokens")
    return size if isinstance(size, int) else None
