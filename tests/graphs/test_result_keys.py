"""What a result says stands in one place: its own keys, or the report."""

from pathlib import Path

import pytest
from helpers.registry import NAMES, QUESTION, small

from manyminds.records.reader import load_run
from manyminds.records.record import record


@pytest.mark.parametrize("name", NAMES)
def test_no_key_stands_in_the_result_and_in_its_report(name: str, tmp_path: Path) -> None:
    with record(tmp_path) as recording:
        result = small(name).compile().invoke({"messages": [("user", QUESTION)]})
    report = result["report"]
    # `roles` of smoa's result are texts; those of every report are what each role has used.
    assert (result.keys() & report.keys()) - {"roles"} == set()
    # A record has no result next to it, so its report says all.
    assert report.keys() <= load_run(recording.path).report.keys()
