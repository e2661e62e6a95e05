"""Trained weights back into a GGUF file, so that the trained model is a member: `local:PATH.gguf`.

The file that the model was loaded from gives everything that training leaves as it is: metadata,
tokenizer, chat template, and the tensors without an adapter, byte by byte. Trained tensors are
written with 8 bits. Reading, quantizing and writing are those of the package `gguf`, which is part
of llama.cpp; only the choice of tensors is ours.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from manyminds.errors import InputError

Matrix: TypeAlias = NDArray[np.float32]
_FAR = 0.5
"""Distance to the source, as a share of its norm, from which a tensor cannot be a trained one."""
_BLOCK = 32  # numbers of a block of 8 bits


def write_gguf(source: Path, trained: Mapping[str, Matrix], out: Path) -> None:
    """Write a GGUF file with trained weights.

    Args:
        source: The GGUF file that the model was loaded from.
        trained: The trained matrices by their names in transformers, each of shape (out, in).
        out: The file to write; it is replaced when it is complete.

    Raises:
        InputError: The model is of a kind whose tensors cannot be distinguished here.
    """
    gguf: Any = import_module("gguf")
    reader = gguf.GGUFReader(source)
    left = _by_own_name(gguf, reader, trained)
    draft = out.with_name(f"{out.name}.new")
    writer = gguf.GGUFWriter(draft, _value(reader, "general.architecture"))
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            _copy(gguf, writer, field)
    for tensor in reader.tensors:
        data, kind = tensor.data, tensor.tensor_type
        if tensor.name in left:
            before = gguf.dequantize(data, kind)
            after = _as_in(before, left.pop(tensor.name), reader, tensor.name)
            kind = gguf.GGMLQuantizationType.Q8_0
            if after.shape[-1] % _BLOCK:
                kind = gguf.GGMLQuantizationType.F16
            data = gguf.quantize(after, kind)
        writer.add_tensor(tensor.name, data, raw_dtype=kind)
    if left:
        raise InputError(f"{source}: there is no tensor {min(left)}, which was trained")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    draft.replace(out)


def _by_own_name(gguf: Any, reader: Any, trained: Mapping[str, Matrix]) -> dict[str, Matrix]:
    """Return the trained matrices by their names in GGUF."""
    known = {name: arch for arch, name in gguf.MODEL_ARCH_NAMES.items()}
    architecture = _value(reader, "general.architecture")
    names = gguf.get_tensor_name_map(
        known[architecture], _value(reader, f"{architecture}.block_count")
    )
    found: dict[str, Matrix] = {}
    for name, matrix in trained.items():
        own = names.get_name(name, try_suffixes=(".weight",))
        if own is None:
            raise InputError(f"{name}: no tensor of the architecture {architecture} in GGUF")
        found[own] = matrix
    return found


def _as_in(before: Matrix, after: Matrix, reader: Any, name: str) -> Matrix:
    """Return a trained matrix with its rows in the order that the source has.

    llama.cpp interleaves the two halves of each head of queries and keys where transformers has one
    after the other. Training changes a matrix little, so the order nearer to the source is its own.
    """
    orders = [after]
    for heads in _heads(reader):
        if after.shape == before.shape and after.shape[0] % (2 * heads) == 0:
            split = after.reshape(heads, 2, -1, after.shape[1])
            orders.append(split.swapaxes(1, 2).reshape(after.shape))
    norm = float(np.linalg.norm(before)) or 1.0
    if after.shape == before.shape:
        far, best = min(
            ((float(np.linalg.norm(each - before)), place) for place, each in enumerate(orders)),
        )
        if far < _FAR * norm:
            return orders[best]
    raise InputError(
        f"the trained {name} is unlike the one it was trained from: this kind of model cannot be "
        "written as GGUF here; convert the merged folder with llama.cpp"
    )


def _heads(reader: Any) -> set[int]:
    """Return the numbers of heads of queries and of keys."""
    architecture = _value(reader, "general.architecture")
    keys = (f"{architecture}.attention.head_count{more}" for more in ("", "_kv"))
    return {int(heads) for key in keys if isinstance(heads := _value(reader, key), int)}


def _value(reader: Any, key: str) -> Any:
    field = reader.get_field(key)
    return None if field is None else field.contents()


def _copy(gguf: Any, writer: Any, field: Any) -> None:
    kind = field.types[0]
    inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
    value = field.contents()
    if field.name == "general.file_type":
        value = int(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_key_value(field.name, value, kind, inner)
