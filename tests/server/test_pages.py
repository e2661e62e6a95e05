"""The server's page in a browser: ask, see the answer and its cost, follow the run."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.browser import PALE, chromium, opened
from helpers.serving import KEY, chat, config, run_server, served

from manyminds import create_moa
from manyminds.server.application import create_app
from manyminds.server.config import hash_of
from manyminds.testing import ScriptedChatModel, ScriptedReply

THOUGHT = {"additional_kwargs": {"reasoning_content": "Hm."}}


def application(folder: Path) -> Any:
    async def slow(_messages: Any, _metadata: Any) -> str:
        await asyncio.sleep(1.0)
        return "<b>a</b>"

    made = create_app(config(record=folder))
    writer = ScriptedChatModel(ScriptedReply("<img src=x> the end", fields=THOUGHT))
    members = [ScriptedChatModel(slow), ScriptedChatModel("b")]
    made.state.server.apps["panel"] = create_moa(members, aggregator=writer, layers=2).compile()
    return made


def test_a_question_is_asked_and_its_run_followed(tmp_path: Path) -> None:
    with (
        run_server(application(tmp_path / "runs")) as url,
        chromium() as browser,
        opened(browser, url.removesuffix("/v1") + "/") as page,
    ):
        page.fill("#question", "Why <i>now</i>?")
        page.click("#send")
        page.wait_for_selector("#runs a")  # while the run goes on
        assert "running" in page.inner_text("#runs li") or page.inner_text("#answer")
        page.wait_for_selector("#state:text-is('Done.')")
        assert page.inner_text("#answer") == "<img src=x> the end"
        assert page.text_content("#thought") == "Hm."
        assert "moa: 3 calls, 45 tokens" in page.inner_text("#cost")
        assert page.evaluate(PALE) == []
        page.wait_for_selector("#runs li:has-text('3 calls')")
        page.click("#runs a")
        page.wait_for_selector("h1")
        assert "Why <i>now</i>?" in page.inner_text("main")


def test_a_wrong_key_is_said_on_the_page(tmp_path: Path) -> None:
    key = {"name": "ann", "sha256": hash_of(KEY)}
    made = create_app(config(record=tmp_path, keys=[key]))
    with run_server(made) as url, chromium() as browser:
        assert httpx.get(url.replace("/v1", "/runs")).status_code == 404  # nobody reads all runs
        base = url.removesuffix("/v1") + "/"
        context = browser.new_context()
        page = context.new_page()
        page.goto(base)
        page.fill("#key", "wrong")
        page.fill("#question", "Why?")
        page.click("#send")
        page.wait_for_selector("#state:has-text('API keys')")
        context.close()


async def test_without_keys_pages_of_other_places_cannot_ask() -> None:
    async with served(None) as client:
        for origin, status in (("http://evil.example", 403), ("http://localhost:8000", 200)):
            headers = {"origin": origin}
            response = await client.post("/chat/completions", json=chat("7 + 5?"), headers=headers)
            assert response.status_code == status


@pytest.mark.parametrize("name", ["nothing.jsonl", "..%2Fsecret.jsonl", "bad.jsonl"])
async def test_no_file_but_a_run_of_the_folder_is_shown(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    (tmp_path / "secret.jsonl").write_text("{}\n")
    (folder / "bad.jsonl").write_text("[\n")
    async with served(None, config(record=folder)) as client:
        assert (await client.get(f"http://localhost/runs/{name}")).status_code in (404, 422)
        assert (await client.get("http://localhost/runs")).json() == []
