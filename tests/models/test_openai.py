import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import pytest
from helpers.graphs import a_run
from helpers.server import Reply, Server
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from manyminds import Member, create_agent_forest, create_moa
from manyminds.aio import background_loop
from manyminds.calls import ask as calls
from manyminds.errors import AnswerError
from manyminds.models.openai import EndpointModel, openai_chat_model

KEY = "sk-test-0123456789"


def endpoint(
    url: str, *, timeout: float | None = None, params: Mapping[str, object] | None = None
) -> EndpointModel:
    return EndpointModel("m", url, SecretStr(KEY), timeout=timeout, params=params or {})


async def ask(model: EndpointModel, text: str = "one two") -> str:
    return (await model.chat_model().ainvoke(text)).text


async def test_answer_usage_and_what_is_sent() -> None:
    with Server(lambda body, k: "three short words", key=KEY) as server:
        model = endpoint(server.url).chat_model()
        answer = await model.ainvoke("one two", max_tokens=5, temperature=0.7)
    assert answer.text == "three short words"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["input_tokens"] == 2
    assert answer.usage_metadata["output_tokens"] == 3
    assert server.bodies == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "one two"}],
            "temperature": 0.7,
            # Not `max_completion_tokens`, which servers other than OpenAI's pass over.
            "max_tokens": 5,
            "stream": False,
        }
    ]


async def test_usage_while_streaming() -> None:
    with Server(lambda body, k: "three short words") as server:
        chunks = [c async for c in endpoint(server.url).chat_model().astream("one two")]
    assert server.bodies[0]["stream_options"] == {"include_usage": True}
    assert sum(bool(chunk.text) for chunk in chunks) == 3
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    assert isinstance(whole, AIMessageChunk) and whole.text == "three short words"
    assert whole.usage_metadata is not None and whole.usage_metadata["output_tokens"] == 3


async def test_n_samples_in_one_request() -> None:
    with Server(lambda body, k: Reply(choices=["a", "b", "c"][: body["n"]])) as server:
        result = await endpoint(server.url).chat_model().agenerate([[HumanMessage("x")]], n=3)
    assert [generation.text for generation in result.generations[0]] == ["a", "b", "c"]
    assert len(server.requests) == 1


async def test_params_go_into_the_request_also_those_openai_does_not_know() -> None:
    params = {"temperature": 0.3, "top_k": 40}
    with Server() as server:
        await ask(endpoint(server.url, params=params))
    assert server.bodies[0]["temperature"] == 0.3 and server.bodies[0]["top_k"] == 40


def test_three_runs_in_a_row_two_threads_and_the_background_loop() -> None:
    with Server() as server:
        model = endpoint(server.url)
        for _ in range(3):
            asyncio.run(ask(model))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(asyncio.run, [ask(model), ask(model)]))
        for _ in range(2):
            asyncio.run_coroutine_threadsafe(ask(model), background_loop()).result(10)
        asyncio.run(ask(model))
    assert len(server.requests) == 8
    gc.collect()  # an unclosed client would warn here


async def test_one_client_a_loop() -> None:
    with Server() as server:
        first, same = endpoint(server.url), endpoint(server.url)
        other = EndpointModel("other", server.url)
        assert first.chat_model() is same.chat_model()
        assert first.chat_model() is not other.chat_model()
        assert _http(first.chat_model()) is _http(other.chat_model())

        async def elsewhere() -> BaseChatModel:
            return first.chat_model()

        assert await asyncio.to_thread(asyncio.run, elsewhere()) is not first.chat_model()


def _http(model: BaseChatModel) -> object:
    return vars(model)["http_async_client"]


async def test_300_calls_are_in_flight_at_once() -> None:
    with Server(lambda body, k: Reply(str(k), latency=0.3), together=300) as server:
        model = endpoint(server.url).chat_model()
        calls = asyncio.gather(*(model.ainvoke("x") for _ in range(300)))
        answers = await asyncio.wait_for(calls, 30)  # with a smaller pool no answer would come
    assert server.peak == 300
    assert {answer.text for answer in answers} == {str(k) for k in range(300)}


def test_without_aiohttp_the_usual_client_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_: object) -> None:
        raise RuntimeError("you must have installed the package with the `aiohttp` extra")

    monkeypatch.setattr(openai, "DefaultAioHttpClient", missing)

    async def main() -> None:
        model = endpoint(server.url).chat_model()
        await asyncio.wait_for(asyncio.gather(*(model.ainvoke("x") for _ in range(20))), 30)
        assert isinstance(_http(model), openai.DefaultAsyncHttpxClient)

    with Server(together=20) as server:
        asyncio.run(main())
        server.clear()
        asyncio.run(main())
    assert server.peak == 20


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=429, headers={"Retry-After": "1"}), openai.RateLimitError),
        (Reply(status=500), openai.InternalServerError),
        (Reply(drop=True), openai.APIConnectionError),
        (Reply("half of it", half_stream=True), openai.APIConnectionError),
        (Reply(malformed=True), AnswerError),
        (Reply(hang=True), openai.APITimeoutError),
    ],
)
async def test_the_client_never_asks_twice(reply: Reply, error: type[Exception]) -> None:
    with Server(lambda body, k: reply) as server:
        with pytest.raises(error):
            await ask(endpoint(server.url, timeout=0.3))
        assert len(server.requests) == 1


async def test_no_answer_from_the_cache() -> None:
    set_llm_cache(InMemoryCache())
    try:
        with Server() as server:
            model = endpoint(server.url)
            assert [await ask(model) for _ in range(2)] == ["answer 0", "answer 1"]
    finally:
        set_llm_cache(None)


async def test_the_key_is_never_shown() -> None:
    refusal = Reply(f"wrong key {KEY}", status=401, code="invalid_api_key")
    with Server(lambda body, k: refusal) as server:
        model = endpoint(server.url)
        with pytest.raises(openai.AuthenticationError) as caught:
            await ask(model)
        shown = [repr(model), str(model), repr(model.chat_model()), repr(server.requests)]
    assert not any(KEY in text for text in shown)
    assert Member(model).without_key(str(caught.value)) == "Error code: 401 - wrong key [key]"


async def test_nothing_of_openai_goes_to_other_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-openai")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-of-openai")
    monkeypatch.setenv("OPENAI_PROXY", "http://127.0.0.1:9")
    with Server(key="not-needed") as server:
        assert await ask(EndpointModel("m", server.url)) == "answer 0"
    assert "of-openai" not in repr(server.requests)


async def test_openai_itself_is_asked_its_own_way() -> None:
    ours = openai_chat_model("gpt-4o-mini", api_key=SecretStr(KEY), params={"max_tokens": 5})
    other = openai_chat_model("m", base_url="http://127.0.0.1:1/v1", params={"max_tokens": 5})
    assert type(ours).__name__ == "ChatOpenAI" and type(other).__name__ == "BaseChatOpenAI"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (EndpointModel("gpt-4o-mini"), "openai:gpt-4o-mini"),
        (EndpointModel("llama3.1:8b", "http://x/v1", provider="ollama"), "ollama:llama3.1:8b"),
        (EndpointModel("m", "http://x/v1", provider=""), "m@http://x/v1"),
    ],
)
def test_name(model: EndpointModel, name: str) -> None:
    assert model.name == name


@pytest.mark.integration
def test_a_program_ends_without_a_word() -> None:
    """No unclosed session, connection or loop, whichever way the loops ended."""
    program = """
import asyncio, sys
from manyminds.aio import background_loop
from manyminds import Member, create_agent_forest, create_moa
from manyminds.models.openai import EndpointModel

model = EndpointModel("m", sys.argv[1])
assert "langchain_openai" not in sys.modules and "openai" not in sys.modules

async def ask():
    return (await model.chat_model().ainvoke("x")).text

print(asyncio.run(ask()))
print(asyncio.run_coroutine_threadsafe(ask(), background_loop()).result())
"""
    with Server() as server:
        done = subprocess.run(
            [sys.executable, "-W", "default", "-c", program, server.url],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONASYNCIODEBUG": ""},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.stdout.split() == ["answer", "0", "answer", "1"]
    assert done.stderr == ""


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_certificates_that_cannot_be_read_are_named(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with Server() as server:
        found = await calls.ask(
            Member(f"m@{server.url}", retries=3), [HumanMessage("Why?")], a_run(), role="proposer"
        )
    error = found["error"]
    assert error is not None and f"SSL_CERT_FILE={path}" in error["message"]
    assert found["attempts"] == 1


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_hosts_client_that_always_streams_is_asked_for_whole_answers(
    streaming: bool,
) -> None:
    """LangChain would ask for a stream, and then refuse to read it."""
    with Server(lambda body, k: "The answer is 4.") as server:
        key = SecretStr(KEY)
        model = ChatOpenAI(model="m", base_url=server.url, api_key=key, streaming=streaming)
        member = Member(model, name="host")
        whole = await create_agent_forest(member, samples=2).compile().ainvoke("Why?")
        moa = create_moa([member], layers=2).compile()
        parts = [part async for part in moa.astream("Why?", stream_mode="messages")]
    assert whole["answer"] == "The answer is 4." and whole["report"]["degraded"] is None
    assert [bool(body.get("stream")) for body in server.bodies] == [False, False, False, streaming]
    assert len(parts) > 1 or not streaming
