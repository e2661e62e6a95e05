"""The runs of a folder on the server's pages: a bad file harms its own row only."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from helpers.registry import small
from helpers.runs import recorded
from helpers.serving import served

from manyminds.apps.cli import main
from manyminds.server.config import Config


async def answers(folder: Path, *paths: str) -> list[tuple[int, str]]:
    async with served(None, Config(record=folder)) as client:
        got = [await client.get(f"http://localhost{path}") for path in paths]
    return [(one.status_code, one.text) for one in got]


async def test_a_bad_file_harms_its_own_row_only(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    good = recorded(small("spp"), folder).path
    lines = good.read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    (tmp_path / "outside.jsonl").write_bytes(good.read_bytes())
    (folder / "outside.jsonl").symlink_to(tmp_path / "outside.jsonl")
    (folder / "dangling.jsonl").symlink_to(folder / "nothing")
    (folder / "folder.jsonl").mkdir()
    os.mkfifo(folder / "fifo.jsonl")
    (folder / "deep.jsonl").write_text("[" * 200_000 + "\n")
    odd: list[tuple[str, object]] = [("text", "x"), ("null", None), ("far", 1e300), ("list", [])]
    for name, value in odd:
        changed = json.dumps({**first, "at": value})
        (folder / f"at-{name}.jsonl").write_text("\n".join([changed, *lines[1:], ""]))
    names = [path.name for path in folder.iterdir()] + ["x" * 300 + ".jsonl"]
    (status, listed), *pages = await answers(folder, "/", *[f"/runs/{name}" for name in names])
    assert status == 200 and f"/runs/{good.name}" in listed
    found = dict(zip(names, [status for status, _ in pages], strict=True))
    assert found[good.name] == 200 and set(found.values()) <= {200, 404, 422}
    refused = ("outside.jsonl", "dangling.jsonl", "fifo.jsonl", "folder.jsonl")
    assert all(found[name] == 404 for name in refused)


async def test_half_a_surrogate_pair_is_shown(tmp_path: Path) -> None:
    path = recorded(small("spp"), tmp_path).path
    text = path.read_text(encoding="utf-8").replace('"text":"', '"text":"\\ud83d ')
    path.write_text(text, encoding="utf-8")
    assert [status for status, _ in await answers(tmp_path, "/", f"/runs/{path.name}")] == [200] * 2


def changed(value: Any, draw: random.Random) -> Any:
    """Return a JSON value with one place of it replaced by another kind of value."""
    if draw.random() < 0.3 or not isinstance(value, dict | list) or not value:
        return draw.choice([None, "x", -1, 1e300, [], {}, [1], True, {"a": None}])
    if isinstance(value, dict):
        key = draw.choice(list(value))
        return {**value, key: changed(value[key], draw)}
    place = draw.randrange(len(value))
    return [*value[:place], changed(value[place], draw), *value[place + 1 :]]


async def test_a_mutated_record_is_shown_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        json.loads(line)
        for line in recorded(small("smoa"), tmp_path).path.read_bytes().splitlines()
    ]
    folder = tmp_path / "mutated"
    folder.mkdir()
    draw = random.Random(1)
    for n in range(60):
        place = draw.randrange(len(lines))
        mutated = [*lines[:place], changed(lines[place], draw), *lines[place + 1 :]]
        text = "".join(json.dumps(line) + "\n" for line in mutated)
        (folder / f"{n}.jsonl").write_text(text)
    found = await answers(folder, "/", *[f"/runs/{n}.jsonl" for n in range(60)])
    assert {status for status, _ in found} <= {200, 404, 422} and found[0][0] == 200
    for n, (status, _) in enumerate(found[1:]):
        code = main(["show", str(folder / f"{n}.jsonl")])
        assert code == (0 if status == 200 else 1) or code == 2
        assert "Traceback" not in capsys.readouterr().err
