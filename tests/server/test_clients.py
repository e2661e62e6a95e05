"""Clients of other projects use an ensemble as a model; tests skip where one is missing."""

import asyncio
import gc
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.serving import CALL, config, moa, run_server, written_by
from langchain_core.messages import BaseMessage

from manyminds.server.application import create_app
from manyminds.server.config import Config
from manyminds.testing import ScriptedChatModel, ScriptedReply

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore"),  # of other people's programs
]
NODE = Path(__file__).parent / "node"


@pytest.fixture(autouse=True)
def leftovers() -> Iterator[None]:
    """Collect loops and streams that a client has left, while warnings of them are ignored."""
    yield
    gc.collect()


THOUGHT = {"additional_kwargs": {"reasoning_content": "Hm."}}


def ensembles() -> Any:
    """Return an application with three ensembles: `panel`, `thinking`, and `tools`."""
    one = config().ensembles["panel"]
    names = ("panel", "thinking", "tools")
    application = create_app(Config(ensembles=dict.fromkeys(names, one)))

    def act(messages: list[BaseMessage], _metadata: Any) -> Any:
        done = messages[-1].type == "tool"
        return f"It is {messages[-1].text}." if done else ScriptedReply("", tool_calls=[CALL])

    application.state.server.apps |= {
        "panel": moa(),
        "thinking": moa(ScriptedReply("the end of it", fields=THOUGHT)),
        "tools": written_by(ScriptedChatModel("x"), ScriptedChatModel(act)),
    }
    return application


def node(script: str) -> Any:
    program = shutil.which("node")
    if program is None or not (NODE / "node_modules").is_dir():
        pytest.skip(f"needs Node.js and `npm install --prefix {NODE.relative_to(Path.cwd())}`")
    with run_server(ensembles()) as url:
        done = subprocess.run(
            [program, NODE / script, url], capture_output=True, text=True, timeout=100
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_openai_for_node() -> None:
    assert node("openai.mjs") == {
        "whole": "the end of it",
        "tokens": 45,
        "streamed": "the end of it",
        "streamedTokens": 45,
        "call": {"name": "add", "arguments": '{"a": 2}'},
        "reason": "tool_calls",
        "response": "the end of it",
        "told": "the end of it",
        "status": 404,
    }


def test_the_ai_sdk() -> None:
    assert node("ai_sdk.mjs") == {
        "whole": "the end of it",
        "tokens": 45,
        "streamed": "the end of it",
        "reasoning": "Hm.",
        "agent": "It is 3.",
        "asked": [2],
        "steps": 2,
        "status": 404,
    }


def test_the_openai_provider_of_inspect(tmp_path: Path) -> None:
    inspect_ai = pytest.importorskip("inspect_ai", reason="needs inspect-ai")
    from inspect_ai.dataset import Sample
    from inspect_ai.model import get_model
    from inspect_ai.scorer import includes
    from inspect_ai.solver import generate, use_tools
    from inspect_ai.tool import Tool, tool

    @tool
    def add() -> Tool:
        async def execute(a: int) -> str:
            """Add.

            Args:
                a: A number.
            """
            return str(a + 1)

        return execute

    with run_server(ensembles()) as url:
        for name, target, solver in (
            ("panel", "the end of it", [generate()]),
            ("tools", "It is 3.", [use_tools(add()), generate()]),
        ):
            model = get_model(f"openai-api/manyminds/{name}", base_url=url, api_key="x")
            task = inspect_ai.Task(
                [Sample("Why?", target=target)], solver=solver, scorer=includes()
            )
            logs: Any = {"log_dir": str(tmp_path), "log_format": "json"}
            (log,) = inspect_ai.eval(task, model=model, display="none", **logs)
            assert log.status == "success", log.error
            assert log.results.scores[0].metrics["accuracy"].value == 1.0
            asyncio.run(model.api.aclose())


def test_the_chat_completions_of_lm_evaluation_harness() -> None:
    instances: Any = pytest.importorskip("lm_eval.api.instance", reason="needs lm-eval")
    models: Any = pytest.importorskip("lm_eval.models.openai_completions")

    with run_server(ensembles()) as url:
        model = models.LocalChatCompletion(
            base_url=f"{url}/chat/completions", model="panel", max_retries=1, num_concurrent=2
        )
        asked = [
            instances.Instance(
                request_type="generate_until",
                doc={},
                arguments=(
                    model.apply_chat_template([{"role": "user", "content": f"{n}?"}]),
                    {"until": ["\n"], "max_gen_toks": 16, "do_sample": False},
                ),
                idx=n,
            )
            for n in range(4)
        ]
        assert model.generate_until(asked, disable_tqdm=True) == ["the end of it"] * 4
