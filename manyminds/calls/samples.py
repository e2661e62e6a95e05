"""Several samples in one request, for endpoints that honour `n`."""

from collections.abc import Mapping
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config

from manyminds.errors import AnswerError


async def samples_of(
    model: object,
    prompt: list[BaseMessage],
    samples: int,
    config: RunnableConfig,
    params: Mapping[str, Any],
) -> list[BaseMessage]:
    """Request several samples at once from an endpoint that honours `n`."""
    if not isinstance(model, BaseChatModel):
        raise AnswerError(
            "samples_per_request needs a plain chat model: use samples_per_request=1",
            kind="invalid_request",
        )
    full = ensure_config(config)
    result = await model.agenerate(
        [prompt],
        callbacks=full.get("callbacks"),
        tags=full.get("tags"),
        metadata=full.get("metadata"),
        n=samples,
        **params,
    )
    return [cast("Any", generation).message for generation in result.generations[0]]
