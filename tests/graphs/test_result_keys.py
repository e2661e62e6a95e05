"""A report is whole: what a method says of a run is in it, live and in the record alike."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.forms import role_form
from helpers.registry import NAMES, QUESTION, small
from langchain_core.messages import BaseMessage
from pydantic import TypeAdapter

from manyminds.graphs.cascade import Stage
from manyminds.graphs.fusion import Analysis
from manyminds.graphs.rsa import Diversity
from manyminds.graphs.tournament import Standing
from manyminds.nodes.judge import Verdict
from manyminds.nodes.reviewer import Review
from manyminds.records.reader import load_run
from manyminds.records.record import record
from manyminds.testing import ScriptedChatModel


@pytest.mark.parametrize("name", NAMES)
def test_a_live_report_says_what_the_recorded_one_says(name: str, tmp_path: Path) -> None:
    graph = small(name)
    with record(tmp_path) as recording:
        result = graph.compile().invoke({"messages": [("user", QUESTION)]})
    report = result["report"]
    assert load_run(recording.path).report == json.loads(json.dumps(report))
    assert set(graph.reported) <= report.keys()
    assert all(result[key] == report[key] for key in result.keys() & report.keys())


TYPED = {
    "fusion": ("analysis", Analysis),
    "cascade": ("stages", list[Stage]),
    "tournament": ("tournament", Standing),
    "rsa": ("diversity", list[Diversity]),
    "council": ("rankings", list[Review]),
    "smoa": ("verdict", Verdict),
}


@pytest.mark.parametrize(("name", "key", "kind"), [(n, *each) for n, each in TYPED.items()])
def test_what_a_method_found_is_typed_in_result_report_and_record(
    name: str, key: str, kind: Any, tmp_path: Path
) -> None:
    graph = small(name, *(ScriptedChatModel(_reply) for _ in range(3)))
    with record(tmp_path) as recording:
        result = graph.compile().invoke({"messages": [("user", QUESTION)]})
    found = load_run(recording.path).report[key]
    assert found == result[key] == result["report"][key]
    assert TypeAdapter(kind).validate_python(found, strict=True) == found


def _reply(messages: list[BaseMessage], about: dict[str, Any]) -> str:
    """Answer in any form that is asked for; members and draws differ."""
    asked = "\n".join(message.text for message in messages)
    text = f"The answer is {about['member']} {about['draw']}."
    return json.dumps(role_form(asked)) if "Reply with one JSON object" in asked else text
