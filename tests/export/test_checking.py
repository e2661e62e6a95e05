"""Rows are checked as their JSON schema says, without a package for schemas."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from helpers.trajectories import example

from manyminds.errors import DataError
from manyminds.export.checking import check_file, checker
from manyminds.export.exporter import Exporter
from manyminds.export.pipeline import export
from manyminds.export.plan import Plan
from manyminds.export.registry import EXPORTERS
from manyminds.json_lines import encoded

OTHERS: list[Any] = [None, 7, 1.5, True, "text", [], {}, [{}], [7], {"role": "user"}]


def damaged(value: Any) -> Iterator[Any]:
    """Yield copies of a JSON value with one thing changed, left out or added."""
    if isinstance(value, dict):
        yield {**value, "more": 1}
        for key, one in value.items():
            yield {other: kept for other, kept in value.items() if other != key}
            yield from ({**value, key: other} for other in OTHERS)
            yield from ({**value, key: new} for new in damaged(one))
    elif isinstance(value, list):
        yield from ([*value, other] for other in OTHERS)
        for place, one in enumerate(value[:3]):
            yield from ([*value[:place], new, *value[place + 1 :]] for new in damaged(one))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return trajectories of which every form can write some."""
    file = tmp_path / "made.jsonl"
    with file.open("wb") as out:
        for task in range(2):
            for model, right in (("strong", True), ("weak", False)):
                said = f"It has {task if right else task + 1}."
                for text in ("single", "tool"):
                    steps = [said] if text == "single" else ["I count.", str(task), said]
                    made = example(
                        f"How many rows has {text} table {task}?", *steps, tool="sql",
                        id=f"{model}-{text}-{task}", task=f"{text}-{task}", model=model,
                        reward=float(right), answer=str(task), method="interaction", role="agent",
                    )  # fmt: skip
                    out.write(encoded(made.row()))
    return file


def written(form: Exporter, source: Path, out: Path) -> list[Any]:
    export(Plan([source], form.name, take="episodes"), out)
    text = out.read_text(encoding="utf-8")
    return json.loads(text) if form.layout == "array" else list(map(json.loads, text.splitlines()))


@pytest.mark.parametrize(
    "form", [one for one in EXPORTERS.values() if one.layout != "parquet"], ids=lambda one: one.name
)
def test_the_verdict_is_that_of_the_json_schema(
    form: Exporter, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    rows = written(form, source, out)
    assert check_file(out, form) == len(rows) > 0
    validator, fault = jsonschema.Draft202012Validator(form.schema()), checker(form)
    differ = [row for row in damaged(rows[0]) if (fault(row) is None) != validator.is_valid(row)]
    assert not differ, json.dumps(differ[:3])


def test_parquet_is_checked_where_its_name_says_so(source: Path, tmp_path: Path) -> None:
    form, out = EXPORTERS["verl"], tmp_path / "rows.parquet"
    counts = export(Plan([source], "verl", take="episodes"), out)
    assert check_file(out, form) == counts.rows > 0
    with pytest.raises(DataError, match="a file whose name ends so"):
        check_file(source, form)


def test_the_first_wrong_rows_are_named(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "a"}]
    good = {"prompt": said, "completion": said, "label": True, "basis": "vote"}
    file, wrong = tmp_path / "rows.jsonl", [{**good, "label": n} for n in range(5)]
    file.write_bytes(b"".join(map(encoded, [good, *wrong])))
    with pytest.raises(DataError) as told:
        check_file(file, EXPORTERS["kto"])
    assert "5 of 6 rows do not have the form kto: line 2: label: " in str(told.value)
    assert "line 4" in str(told.value) and "line 5" not in str(told.value)
    file.write_bytes(b"")
    with pytest.raises(DataError, match="holds no rows"):
        check_file(file, EXPORTERS["kto"])
