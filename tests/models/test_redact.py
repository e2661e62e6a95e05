from pathlib import Path

import pytest
from helpers.graphs import user
from helpers.server import Body, Reply, Server
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from manyminds import Member, QuorumError, create_moa, record
from manyminds.apps.doctor import examine
from manyminds.errors import MemberError
from manyminds.models.openai import EndpointModel
from manyminds.models.redact import secrets_in
from manyminds.models.strings import ENDPOINTS
from manyminds.records.about import members_of

KEY = "a1b2c3d4e5f6"  # has no form by which it could be known


def handed_over(url: str = "http://127.0.0.1:9/v1") -> ChatOpenAI:
    return ChatOpenAI(model="m", base_url=url, api_key=SecretStr(KEY), max_retries=0)


def test_a_key_is_found_in_a_model_and_in_what_holds_one() -> None:
    model = handed_over()
    bound = model.bind(stop=["x"])
    assert KEY in secrets_in(model)
    assert KEY in secrets_in(bound)
    assert KEY in secrets_in(ChatPromptTemplate.from_messages(["placeholder"]) | bound)
    assert KEY in secrets_in(model.with_fallbacks([bound]))
    assert secrets_in("openai:gpt") == ()


def test_a_word_that_stands_for_no_key_is_left_in_the_text() -> None:
    model = ChatOpenAI(model="m", base_url="http://127.0.0.1:9/v1", api_key=SecretStr("ollama"))
    assert Member(model, name="m").without_key("ollama runs here") == "ollama runs here"


@pytest.mark.parametrize("status", [200, 401])
async def test_a_server_that_repeats_it_does_not_get_it_into_state_or_prompt(status: int) -> None:
    def echo(_body: Body, _k: int) -> Reply:
        return Reply(f"your key is {KEY}", status=status)

    with Server(echo) as bad, Server() as good:
        echoing = Member(handed_over(bad.url), name="echoing")
        app = create_moa(
            [echoing, Member(f"m@{good.url}")], aggregator=f"m@{good.url}", layers=2
        ).compile()
        state = await app.ainvoke(user())
        assert KEY not in str(good.bodies)
    assert "[key]" in str(state) and KEY not in str(state["candidates"])
    assert KEY not in str(state["report"])


SECRET = "s3cr3t-abcdef0123456789abcd"
LEAKING = (
    f"http://user:{SECRET}@host/v1",
    f"http://{SECRET}@host/v1",
    f"http://host/v1?api-key={SECRET}",
    f"http://host/v1?access_token={SECRET}&x=1",
    f"http://host/v1?x=1&sig={SECRET}",
    f"http://host/{SECRET}/v1",
)


@pytest.mark.parametrize("url", LEAKING)
def test_no_password_or_key_of_an_address_is_shown(url: str) -> None:
    model = EndpointModel("m", url)
    member = Member(model)
    graph = create_moa([member])
    shown = [repr(model), model.name, repr(member), repr(graph), member.identity]
    shown += [graph.compile().get_graph().draw_mermaid(), str(graph.options)]
    shown += [str(members_of(graph.members.values()))]
    assert not [text for text in shown if SECRET in text]


@pytest.mark.parametrize("url", [url for url in LEAKING if "/v1/" not in url][:5])
def test_an_address_with_a_password_or_a_query_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MemberError, match="would show up in reports") as refused:
        Member(f"m@{url}")
    assert SECRET not in str(refused.value)
    for name, endpoint in ENDPOINTS.items():
        if name == "ollama":
            continue
        monkeypatch.setenv(endpoint.address, url)
        monkeypatch.setenv(endpoint.key, "k")
        with pytest.raises(MemberError, match="would show up in reports") as refused:
            Member(f"{name}:m")
        assert SECRET not in str(refused.value)
        monkeypatch.delenv(endpoint.address)


@pytest.mark.parametrize("url", LEAKING[:5])
def test_doctor_and_ollama_show_no_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for endpoint in ENDPOINTS.values():
        monkeypatch.setenv(endpoint.address, url)
    found = examine()
    assert SECRET not in str(found) and "would show up in reports" in str(found["problems"])
    assert SECRET not in repr(Member("ollama:m"))


async def test_a_record_has_no_key_of_a_path(tmp_path: Path) -> None:
    with Server() as server:
        url = server.url.replace("/v1", f"/{SECRET}/v1")
        with record(tmp_path), pytest.raises(QuorumError):
            await create_moa([Member(EndpointModel("m", url), retries=0)]).compile().ainvoke(user())
    assert not [path for path in tmp_path.rglob("*.jsonl") if SECRET in path.read_text()]
