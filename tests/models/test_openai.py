import asyncio
import gc
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import openai
import pytest
from helpers.server import Reply, Server
from langchain_core.globals import set_llm_cache
from langchain_core.caches import InMemoryCache
from langchain_core.messages import AIMessageChunk
from pydantic import SecretStr

from manyminds.models.openai import EndpointModel

KEY = "sk-test-0123456789"


def endpoint(server: Server, **more: object) -> EndpointModel:
    return EndpointModel("m", server.url, SecretStr(KEY), **more)  # type: ignore[arg-type]


async def test_usage_and_the_key_arrives() -> None:
    with Server(lambda body, k: "three short words", key=KEY) as server:
        answer = await endpoint(server).chat_model().ainvoke("one two", max_tokens=5, n=1)
    assert answer.text == "three short words"
    assert answer.usage_metadata is not None  # type: ignore[attr-defined]
    (body,) = server.bodies
    # Servers other than OpenAI's do not all know `max_completion_tokens`.
    assert body["max_tokens"] == 5 and body["n"] == 1 and body["model"] == "m"
    assert body["messages"] == [{"role": "user", "content": "one two"}]
