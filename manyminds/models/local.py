"""Models that run in this process: `local:smollm2`, `local:PATH.gguf`, `local:FOLDER`.

GGUF files are run by llama.cpp, the folder of a model as transformers writes it by transformers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manyminds.aio import per_loop
from manyminds.errors import MemberError
from manyminds.models.local_engine import (
    LOOPBACK,
    PACKAGE,
    EngineOptions,
    engine,
    is_installed,
    usable_threads,
)
from manyminds.models.local_weights import KNOWN, find
from manyminds.models.openai import EndpointModel, openai_chat_model
from manyminds.models.transformers_engine import missing_package

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from manyminds.models.transformers_model import TransformersChatModel

PREFIX = "local:"
EXTRA = "pip install 'manyminds[local]'"
TUNE_EXTRA = "pip install 'manyminds[tune]'"
_SLOTS, _CONTEXT, _MAX_TOKENS = 4, 4_096, 1_024
_HIGHEST = {"slots": 256, "context": 2**20, "threads": 1_024, "max_tokens": 2**20}
_FOLDER_HIGHEST = {"slots": 1_024, "threads": 1_024, "max_tokens": 2**20, "seed": 99_999_999}
_CONFIGURATION = "config.json"


@dataclass(frozen=True)
class LocalModel(EndpointModel):
    """A model of this process, asked like an endpoint; its engine starts with the first call.

    Args:
        options: Weights, slots, context and threads of the engine.
    """

    provider: str = "local"
    base_url: str = f"http://{LOOPBACK}"
    options: EngineOptions = EngineOptions(Path(), _SLOTS, _CONTEXT, 1)

    @property
    def concurrency(self) -> int:
        """The number of replies that are generated at once; further calls wait for a slot."""
        return self.options.slots

    @property
    def context(self) -> int:
        """Tokens of a prompt and its reply together."""
        return self.options.context

    def chat_model(self) -> "BaseChatModel":
        """Return the chat model of the running event loop; the first call starts the engine.

        Raises:
            AnswerError: llama.cpp cannot load the model.
            RuntimeError: no event loop is running.
        """
        running = engine(self.options, self.model)
        return per_loop(
            (self, running.url),
            lambda: openai_chat_model(
                self.model,
                base_url=running.url,
                api_key=running.key,
                timeout=self.timeout,
                params=self.params,
                streamed=True,
            ),
        )


def from_string(text: str) -> "LocalModel | TransformersChatModel":
    """Make the model that `local:NAME`, `local:PATH.gguf` or `local:FOLDER` names.

    Options follow a `?`, joined by `&`: `slots` (replies at once: 4, of a folder 32), `context`
    (tokens of a prompt and its reply, 4096), `threads` (those of the processors), `max_tokens` (of
    a reply where a call sets no limit). A folder takes `seed` and no `context`.

    Raises:
        MemberError: the package or the weights are missing, or an option is unknown.
    """
    name, _, query = text.removeprefix(PREFIX).partition("?")
    if is_folder(name):
        return _of_folder(Path(name).expanduser().absolute(), text, query)
    return engine_model(text)


def engine_model(text: str) -> LocalModel:
    """Make the model that `local:NAME` or `local:PATH.gguf` names, run by llama.cpp.

    Raises:
        MemberError: the package or the weights are missing, or an option is unknown.
    """
    name, _, query = text.removeprefix(PREFIX).partition("?")
    given = _options(text, query, _HIGHEST)
    path, max_tokens = _weights(name)
    if not is_installed():
        raise MemberError(f"`{text}` needs {PACKAGE}, which runs the model: {EXTRA}")
    options = EngineOptions(
        path=path,
        slots=given.get("slots", _SLOTS),
        context=given.get("context", _CONTEXT),
        threads=given.get("threads", usable_threads()),
    )
    params = {"max_tokens": given.get("max_tokens", max_tokens)}
    return LocalModel(name if name in KNOWN else str(path), params=params, options=options)


def available() -> list[str]:
    """Return the members, as strings, whose package and weights are both here."""
    if not is_installed():
        return []
    return [f"{PREFIX}{name}" for name, weights in KNOWN.items() if find(weights) is not None]


def about(member: str) -> str:
    """Return what a member's model is, where it is one that manyminds fetches; else empty."""
    name = member.removeprefix(PREFIX).partition("?")[0]
    return KNOWN[name].about if member.startswith(PREFIX) and name in KNOWN else ""


def _weights(name: str) -> tuple[Path, int]:
    """Return the file of a model and the usual limit of its replies."""
    if name in KNOWN:
        found = find(KNOWN[name])
        if found is None:
            raise MemberError(
                f"the weights of `{PREFIX}{name}` are not here: `manyminds models get {name}` "
                f"fetches them ({KNOWN[name].size / 1e6:.0f} MB)"
            )
        return found, KNOWN[name].max_tokens
    if not name.endswith(".gguf"):
        known = ", ".join(PREFIX + each for each in KNOWN)
        raise MemberError(
            f"no local model is called `{name}`: use {known}; for another model give its "
            f"weights, such as {PREFIX}models/mine.gguf, or a folder with {_CONFIGURATION}"
        )
    path = Path(name).expanduser().absolute()
    try:
        with path.open("rb") as file:
            is_gguf = file.read(4) == b"GGUF"
    except OSError as error:
        raise MemberError(f"`{PREFIX}{name}`: {error.strerror}: give a file of weights") from None
    if not is_gguf:
        raise MemberError(f"`{PREFIX}{name}` is no GGUF file: convert the weights with llama.cpp")
    return path, _MAX_TOKENS


def is_folder(name: str) -> bool:
    """Tell whether a name is the folder of a model, as transformers writes it."""
    return name not in KNOWN and (Path(name).expanduser() / _CONFIGURATION).is_file()


def _of_folder(path: Path, text: str, query: str) -> "TransformersChatModel":
    from manyminds.models.transformers_model import TransformersChatModel

    lacking = missing_package()
    if lacking is not None:
        raise MemberError(f"`{PREFIX}{path}` needs {lacking}, which runs the model: {TUNE_EXTRA}")
    given: dict[str, Any] = _options(text, query, _FOLDER_HIGHEST)
    return TransformersChatModel(path=path, **given)


def _options(text: str, query: str, highest: Mapping[str, int]) -> dict[str, int]:
    given: dict[str, int] = {}
    for part in filter(None, query.split("&")):
        option, _, value = part.partition("=")
        if option not in highest:
            raise MemberError(f"`{text}`: unknown option `{option}`; use {', '.join(highest)}")
        number = int(value) if value.isdecimal() and len(value) < 9 else -1
        least = 0 if option == "seed" else 1
        if not least <= number <= highest[option]:
            raise MemberError(
                f"`{text}`: {option}={value} does not work; give a whole number from {least} to "
                f"{highest[option]}"
            )
        given[option] = number
    return given
