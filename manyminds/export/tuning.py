"""Trains a model with LoRA on exported rows: a thin layer over TRL and PEFT.

Everything happens in one folder: the data with its card, checkpoints from which an interrupted
training goes on, the adapter, and the merged model. All packages are those of the extra `tune`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from manyminds.errors import InputError
from manyminds.export.counts import Counts
from manyminds.export.filters import Limits
from manyminds.export.pipeline import export
from manyminds.export.plan import Plan
from manyminds.export.recipes import RECIPES, Kind, Recipe
from manyminds.models.local_weights import KNOWN, find

FEW_ROWS = 50
FEW_SHARE = 0.2
_NEEDED = ("torch", "transformers", "trl", "peft", "datasets")
_TRAINERS: dict[Kind, str] = {"sft": "SFT", "dpo": "DPO", "kto": "KTO"}


@dataclass(frozen=True)
class Training:
    """How to train.

    Attributes:
        model: Folder of a model, name of a model that transformers knows, or `smollm2`.
        epochs: Passes over the rows.
        learning_rate: Learning rate at the start; it falls along a cosine.
        rank: Rank of the LoRA matrices.
        batch: Rows of a step.
        max_tokens: Tokens of a row at most; longer ones are cut.
        seed: Seed of the order of rows and of the adapter's start.
    """

    model: str
    epochs: float = 2.0
    learning_rate: float = 2e-4
    rank: int = 16
    batch: int = 8
    max_tokens: int = 1_024
    seed: int = 0


def recipe_of(name: str) -> Recipe:
    """Return a recipe.

    Raises:
        InputError: There is none of that name.
    """
    if name not in RECIPES:
        raise InputError(f"there is no recipe {name!r}: give one of {', '.join(RECIPES)}")
    return RECIPES[name]


def rows_for(recipe: Recipe, plan: Plan, folder: Path) -> tuple[Path, Counts]:
    """Export the rows of a recipe into a folder.

    Args:
        recipe: The recipe; what it asks for counts where the plan asks for nothing.
        plan: Sources, and filters of one's own.
        folder: Where the files go.

    Returns:
        The file of rows, and the counts of the first export.
    """
    asked = plan.limits
    limits = replace(
        asked,
        min_agreement=_first(asked.min_agreement, recipe.min_agreement),
        min_reward=_first(asked.min_reward, recipe.min_reward),
    )
    first, *rest = recipe.forms
    out = folder / f"{first}.jsonl"
    made = replace(plan, format=first, take=plan.take or recipe.take, limits=limits)
    if rest:  # the form's file is read again, so it has to be a list or lines by its name
        out = out.with_suffix(".json")
    counts = export(made, out)
    for form in rest:
        source, out = out, folder / f"{form}.jsonl"
        export(Plan([source], form, limits=Limits()), out)
    return out, counts


def warning(recipe: Recipe, counts: Counts) -> str | None:
    """Return why there may be too little to train on; None where there is enough."""
    if recipe.take == "winners" and counts.used < FEW_SHARE * counts.total:
        return (
            f"the votes agree on too little to train on: {counts.used} of {counts.total} replies "
            "are left; a model learns form from such rows, not knowledge"
        )
    if counts.rows < FEW_ROWS:
        return f"{counts.rows} rows are few to train on: {FEW_ROWS} or more are usual"
    return None


def train(
    rows: Path,
    kind: Kind,
    how: Training,
    out: Path,
    on_loss: Callable[[int, float], object] = lambda _step, _loss: None,
) -> tuple[list[tuple[int, float]], Path, Path]:
    """Train an adapter on rows; an interrupted training goes on from its last checkpoint.

    Args:
        rows: File of `rows_for`.
        kind: Trainer.
        how: How to train.
        out: Folder for checkpoints, `adapter` and `merged`.
        on_loss: Called with the step and its loss.

    Returns:
        The losses by step, and the folders of adapter and merged model.

    Raises:
        InputError: A package is missing, or the model cannot be loaded.
    """
    check_packages()
    trl, datasets = import_module("trl"), import_module("datasets")
    model, tokenizer = _loaded(how)
    data = datasets.load_dataset("json", data_files=str(rows), split="train")
    name = _TRAINERS[kind]
    trainer = getattr(trl, f"{name}Trainer")(
        model=model,
        args=_settings(getattr(trl, f"{name}Config"), how, out / "checkpoints"),
        train_dataset=data,
        processing_class=tokenizer,
        peft_config=import_module("peft").LoraConfig(
            r=how.rank, lora_alpha=2 * how.rank, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        callbacks=[_listener(on_loss)],
    )
    trainer.train(resume_from_checkpoint=_has_checkpoint(out / "checkpoints"))
    adapter, merged = out / "adapter", out / "merged"
    trainer.model.save_pretrained(adapter)
    trainer.model.merge_and_unload().save_pretrained(merged)
    tokenizer.save_pretrained(merged)
    history = trainer.state.log_history
    losses = [(line["step"], float(line["loss"])) for line in history if "loss" in line]
    (out / "losses.json").write_text(json.dumps(losses) + "\n")
    return losses, adapter, merged


def check_packages(names: Sequence[str] = _NEEDED) -> None:
    """Check that the packages of the extra are installed.

    Raises:
        InputError: One is missing.
    """
    for name in names:
        try:
            import_module(name)
        except ImportError:
            raise InputError(
                f"training needs {name}: install manyminds[tune], with a CPU or GPU build of torch"
            ) from None


def _loaded(how: Training) -> tuple[Any, Any]:
    transformers = import_module("transformers")
    name, more, weights = how.model, dict[str, str](), dict[str, Any]()
    if how.model in KNOWN:
        path = find(KNOWN[how.model])
        if path is None:
            raise InputError(f"fetch the weights first: manyminds models get {how.model}")
        check_packages(["gguf"])
        name, more = str(path.parent), {"gguf_file": path.name}
        unpacked: Any = getattr(transformers, "GgufConfig", None)  # newer versions keep blocks
        weights = {} if unpacked is None else {"quantization_config": unpacked(dequantize=True)}
    elif not Path(name).is_dir() and (name.startswith((".", "/")) or name.count("/") > 1):
        raise InputError(f"{name}: the folder of the model does not exist")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, **more)
        model = transformers.AutoModelForCausalLM.from_pretrained(name, **more, **weights)
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"{how.model}: the model cannot be loaded ({said})") from None
    if more:
        model = _dense(model, transformers)
    if tokenizer.chat_template is None:
        raise InputError(f"{how.model}: the tokenizer has no chat template")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def _dense(model: Any, transformers: Any) -> Any:
    """Return a model out of GGUF as an ordinary one; as loaded it cannot train or be saved."""
    config = model.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    dense = transformers.AutoModelForCausalLM.from_config(config)
    dense.load_state_dict(model.state_dict())
    return dense.float()


def _settings(kind: Any, how: Training, checkpoints: Path) -> Any:
    return kind(
        output_dir=str(checkpoints),
        num_train_epochs=how.epochs,
        learning_rate=how.learning_rate,
        lr_scheduler_type="cosine",
        per_device_train_batch_size=how.batch,
        max_length=how.max_tokens,
        seed=how.seed,
        data_seed=how.seed,
        logging_steps=1,
        save_strategy="epoch",
        save_total_limit=1,
        report_to=[],
        bf16=False,
    )


def _has_checkpoint(folder: Path) -> bool:
    return any(folder.glob("checkpoint-*"))


def _listener(on_loss: Callable[[int, float], object]) -> Any:
    base: Any = import_module("transformers").TrainerCallback

    def on_log(_self: Any, _args: Any, state: Any, _control: Any, **given: Any) -> None:
        if "loss" in (given.get("logs") or {}):
            on_loss(state.global_step, float(given["logs"]["loss"]))

    return type("Listener", (base,), {"on_log": on_log})()


def _first(given: float | None, default: float | None) -> float | None:
    return default if given is None else given
