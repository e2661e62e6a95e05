"""Trains a model with LoRA on exported rows: a thin layer over TRL and PEFT.

Everything happens in one folder: checkpoints from which an interrupted training continues, the
adapter, and the merged model. All packages are those of the extra `tune`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from manyminds.errors import InputError
from manyminds.export.gguf import Matrix
from manyminds.export.recipes import Kind
from manyminds.models.local import PREFIX, is_folder
from manyminds.models.local_weights import KNOWN, find
from manyminds.models.transformers_engine import has_bfloat16

Losses: TypeAlias = list[tuple[int, float]]
OnStep: TypeAlias = Callable[[int, int, float], object]
NEEDED = ("torch", "transformers", "trl", "peft", "datasets")
_TRAINERS: dict[Kind, str] = {"sft": "SFT", "dpo": "DPO", "kto": "KTO"}
_LORA = ".lora_A.weight"
_CHECKPOINTS = 0.1  # one after this share of the steps


@dataclass(frozen=True)
class Training:
    """How to train.

    Attributes:
        model: `smollm2`, a GGUF file, the folder of a model, or a name that transformers knows.
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


@dataclass(frozen=True)
class Trained:
    """What a training has made.

    Attributes:
        losses: Loss by step.
        adapter: Folder of the LoRA adapter.
        merged: Folder of the whole model, as transformers writes it.
    """

    losses: Losses
    adapter: Path
    merged: Path


def source_of(model: str) -> Path | None:
    """Return the GGUF file of a model; None where it is a folder or a name.

    Raises:
        InputError: It is not here.
    """
    name = model.removeprefix(PREFIX)
    if name in KNOWN:
        path = find(KNOWN[name])
        if path is None:
            raise InputError(f"fetch the weights first: manyminds models get {name}")
        return path
    if not name.endswith(".gguf"):
        return None
    if not Path(name).is_file():
        raise InputError(f"{name}: the file of the model does not exist")
    return Path(name)


def train(
    rows: Path,
    kind: Kind,
    how: Training,
    out: Path,
    on_step: OnStep = lambda _step, _steps, _loss: None,
) -> Trained:
    """Train an adapter on rows; an interrupted training continues from its last checkpoint.

    A training that has ended is not begun again: what it made is returned.

    Args:
        rows: File of rows in the form of the trainer.
        kind: Trainer.
        how: How to train.
        out: Folder for checkpoints, `adapter`, `merged` and `losses.json`.
        on_step: Called with the step, the number of all steps, and the loss.

    Raises:
        InputError: A package is missing, or the model cannot be loaded.
    """
    done = Trained([], out / "adapter", out / "merged")
    written = out / "losses.json"
    if written.exists():
        found: list[tuple[int, float]] = json.loads(written.read_text("utf-8"))
        return Trained([(step, loss) for step, loss in found], done.adapter, done.merged)
    check_packages()
    trl, datasets = import_module("trl"), import_module("datasets")
    datasets.disable_progress_bars()  # `on_step` tells how far it is
    import_module("transformers.utils.logging").disable_progress_bar()
    import_module("transformers").set_seed(how.seed)  # the adapter's start is drawn, too
    model, tokenizer = _loaded(how.model)
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
        callbacks=[_listener(on_step)],
    )
    trainer.remove_callback(import_module("transformers").PrinterCallback)
    trainer.train(resume_from_checkpoint=any((out / "checkpoints").glob("checkpoint-*")))
    trainer.model.save_pretrained(done.adapter)
    trainer.model.merge_and_unload().save_pretrained(done.merged)
    tokenizer.save_pretrained(done.merged)
    history = trainer.state.log_history
    done.losses.extend((line["step"], float(line["loss"])) for line in history if "loss" in line)
    written.write_text(json.dumps(done.losses) + "\n", "utf-8")
    return done


def write_folder(model: str, out: Path) -> None:
    """Write a model as a folder that transformers loads; one that is there is left as it is.

    Args:
        model: As `Training` takes it.
        out: The folder.
    """
    if is_folder(str(out)):
        return
    check_packages()
    loaded, tokenizer = _loaded(model)
    draft = out.with_name(f"{out.name}.new")
    loaded.save_pretrained(draft)
    tokenizer.save_pretrained(draft)
    draft.rename(out)


def trained_matrices(trained: Trained) -> Mapping[str, Matrix]:
    """Return the matrices that an adapter has changed, merged, by their names in transformers."""
    numpy: Any = import_module("safetensors.numpy")
    changed = {
        f"{key.removeprefix('base_model.model.').removesuffix(_LORA)}.weight"
        for key in numpy.load_file(trained.adapter / "adapter_model.safetensors")
        if key.endswith(_LORA)
    }
    return {
        name: matrix
        for file in sorted(trained.merged.glob("*.safetensors"))
        for name, matrix in numpy.load_file(file).items()
        if name in changed
    }


def check_packages(names: Sequence[str] = NEEDED) -> None:
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


def _loaded(name: str) -> tuple[Any, Any]:
    transformers = import_module("transformers")
    more, weights = dict[str, str](), dict[str, Any]()
    source = source_of(name)
    if source is not None:
        check_packages(["gguf"])
        where, more = str(source.parent), {"gguf_file": source.name}
        unpacked: Any = getattr(transformers, "GgufConfig", None)  # newer versions keep blocks
        weights = {} if unpacked is None else {"quantization_config": unpacked(dequantize=True)}
    else:
        where = name
        if not Path(name).is_dir() and (name.startswith((".", "/")) or name.count("/") > 1):
            raise InputError(f"{name}: the folder of the model does not exist")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(where, **more)
        model = transformers.AutoModelForCausalLM.from_pretrained(where, **more, **weights)
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"{name}: the model cannot be loaded ({said})") from None
    if more:
        model = _dense(model, transformers)
    if tokenizer.chat_template is None:
        raise InputError(f"{name}: the tokenizer has no chat template")
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
    torch: Any = import_module("torch")
    gpu, quick = bool(torch.cuda.is_available()), has_bfloat16(torch)
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
        save_steps=_CHECKPOINTS,
        save_total_limit=1,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
        bf16=quick,  # the weights stay in 32 bits
        use_cpu=quick and not gpu,
        # Saves memory, which a GPU is short of, for a third more time.
        gradient_checkpointing=gpu,
    )


def _listener(on_step: OnStep) -> Any:
    base: Any = import_module("transformers").TrainerCallback

    def on_log(_self: Any, _args: Any, state: Any, _control: Any, **given: Any) -> None:
        if "loss" in (given.get("logs") or {}):
            on_step(state.global_step, state.max_steps, float(given["logs"]["loss"]))

    return type("Listener", (base,), {"on_log": on_log})()
