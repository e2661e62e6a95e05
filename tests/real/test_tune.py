"""SmolLM2's own weights go through a GGUF file of ours and are the same model; new ones answer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manyminds import Member, create_agent_forest
from manyminds.export.gguf import write_gguf
from manyminds.models.local_weights import KNOWN, find

gguf: Any = pytest.importorskip("gguf")


def test_rewritten_weights_are_a_member(tmp_path: Path) -> None:
    source = find(KNOWN["smollm2"])
    assert source is not None
    value = next(
        gguf.dequantize(tensor.data, tensor.tensor_type)
        for tensor in gguf.GGUFReader(source).tensors
        if tensor.name == "blk.29.attn_v.weight"
    )
    out = tmp_path / "again.gguf"
    write_gguf(source, {"model.layers.29.self_attn.v_proj.weight": 1.001 * value}, out)
    answers = [
        create_agent_forest(
            Member(model, params={"max_tokens": 64, "temperature": 0}, timeout=None),
            samples=1,
            prompt=None,
        )
        .compile()
        .invoke({"messages": [("user", "What is the capital of France? One word.")]})["answer"]
        for model in ("local:smollm2", f"local:{out}?threads=1")
    ]
    assert np.isfinite(value).all() and answers[0] == answers[1] and "Paris" in answers[1]
