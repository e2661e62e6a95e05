import asyncio
import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig

from manyminds.errors import AnswerError, DataError, MemberError
from manyminds.models.recorded import (
    RecordedChatModel,
    from_string,
    load_recording,
    open_recorded,
    recorded_names,
)

DATA = Path(os.environ.get("MANYMINDS_DATA", Path(__file__).parents[3] / "shared" / "data"))
DATA_FILES = {
    "gsm8k_zeroeval_44models": (44, 57398),
    "math_dylan_gpt35_4agents": (1, 9113),
    "game24_gpt4_cot100": (1, 10000),
    "crux_output_codellama7b_10": (1, 8000),
    "humaneval_codegen16b_s00-49": (1, 8200),
    "humaneval_codegen16b_tests_s00-49": (1, 8200),
    "humaneval_dylan_gpt_35_turbo_0301_4agents": (1, 656),
    "writing_gpt4_cot10_scored": (1, 1000),
}
ONE = {
    "id": "q1",
    "question": "What is 2 + 2?",
    "answer": "4",
    "model": "alpha",
    "samples": [{"text": t, "answer": "4", "correct": True} for t in ("four", "five", "six")],
}
MANY = {
    "id": 7,
    "prompt": "def f():",
    "model": "many",
    "samples": [{"text": "b0", "model": "beta"}, {"text": "a0", "model": "alpha"}],
}


def write(path: Path, *rows: object) -> Path:
    lines = "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows)
    path.write_bytes(gzip.compress(lines.encode()) if path.suffix == ".gz" else lines.encode())
    return path


def at(**metadata: object) -> RunnableConfig:
    return RunnableConfig(metadata=dict(metadata))


@pytest.mark.parametrize("name", ["answers.jsonl", "answers.jsonl.gz"])
def test_answers_by_question_id_and_draw(tmp_path: Path, name: str) -> None:
    model = open_recorded(write(tmp_path / name, ONE))
    texts = [model.invoke("anything", at(question_id="q1", draw=draw)).text for draw in range(3)]
    assert texts == ["four", "five", "six"]
    assert model.invoke("anything", at(question_id="q1")).text == "four"


def test_finds_the_question_by_the_last_human_message(tmp_path: Path) -> None:
    model = open_recorded(write(tmp_path / "a.jsonl", ONE))
    system = SystemMessage("Think of \n\n numbers.")
    earlier = [HumanMessage("What is 1 + 1?"), AIMessage("2")]
    assert model.invoke([system, *earlier, HumanMessage("What is 2 + 2?\n")]).text == "four"
    with pytest.raises(AnswerError, match=r"a\.jsonl: the question 'What is 1 \+ 1\?' is not rec"):
        model.invoke([HumanMessage("What is 2 + 2?"), HumanMessage("What is 1 + 1?")])


def test_sync_async_and_three_event_loops_agree(tmp_path: Path) -> None:
    model = open_recorded(write(tmp_path / "a.jsonl", ONE))
    config = at(question_id="q1", draw=2)
    once = [asyncio.run(model.ainvoke("x", config)).text for _ in range(3)]
    assert once == [model.invoke("x", config).text] * 3 == ["six"] * 3


def test_hands_out_text_only(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ONE)
    message = open_recorded(path).invoke("x", at(question_id="q1"))
    assert message.content == "four"
    assert message.response_metadata == {"model_name": "alpha"}
    assert message.additional_kwargs == {} and message.usage_metadata is None
    held = repr(vars(load_recording(path)))
    assert "four" in held and "correct" not in held and "True" not in held


@pytest.mark.parametrize(
    "metadata, message",
    [
        ({"question_id": "q1", "draw": 3}, r"draw 3 of question q1 is not recorded .*\(3 are\)"),
        ({"question_id": "q1", "draw": -1}, "draw -1 of question q1"),
        ({"question_id": "q9"}, "the question 'q9' is not recorded for alpha"),
    ],
)
async def test_what_was_not_recorded_fails(
    tmp_path: Path, metadata: dict[str, object], message: str
) -> None:
    model = open_recorded(write(tmp_path / "a.jsonl", ONE))
    for ask in (model.ainvoke("What is 2 + 2?", at(**metadata)), None):
        with pytest.raises(AnswerError, match=message) as caught:
            if ask is not None:
                await ask
            model.invoke("What is 2 + 2?", at(**metadata))
        assert caught.value.kind == "not_recorded" and not caught.value.retriable
        assert "a.jsonl" in str(caught.value)


def test_a_model_that_skipped_a_question_gives_no_answer_to_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ONE, MANY)
    with pytest.raises(AnswerError, match="draw 0 of question q1 is not recorded for beta"):
        open_recorded(path, "beta").invoke("x", at(question_id="q1"))


def test_shuffle_permutes_the_draws_of_each_question(tmp_path: Path) -> None:
    samples = [str(n) for n in range(10)]
    rows = [{"id": f"q{i}", "question": f"{i}?", "samples": samples} for i in range(20)]
    model = open_recorded(write(tmp_path / "a.jsonl", *rows))

    def draws(shuffle: str, key: str) -> list[str]:
        return [
            model.invoke("x", at(question_id=key, draw=d, shuffle=shuffle)).text for d in range(10)
        ]

    expected = list(samples)
    random.Random("0:3:q1").shuffle(expected)
    assert draws("0:3", "q1") == expected
    orders = {tuple(draws("0:3", f"q{i}")) for i in range(20)}
    assert len(orders) > 15 and all(sorted(order) == sorted(expected) for order in orders)
    assert draws("0:4", "q1") != expected


def test_names_and_strings(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", MANY, ONE)
    assert recorded_names(path) == ["beta", "alpha"]
    model = from_string(f"recorded:{path}#model=alpha")
    assert model.model_name == "alpha"
    assert model.invoke("x", at(question_id="7")).text == "a0"
    assert from_string(str(write(tmp_path / "b.jsonl", ONE))).model_name == "alpha"


@pytest.mark.parametrize(
    "suffix, message",
    [
        ("", "holds 2 models: choose one of beta, alpha"),
        ("#model=gamma", "holds no model 'gamma': choose one of beta, alpha"),
        ("#model=", "names no answers"),
    ],
)
def test_an_unclear_model_is_refused(tmp_path: Path, suffix: str, message: str) -> None:
    path = write(tmp_path / "a.jsonl", MANY, ONE)
    with pytest.raises(MemberError, match=message):
        from_string(f"{path}{suffix}")


def test_rows_of_one_id_are_merged_by_draw(tmp_path: Path) -> None:
    row: dict[str, Any] = {"id": "q", "question": "Q", "model": "m"}
    path = write(
        tmp_path / "a.jsonl",
        {**row, "samples": [{"text": "third", "draw": 2}]},
        "",
        {**row, "samples": [{"text": "old", "draw": 0}]},
        {**row, "samples": [{"text": "first", "draw": 0}]},
        {**row, "samples": ["fourth"]},
    )
    model = open_recorded(path)
    assert [model.invoke("Q", at(draw=d)).text for d in (0, 2, 3)] == ["first", "third", "fourth"]
    with pytest.raises(AnswerError, match="draw 1 of question q is not recorded"):
        model.invoke("Q", at(draw=1))


@pytest.mark.parametrize(
    "row, message",
    [
        ("{broken", "line 2: not valid JSON"),
        ("[1]", "line 2: a row must be a JSON object"),
        ({"id": "q", "question": "Q"}, "line 2: a recorded row needs"),
        ({"question": "Q", "samples": []}, "line 2: a recorded row needs"),
        ({"id": "q", "samples": ["x"]}, "line 2: a recorded row needs"),
        ({"id": "q", "question": "Q", "samples": [3]}, "line 2: a sample must be"),
        ({"id": "q", "question": "Q", "samples": [{"text": None}]}, "line 2: a sample must be"),
        (
            {"id": "q", "question": "Q", "samples": [{"text": "x", "draw": -1}]},
            "line 2: the `draw`",
        ),
    ],
)
def test_malformed_rows_name_file_and_line(tmp_path: Path, row: object, message: str) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl " + message):
        open_recorded(write(tmp_path / "a.jsonl", ONE, row))


@pytest.mark.parametrize(
    "content", [b"no gzip", gzip.compress(json.dumps(ONE).encode(), mtime=0)[:-12]]
)
def test_unreadable_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(content)
    for unreadable in (path, tmp_path / "missing.jsonl", tmp_path):
        with pytest.raises(DataError, match=f"cannot read {unreadable}"):
            open_recorded(unreadable)


def test_a_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ONE)
    first = load_recording(path)
    assert load_recording(path) is first
    write(path, ONE, MANY)
    assert load_recording(path) is not first
    assert recorded_names(path) == ["alpha", "beta"]


def test_copies_answer_as_well(tmp_path: Path) -> None:
    model = open_recorded(write(tmp_path / "a.jsonl", ONE))
    copy = model.model_copy(update={"cache": False})
    assert isinstance(copy, RecordedChatModel)
    assert copy.invoke("x", at(question_id="q1", draw=1)).text == "five"


@pytest.mark.parametrize("name", DATA_FILES)
def test_recorded_data_loads(name: str) -> None:
    path = DATA / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    models, texts = DATA_FILES[name]
    recording = load_recording(path)
    assert len(recording.names) == models
    assert sum(sum(recording.sizes(model).values()) for model in recording.names) == texts


def test_flags_without_answers_are_no_recording() -> None:
    path = DATA / "humaneval_codegen16b_s00-49_passed.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    with pytest.raises(DataError, match="line 1: a recorded row needs"):
        recorded_names(path)
