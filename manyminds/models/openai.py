"""Chat models behind an OpenAI-compatible endpoint: OpenAI, Ollama, vLLM, Together, OpenRouter.

The client is two thirds of the cost of a short call and its connections belong to one event loop,
so it is made late, once a loop, over aiohttp where that is installed, and closed with the loop.
"""

import inspect
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from manyminds.aio import per_loop, served_path
from manyminds.errors import AnswerError
from manyminds.models.quiet_logs import hide_urls
from manyminds.models.redact import shown_url

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_openai.chat_models.base import BaseChatOpenAI

OPENAI_URL = "https://api.openai.com/v1"
# What these hosts call `max_completion_tokens`, every other server still calls `max_tokens`.
_OPENAI_HOSTS = ("openai.com", "openai.azure.com")
_CONNECT_SECONDS = 15.0
# Shorter than a server's own (5 s with uvicorn): a request on a connection that the server is just
# closing would fail.
_KEEPALIVE_SECONDS = 4.0
_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_CONNECTIONS = 4096  # the caller's concurrency is the limit, never the client
# Servers without authentication want some key anyway; without one here, the SDK would send
# them the OPENAI_API_KEY of the environment.
_NO_KEY = "not-needed"


@dataclass(frozen=True, repr=False)
class EndpointModel:
    """A chat model named by its endpoint; the client is made when and where it is needed.

    Args:
        model: the name that the endpoint knows the model by.
        base_url: up to and with `/v1`.
        api_key: None where the endpoint wants none.
        provider: short name of the endpoint, for messages and prices.
        timeout: seconds without a byte after which a request fails; None leaves it to the caller.
        params: sampling parameters; those that OpenAI does not know go into the request as such.
    """

    model: str
    base_url: str = OPENAI_URL
    api_key: SecretStr | None = None
    provider: str = "openai"
    timeout: float | None = None
    params: Mapping[str, object] = field(default_factory=dict[str, object], hash=False)

    @property
    def name(self) -> str:
        """The model as its string form names it."""
        address = shown_url(self.base_url)
        return f"{self.provider}:{self.model}" if self.provider else f"{self.model}@{address}"

    def __repr__(self) -> str:
        """Return the model and its address, without any key or password in it."""
        return f"EndpointModel({self.model!r}, {shown_url(self.base_url)!r})"

    @property
    def context(self) -> int | None:
        """Tokens of a prompt and its reply together; None: unknown."""
        return None

    @property
    def concurrency(self) -> int | None:
        """Calls in flight at once that the endpoint has room for; None: unknown."""
        return None

    def chat_model(self) -> "BaseChatModel":
        """Return the chat model of the running event loop; equal endpoints share one.

        Raises:
            RuntimeError: no event loop is running.
        """
        return per_loop(
            self,
            lambda: openai_chat_model(
                self.model,
                base_url=self.base_url,
                api_key=self.api_key,
                timeout=self.timeout,
                params=self.params,
            ),
        )


def openai_chat_model(
    model: str,
    *,
    base_url: str = OPENAI_URL,
    api_key: SecretStr | None = None,
    timeout: float | None = None,
    params: Mapping[str, object] | None = None,
    streamed: bool = False,
) -> "BaseChatModel":
    """Build a LangChain chat model for the running event loop; `EndpointModel` does so when asked.

    It never retries by itself (asking owns the retries and the deadline), reports usage also while
    streaming, never answers from LangChain's cache, and takes as many calls at once as it is given.

    Args:
        model: the name that the endpoint knows the model by.
        base_url: up to and with `/v1`.
        api_key: None where the endpoint wants none.
        timeout: seconds without a byte after which a request fails; None waits without a limit.
        params: sampling parameters; those that OpenAI does not know go into the request as such.
        streamed: request every answer as a stream, for servers that only then stop when the
            client goes.

    Raises:
        RuntimeError: no event loop is running.
    """
    from langchain_openai import ChatOpenAI
    from langchain_openai.chat_models.base import BaseChatOpenAI
    from openai import Timeout

    from manyminds.models.chat_completions import PlainCompletions

    hide_urls()
    is_openai = (urlsplit(base_url).hostname or "").endswith(_OPENAI_HOSTS)
    make = _model_class(ChatOpenAI if is_openai else BaseChatOpenAI, streamed)
    options: dict[str, Any] = {
        "model": model,
        "base_url": base_url,
        "api_key": _hand_over(api_key or SecretStr(_NO_KEY)),
        "timeout": Timeout(timeout, connect=_CONNECT_SECONDS),
        "max_retries": 0,
        "stream_usage": True,
        "cache": False,
        "http_async_client": _http_client(),
        "openai_proxy": "",  # the client above reads the proxy settings of the environment
        "use_responses_api": None if is_openai else False,
    }
    if "http_socket_options" in make.model_fields:  # else it warns of proxies, which we do read
        options["http_socket_options"] = ()
    chat = make(**options, **_known(make, params or {}))
    chat.async_client = PlainCompletions(chat.async_client)
    if not is_openai:
        # The SDK takes these from the environment, but other endpoints must not see them.
        chat.root_async_client.organization = chat.root_async_client.project = None
    return chat


@cache
def _model_class(base: "type[BaseChatOpenAI]", streamed: bool) -> "type[BaseChatOpenAI]":
    """Return LangChain's class with our reading of responses."""
    from manyminds.models.chat_completions import ChatCompletions
    from manyminds.models.streamed_completions import StreamedCompletions

    mixin = StreamedCompletions if streamed else ChatCompletions
    return type(base.__name__, (mixin, base), {"__module__": base.__module__})


def _hand_over(key: SecretStr) -> Callable[[], Awaitable[str]]:
    """Return the key as an async function: LangChain then builds no client for blocking calls."""

    async def api_key() -> str:
        return key.get_secret_value()

    return api_key


def _known(make: "type[BaseChatOpenAI]", params: Mapping[str, object]) -> dict[str, Any]:
    """Put what the model class does not know into `extra_body`: some servers have more options."""
    names = set(make.model_fields) | {f.alias for f in make.model_fields.values()}
    known = {name: value for name, value in params.items() if name in names}
    extra = {name: value for name, value in params.items() if name not in names}
    return {**known, "extra_body": extra} if extra else known


def as_request(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return sampling parameters for one call, with those OpenAI does not know in `extra_body`."""
    unknown = params.keys() - _request_names()
    if not unknown:
        return params
    extra = {name: params[name] for name in unknown} | dict(params.get("extra_body") or {})
    return {name: params[name] for name in params if name not in unknown} | {"extra_body": extra}


@cache
def _request_names() -> frozenset[str]:
    from openai.resources.chat.completions import AsyncCompletions

    return frozenset(inspect.signature(AsyncCompletions.create).parameters)


class _Client(Protocol):
    def aclose(self) -> Awaitable[None]: ...


async def _name_path(request: Any) -> None:
    """Say in a request for which ensembles of a server it is made: none may call itself."""
    if path := served_path.get():
        request.headers["x-manyminds-path"] = path


def _no_certificates(error: OSError) -> AnswerError:
    """Return what to say where the certificates that the environment names cannot be read."""
    given = [f"{name}={os.environ[name]}" for name in _CERTIFICATES if name in os.environ]
    where = " ".join(given) or "of the system"
    return AnswerError(
        f"the certificates {where} cannot be read ({error.strerror or error}): name a file that "
        "holds them, or unset the variable",
        kind="connection",
    )


def _http_client() -> _Client:
    """Return the HTTP client that all endpoints of the running loop share."""

    def make() -> _Client:
        import openai

        from manyminds.models.http_responses import check_response

        limits = type(openai.DEFAULT_CONNECTION_LIMITS)(
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_CONNECTIONS,
            keepalive_expiry=_KEEPALIVE_SECONDS,
        )
        # Servers of this machine are reached without the proxy that the environment names.
        direct: dict[str, None] = {f"all://{host}": None for host in _THIS_MACHINE}
        try:
            client = openai.DefaultAioHttpClient(limits=limits, mounts=direct)
        except RuntimeError:  # the SDK's word for aiohttp that is not installed
            client = openai.DefaultAsyncHttpxClient(limits=limits, mounts=direct)
        except OSError as error:
            raise _no_certificates(error) from error
        client.event_hooks = {"request": [_name_path], "response": [check_response]}
        return cast(_Client, client)

    return per_loop("http client", make, lambda client: client.aclose())
