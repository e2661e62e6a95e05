from pathlib import Path

import pytest
from helpers.graphs import user
from helpers.growth import LINEAR, growth
from helpers.server import Body, Reply, Server
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from manyminds import Member, QuorumError, create_moa, record
from manyminds.apps.doctor import examine
from manyminds.errors import MemberError
from manyminds.models.openai import EndpointModel
from manyminds.models.redact import secrets_in, without_keys
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
    f"http://host/k/{SECRET}/openai/v1",
    f"http://host/v1#{SECRET}",
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


@pytest.mark.parametrize("url", [*LEAKING[:5], f"http://user%3A{SECRET}%40host/v1"])
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


@pytest.mark.parametrize(
    "spec",
    [
        f"m@ftp://user:{SECRET}@host/v1",
        f"m@http://host/v1#{SECRET}",
        f"m@http://host/v1#key={SECRET.replace('-', '')}",
        f"m@http://host/v1#key={SECRET.replace('-', '').upper()}",
        f"openai:m@wss://{SECRET}@host/v1",
    ],
)
def test_a_string_that_names_no_member_is_not_repeated_with_its_secret(spec: str) -> None:
    with pytest.raises(MemberError) as refused:
        Member(spec)
    assert SECRET.replace("-", "").lower() not in str(refused.value).lower().replace("-", "")


HIDDEN: dict[str, dict[str, object]] = {
    "authorization": {"extra_headers": {"Authorization": f"Bearer {SECRET}"}},
    "a header": {"extra_headers": {"X-Api-Key": SECRET}},
    "a cookie": {"extra_headers": {"Cookie": SECRET}},
    "a body": {"extra_body": {"api_key": SECRET}},
    "a deep body": {"extra_body": {"provider": [{"options": {"access_token": SECRET}}]}},
    "a query": {"extra_query": {"api-key": SECRET}},
    "a parameter": {"password": SECRET, "openai_api_key": SECRET},
}


@pytest.mark.parametrize("params", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("status", [200, 400])
async def test_a_secret_among_parameters_is_shown_nowhere(
    params: dict[str, object], status: int, tmp_path: Path
) -> None:
    with Server(lambda _b, _k: Reply(f"what you sent was {SECRET}", status=status)) as server:
        member = Member(f"m@{server.url}", params={**params, "top_p": 0.5}, retries=0)
        graph = create_moa([member], layers=2)
        shown = [repr(member), str(member), repr(graph), str(graph.options), member.identity]
        with record(tmp_path):
            try:
                shown.append(str(await graph.compile().ainvoke(user())))
            except QuorumError as error:
                shown.append(str(error))
    shown += [path.read_text() for path in tmp_path.rglob("*.jsonl")]
    assert not [text for text in shown if SECRET in text]
    assert "top_p" in shown[0] and "0.5" in shown[-1]


def test_keys_in_the_headers_of_a_model_that_was_handed_over_are_known() -> None:
    model = handed_over("http://user:pass-w0rd-1234@127.0.0.1:9/v1").model_copy(
        update={"default_headers": {"Authorization": f"Bearer {SECRET}", "X-Title": "my own title"}}
    )
    known = secrets_in(model)
    assert {SECRET, "pass-w0rd-1234", KEY} <= set(known) and "my own title" not in known


@pytest.mark.parametrize(
    "text",
    [
        f"aws_secret_access_key={SECRET}",
        f"password = {SECRET}",
        f"'session_token': '{SECRET}'",
        f"token: {SECRET}",
        f"Authorization: Basic {SECRET}",
        f"X-Api-Key: {SECRET}",
        f"https://user:{SECRET}@host/v1?x=1&access_key={SECRET}",
        "https://host/v1/0123456789abcdef0123456789abcdef/gateway".replace("0123", SECRET[:4]),
    ],
)
def test_what_looks_like_a_key_is_taken_out_of_a_text(text: str) -> None:
    assert SECRET not in without_keys(text) and "[key]" in without_keys(text)


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens: Unsupported value",
        "prompt_tokens=12345678 of max_tokens=130000",
        "Unexpected token: identifier12, eos_token=<|endoftext|>",
        "the bearer of this, basic arithmetic",
        "The secret: to success is work",
        "https://huggingface.co/meta-llama/Llama-3.1-8B-Instruct/resolve/main/config.json",
        "https://host/v1/accounts/fireworks/models/llama-v3p1-405b-instruct",
        "https://host/openai/deployments/gpt-4o-2024-08-06/v1",
    ],
)
def test_what_does_not_stays(text: str) -> None:
    assert without_keys(text) == text


@pytest.mark.timed
@pytest.mark.parametrize(
    "part", ["a-", "secret", "token:a", "/a1-", "sk-", "://", "bearer ", "&a.key", "?key", "a.b://"]
)
def test_a_text_without_end_takes_no_time(part: str) -> None:
    assert growth(without_keys, part, 100_000) < LINEAR
    assert growth(lambda text: without_keys(f"http://x/?{text}"), part, 100_000) < LINEAR


def test_endpoints_that_differ_in_a_key_of_their_path_are_not_the_same() -> None:
    first, second = (
        Member(EndpointModel("m", f"http://host/{one * 4}a1/v1")) for one in ("abcd12", "abcd34")
    )
    assert first.identity != second.identity


async def test_a_record_has_no_key_of_a_path(tmp_path: Path) -> None:
    with Server() as server:
        url = server.url.replace("/v1", f"/{SECRET}/v1")
        with record(tmp_path), pytest.raises(QuorumError):
            await create_moa([Member(EndpointModel("m", url), retries=0)]).compile().ainvoke(user())
    assert not [path for path in tmp_path.rglob("*.jsonl") if SECRET in path.read_text()]
