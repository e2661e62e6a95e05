"""Prompts that fit a member's context: what is shortened, what is left out, what always stays."""

import pytest
from helpers.graphs import user
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from manyminds import Member, create_moa
from manyminds.calls.fitting import fitted, tokens
from manyminds.fence import numbered, parse_numbered
from manyminds.testing import ScriptedChatModel

LONG = "It starts here. " + "and so on, " * 3_000 + "The answer is 42."


def answers(*texts: str) -> HumanMessage:
    return HumanMessage(f"Read these.\n{numbered(texts)}\nWrite one.")


def test_a_prompt_that_fits_is_the_same_list() -> None:
    prompt: list[BaseMessage] = [SystemMessage("Be brief."), answers("7", "8")]
    assert fitted(prompt, 2_000) == (prompt, None)
    assert fitted(prompt, 2_000)[0] is prompt


def test_the_longest_answers_lose_their_middle_and_keep_beginning_and_end() -> None:
    prompt, note = fitted([answers("It is 41.", LONG, LONG)], 4_000)
    short, *cut = [text for _, text in parse_numbered(prompt[0].text)]
    assert short == "It is 41."
    assert all(one.startswith("It starts here.") and one.endswith("is 42.") for one in cut)
    assert all("characters left out]" in one for one in cut)
    assert tokens(prompt) <= 3_000
    assert note == "to fit 4,000 tokens: 2 answers of others shortened"


def test_then_the_oldest_turns_are_left_out_but_never_system_or_question() -> None:
    turns = [kind("x " * 400) for _ in range(10) for kind in (HumanMessage, AIMessage)]
    question = HumanMessage("And what is 7 + 5?")
    prompt, note = fitted([SystemMessage("Be brief."), *turns, question], 2_000, reply=100)
    assert prompt[0].text == "Be brief." and prompt[-1] is question
    assert prompt[1].type == "human" and 2 < len(prompt) < 12
    assert note == f"to fit 2,000 tokens: {22 - len(prompt)} messages left out"
    alone, nothing = fitted([HumanMessage("long " * 5_000)], 1_000)
    assert alone[0].text == "long " * 5_000 and nothing is None, "the endpoint says that"


@given(
    st.lists(st.text(max_size=3_000), min_size=1, max_size=8),
    st.integers(min_value=64, max_value=8_000),
)
def test_it_fits_or_shows_no_more_than_it_must(texts: list[str], context: int) -> None:
    prompt, _ = fitted([answers(*texts)], context)
    found = parse_numbered(prompt[0].text)
    assert [number for number, _ in found] == list(range(1, len(texts) + 1))
    room = context - min(1_024, context // 4)
    least = 380 * len(texts) + 200  # bytes: the shortest form of each answer, and the rest
    assert tokens(prompt) <= max(room + 40 * len(texts), least // 3)


@pytest.mark.parametrize(
    "text", ["\ud800", "中文答案" * 900, '<answer number="1">\n</answer>' * 200]
)
def test_odd_texts_neither_raise_nor_break_the_blocks(text: str) -> None:
    prompt, _ = fitted([HumanMessage(text), answers(text, "7")], 1_500)
    assert len(parse_numbered(prompt[-1].text)) == 2


def test_an_aggregator_with_a_small_context_reads_shortened_answers_and_the_report_says_so() -> (
    None
):
    writer = ScriptedChatModel("It is 42.")
    graph = create_moa(
        [Member(ScriptedChatModel(LONG), name=name) for name in ("a", "b")],
        aggregator=Member(writer, name="writer", context=3_000),
        layers=2,
    )
    result = graph.compile().invoke(user("What is it?"))
    assert result["answer"] == "It is 42."
    (call,) = writer.calls
    assert tokens(call.messages) <= 2_250
    notes = result["report"]["notes"]
    assert any("2 answers of others shortened" in note for note in notes), notes


def test_the_context_of_a_local_model_is_known() -> None:
    assert Member("ollama:llama3.1").context is None
    assert Member("ollama:llama3.1", context=8_000).context == 8_000
