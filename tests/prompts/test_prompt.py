import copy
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
)
from langchain_core.prompts import ChatPromptTemplate

from manyminds.errors import PromptError
from manyminds.prompts import Prompt, load
from manyminds.prompts.loader import FOLDER, read_folder

QUESTION = HumanMessage("What is 6 * 7?")


def contents(messages: list[BaseMessage]) -> list[tuple[str, object]]:
    return [(message.type, message.content) for message in messages]


@pytest.mark.parametrize("prompt", read_folder(FOLDER), ids=lambda prompt: prompt.name)
@pytest.mark.parametrize("filler", ["", "plain", "{{{answers}}} {{x}} <b>&amp;</b> \\boxed{1}"])
def test_a_render_is_what_the_chat_prompt_template_gives(prompt: Prompt, filler: str) -> None:
    values = dict.fromkeys(prompt.variables, filler)
    conversation = [QUESTION, AIMessage("42"), HumanMessage("Sure?")]
    expected = prompt.template.format_messages(messages=conversation, **values)
    assert prompt.render(conversation, **values) == expected


PIECES = [*"{} \n#/^a.", "{{{a}}}", "{{{ b }}}", "\n\n", '{"a": {"b": 1}}', "\\boxed{2}"]
SECTIONS = ["{{#b}}", "{{/b}}", "{{^c}}", "{{/c}}", "\n{{#b}}\n", "\n{{/b}}\n"]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*PIECES, *SECTIONS]), max_size=12).map("".join),
    st.fixed_dictionaries({name: st.text(max_size=5) | st.just("{{{a}}}") for name in "abc"}),
)
def test_any_template_that_loads_renders_as_langchain_does(
    text: str, values: dict[str, str]
) -> None:
    try:
        prompt = load(f"x {text} x", variables="abc")
    except PromptError:
        return
    expected = prompt.template.format_messages(messages=[QUESTION], **values)
    assert prompt.render([QUESTION], **values) == expected


def test_a_loop_renders_as_langchain_does() -> None:
    prompt = load(
        "All:\n{{#candidates}}\n{{{number}}}: {{{text}}} {{{note}}}\n{{/candidates}}\nEnd"
    )
    prompt = load(prompt, variables=["candidates", "note"])
    items = [{"number": "1", "text": "a < b"}, {"number": "2", "text": "{{{number}}}"}]
    (system,) = prompt.render([], candidates=items, note="!")
    assert system.content == "All:\n1: a < b !\n2: {{{number}}} !\nEnd"
    assert [system] == prompt.template.format_messages(candidates=items, note="!", messages=[])
    with pytest.raises(PromptError, match="nothing is given for 'text'"):
        prompt.render([], candidates=[{"number": "1"}], note="")


def test_there_is_one_system_message_and_the_callers_comes_first() -> None:
    caller = SystemMessage("Speak Dutch.", additional_kwargs={"mark": 1})
    conversation = [caller, QUESTION, SystemMessage("Be brief.")]
    before = copy.deepcopy(conversation)
    result = load("Judge {{{answers}}}").render(conversation, answers="X")
    assert contents(result) == [
        ("system", "Speak Dutch.\n\nBe brief.\n\nJudge X"),
        ("human", QUESTION.content),
    ]
    assert result[0].additional_kwargs == {"mark": 1}
    assert conversation == before and result[1] is QUESTION


def test_system_messages_of_blocks_and_of_other_classes_are_merged_too() -> None:
    blocks: list[str | dict[str, object]] = [{"type": "text", "text": "Cached.", "cache": True}]
    conversation: list[BaseMessage] = [
        SystemMessage(blocks),
        ChatMessage(content="Developer.", role="developer"),
        QUESTION,
    ]
    system, question = load("Our part.").render(conversation)
    added = [{"type": "text", "text": "\n\nDeveloper."}, {"type": "text", "text": "\n\nOur part."}]
    assert system.content == [*blocks, *added]
    assert question is QUESTION and len(blocks) == 1


@pytest.mark.parametrize(
    "text, given, count",
    [
        ("## user\n\nHello", [SystemMessage("Secret"), QUESTION], 0),
        ("## messages\n\n## user\n\nAgain", [SystemMessage("A"), SystemMessage("B"), QUESTION], 1),
        ("## messages\n\n## user\n\nAgain", [QUESTION], 0),
    ],
)
def test_prompts_without_a_system_section(
    tmp_path_factory: pytest.TempPathFactory, text: str, given: list[BaseMessage], count: int
) -> None:
    path = tmp_path_factory.mktemp("prompts") / "mine.md"
    path.write_text(text)
    result = load(path).render(given)
    assert [message.type for message in result].count("system") == count
    assert all(message.content != "Secret" for message in result)


def test_variables_are_checked_both_ways_at_render() -> None:
    prompt = load("moa/synthesis@1")
    with pytest.raises(PromptError, match=r"needs 'answers'") as error:
        prompt.render([QUESTION])
    assert "synthesis.v1.md" in str(error.value)
    with pytest.raises(PromptError, match="does not know 'answer': it takes answers"):
        prompt.render([QUESTION], answers="x", answer="y")
    with pytest.raises(PromptError, match="'answers' must be text, not list"):
        prompt.render([QUESTION], answers=[{"a": "b"}])


def test_values_are_never_read_as_templates() -> None:
    prompt = load("A {{{a}}} B {{{b}}}")
    (system,) = prompt.render([], a="{{{b}}}{{#b}}", b="{{{a}}}&<")
    assert system.content == "A {{{b}}}{{#b}} B {{{a}}}&<"


@pytest.mark.parametrize("template_format", ["f-string", "mustache"])
def test_a_chat_prompt_template_renders_with_one_system_message(template_format: str) -> None:
    text = "Judge {refs}" if template_format == "f-string" else "Judge {{{refs}}}"
    template = ChatPromptTemplate(
        [("system", text), ("placeholder", "{history}"), ("human", "Now.")]
        if template_format == "f-string"
        else [("system", text), ("human", "Now.")],
        template_format="f-string" if template_format == "f-string" else "mustache",
    )
    prompt = load(template, variables=["refs", "unused"])
    result = prompt.render([SystemMessage("Host."), QUESTION], refs="{x}", unused="")
    if template_format == "f-string":
        assert contents(result) == [
            ("system", "Host.\n\nJudge {x}"),
            ("human", QUESTION.content),
            ("human", "Now."),
        ]
    else:  # no place for the conversation: it is left out
        assert contents(result) == [("system", "Judge {x}"), ("human", "Now.")]
    assert prompt.template is template and prompt.ref.startswith("template@0#")
    assert load(template).hash == prompt.hash


def test_a_prompt_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        load("moa/synthesis").name = "other"  # type: ignore[misc]
