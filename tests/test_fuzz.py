"""Every function that reads what a model wrote takes any text: it never raises, in linear time."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest
from helpers.growth import LINEAR, growth
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from pydantic import BaseModel

from manyminds.apps import terminal
from manyminds.calls import failures
from manyminds.calls import response as reply
from manyminds.errors import AnswerError
from manyminds.fence import escaped, in_one_line, numbered, parse_numbered
from manyminds.graphs.reflexion import read_verdict
from manyminds.graphs.spp import final_answer
from manyminds.models.simulated import arithmetic
from manyminds.models.simulated import choices as options
from manyminds.models.simulated import judging as verdicts
from manyminds.nodes.debater import without_confidence
from manyminds.reading import figures, roles
from manyminds.reading.answers import EXTRACTORS, Extractor, extractor, guess
from manyminds.reading.verdicts import (
    read_choice,
    read_plan,
    read_ranking,
    read_roles,
    read_stop,
)
from manyminds.tasks import TASKS, RedFlag, StepTask
from manyminds.votes.flags import RedFlags

SLOW_TOTAL = 100_000
LONG = 40_000  # characters of the texts that are timed
QUESTION = "Start with 7. Add 5. What is the result?"


class Verdict(BaseModel):
    """A form that a reply may be held to; its free part takes whatever JSON can hold."""

    answer: str
    rest: Any = None


def voted(read: Extractor, text: str) -> None:
    """Do what a vote does with a reply: extract, then compare."""
    answer = read.extract(text)
    assert answer is None or answer.strip()
    hash(read.key(text if answer is None else answer))


def stepped(task: StepTask, question: str, text: str) -> None:
    """Do what step-wise voting does: parse, take the step, see whether it was the last."""
    state = task.start(question)
    try:
        state = task.apply(state, task.parse(text, state))
    except RedFlag:
        return
    task.done(state)
    json.dumps(task.answer(state))


def told(text: str) -> None:
    """Read a member's reply in the forms that it comes in; a refusal is the one error there is."""
    forms = (text, AIMessage(text), [{"type": "text", "text": text}], {"out": text})
    for form in forms:
        output = AIMessage(content=list(form)) if isinstance(form, list) else form
        try:
            read = reply.parse(output, max_chars=50)
        except AnswerError as error:
            failures.failure(error)
        else:
            assert len(read.text) <= 50 + len("\n[cut after 50 characters]")


def fenced(text: str) -> None:
    """Put a reply into the fence and read it back."""
    assert [number for number, _ in parse_numbered(numbered([text, text]))] == [1, 2]
    assert "\n" not in in_one_line(text)
    escaped(text).encode()
    parse_numbered(text)


def failed(text: str) -> None:
    """Turn a provider's message into a failure."""
    error = ValueError(text)
    failures.kind_of(error)
    failures.retry_after(error)
    assert len(failures.failure(error)["message"]) <= 300
    failures.clean(text).encode()


def simulated(text: str) -> None:
    """Do what a simulated judge does with a prompt that holds this text."""
    asked = options.read_asked(QUESTION)
    assert asked is not None
    weighed = verdicts.weigh("12", [(1, text), (2, text[::-1])], 0.7, asked)
    for keys in {verdicts.form(text), ("order", "scores", "reasons"), ("roles",), ("questions",)}:
        json.dumps(verdicts.verdict(keys, text, asked, weighed, random.Random(0)))


def flagged(text: str) -> None:
    """Look for red flags, by a form that a user may well ask for."""
    RedFlags(longest=100, form=r"^Answer: \d+$", unread=True).reason(text, None)


READERS: Mapping[str, Callable[[str], object]] = {
    **{f"answer {name}": partial(voted, read) for name, read in EXTRACTORS.items()},
    "answer of a class": partial(voted, extractor(Verdict)),
    "guess of the kind": lambda text: guess([text]),
    "a bare number": figures.is_number,
    "red flags": flagged,
    "confidence": roles.read_confidence,
    "rating": roles.read_rating,
    "confidence cut out": without_confidence,
    "judge's ranking": partial(read_ranking, n=5),
    "moderator's stop": read_stop,
    "role writer's roles": partial(read_roles, n=2),
    "chair's choice": partial(read_choice, n=5),
    "checker's verdict": read_verdict,
    "planner's plan": partial(read_plan, most=3),
    "spp's final answer": final_answer,
    "task arithmetic": partial(stepped, TASKS["arithmetic"](), QUESTION),
    "task hanoi": partial(stepped, TASKS["hanoi"](), "3 disks"),
    "task reasoning": partial(stepped, TASKS["reasoning"](), "Why?"),
    "fence": fenced,
    "terminal": terminal.clean,
    "a member's reply": told,
    "an error's message": failed,
    "retry-after": lambda text: failures.retry_after(_throttled(text)),
    "simulated judge": simulated,
    "simulated question": options.read_asked,
    "simulated range": options.stated_range,
    "simulated answers": arithmetic.answered,
}
"""All functions that are given a text that a model, or its provider, wrote."""


def _throttled(text: str) -> Exception:
    error = ValueError("slow down")
    error.response = type("Response", (), {"headers": {"retry-after": text}})()  # type: ignore[attr-defined]
    return error


FRAGMENTS = [
    # the fence, plain and disguised
    "<answer number=\"1\">", "</answer>", "\n</answer>\n", "<\u200banswer", "\uff1c/answer", "&lt;",
    "&amp;lt;answer", "<answer number=\"999999999999\">",
    # JSON, whole and in pieces
    "{", "}", "[", "]", "{\"", "\":", "\"", "\\", "\\\"", "\\u0000", "\\ud800", "\\u", ",", "null",
    "{\"answer\": ", "{\"answer\": \"", "{\"order\": [", "{\"scores\": {\"1\": ", "{\"stop\": ",
    "{\"roles\": [\"", "{\"questions\": [\"", "{\"choice\": ", "{\"score\": ", "{\"rest\": ",
    "[ANSWER]", "[/ANSWER]", "```", "```json\n", "```python\n", "NaN", "Infinity", "-Infinity",
    # numbers
    "1", "-7", "1/0", "0.1", "1e999", "-1e-999", "1e400", "9" * 400, "9" * 5_000, "1,000", "\u0661",
    "\u00b2", "\u00bd", "0x1F", "1_000", "1" + "0" * 310, "3%", "$5", "12:30", "1e", "1.", ".5",
    "-",
    # LaTeX
    "\\boxed{", "\\frac{1}{2}", "\\frac12", "\\frac{", "\\text{", "\\[", "\\]", "\\(", "$", "$$",
    "\\sqrt", "^{", "\\pm", "\\begin{pmatrix}", "\\\\", "&", "\\left(", "x=", "\\infty", "\\%",
    # words that readers look for
    "answer is ", "The final answer is ", "Final answer:", "#### ", "Confidence: ", "sure: 99%",
    "Score: ", "7/10", "stop", "continue", "stop: true", "2 > 1 > 3", "1. ", "- ", "(A)", "B)", "C",
    "move: 1 A C", "Start with 7. Add 5. What is the result?", "from 1 to 12", "assert f(1) == ",
    "Which of these ranges holds it: from 1 to 5?", "<think>", "</think>", "Finish", "e4", "impl]",
    "'", "True", "b'\\xff'", "set()", "Bearer sk-abcdefghijk", "api_key=", "http://a:b@c",
    # what steers terminals and parsers
    "\x00", "\x1b[2J", "\x1b]0;t\x07", "\x9b31m", "\x7f", "\r", "\n", "\n\n", "\t", " ", "\u2028",
    "\u202e", "\u2066", "\ufeff", "\u00a0", "\ud83d", "\udcff", "\U0001f600", "\u0130", "\u00df",
]  # fmt: skip
# Texts that are slow for a search that begins again at each place.
REPEATED = [
    "{",
    '{"',
    "[",
    "\\",
    "\\boxed{",
    '"',
    "9",
    "1,",
    "answer is ",
    "<",
    "\x1b]",
    "- ",
    "\n",
]


def nested(opening: str, closing: str, depth: int) -> str:
    return opening * depth + closing * depth


NESTED = st.builds(
    nested,
    st.sampled_from(["[", '{"a":', "(", "\\boxed{", "{", "-", "'", "not ", "\\frac{"]),
    st.sampled_from(["]", "}", ")", ""]),
    st.integers(1, 1_200),
)
# Lone surrogates do arrive: JSON's \ud83d in a provider's reply becomes one.
ANY = st.text(st.characters(), max_size=60)
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | ANY | NESTED, max_size=12).map("".join) | ANY

FAST = settings(max_examples=50, deadline=None, derandomize=True)
SLOW = settings(
    max_examples=-(-SLOW_TOTAL // len(READERS)),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.integration
@FAST
@given(TEXTS)
def test_any_text_is_read(text: str) -> None:
    for name, read in READERS.items():
        note(name)
        read(text)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", READERS)
@SLOW
@given(TEXTS)
def test_a_hundred_thousand_texts_are_read(name: str, text: str) -> None:
    READERS[name](text)


def steepest(name: str, fragments: Sequence[str], length: int) -> tuple[float, str]:
    """Return how much time grows with one of these, repeated, and which it is."""
    return max((growth(READERS[name], one, length), one[:40]) for one in fragments)


@pytest.mark.timed
@pytest.mark.parametrize("name", READERS)
def test_long_texts_take_linear_time(name: str) -> None:
    assert steepest(name, REPEATED, LONG) < (LINEAR, "")


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_all_long_texts_take_linear_time(name: str) -> None:
    assert steepest(name, FRAGMENTS, 100_000) < (LINEAR, "")
