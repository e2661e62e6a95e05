"""SmolLM2-135M in this process, and LangChain's own client of its port."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.request import Request, urlopen

import httpx
from langchain_openai import ChatOpenAI

from manyminds.models.local import LocalModel, engine_model
from manyminds.models.local_engine import Engine, engine

MEMBER = "local:smollm2"


def running(text: str = MEMBER) -> tuple[LocalModel, Engine]:
    """Return a model and its engine, which is started."""
    model = engine_model(text)
    return model, engine(model.options, model.model)


def get(path: str) -> Any:
    """Ask the engine's server for something else than a reply, such as `/slots`."""
    started = running()[1]
    request = Request(f"{started.url.removesuffix('/v1')}{path}")
    request.add_header("Authorization", f"Bearer {started.key.get_secret_value()}")
    with urlopen(request, timeout=60) as response:
        return json.load(response)


def busy() -> int:
    """Count the slots that are generating."""
    return sum(slot["is_processing"] for slot in get("/slots"))


@asynccontextmanager
async def client(**options: Any) -> AsyncGenerator[ChatOpenAI]:
    """Give LangChain's own client of the engine's port."""
    _, started = running()
    given: dict[str, Any] = {"max_tokens": 24, "temperature": 0.8, **options}
    async with httpx.AsyncClient(timeout=120) as http:  # LangChain shares its own between loops
        yield ChatOpenAI(
            model="smollm2",
            base_url=started.url,
            api_key=started.key,
            use_responses_api=False,
            http_async_client=http,
            **given,
        )
