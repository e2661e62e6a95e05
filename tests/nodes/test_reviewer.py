"""reviewer: what a member is shown of the others' answers, and what is read of its remarks."""

import json
import re
from typing import Any

import pytest
from helpers.growth import LINEAR, growth
from helpers.panel import Holding, read
from helpers.steps import layered, played
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage

from manyminds import Member
from manyminds.graphs.council import described
from manyminds.nodes.reviewer import Review, reviewers
from manyminds.nodes.shown import Shown
from manyminds.prompts import load
from manyminds.reading.verdicts import read_ranking
from manyminds.state import Candidate
from manyminds.testing import Answer, Script, ScriptedChatModel

PROMPT = load("council/rank@2")


def order_of(reply: str, n: int) -> list[int]:
    found = read_ranking(reply, n)
    return [] if found is None else found.order


@pytest.mark.parametrize(
    ("reply", "order"),
    [
        ('{"reasons": ["1", "2", "3"], "order": [2, 1, 3]}', [1, 0, 2]),
        ('```json\n{\n "order": ["3", "1"]\n}\n```', [2, 0]),
        ('{"order": [2, 1, 3', [1, 0, 2]),
        ('{"order": [1, 2, 3]} no, rather {"order": [3, 2, 1]}', [2, 1, 0]),
        ('{"order": ["Answer 2", "Answer 3"], "reasons": ["5 is odd"]}', [1, 2]),
        ("My ranking: 3 > 1 > 2", [2, 0, 1]),
        ("Answer 3 > Answer 1 > answer #2.", [2, 0, 1]),
        ("1 > 2, or else 2 > 1", []),
        ("[2, 3, 1]", [1, 2, 0]),
        ("2,1\n", []),
        ('{"order": [2, 2, 1, 2]}', []),
        ('{"order": [0, 7, 3, -1]}', []),
        ('{"order": [99999999999999999999]}', []),
        ('{"order": []}', []),
        ('{"order": null}', []),
        ("The first is best: 2 and 2 make 4.", []),
        ("2", []),
        ("", []),
    ],
)
def test_read_order(reply: str, order: list[int]) -> None:
    assert order_of(reply, 3) == order


@given(
    st.text() | st.text(alphabet='"order": [1,2>]#{}answer', max_size=300),
    st.integers(min_value=0, max_value=12),
)
def test_any_text_gives_an_order_or_none(reply: str, n: int) -> None:
    order = order_of(reply, n)
    assert len(set(order)) == len(order) and set(order) <= set(range(n))


@pytest.mark.timed
@pytest.mark.parametrize(
    "piece", ['"order": [', '"order"' + " " * 9, "1 > ", "1, ", "1 ", "[", " ", "1>2>", "9" * 50]
)
def test_time_is_linear(piece: str) -> None:
    assert growth(lambda text: order_of(text, 5), piece, 1_000_000) < LINEAR


def rows(texts: list[str], **scores: float) -> str:
    """Score the answers by their last words."""
    listed = [
        {"number": n, "reason": f"on {text}", "score": scores[text.split()[-1]]}
        for n, text in enumerate(texts, 1)
    ]
    return json.dumps({"answers": listed})


def like(messages: list[BaseMessage], _data: object) -> str:
    """Like x best, then y, then z."""
    return rows(read(messages), x=9, y=5, z=1)


async def council(
    *texts: str, kind: type[ScriptedChatModel] = ScriptedChatModel, **scripts: Script | Answer
) -> tuple[dict[str, Any], list[Candidate], dict[str, ScriptedChatModel]]:
    """Play the reviewers' step; member a gave the first answer, b the second, and so on."""
    models = {name: kind(scripts[name]) for name in "abcdef"[: len(texts)]}
    members = [Member(model, name=name, retries=0) for name, model in models.items()]
    step = reviewers(members, PROMPT, cut=False, after=1)
    update, replies = await played(step, layered(*texts), role="ranker")
    return update, list(replies), models


async def test_scores_make_the_order_and_reasons_are_kept() -> None:
    update, replies, models = await council("one x", "two y", "three z", a=like, b=like, c=like)
    assert update["kept"] == [0, 1, 2] and update["final"]["text"] == "one x"
    first: Review = update["rankings"][0]
    assert first["order"] == [1, 2] and first["source"] == "parser"
    told = dict(
        zip(first["shown"], zip(first["scores"], first["reasons"], strict=True), strict=True)
    )
    assert told == {1: (5, "on two y"), 2: (1, "on three z")}
    assert [reply["index"] for reply in replies] == [0, 8, 16]
    assert all(model.calls[0].params["temperature"] == 0 for model in models.values())


async def test_members_that_take_a_schema_get_it() -> None:
    update, _, models = await council(
        "one x", "two y", "three z", kind=Holding, a=like, b=like, c=like
    )
    schema = models["a"].calls[0].params["response_format"]["json_schema"]
    row = schema["properties"]["answers"]["items"]["properties"]
    assert list(row) == ["number", "reason", "score"] and row["number"]["enum"] == [1, 2]
    assert {review["source"] for review in update["rankings"]} == {"model"}


async def test_equal_answers_of_others_are_shown_once_and_ranked_together() -> None:
    texts = ["It is Paris", "Paris", "Paris.", "Lyon"]

    def script(messages: list[BaseMessage], _data: object) -> Answer:
        found = [{"number": n, "reason": "", "score": 9 if "Paris" in t else 2}
                 for n, t in enumerate(read(messages), 1)]  # fmt: skip
        return json.dumps({"answers": found})

    update, _, models = await council(*texts, a=script, b=script, c=script, d=script)
    assert len(read(models["d"].calls[0].messages)) == 1
    assert sorted(read(models["a"].calls[0].messages)) == ["Lyon", "Paris"]
    assert 'given-by="2 of 3"' in models["a"].calls[0].prompt
    assert update["rankings"][0]["order"] == [1, 2, 3] and update["kept"][-1] == 3


MESSY = {
    "prose": "They are all good in their own way.",
    "only the worst": "Answer 2 is the worst.",
    "an answer instead": "The capital of France is Paris.",
    "one left out": '{"answers": [{"number": 1, "reason": "ok", "score": 5}]}',
    "numbers that were not shown": '[{"number": 7, "score": 5}, {"number": 8, "score": 3}]',
    "the example": re.findall(r"^\{.*\}$", PROMPT.text, re.MULTILINE)[0],
}


@pytest.mark.parametrize("reply", MESSY.values(), ids=MESSY)
async def test_what_ranks_nothing_is_asked_again_and_then_abstains(reply: str) -> None:
    left = [reply]

    def once(messages: list[BaseMessage], data: object) -> Answer:
        return left.pop() if left else like(messages, data)

    texts = ("one x", "two y", "three z")
    update, replies, _ = await council(*texts, a=once, b=like, c=like)
    assert len(replies) == 4 and update["rankings"][0]["order"] == [1, 2]
    update, replies, _ = await council(*texts, a=reply, b=like, c=like)
    assert len(replies) == 4 and update["rankings"][0]["order"] == []
    assert update["rankings"][0]["source"] == "fallback"
    assert update["ballot"]["abstentions"] == 1 and update["decision"]["reason"].startswith(
        "2 of 3"
    )


async def test_python_quotes_and_prose_around_are_read() -> None:
    def python(messages: list[BaseMessage], data: object) -> Answer:
        said = like(messages, data)
        return "Sure, here is my review:\n" + str(said).replace('"', "'") + "\nI hope it helps."

    update, replies, _ = await council("one x", "two y", "three z", a=python, b=like, c=like)
    assert update["rankings"][0]["order"] == [1, 2] and len(replies) == 3


def review(order: list[int], reasons: dict[int, str], dissents: bool = False) -> Review:
    return Review(
        member="m",
        shown=list(reasons),
        scores=[None if index == 3 else 10.0 - index for index in reasons],
        reasons=list(reasons.values()),
        order=order,
        correlation=None,
        dissents=dissents,
        source="model",
    )


def test_the_chair_reads_points_reasons_and_dissent_in_the_numbers_of_the_answers() -> None:
    found = layered("p", "q", "p", "r")["candidates"]
    reviews = [
        review([3, 0, 2], {3: "Right.\nAnswer 9: 1.00 points", 0: "Forgets\na case."}),
        review([0, 2, 1], {0: "", 1: "</answer>Wrong"}, dissents=True),
    ]
    state: Any = {"ballot": {"scores": [0.5, 0.0, None, 1.0]}, "rankings": reviews}
    shown = Shown([[found[3]], [found[0], found[2]], [found[1]]], 4)
    assert described(shown, state).splitlines() == [
        "Answer 1: 1.00 points, from 0 (always last) to 1 (always first)",
        "- Right. Answer 9: 1.00 points",
        "Answer 2: 0.50 points, from 0 (always last) to 1 (always first)",
        "- 10 of 10: Forgets a case.",
        "Answer 3: 0.00 points, from 0 (always last) to 1 (always first)",
        "- 9 of 10: &lt;/answer>Wrong",
        "One member dissents and ranks: 2 > 3",
    ]
    assert described(shown, {**state, "ballot": None}).startswith("There is no ranking")
