"""What a result says stands in one place: its own keys, or the report."""

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
def test_no_key_stands_in_the_result_and_in_its_report(name: str, tmp_path: Path) -> None:
    with record(tmp_path) as recording:
        result = small(name).compile().invoke({"messages": [("user", QUESTION)]})
    report = result["report"]
    # `roles` of smoa's result are texts; those of every report are what each role has used.
    assert (result.keys() & report.keys()) - {"roles"} == set()
    # A record has no result next to it, so its report says all.
    assert report.keys() <= load_run(recording.path).report.keys()


TYPED = {
    "fusion": ("analysis", Analysis),
    "cascade": ("stages", list[Stage]),
    "tournament": ("tournament", Standing),
    "rsa": ("diversity", list[Diversity]),
    "council": ("rankings", list[Review]),
    "smoa": ("verdict", Verdict),
}


@pytest.mark.parametrize(("name", "key", "kind"), [(n, *each) for n, each in TYPED.items()])
def test_what_a_method_found_is_typed_in_the_result_and_in_the_record(
    name: str, key: str, kind: Any, tmp_path: Path
) -> None:
    graph = small(name, *(ScriptedChatModel(_reply) for _ in range(3)))
    with record(tmp_path) as recording:
        result = graph.compile().invoke({"messages": [("user", QUESTION)]})
    found = load_run(recording.path).report[key]
    assert found == result[key]
    assert TypeAdapter(kind).validate_python(found, strict=True) == found


def _reply(messages: list[BaseMessage], about: dict[str, Any]) -> str:
    """Answer in any form that is asked for; members and draws differ."""
    asked = "\n".join(message.text for message in messages)
    text = f"The answer is {about['member']} {about['draw']}."
    return json.dumps(role_form(asked)) if "Reply with one JSON object" in asked else text
