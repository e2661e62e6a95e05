"""The server's page in a browser: ask, see the answer and its cost, follow the run."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.browser import PALE, chromium, opened
from helpers.serving import KEY, chat, config, run_server, served

from manyminds import Budget, create_moa
from manyminds.apps.cli import main
from manyminds.server.application import create_app
from manyminds.server.config import hash_of
from manyminds.testing import ScriptedChatModel, ScriptedReply

THOUGHT = {"additional_kwargs": {"reasoning_content": "Hm."}}


def application(folder: Path) -> Any:
    async def slow(_messages: Any, _metadata: Any) -> str:
        await asyncio.sleep(1.0)
        return "<b>a</b>"

    conf = config(record=folder)
    conf.ensembles["panel"].budget = Budget(calls=9)
    made = create_app(conf)
    writer = ScriptedChatModel(ScriptedReply("<img src=x> the end", fields=THOUGHT))
    members = [ScriptedChatModel(slow), ScriptedChatModel("b")]
    made.state.server.apps["panel"] = create_moa(members, aggregator=writer, layers=2).compile()
    return made


@pytest.mark.integration
def test_a_question_is_asked_and_its_run_followed(tmp_path: Path) -> None:
    with (
        run_server(application(tmp_path / "runs")) as url,
        chromium() as browser,
        opened(browser, url.removesuffix("/v1") + "/") as page,
    ):
        offered = page.inner_text(".mm-ensembles label").split()
        assert offered[:5] == ["panel", "moa", "2", "proposers,", "2"]
        assert offered[-4:] == ["at", "most", "9", "calls"]
        page.fill("#question", "Why <i>now</i>?")
        page.click("#send")
        page.wait_for_selector("#runs a")  # while the run goes on
        assert "running" in page.inner_text("#runs li") or page.inner_text("#answer")
        page.wait_for_selector("#state:text-is('Done.')")
        assert page.inner_text("#answer") == "<img src=x> the end"
        assert page.text_content("#thought") == "Hm."
        assert "moa: 3 calls, 45 tokens" in page.inner_text("#cost")
        assert page.evaluate(PALE) == []
        live = page.frame_locator("#live")
        live.locator("#count:text-is('3')").wait_for()  # it follows the run by itself
        assert "Why <i>now</i>?" in live.locator("h1").inner_text()
        page.wait_for_selector("#runs li:has-text('finished')")
        page.focus("#runs a")
        page.wait_for_timeout(2500)  # the list is asked for again each second
        assert page.evaluate("document.activeElement.matches('#runs a')")
        page.click("#runs a")
        page.wait_for_selector("h1")
        assert "Why <i>now</i>?" in page.inner_text("main")


@pytest.mark.integration
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


@pytest.mark.integration
def test_a_folder_of_runs_is_the_same_program_with_or_without_ensembles(tmp_path: Path) -> None:
    folder, file = tmp_path / "runs", tmp_path / "c.yaml"
    folder.mkdir()
    file.write_text("ensembles: {panel: {method: moa, members: ['simulated:small']}}\n")
    program = [sys.executable, "-m", "manyminds", "show", "--serve", str(folder), "--port", "0"]
    for more, asks in (([], False), (["--config", str(file)], True)):
        with subprocess.Popen([*program, *more], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                url = process.stdout.readline().split(": ")[1].split("/ ")[0]
                page = httpx.get(url).text
                assert ("Ask an ensemble" in page) == asks and "Runs in runs" in page
                answer = httpx.post(f"{url}/v1/chat/completions", json=chat("2 + 2?"), timeout=60)
                assert answer.status_code == (200 if asks else 404)
                assert len(httpx.get(f"{url}/runs").json()) == asks
            finally:
                process.terminate()


def test_a_folder_of_runs_is_not_served_with_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.yaml").write_text(
        f"keys: [{{name: a, sha256: {'a' * 64}}}]\n"
        "ensembles: {panel: {method: moa, members: ['simulated:small']}}\n"
    )
    asked = ["show", "--serve", str(tmp_path), "--config", str(tmp_path / "c.yaml")]
    assert main(asked) == 2 and "leave them out" in capsys.readouterr().err
    assert main(["show", "--config", str(tmp_path / "c.yaml")]) == 2
