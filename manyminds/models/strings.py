"""Members named by a string: `openai:gpt-4o-mini`, `ollama:llama3.1:8b`, `MODEL@URL`, ..."""

import json
import os
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from manyminds.errors import MemberError
from manyminds.models.openai import OPENAI_URL, EndpointModel

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True)
class Endpoint:
    """Where the models of one short name are, and which environment variables say otherwise.

    Attributes:
        url: base URL, up to and with `/v1`.
        key: environment variable that holds the key.
        needs_key: True if the endpoint at `url` wants one.
        address: environment variable that names another address.
        model: a cheap model to begin with; empty for servers that list their own.
    """

    url: str
    key: str
    needs_key: bool
    address: str
    model: str = ""


ENDPOINTS: Mapping[str, Endpoint] = {
    "openai": Endpoint(OPENAI_URL, "OPENAI_API_KEY", True, "OPENAI_BASE_URL", "gpt-4o-mini"),
    "openrouter": Endpoint(
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        True,
        "OPENROUTER_BASE_URL",
        "openai/gpt-4o-mini",
    ),
    "together": Endpoint(
        "https://api.together.xyz/v1",
        "TOGETHER_API_KEY",
        True,
        "TOGETHER_BASE_URL",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    ),
    "ollama": Endpoint("http://localhost:11434/v1", "OLLAMA_API_KEY", False, "OLLAMA_HOST"),
    "vllm": Endpoint("http://localhost:8000/v1", "VLLM_API_KEY", False, "VLLM_BASE_URL"),
    "lmstudio": Endpoint(
        "http://localhost:1234/v1", "LMSTUDIO_API_KEY", False, "LMSTUDIO_BASE_URL"
    ),
}
_OURS = ("local", "recorded", "simulated")
_HOW = "write `provider:model` (such as `openai:gpt-4o-mini`) or `MODEL@URL`"
_AT_URL = re.compile(r"(?P<model>.+?)@(?P<url>https?://[^\s#]+)(?:#key=(?P<key>\w+))?")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]{0,15}|[A-Z][A-Z0-9]*(?:_[A-Z0-9]{1,20})+")
_LIKE_A_URL = re.compile(r"@\w[\w+.-]*://")
_PROBE_SECONDS = 0.3
_MOST_BYTES = 4 << 20  # of a list of models


def from_string(text: str, *, needs_key: bool = True) -> "EndpointModel | BaseChatModel":
    """Turn a member's string into a model.

    Use one of these forms:

    - `openai:MODEL`, `openrouter:MODEL`, `together:MODEL`, `ollama:MODEL`, `vllm:MODEL`,
      `lmstudio:MODEL`: addresses and keys are in `ENDPOINTS`.
    - `MODEL@URL`, with `#key=NAME` where an environment variable holds a key; a short name before
      MODEL sends that endpoint's key.
    - `local:smollm2` or `local:PATH.gguf`: a model that runs in this process.
    - `recorded:FILE` or `recorded:FILE#model=NAME`; `simulated:...`.
    - any other `provider:model` that `init_chat_model` knows, where `langchain` is installed.

    Args:
        text: the string.
        needs_key: Whether a missing key of `ENDPOINTS` is an error. A model without its key can be
            priced, but not asked.

    Raises:
        MemberError: the string names no model, or a key or package is missing.
    """
    text = text.strip()
    provider, colon, model = text.partition(":")
    if provider == "local" and colon:
        from manyminds.models import local

        return local.from_string(text)
    if provider == "recorded" and colon:
        from manyminds.models import recorded

        return recorded.from_string(text)
    if provider == "simulated" and colon:
        from manyminds.models.simulated import model as simulated
        from manyminds.models.simulated.others import OTHERS

        return OTHERS.get(model.partition("?")[0], simulated.from_string)(text)
    at = _AT_URL.fullmatch(text)
    if at is not None:
        return _at_url(at["model"], at["url"], at["key"])
    if _LIKE_A_URL.search(text):
        raise MemberError(
            "an address is written as `MODEL@URL` or `MODEL@URL#key=NAME`, where URL begins with "
            "http:// or https:// and NAME is the environment variable that holds the key"
        )
    if not colon or not provider:
        raise MemberError(f"`{text}` names no provider: {_HOW}")
    if not model:
        raise MemberError(f"`{text}` names no model: {_HOW}")
    if provider in ENDPOINTS:
        endpoint = ENDPOINTS[provider]
        key = _key(provider, endpoint, needs_key=needs_key)
        return EndpointModel(model, address(provider), key, provider)
    return _by_langchain(provider, model)


def address(provider: str) -> str:
    """Return the base URL of an endpoint of `ENDPOINTS`, from the environment or the table."""
    endpoint = ENDPOINTS[provider]
    given = os.environ.get(endpoint.address, "").strip().rstrip("/")
    if not given:
        return endpoint.url
    if provider != "ollama":
        if _holds_a_secret(given):
            raise MemberError(
                f"{endpoint.address} has a password or a query in its URL, which would show up in "
                f"reports: put the key into {endpoint.key}"
            )
        _check_address(given)
        return given
    # Ollama's own variable names an address to listen on: `0.0.0.0`, `host:port`, or a URL.
    try:
        parts = urlsplit(given if "://" in given else f"http://{given}")
        port = parts.port or (443 if parts.scheme == "https" else 11434)
    except ValueError:
        raise MemberError(
            f"{endpoint.address} has no usable host or port: give both, such as localhost:11434"
        ) from None
    host = "localhost" if parts.hostname in (None, "0.0.0.0", "::") else parts.hostname
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{port}{parts.path.removesuffix('/v1')}/v1"


def discover() -> list[str]:
    """Return the members that look usable now, as strings: keys that are set, servers that answer.

    Use it where no member was named. It asks the local servers of `ENDPOINTS` for their models, all
    at once and for at most 0.3 s; hosts elsewhere are taken at their word. Models that run in this
    process come last.
    """
    from manyminds.models.local import available

    keyed = [
        f"{name}:{endpoint.model}"
        for name, endpoint in ENDPOINTS.items()
        if endpoint.needs_key and os.environ.get(endpoint.key)
    ]
    local = [name for name, endpoint in ENDPOINTS.items() if not endpoint.needs_key]
    with ThreadPoolExecutor(len(local)) as pool:
        found = pool.map(served, local)
    return [
        *keyed,
        *(f"{name}:{model}" for name, models in zip(local, found, strict=True) for model in models),
        *available(),
    ]


def served(provider: str) -> list[str]:
    """Return the models that an endpoint's server lists, none where it does not answer at once."""
    from http.client import HTTPException
    from urllib.request import ProxyHandler, Request, build_opener

    try:
        request = Request(f"{address(provider)}/models")
    except (MemberError, ValueError):
        return []
    key = os.environ.get(ENDPOINTS[provider].key)
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_PROBE_SECONDS) as response:
            listed = json.loads(_read(response))["data"]
        names = [str(model["id"]) for model in listed]
    except (OSError, HTTPException, ValueError, KeyError, TypeError, RecursionError):
        return []  # nothing there, or something else than a model server
    return [name for name in names if "embed" not in name]


def _read(response: "HTTPResponse") -> bytes:
    """Read a response that comes at once and is no larger than a list of models.

    Raises:
        ValueError: it is larger, or takes longer.
    """
    until, whole = time.monotonic() + _PROBE_SECONDS, b""
    while part := response.read1(_MOST_BYTES):
        whole += part
        if len(whole) > _MOST_BYTES or time.monotonic() > until:
            raise ValueError("no list of models")
    return whole


def _at_url(model: str, url: str, key_name: str | None) -> EndpointModel:
    if _holds_a_secret(url):
        raise MemberError(
            "a URL with a password or a query in it would show up in reports: put the key into an "
            "environment variable and write `MODEL@URL#key=NAME`"
        )
    _check_address(url)
    provider, _, rest = model.partition(":")
    if provider not in ENDPOINTS or not rest:
        provider, rest = "", model
    key_name = key_name or (ENDPOINTS[provider].key if provider else None)
    key = os.environ.get(key_name, "") if key_name else ""
    if key_name and not key and not _VARIABLE.fullmatch(key_name):
        raise MemberError(
            "after `#key=` stands the name of an environment variable, such as MY_KEY, and not the "
            "key itself"
        )
    if key_name and not key and not provider:
        raise MemberError(f"`{model}@{url}` needs a key: set the environment variable {key_name}")
    return EndpointModel(rest, url.rstrip("/"), SecretStr(key) if key else None, provider)


def _holds_a_secret(url: str) -> bool:
    """Tell whether a URL has a password or a query; a host is written without `%`."""
    host = url.partition("://")[2].partition("/")[0]
    return "@" in host or "%" in host or "?" in url


def _check_address(url: str) -> None:
    """Refuse an address at which there cannot be an endpoint.

    Raises:
        MemberError: it has no host that a name server could know, or no usable port.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        good = bool(host) and port != 0 and (":" in host or bool(host.encode("idna")))
    except ValueError:
        good = False
    if not good or not url.isprintable():
        raise MemberError(
            f"{ascii(url)[:80]} is no address: give a host and, where wanted, a port below 65536, "
            "such as http://localhost:8000/v1"
        )


def _key(provider: str, endpoint: Endpoint, *, needs_key: bool) -> SecretStr | None:
    key = os.environ.get(endpoint.key, "").strip()
    if key:
        return SecretStr(key)
    if needs_key and endpoint.needs_key and address(provider) == endpoint.url:
        raise MemberError(
            f"`{provider}:` needs a key: set the environment variable {endpoint.key}, or use a "
            "local model such as `ollama:llama3.1`"
        )
    return None


def _by_langchain(provider: str, model: str) -> "BaseChatModel":
    """Ask LangChain for a model of a provider that is not ours."""
    names = [*ENDPOINTS, *_OURS]
    near = get_close_matches(provider.lower(), names, 1, cutoff=0.6)
    hint = f" (did you mean `{near[0]}:{model}`?)" if near else ""
    if find_spec("langchain") is None:
        package = f"langchain-{provider.lower()}"
        raise MemberError(
            f"unknown provider `{provider}`{hint}: use {', '.join(names)}; for others "
            f"install `langchain` and the provider's package, such as `{package}`"
        )
    from importlib import import_module

    make = import_module("langchain.chat_models").init_chat_model
    try:
        return cast("BaseChatModel", make(model, model_provider=provider))
    except ImportError as error:
        reason = str(error).splitlines()[0]
    except ValidationError as error:  # its own text would show the values, and so the key
        reason = "; ".join(problem["msg"] for problem in error.errors(include_input=False))
    except ValueError as error:
        reason = str(error).splitlines()[0]
    known = f"use {', '.join(names)}, or a provider that LangChain knows"
    raise MemberError(f"cannot make `{provider}:{model}`{hint}: {reason.rstrip('.')}; {known}")
