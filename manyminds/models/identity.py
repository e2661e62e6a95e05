"""Identity of a model, the same in every process."""

import hashlib
import json

from langchain_core.language_models import BaseChatModel
from langchain_core.load import dumpd

from manyminds.models.openai import EndpointModel
from manyminds.models.redact import shown_url


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
