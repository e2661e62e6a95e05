"""References that do not fit a writer's context: summarised, or played off in pairs."""

import json
from typing import Any

import pytest
from helpers.graphs import user

from manyminds import Member, create_fusion, create_moa, create_self_moa_seq
from manyminds.calls.fitting import tokens
from manyminds.testing import Answer, Metadata, ScriptedChatModel


def long(name: str, words: int = 900) -> Member:
    return Member(ScriptedChatModel(f"{name} says 42. " + "because so " * words), name=name)


def writer(overflow: str, context: int = 3_000, pick: int = 2) -> tuple[Member, ScriptedChatModel]:
    """Return a writer that also summarises and compares, and its model."""

    def script(messages: Any, data: Metadata) -> Answer:
        if data["role"] == "summariser":
            return "It says 42."
        if data["role"] == "judge":
            return json.dumps({"reason": "so", "choice": pick})
        return "It is 42."

    model = ScriptedChatModel(script)
    return Member(model, name="writer", context=context, overflow=overflow), model


def run(aggregator: Member, *proposers: Member) -> dict[str, Any]:
    graph = create_moa(list(proposers), aggregator=aggregator, layers=2)
    result: dict[str, Any] = graph.compile().invoke(user("What is it?"))
    return result


def test_long_answers_are_summarised_and_short_ones_stay() -> None:
    member, model = writer("summarise")
    result = run(member, long("a"), long("b", 3), long("c"))
    *asked, last = model.calls
    assert [call.metadata["role"] for call in asked] == ["summariser"] * 2
    assert all("words" in call.prompt and call.prompt.count("says 42") == 1 for call in asked)
    assert last.prompt.count("It says 42.") == 2 and "b says 42. because so" in last.prompt
    assert tokens(last.messages) <= 2_250
    assert result["answer"] == "It is 42." and result["report"]["calls"] == 3 + 2 + 1
    said = "to fit 3,000 tokens: 2 of 3 answers of others summarised"
    assert said in result["report"]["notes"]


@pytest.mark.parametrize(("pick", "left"), [(1, "a"), (2, "c")])
def test_a_tournament_leaves_the_losers_out(pick: int, left: str) -> None:
    member, model = writer("tournament", context=4_600, pick=pick)
    result = run(member, long("a"), long("b"), long("c"))
    judged = [call for call in model.calls if call.metadata["role"] == "judge"]
    assert len(judged) == 2
    last = model.calls[-1].prompt
    assert f"{left} says 42" in last and last.count("says 42") == 1
    said = "to fit 4,600 tokens: 2 of 3 answers of others left out after comparisons"
    assert said in result["report"]["notes"]


@pytest.mark.parametrize("overflow", ["summarise", "tournament"])
@pytest.mark.parametrize("method", ["fusion", "self-moa-seq"])
def test_other_writers_make_answers_fit_as_they_are_told(method: str, overflow: str) -> None:
    member, model = writer(overflow)
    if method == "fusion":
        panel = [long(name) for name in "abc"]
        graph = create_fusion(panel, writer=member, analyst=panel[0])
    else:
        graph = create_self_moa_seq(long("a"), samples=3, window=4, aggregator=member)
    result = graph.compile().invoke(user("What is it?"))
    role = "summariser" if overflow == "summarise" else "judge"
    assert result["answer"] == "It is 42."
    assert [call.metadata["role"] for call in model.calls[:-1]].count(role) >= 2
    assert tokens(model.calls[-1].messages) <= 2_250
    assert any(note.startswith("to fit 3,000 tokens: ") for note in result["report"]["notes"])


@pytest.mark.parametrize("overflow", ["summarise", "tournament"])
def test_what_fits_is_read_as_it_is(overflow: str) -> None:
    member, model = writer(overflow)
    run(member, long("a", 3), long("b", 3))
    assert [call.metadata["role"] for call in model.calls] == ["aggregator"]


def test_a_summary_that_fails_leaves_the_answer_to_be_shortened() -> None:
    def script(_messages: Any, data: Metadata) -> Answer:
        return ValueError("down") if data["role"] == "summariser" else "It is 42."

    model = ScriptedChatModel(script)
    member = Member(model, name="writer", context=3_000, overflow="summarise")
    result = run(member, long("a"), long("b"))
    assert result["answer"] == "It is 42." and tokens(model.calls[-1].messages) <= 2_250
    assert any("2 answers of others shortened" in note for note in result["report"]["notes"])
