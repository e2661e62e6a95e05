"""Identity of a model, the same in every process."""

import hashlib
import json
import re
from typing import Any, cast
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel
from langchain_core.load import dumpd
from langchain_core.runnables.base import RunnableBindingBase
from pydantic import SecretStr

from manyminds.models.openai import EndpointModel
from manyminds.models.redact import shown_url

# Fields in which LangChain's clients keep the address of their endpoint, and the model's name.
_ADDRESS = re.compile(r"(?:^|_)(?:api_base|base_url|api_url|endpoint(?:_url)?)$")
_NAMES = ("model_name", "model", "model_id", "deployment_name", "azure_deployment")
_PORTS = {"http": 80, "https": 443}


def identity_of(model: object, spec: str | None, name: str) -> str:
    """Return the identity of a member's model.

    Members with the same model have the same identity under any name; only where a model
    cannot be written down does its member's name have to help.

    Args:
        model: of the member.
        spec: the string that it was made from, if it was.
        name: of the member.
    """
    if isinstance(model, EndpointModel):
        address = shown_url(model.base_url)
        if address != model.base_url:  # what is not shown distinguishes endpoints anyway
            address += f"#{hashlib.sha256(model.base_url.encode()).hexdigest()[:8]}"
        return f"{model.provider}:{model.model}@{address}"
    if spec is not None:
        return spec
    if isinstance(model, BaseChatModel) and model.is_lc_serializable():
        about: object = dumpd(model)
    else:  # its plain options have to do: its objects have no lasting names
        plain = {k: v for k, v in vars(model).items() if isinstance(v, str | int | float | None)}
        about = [type(model).__qualname__, name, plain]
    text = json.dumps(about, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def endpoint_of(model: object) -> object:
    """Return the key of a model's endpoint: models with the same one share its limits.

    A client of the host's is known by its address, model and key, so that two objects for one
    endpoint share them, too. One without an address is an endpoint of its own.
    """
    while isinstance(model, RunnableBindingBase):
        model = cast("Any", model).bound
    if isinstance(model, EndpointModel):
        return _one_spelling(model.base_url), model.model, model.api_key
    fields = vars(model) if isinstance(model, BaseChatModel) else {}
    addresses = [value for name, value in fields.items() if _ADDRESS.search(name)]
    if not addresses:
        return id(model)
    name = next((fields[one] for one in _NAMES if isinstance(fields.get(one), str)), "")
    address = next((one for one in addresses if isinstance(one, str) and one), None)
    where = type(model).__qualname__ if address is None else _one_spelling(address)
    keys = (one for one in fields.values() if isinstance(one, SecretStr))
    return where, name, next(keys, None)


def _one_spelling(url: str) -> str:
    """Return an address without what makes no difference: capitals, the usual port, end slashes."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    if port is not None and port != _PORTS.get(parts.scheme):
        host += f":{port}"
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
