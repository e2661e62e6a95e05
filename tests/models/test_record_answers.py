import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableConfig

from manyminds.errors import DataError, MemberError
from manyminds.models.record_answers import record_answers
from manyminds.models.recorded import open_recorded, recorded_names


class Echo(BaseChatModel):
    """Answers with the question and its draw; calls a tool when asked to."""

    model_name: str = "echo"

    @property
    def _llm_type(self) -> str:
        return "echo"

    def bind_tools(self, tools: Any, *, tool_choice: str | None = None, **kwargs: Any) -> Any:
        return self.bind(tools=[{"name": tool["name"]} for tool in tools], **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        draw = (run_manager.metadata if run_manager else {}).get("draw", "?")
        called = [{"name": tool["name"], "args": {}, "id": "1"} for tool in kwargs.get("tools", [])]
        message = AIMessage(
            content="" if called else f"{messages[-1].text} / {draw}",
            tool_calls=called,
            usage_metadata=UsageMetadata(input_tokens=3, output_tokens=4, total_tokens=7),
        )
        count = kwargs.get("n", 1)
        return ChatResult(generations=[ChatGeneration(message=message)] * count)


def at(**metadata: object) -> RunnableConfig:
    return RunnableConfig(metadata=dict(metadata))


async def test_what_was_recorded_can_be_replayed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    model = record_answers(Echo(), path)
    answered = [
        model.invoke("Q", at(question_id="q1", draw=1)),
        await model.ainvoke("Q", at(question_id="q1", draw=0)),
        model.invoke("R", at(draw=0)),
    ]
    assert [m.usage_metadata and m.usage_metadata["total_tokens"] for m in answered] == [7, 7, 7]
    replay = open_recorded(path)
    assert replay.model_name == model.model_name == "echo"
    replayed = [
        replay.invoke("?", at(question_id="q1", draw=1)),
        replay.invoke("Q", at(draw=0)),
        replay.invoke("R"),
    ]
    assert [m.text for m in replayed] == [m.text for m in answered] == ["Q / 1", "Q / 0", "R / 0"]


def test_rows_have_the_common_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    record_answers(Echo(), path).invoke("Zwölf\n\u2028?", at(question_id="q1", draw=5))
    assert [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]] == [
        {
            "id": "q1",
            "question": "Zwölf\n\u2028?",
            "model": "echo",
            "samples": [{"text": "Zwölf\n\u2028? / 5", "draw": 5}],
        }
    ]


def test_without_a_draw_the_next_free_one_is_taken_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    first = record_answers(Echo(), path)
    first.invoke("Q")
    first.invoke("Q", n=2)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))  # as an editor may leave it
    record_answers(Echo(), path).invoke("Q")
    replay = open_recorded(path)
    assert [replay.invoke("Q", at(draw=d)).text for d in range(4)] == ["Q / ?"] * 4


def test_threads_and_tasks_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    model = record_answers(Echo(), path)
    configs = [at(question_id="t", draw=draw) for draw in range(64)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(model.invoke, ["Q" * 2000] * 64, configs))

    async def together() -> None:
        await asyncio.gather(
            *(model.ainvoke("Q", at(question_id="a", draw=draw)) for draw in range(64))
        )

    asyncio.run(together())
    replay = open_recorded(path)
    for key in ("t", "a"):
        for draw in range(64):
            assert replay.invoke("x", at(question_id=key, draw=draw)).text.endswith(f" / {draw}")


def test_tool_calls_pass_and_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    model = record_answers(Echo(), path).bind_tools([{"name": "look"}])
    assert [call["name"] for call in model.invoke("Q").tool_calls] == ["look"]
    assert not path.exists()


def test_two_models_may_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    record_answers(Echo(), path).invoke("Q")
    record_answers(Echo(model_name="echo-2"), path).invoke("Q")
    assert recorded_names(path) == ["echo", "echo-2"]


def test_a_lone_surrogate_survives(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    record_answers(Echo(), path).invoke("Q\udc80", at(question_id="q"))
    assert open_recorded(path).invoke("x", at(question_id="q")).text == "Q\udc80 / ?"


def test_bad_files_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(MemberError, match="plain .jsonl"):
        record_answers(Echo(), tmp_path / "a.jsonl.gz")
    (tmp_path / "b.jsonl").write_text("hello\n")
    with pytest.raises(DataError, match=r"b\.jsonl line 1"):
        record_answers(Echo(), tmp_path / "b.jsonl")
