"""Trained matrices go back into the GGUF file of the model, and nothing else changes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manyminds.errors import InputError
from manyminds.export.gguf import Matrix, write_gguf

gguf: Any = pytest.importorskip("gguf")
HEADS, KEY_HEADS, WIDTH = 4, 2, 64
NAMES = {
    "blk.0.attn_q.weight": (WIDTH, WIDTH),
    "blk.0.attn_k.weight": (WIDTH // 2, WIDTH),
    "blk.0.attn_v.weight": (WIDTH // 2, WIDTH),
    "blk.0.ffn_down.weight": (WIDTH, 48),  # no whole blocks of 32
}
ROWS_OF = {"blk.0.attn_q.weight": HEADS, "blk.0.attn_k.weight": KEY_HEADS}
IN_TRANSFORMERS = {
    "blk.0.attn_q.weight": "model.layers.0.self_attn.q_proj.weight",
    "blk.0.attn_k.weight": "model.layers.0.self_attn.k_proj.weight",
    "blk.0.attn_v.weight": "model.layers.0.self_attn.v_proj.weight",
    "blk.0.ffn_down.weight": "model.layers.0.mlp.down_proj.weight",
}


def source(folder: Path) -> tuple[Path, dict[str, Matrix]]:
    """Write a file of one layer, and return it with its matrices as transformers holds them."""
    draw = np.random.default_rng(0)
    path = folder / "source.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_token_list(["a", "b"])
    writer.add_chat_template("{{ messages }}")
    writer.add_tensor("blk.0.attn_norm.weight", np.ones(WIDTH, dtype=np.float32))
    held: dict[str, Matrix] = {}
    for name, shape in NAMES.items():
        matrix = draw.normal(size=shape).astype(np.float32)
        writer.add_tensor(name, matrix)
        held[name] = in_transformers(matrix, ROWS_OF.get(name))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path, held


def in_transformers(matrix: Matrix, heads: int | None) -> Matrix:
    """Return rows as transformers has them: the two halves of a head one after the other."""
    if heads is None:
        return matrix
    return matrix.reshape(heads, -1, 2, matrix.shape[1]).swapaxes(1, 2).reshape(matrix.shape)


def read(path: Path) -> dict[str, Matrix]:
    return {t.name: gguf.dequantize(t.data, t.tensor_type) for t in gguf.GGUFReader(path).tensors}


def test_trained_rows_stand_where_the_source_has_them(tmp_path: Path) -> None:
    path, held = source(tmp_path)
    draw = np.random.default_rng(1)
    deltas = {n: (draw.normal(size=m.shape) / 10).astype(np.float32) for n, m in held.items()}
    trained: dict[str, Matrix] = {IN_TRANSFORMERS[name]: held[name] + deltas[name] for name in held}
    out = tmp_path / "out.gguf"
    write_gguf(path, trained, out)
    before, after = read(path), read(out)
    assert list(after) == list(before)
    for name, delta in deltas.items():
        found = in_transformers(after[name] - before[name], ROWS_OF.get(name))
        assert np.abs(found - delta).max() < 0.03, name  # 8 bits
    assert np.array_equal(after["blk.0.attn_norm.weight"], before["blk.0.attn_norm.weight"])


def test_metadata_tokenizer_and_untrained_tensors_stay(tmp_path: Path) -> None:
    path, held = source(tmp_path)
    out = tmp_path / "out.gguf"
    name = "blk.0.attn_v.weight"
    write_gguf(path, {IN_TRANSFORMERS[name]: held[name] + 0.1}, out)
    before, after = gguf.GGUFReader(path), gguf.GGUFReader(out)
    fields = [{k: f.contents() for k, f in one.fields.items()} for one in (before, after)]
    assert fields[0] == fields[1]
    untouched = read(path)
    for tensor in read(out).items():
        assert tensor[0] == name or np.array_equal(tensor[1], untouched[tensor[0]])


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("model.layers.0.self_attn.v_proj.weight", "unlike the one it was trained from"),
        ("model.layers.0.self_attn.o_proj.weight", "no tensor blk.0.attn_output.weight"),
        ("model.layers.0.elsewhere.weight", "no tensor of the architecture llama"),
    ],
)
def test_what_does_not_belong_is_refused(name: str, named: str, tmp_path: Path) -> None:
    path, held = source(tmp_path)
    strange = 5 * held["blk.0.attn_v.weight"][::-1].copy()
    with pytest.raises(InputError, match=named):
        write_gguf(path, {name: strange}, tmp_path / "out.gguf")
    assert not (tmp_path / "out.gguf").exists()
