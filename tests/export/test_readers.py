"""What trainers make of the files: every row is read, and exactly the flagged turns are trained.

Skipped where a trainer is not installed. CPU builds are enough; no model is downloaded: tokenizer
and model are tiny and made here.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.tiny_model import CLOSED, OPENED, TEMPLATE, byte_tokenizer, tiny_model
from helpers.trajectories import example

from manyminds.export.pipeline import export
from manyminds.export.plan import Plan
from manyminds.json_lines import encoded
from manyminds.trajectory import APIAction, Trajectory

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """Return a tokenizer whose tokens are bytes."""
    pytest.importorskip("transformers")
    return byte_tokenizer()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a tiny model that has a folder, from which trainers copy it."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("torch")
    folder = tiny_model(tmp_path_factory.mktemp("model"))
    return transformers.AutoModelForCausalLM.from_pretrained(folder)


def source(folder: Path) -> Path:
    """Write trajectories of agents with different tools, of candidates, of a demonstration."""
    given = [
        example("2 + 2?", "I add.", "4", "It is 4.", tool="add", id="a", task="a", reward=1.0),
        example("Rows?", "I count.", "7", "There are 7.", tool="count_rows", id="b", reward=0.0),
        example("Ünïcode → ☃?", "Ja: ☃", id="c", task="c", won=True, system="Be brief."),
        example("Ünïcode → ☃?", "Nein", id="d", task="c", won=False, system="Be brief."),
        example("Show.", "Like this.", "Now you.", "So.", id="e", task="e", reward=1.0),
    ]
    assert isinstance(given[0].content[1], APIAction)
    given[0].content[1].kwargs = {"a": 2, "b": [2, None]}
    given[4].content[1].train = False  # type: ignore[union-attr]
    path = folder / "trajectories.jsonl"
    path.write_bytes(b"".join(encoded(one.row()) for one in given))
    return path


def load(folder: Path, form: str, kind: str = "json") -> tuple[Any, int]:
    datasets = pytest.importorskip("datasets")
    out = folder / f"{form}.out"
    counts = export(Plan([source(folder)], form), out)
    found = datasets.load_dataset(
        kind, data_files=str(out), split="train", cache_dir=str(folder / "cache")
    )
    assert len(found) == counts.rows
    return found, counts.rows


@pytest.mark.parametrize(
    "form",
    ["trl", "dpo", "kto", "openai", "axolotl", "llamafactory", "adp", "xlam", "agenttuning",
     "fireact", "nat", "agent-flan", "lumos", "ste", "debategpt"],
)  # fmt: skip
def test_datasets_loads_every_row(form: str, tmp_path: Path) -> None:
    load(tmp_path, form)


def test_datasets_loads_parquet(tmp_path: Path) -> None:
    found, _ = load(tmp_path, "verl", "parquet")
    assert all(message["content"] for row in found for message in row["messages"])


def settings(folder: Path, kind: Any, **more: Any) -> Any:
    return kind(
        output_dir=str(folder / "trained"), report_to=[], use_cpu=True, max_length=None,
        bf16=False, disable_tqdm=True, **more,
    )  # fmt: skip


def turn(message: dict[str, Any]) -> str:
    """Return what the template makes of a turn of the assistant, without its head."""
    calls = [one["function"] for one in message.get("tool_calls") or []]
    called = "".join(f"[{call['name']} {call['arguments']}]" for call in calls)
    return f"{message['content']}{called}{CLOSED}\n"


def test_trl_trains_the_flagged_turns_and_nothing_else(
    tokenizer: Any, model: Any, tmp_path: Path
) -> None:
    trl = pytest.importorskip("trl")
    data, rows = load(tmp_path, "trl")
    trainer = trl.SFTTrainer(
        model=model, args=settings(tmp_path, trl.SFTConfig), train_dataset=data,
        processing_class=tokenizer,
    )  # fmt: skip
    prepared = trainer.train_dataset
    assert len(prepared) == rows == 7
    for row, made in zip(data, prepared, strict=True):
        trained = [t for t, label in zip(made["input_ids"], made["labels"], strict=True)
                   if label != -100]  # fmt: skip
        assert tokenizer.decode(trained) == turn(row["completion"][0])
        masked = len(made["input_ids"]) - len(trained)
        prompt = tokenizer.decode(made["input_ids"][:masked])
        assert all(message["content"] in prompt for message in row["prompt"])
        assert prompt.endswith(f"{OPENED}assistant\n")
        if row["tools"] is not None:
            assert json.loads(row["tools"])[0]["function"]["name"] in prompt
    trainer.args.max_steps = 1
    trainer.train()


def test_trl_prepares_pairs(tokenizer: Any, model: Any, tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    data, rows = load(tmp_path, "dpo")
    trainer = trl.DPOTrainer(
        model=model, args=settings(tmp_path, trl.DPOConfig), train_dataset=data,
        processing_class=tokenizer,
    )  # fmt: skip
    assert len(trainer.train_dataset) == rows == 1
    (made,) = trainer.train_dataset
    assert tokenizer.decode(made["chosen_ids"]) == f"Ja: ☃{CLOSED}\n"
    assert tokenizer.decode(made["rejected_ids"]) == f"Nein{CLOSED}\n"
    assert "Be brief." in tokenizer.decode(made["prompt_ids"])
    trainer.args.max_steps = 1
    trainer.train()


def test_trl_prepares_graded_replies(tokenizer: Any, model: Any, tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    data, rows = load(tmp_path, "kto")
    trainer = trl.KTOTrainer(
        model=model, args=settings(tmp_path, trl.KTOConfig), train_dataset=data,
        processing_class=tokenizer,
    )  # fmt: skip
    assert len(trainer.train_dataset) == rows
    assert [made["label"] for made in trainer.train_dataset] == data["label"]
    for row, made in zip(data, trainer.train_dataset, strict=True):
        assert tokenizer.decode(made["completion_ids"]) == turn(row["completion"][0])


def test_openai_rows_are_messages_for_trl_too(tokenizer: Any, tmp_path: Path) -> None:
    pytest.importorskip("trl")
    data, _ = load(tmp_path, "openai")
    for row in data:
        assert tokenizer.apply_chat_template(row["messages"], tokenize=False)


def llamafactory() -> Any:
    converter = pytest.importorskip("llamafactory.data.converter", exc_type=ImportError)
    parser = pytest.importorskip("llamafactory.data.parser")
    attributes = parser.DatasetAttr("file", "rows.json", formatting="sharegpt")
    attributes.system, attributes.tools = "system", "tools"
    return converter.SharegptDatasetConverter(attributes, None)


def test_llamafactory_skips_no_row(tmp_path: Path) -> None:
    convert = llamafactory()
    data, rows = load(tmp_path, "llamafactory")
    made = [convert(row) for row in data]
    assert len([one for one in made if one["_prompt"] and one["_response"]]) == rows == 7
    formatter = pytest.importorskip("llamafactory.data.formatter").FunctionFormatter(
        slots=["{{content}}"], tool_format="default"
    )
    words = {"thought_words": ("<think>\n", "\n</think>\n\n")}
    calls = ("<tool_call>", "</tool_call>")
    (first,) = [one for one in made if one["_response"][0]["content"].startswith("I add.")]
    said = formatter.apply(content=first["_response"][0]["content"], tool_call_words=calls, **words)
    assert "I add." in said[0] and '"b": [2, null]' in said[0]


def test_llamafactory_trains_the_last_turn_and_nothing_else(tokenizer: Any, tmp_path: Path) -> None:
    convert = llamafactory()
    template = pytest.importorskip("llamafactory.data.template").TEMPLATES["qwen"]
    supervised = pytest.importorskip("llamafactory.data.processor.supervised")
    options = SimpleNamespace(mask_history=True, train_on_prompt=False, cutoff_len=4096)
    data, rows = load(tmp_path, "llamafactory")
    made = [convert(row) for row in data]
    encoded = supervised.SupervisedDatasetProcessor(
        template=template, tokenizer=tokenizer, processor=None, data_args=options
    ).preprocess_dataset({key: [one[key] for one in made] for key in made[0]})
    assert len(encoded["labels"]) == rows
    for row, ids, labels in zip(data, encoded["input_ids"], encoded["labels"], strict=True):
        trained = [label for label in labels if label != -100]
        assert ids[-len(trained) :] == trained
        *before, last = row["conversations"]
        thought, called, _ = last["value"].partition("<tool_call>")
        said = tokenizer.decode(trained)
        assert said.startswith(thought) and said.endswith(f"{CLOSED}\n")
        assert said.count(OPENED) == 0 and (called or said == f"{thought}{CLOSED}\n")
        prompt = tokenizer.decode(ids[: -len(trained)])
        assert all(one["value"] in prompt for one in before if one["from"] != "function_call")


def test_axolotl_masks_turn_by_turn(tokenizer: Any, tmp_path: Path) -> None:
    strategies = pytest.importorskip(
        "axolotl.prompt_strategies.chat_template", exc_type=ImportError
    )
    prompter = strategies.ChatTemplatePrompter(
        tokenizer, chat_template=TEMPLATE, message_field_training="training", max_length=4096,
        message_property_mappings={"role": "role", "content": "content"},
    )  # fmt: skip
    strategy = strategies.ChatTemplateStrategy(
        prompter, tokenizer, train_on_inputs=False, sequence_len=4096, roles_to_train=["assistant"],
        train_on_eos="turn",
    )  # fmt: skip
    data, rows = load(tmp_path, "axolotl")
    made = [strategy.tokenize_prompt(row) for row in data]
    assert len(made) == rows
    for row, one in zip(data, made, strict=True):
        trained = tokenizer.decode([label for label in one["labels"] if label != -100])
        turns = [parsed(message) for message in row["messages"] if message["training"]]
        assert trained == "".join(turn(one).rstrip() for one in turns)


def parsed(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message with its arguments as an object, as Axolotl hands them to the template."""
    calls = [
        {"function": {**one["function"], "arguments": json.loads(one["function"]["arguments"])}}
        for one in message.get("tool_calls") or []
    ]
    return {**message, "tool_calls": calls}


def test_verl_reads_the_messages(tokenizer: Any, tmp_path: Path) -> None:
    name = "verl.utils.dataset.multiturn_sft_dataset"
    module = pytest.importorskip(name, exc_type=ImportError)
    config = pytest.importorskip("omegaconf").OmegaConf.create({"max_length": 4096})
    data, rows = load(tmp_path, "verl", "parquet")
    made = module.MultiTurnSFTDataset(str(tmp_path / "verl.out"), tokenizer, config)
    assert len(made) == rows
    for row, one in zip(data, made, strict=True):
        mask, tokens = one["loss_mask"].tolist(), one["input_ids"].tolist()
        trained = tokenizer.decode([t for t, on in zip(tokens, mask, strict=True) if on])
        assert trained == "".join(turn(m) for m in row["messages"] if m["role"] == "assistant")


def test_a_trajectory_survives_the_way_through_a_trainers_form(tmp_path: Path) -> None:
    """Read back what was written: nothing that is trained is lost."""
    out = tmp_path / "openai.jsonl"
    export(Plan([source(tmp_path)], "openai"), out)
    again = tmp_path / "again.jsonl"
    export(Plan([out], "openai"), again)
    assert out.read_bytes() == again.read_bytes()
    assert Trajectory.read(json.loads(source(tmp_path).read_text().splitlines()[0]), "f").id == "a"
