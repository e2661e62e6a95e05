import pytest
from helpers.graphs import user
from helpers.server import Body, Reply, Server
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from manyminds import Member, create_moa
from manyminds.models.redact import secrets_in

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
