import socket
import sys
import threading
from pathlib import Path

import pytest
from helpers.server import Server
from pydantic import SecretStr

from manyminds.errors import MemberError
from manyminds.models.openai import EndpointModel
from manyminds.models.strings import ENDPOINTS, address, discover, from_string, served

KEY = "sk-test-0123456789"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANYMINDS_MODELS", "/nowhere")
    for endpoint in ENDPOINTS.values():
        monkeypatch.delenv(endpoint.key, raising=False)
        monkeypatch.delenv(endpoint.address, raising=False)


@pytest.mark.parametrize(
    ("text", "model", "url", "key"),
    [
        ("openai:gpt-4o-mini", "gpt-4o-mini", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("together:org/model", "org/model", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
        ("openrouter:a/b:free", "a/b:free", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        ("ollama:llama3.1:8b", "llama3.1:8b", "http://localhost:11434/v1", None),
        ("vllm:org/model", "org/model", "http://localhost:8000/v1", None),
        ("lmstudio:gemma", "gemma", "http://localhost:1234/v1", None),
        ("m@http://gpu:8000/v1", "m", "http://gpu:8000/v1", None),
        ("llama3.1:8b@http://gpu:8000/v1/", "llama3.1:8b", "http://gpu:8000/v1", None),
        ("a@b@http://gpu/v1", "a@b", "http://gpu/v1", None),
        ("m@https://host/v1#key=MY_KEY", "m", "https://host/v1", "MY_KEY"),
        ("openai:m@https://proxy/v1", "m", "https://proxy/v1", "OPENAI_API_KEY"),
        ("vllm:m@http://gpu:8000/v1", "m", "http://gpu:8000/v1", "VLLM_API_KEY"),
    ],
)
def test_endpoints(
    text: str, model: str, url: str, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if key is not None:
        monkeypatch.setenv(key, KEY)
    made = from_string(f" {text} ")
    assert isinstance(made, EndpointModel)
    assert (made.model, made.base_url) == (model, url)
    assert made.api_key == (None if key is None else SecretStr(KEY))


def test_a_key_of_openai_goes_to_openai_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for text in ("m@http://gpu:8000/v1", "ollama:llama3.1", "vllm:m"):
        made = from_string(text)
        assert isinstance(made, EndpointModel) and made.api_key is None


@pytest.mark.parametrize(
    ("provider", "given", "url"),
    [
        ("ollama", "0.0.0.0", "http://localhost:11434/v1"),
        ("ollama", "gpu:1234", "http://gpu:1234/v1"),
        ("ollama", "https://gpu.example", "https://gpu.example:443/v1"),
        ("ollama", "http://gpu:1234/v1/", "http://gpu:1234/v1"),
        ("vllm", "http://gpu:8000/v1/", "http://gpu:8000/v1"),
        ("openai", "https://proxy.example/v1", "https://proxy.example/v1"),
        ("openai", "", "https://api.openai.com/v1"),
    ],
)
def test_address_from_the_environment(
    provider: str, given: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINTS[provider].address, given)
    assert address(provider) == url


def test_an_address_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:4000/v1")
    made = from_string("openai:m")
    assert isinstance(made, EndpointModel) and made.api_key is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gpt-4o-mini", "`gpt-4o-mini` names no provider: write `provider:model`"),
        ("", "names no provider"),
        (":gpt", "names no provider"),
        ("openai:", "`openai:` names no model"),
        ("openai:gpt-4o", "set the environment variable OPENAI_API_KEY"),
        ("together:m", "set the environment variable TOGETHER_API_KEY"),
        ("m@http://host/v1#key=MY_KEY", "set the environment variable MY_KEY"),
        (f"m@http://user:{KEY}@host/v1", "write `MODEL@URL#key=NAME`"),
        ("opnai:gpt-4o", "did you mean `openai:gpt-4o`?"),
        ("Ollama:llama3.1:8b", "did you mean `ollama:llama3.1:8b`?"),
        ("nobody:m", "use openai, openrouter, together, ollama"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text: str, says: str) -> None:
    with pytest.raises(MemberError) as caught:
        from_string(text)
    message = str(caught.value)
    assert says in message
    assert "\n" not in message and KEY not in message


LANGCHAIN = """
from langchain_core.language_models import FakeListChatModel
from pydantic import SecretStr, TypeAdapter

def init_chat_model(model, *, model_provider):
    if model_provider == "unpacked":
        raise ImportError("please install langchain-unpacked\\nmore")
    if model_provider == "strict":
        TypeAdapter(int).validate_python("sk-test-0123456789")
    if model_provider != "fake":
        raise ValueError(f"Unsupported {model_provider=}\\nmore")
    return FakeListChatModel(responses=[model])
"""


@pytest.fixture
def langchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `langchain` that knows one provider, for what depends on its being installed."""
    (tmp_path / "langchain").mkdir()
    (tmp_path / "langchain" / "__init__.py").touch()
    (tmp_path / "langchain" / "chat_models.py").write_text(LANGCHAIN)
    for name in ("langchain", "langchain.chat_models"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("langchain")
def test_other_providers_through_langchain() -> None:
    made = from_string("fake:hello")
    assert not isinstance(made, EndpointModel)
    assert made.invoke("x").text == "hello"


@pytest.mark.usefixtures("langchain")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("unpacked:m", "cannot make `unpacked:m`: please install langchain-unpacked"),
        ("strict:m", "cannot make `strict:m`: Input should be a valid integer"),
        ("nobody:m", "cannot make `nobody:m`: Unsupported"),
        ("opnai:m", "did you mean `openai:m`?"),
    ],
)
def test_what_langchain_cannot_make(text: str, says: str) -> None:
    with pytest.raises(MemberError) as caught:
        from_string(text)
    message = str(caught.value)
    assert says in message
    assert "\n" not in message and KEY not in message


def test_recorded_and_simulated_models(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"id": "q1", "question": "1+1?", "samples": ["two"]}\n')
    recorded = from_string(f"recorded:{file}")
    assert not isinstance(recorded, EndpointModel)
    assert recorded.invoke("1+1?").text == "two"
    assert not isinstance(from_string("simulated:small"), EndpointModel)


@pytest.fixture
def _nothing_local(monkeypatch: pytest.MonkeyPatch) -> None:
    for endpoint in ENDPOINTS.values():
        if not endpoint.needs_key:
            monkeypatch.setenv(endpoint.address, f"http://127.0.0.1:{_closed_port()}/v1")


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.usefixtures("_nothing_local")
def test_discover_keys_and_local_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert discover() == []
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with Server(models=["llama3.1:8b", "nomic-embed-text", "qwen3:4b"]) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url.removesuffix("/v1"))
        found = discover()
    assert found == ["openai:gpt-4o-mini", "ollama:llama3.1:8b", "ollama:qwen3:4b"]
    for text in found:
        assert isinstance(from_string(text), EndpointModel)


@pytest.mark.parametrize("sent", [b"", b"<html>", b'HTTP/1.1 200 OK\r\n\r\n["no", "models"]'])
def test_something_else_than_a_model_server(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(sent)

        thread = threading.Thread(target=serve)
        thread.start()
        monkeypatch.setenv("VLLM_BASE_URL", f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
        assert served("vllm") == []
        thread.join()


def test_a_server_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("VLLM_BASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        assert served("vllm") == []
