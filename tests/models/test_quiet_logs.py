"""Keys in URLs stay out of logs, also where a user turns INFO on."""

import logging

import httpx
import pytest
from helpers.graphs import user
from helpers.server import Server
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from manyminds import Member, create_agent_forest
from manyminds.models.openai import EndpointModel

SECRET = "s3cr3t-abcdef0123456789abcd"


@pytest.mark.parametrize("query", [f"?api-key={SECRET}", f"?code={SECRET}&api-version=2", ""])
async def test_a_key_in_a_url_reaches_no_log(caplog: pytest.LogCaptureFixture, query: str) -> None:
    caplog.set_level(logging.INFO)
    with Server() as server:
        path = "" if query else f"/{SECRET}"  # a key may be part of the path, too
        url = server.url.replace("/v1", f"{path}/v1") + query
        handed = ChatOpenAI(model="a", base_url=url, api_key=SecretStr("k" * 12), max_retries=0)
        for model in (EndpointModel("m", url), handed):
            app = create_agent_forest(Member(model, retries=0), samples=1).compile()
            try:
                await app.ainvoke(user())
            except Exception as error:
                assert SECRET not in str(error)
    requests = [one for one in caplog.records if one.name.startswith("httpx")]
    assert any("HTTP Request: POST http" in one.getMessage() for one in requests)
    assert SECRET not in caplog.text


def test_other_messages_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    Member("simulated:small")
    caplog.set_level(logging.INFO)
    logging.getLogger("httpx").info("%s of %d, see %s", "a", 2, httpx.URL("http://h/docs"))
    logging.getLogger("httpx").info("no address: %s", 7)
    assert [one.getMessage() for one in caplog.records] == [
        "a of 2, see http://h/docs",
        "no address: 7",
    ]
