"""The folder of a model as a member: options, and replies of a tiny model in batches."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.tiny_model import tiny_model
from langchain_core.messages import HumanMessage

from manyminds import Member, MemberError, create_agent_forest
from manyminds.errors import AnswerError
from manyminds.models import local, transformers_engine
from manyminds.models.strings import from_string
from manyminds.models.transformers_engine import (
    FolderOptions,
    Request,
    TransformersEngine,
    close_folder_engines,
)
from manyminds.models.transformers_model import TransformersChatModel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that has a configuration and no more."""
    path = tmp_path / "mine"
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"max_position_embeddings": 512}))
    return path


def test_a_folder_is_a_member_with_options(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "missing_package", lambda: None)
    made = from_string(f"local:{folder}?slots=8&threads=1&max_tokens=9&seed=0")
    assert isinstance(made, TransformersChatModel)
    assert (made.path, made.slots, made.threads, made.max_tokens, made.seed) == (folder, 8, 1, 9, 0)
    member = Member(f"local:{folder}?slots=8")
    assert (member.name, member.concurrency, member.context) == ("mine", 16, 512)
    assert Member(f"local:{folder}", concurrency=3, context=128).concurrency == 3


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("context=9", "unknown option `context`; use slots, threads, max_tokens, seed"),
        ("slots=0", "slots=0 does not work; give a whole number from 1 to 1024"),
        ("seed=-1", "seed=-1 does not work; give a whole number from 0"),
    ],
)
def test_wrong_options_say_the_right_ones(
    folder: Path, query: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "missing_package", lambda: None)
    with pytest.raises(MemberError, match=said):
        from_string(f"local:{folder}?{query}")


def test_a_missing_package_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "missing_package", lambda: "torch")
    with pytest.raises(MemberError, match=r"needs torch, .* pip install 'manyminds\[tune\]'"):
        from_string(f"local:{folder}")


def test_a_folder_without_a_model_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(MemberError, match="or a folder with config.json"):
        from_string(f"local:{tmp_path}")


def in_32_bits(_torch: Any) -> bool:
    return False


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the folder of a tiny model that is run in 32 bits."""
    for package in ("torch", "tokenizers", "transformers"):
        pytest.importorskip(package)
    monkeypatch.setattr(transformers_engine, "has_bfloat16", in_32_bits)
    yield tiny_model(tmp_path / "model")
    close_folder_engines()


def no_end(_model: Any, _tokenizer: Any) -> frozenset[int]:
    return frozenset()


def many_ends(_model: Any, _tokenizer: Any) -> frozenset[int]:
    return frozenset(range(90))


def asked(text: str, **options: Any) -> Request:
    known: dict[str, Any] = {"temperature": 0.0, "top_p": 1.0, "stop": (), "seed": None}
    given: dict[str, Any] = {"max_tokens": 12, **known, **options}
    return Request([{"role": "user", "content": text}], **given)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_batch_writes_what_transformers_writes_one_by_one(model: Path) -> None:
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    plain = transformers.AutoModelForCausalLM.from_pretrained(model)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    engine = TransformersEngine(FolderOptions(model, 8, 1))
    questions = ["2 + 2?", "2 + 2?", "What is the capital of France?", "Hi"]
    waiting = [engine.submit(asked(text)) for text in questions]
    for text, reply in zip(questions, waiting, strict=True):
        ids = tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], add_generation_prompt=True, return_dict=False
        )
        made = plain.generate(
            torch.tensor([ids]), max_new_tokens=12, do_sample=False, attention_mask=None
        )[0, len(ids) :]
        written = reply.result()
        assert written.text == tokenizer.decode(made, skip_special_tokens=True)
        assert written.prompt_tokens == len(ids) and written.tokens <= 12
    engine.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_seeds_draws_limits_and_stops(model: Path) -> None:
    engine = TransformersEngine(FolderOptions(model, 8, 1))
    warm: dict[str, Any] = {"temperature": 1.0, "max_tokens": 20}
    same = [engine.submit(asked("Hi", seed=1, **warm)).result().text for _ in range(2)]
    other = engine.submit(asked("Hi", seed=2, **warm)).result()
    assert same[0] == same[1] != other.text
    assert other.finish_reason in ("length", "stop")
    letter = same[0][3]
    cut = engine.submit(asked("Hi", seed=1, stop=[letter], **warm)).result()
    assert cut.text == same[0].partition(letter)[0] and cut.finish_reason == "stop"
    with pytest.raises(AnswerError, match="too long: .* exceed the context of 2048"):
        engine.submit(asked("x" * 3_000))
    engine.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_reply_that_nobody_waits_for_is_not_written_to_its_end(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transformers_engine, "_end_tokens", no_end)
    chat = TransformersChatModel(path=model, threads=1)

    async def ask() -> None:
        await chat.ainvoke([HumanMessage("Hi")], max_tokens=1)  # loads the model
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(chat.ainvoke([HumanMessage("Hi")], max_tokens=1_500), 0.2)

    asyncio.run(ask())
    engine = transformers_engine.folder_engine(FolderOptions(model, chat.slots, 1))
    began = time.monotonic()
    engine.submit(asked("Hi", max_tokens=1)).result()
    freed = time.monotonic() - began
    engine.submit(asked("Hi", max_tokens=400)).result()
    assert freed < time.monotonic() - began - freed  # the rest would take three times as long


_EXITS = """
import atexit, sys, threading, time
from pathlib import Path
atexit.register(lambda: print([each.name for each in threading.enumerate()]))
from manyminds.models import transformers_engine
from manyminds.models.transformers_model import TransformersChatModel
transformers_engine._end_tokens = lambda *_: frozenset()
chat = TransformersChatModel(path=Path(sys.argv[1]), threads=2, max_tokens=1_900)
chat.invoke("Hi", max_tokens=1)
threading.Thread(target=chat.invoke, args=["Hi"], daemon=True).start()
time.sleep(0.2)
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_process_ends_well_while_a_reply_is_written(model: Path) -> None:
    command = [sys.executable, "-c", _EXITS, str(model)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "terminate" not in done.stderr
    assert str(model) not in done.stdout and "MainThread" in done.stdout  # its thread has ended


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_forest_over_a_folder(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A cut reply has no vote, so replies of a model that knows no words have to end often.
    monkeypatch.setattr(transformers_engine, "_end_tokens", many_ends)
    member = Member(f"local:{model}?seed=1&threads=1", params={"max_tokens": 8}, timeout=None)
    app = create_agent_forest(member, samples=6, prompt=None).compile()
    first, again = (app.invoke({"messages": [("user", "Hi")]}) for _ in range(2))
    texts = [one["text"] for one in first["candidates"]]
    assert len(set(texts)) > 1  # draws differ
    assert texts == [one["text"] for one in again["candidates"]]  # the seed gives them again
    assert all(one["usage"]["output_tokens"] <= 8 for one in first["candidates"])
    with pytest.raises(AnswerError, match="transformers cannot load"):
        (model / "model.safetensors").unlink()
        other = TransformersChatModel(path=model, slots=2)
        asyncio.run(other.ainvoke([HumanMessage("Hi")]))
