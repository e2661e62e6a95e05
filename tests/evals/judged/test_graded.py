"""MMAU and CEB: rows in the form of their authors' files, with and without a judge."""

import json
import random
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from helpers.statsmodels_parts import statsmodels
from langchain_core.messages import BaseMessage

from manyminds import Member, create_agent_forest
from manyminds.errors import DataError, InputError
from manyminds.evals import bubblewrap
from manyminds.evals.judged.judge import Judge
from manyminds.evals.judged.result import Graded, Judged, sum_ratings
from manyminds.evals.judged.run import ajudge
from manyminds.evals.judged.task import Item
from manyminds.evals.judged.tasks import judged_task
from manyminds.evals.sandbox import Limits
from manyminds.testing import Metadata, ScriptedChatModel, ScriptedReply

MMAU, CEB = judged_task("mmau"), judged_task("ceb")
ADDING = "```python\nimport sys\nprint(sum(map(int, sys.stdin.read().split())))\n```"


def asked(text: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **more}


PLAN = asked("Which plan?", id="p", target_plan_number=2)
EXPANDED = asked("Expand it.", id="m", raw_problem="Expand it.", gt_answer="x**2 - 1")
UNDERSTOOD = asked("What does it print?", id="u", target_output="1\n2\n")
PROGRAM = asked(
    "Add the numbers.",
    id="c",
    public_tests={"input": ["1 2\n"], "output": ["3\n"]},
    private_tests={"input": ["5 5\n", "-1\n"], "output": ["10", "-1"]},
    generated_tests={"input": [], "output": []},
)


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def saying(replies: dict[str, str]) -> Any:
    def reply(messages: list[BaseMessage], _data: Metadata) -> str:
        return next(text for key, text in replies.items() if key in messages[-1].text)

    return create_agent_forest([ScriptedChatModel(reply)], samples=1, prompt=None).compile()


@pytest.mark.parametrize(
    ("row", "answer", "right"),
    [
        (PLAN, "I think so.\n**Chosen Plan:** 2\nReason: 3 is worse.", 1.0),
        (PLAN, "Chosen plan: 3", 0.0),
        (PLAN, "Plan 2 it is.", 0.0),  # the form that the question asks for is missing
        (EXPANDED, "Well.\n#ANSWER#: $x^2 - 1$", 1.0),
        (EXPANDED, "#ANSWER#\n(x - 1)*(x + 1)", 1.0),
        (UNDERSTOOD, "It counts.\n#ANSWER#:\n1\n 2", 1.0),
        (UNDERSTOOD, "#ANSWER#: 1 2", 0.0),
    ],
)
async def test_what_can_be_checked_needs_no_judge(
    tmp_path: Path, row: dict[str, Any], answer: str, right: float
) -> None:
    items = MMAU.items(written(tmp_path / "rows.jsonl", [row]))
    judge = Judge(Member(ScriptedChatModel(AssertionError("not asked")), name="j"), MMAU)
    found = await ajudge(MMAU, items, saying({"": answer}), judge)
    assert found.ratings["right"].mean == right and found.judge.calls == 0


@pytest.mark.parametrize("verdict", [True, False])
async def test_other_forms_of_a_result_are_for_the_judge(tmp_path: Path, verdict: bool) -> None:
    seen: list[str] = []

    def grade(messages: list[BaseMessage], _data: Metadata) -> str:
        seen.append(messages[-1].text)
        return json.dumps({"reason": "so", "right": verdict})

    items = MMAU.items(written(tmp_path / "rows.jsonl", [EXPANDED]))
    judge = Judge(Member(ScriptedChatModel(grade), name="j"), MMAU)
    found = await ajudge(MMAU, items, saying({"": "#ANSWER#: one less than a square"}), judge)
    assert found.ratings["group Math"].mean == float(verdict)
    assert "x**2 - 1" in seen[0] and "one less than a square" in seen[0]


async def test_without_a_judge_mathematics_cannot_be_graded(tmp_path: Path) -> None:
    items = MMAU.items(written(tmp_path / "rows.jsonl", [EXPANDED]))
    with pytest.raises(InputError, match="needs a judge: name a model with --by"):
        await ajudge(MMAU, items, saying({"": "?"}), None)


async def test_domains_count_alike(tmp_path: Path) -> None:
    plans = [{**PLAN, "id": f"p{n}", "target_plan_number": 2} for n in range(9)]
    items = MMAU.items(written(tmp_path / "rows.jsonl", [*plans, UNDERSTOOD]))
    app = saying({"plan": "Chosen Plan: 2", "print": "#ANSWER#: 7"})
    found = await ajudge(MMAU, items, app, None)
    assert found.ratings["all"].mean == 0.9
    assert found.ratings["groups alike"].mean == 0.5


@pytest.mark.skipif(bubblewrap.missing() is not None, reason="needs bubblewrap")
@pytest.mark.parametrize(
    ("program", "right"),
    [
        (ADDING, 1.0),
        ("```python\nprint(3)\n```", 0.0),
        ("```python\nimport os\nos._exit(0)\n```", 0.0),
        (ADDING.replace("stdin", "stdin.buffer").replace("\n```", "\nexit()\n```"), 1.0),
        ("no program", 0.0),
    ],
)  # fmt: skip
async def test_programs_read_standard_input(tmp_path: Path, program: str, right: float) -> None:
    items = MMAU.items(written(tmp_path / "rows.jsonl", [PROGRAM]))
    found = await ajudge(MMAU, items, saying({"": program}), None, limits=Limits())
    assert found.ratings["group Code"].mean == right


async def test_programs_are_not_run_without_leave(tmp_path: Path) -> None:
    items = MMAU.items(written(tmp_path / "rows.jsonl", [PROGRAM]))
    with pytest.raises(InputError, match="--run-code"):
        await ajudge(MMAU, items, saying({"": ADDING}), None)


TOOL = {
    "type": "function",
    "function": {
        "name": "book",
        "description": "Book a table.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    },
}


def called(name: str, **arguments: Any) -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}


def booking(*wanted: dict[str, Any], **more: Any) -> dict[str, Any]:
    target = {"role": "assistant", "content": None, "tool_calls": list(wanted)}
    return asked("A table at the Crown.", id="t", tools=[TOOL], target_message=target, **more)


def calling(*calls: tuple[str, dict[str, Any]]) -> ScriptedChatModel:
    made = [{"id": str(n), "name": name, "args": args} for n, (name, args) in enumerate(calls)]
    return ScriptedChatModel(ScriptedReply("", tool_calls=made))


WHEN = booking(
    called("book", place="The Crown", day="4/2/2024"),
    target_message_match_rules=[{"arguments": {"day": {"date_match": True}}}],
)
SEEN = booking(
    called("book", place="Crown"),
    target_message_match_rules=[{"arguments": {"place": {"regex_match": "^(the )?crown"}}}],
)
CHOICE = booking(
    called("book", place="Crown"),
    target_message_match_rules=[{"arguments": {"place": {"multi_choices": ["Crown", "Inn"]}}}],
)
TWO = booking(called("book", place="Crown"), called("book", place="Inn"))


@pytest.mark.parametrize(
    ("row", "calls", "right"),
    [
        (WHEN, [("book", {"day": "April 2, 2024", "place": "the crown"})], 1.0),
        (WHEN, [("book", {"day": "2 May 2024", "place": "The Crown"})], 0.0),
        (WHEN, [("book", {"day": "4/2/2024"})], 0.0),
        (SEEN, [("book", {"place": "THE CROWN, High Street"})], 1.0),
        (SEEN, [("book", {"place": "At the Crown"})], 0.0),
        (CHOICE, [("book", {"place": "inn"})], 1.0),
        (TWO, [("book", {"place": "Inn."}), ("book", {"place": "crown"})], 1.0),
        (TWO, [("book", {"place": "Inn"})], 0.0),
        (TWO, [("book", {"place": "Inn"}), ("book", {"place": "Inn"})], 0.0),
        (TWO, [("cancel", {"place": "Inn"}), ("book", {"place": "Crown"})], 0.0),
    ],
)
async def test_calls_of_tools_are_compared_by_the_authors_rules(
    tmp_path: Path, row: dict[str, Any], calls: list[tuple[str, dict[str, Any]]], right: float
) -> None:
    items = MMAU.items(written(tmp_path / "rows.jsonl", [row]))
    app = create_agent_forest([calling(*calls)], samples=1).compile()
    found = await ajudge(MMAU, items, app, None)
    assert found.ratings["group Tool execution"].mean == right
    assert found.judge.calls == 0 and found.unanswered == 0


async def test_a_conversation_with_tools_is_asked_as_it_is(tmp_path: Path) -> None:
    said = [
        {"role": "system", "content": "You book tables."},
        {"role": "user", "content": "A table, please."},
        {"role": "assistant", "content": None, "tool_calls": [called("book", place="Crown")]},
        {"role": "tool", "tool_call_id": "c1", "content": "booked for 8"},
    ]
    row = {"messages": said, "tools": [TOOL], "target_message": {"content": "At 8."}}
    model = ScriptedChatModel("At 8.")
    app = create_agent_forest([model], samples=1).compile()
    found = await ajudge(MMAU, MMAU.items(written(tmp_path / "t.jsonl", [row])), app, None)
    assert found.ratings["right"].mean == 1
    assert [kind for kind, _ in model.calls[-1].texts][-4:] == ["system", "human", "ai", "tool"]
    assert model.calls[-1].params["tools"] == [TOOL]


async def test_a_word_where_a_call_is_expected_is_wrong(tmp_path: Path) -> None:
    items = MMAU.items(written(tmp_path / "rows.jsonl", [TWO]))
    found = await ajudge(MMAU, items, saying({"": "I would book it."}), None)
    assert found.ratings["right"].mean == 0


async def test_the_judge_of_mathematics_reads_the_problem_itself(tmp_path: Path) -> None:
    seen: list[str] = []

    def grade(messages: list[BaseMessage], _data: Metadata) -> str:
        seen.append("\n".join(one.text for one in messages))
        return json.dumps({"reason": "so", "right": True})

    row = asked("Write #ANSWER# last.\nExpand (x - 1)(x + 1).", gt_answer="x**2 - 1")
    items = MMAU.items(written(tmp_path / "m.jsonl", [{**row, "raw_problem": "Expand it."}]))
    judge = Judge(Member(ScriptedChatModel(grade), name="j"), MMAU)
    await ajudge(MMAU, items, saying({"": "#ANSWER#: a square less one"}), judge)
    assert "Expand it." in seen[0] and "Write #ANSWER# last" not in seen[0]


def test_a_prompt_is_a_request_too(tmp_path: Path) -> None:
    row = {"id": "q", "prompt": "What does it print?", "target_output": "1"}
    (item,) = MMAU.items(written(tmp_path / "u.jsonl", [row]))
    assert item.turns == ("What does it print?",)


def test_of_the_authors_folder_the_files_of_their_figure_are_read(tmp_path: Path) -> None:
    written(tmp_path / "tool_use_execution_all_20240712.jsonl", [TWO])
    written(tmp_path / "tool_use_execution_multi_step_triple_20240712.jsonl", [TWO])
    written(tmp_path / "tool_use_plan_with_reasoning_all_20240712.jsonl", [PLAN])
    written(tmp_path / "code_contests_regular_20240712.jsonl", [PROGRAM])
    written(tmp_path / "code_contests_plan_20240712.jsonl", [PROGRAM])
    written(tmp_path / "math_standard_20240712.jsonl", [EXPANDED])
    written(tmp_path / "code_kaggle_20240712.jsonl", [asked("Plot it.", notebook={})])
    groups = [item.group for item in MMAU.items(tmp_path)]
    assert groups == ["Code", "Math", "Tool execution", "Tool plan"]
    with pytest.raises(DataError, match="notebooks run on a data archive"):
        MMAU.items(tmp_path / "code_kaggle_20240712.jsonl")
    with pytest.raises(DataError, match="writes the programs from the plans"):
        MMAU.items(tmp_path / "code_contests_plan_20240712.jsonl")


def test_rules_that_are_not_known_are_refused(tmp_path: Path) -> None:
    row = {**TWO, "target_message_match_rules": [{"arguments": {"place": {"near": 1}}}, {}]}
    with pytest.raises(DataError, match="no row of mmau"):
        MMAU.items(written(tmp_path / "rows.jsonl", [row]))


async def test_bias_is_best_at_0_and_axes_count_alike(tmp_path: Path) -> None:
    folder = tmp_path / "CEB-Conversation-S"
    folder.mkdir()
    for axis, count in (("age", 3), ("religion", 1)):
        rows = [
            {"prompt": f"{axis} {n}: go on.", "axis": axis, "descriptor": "some"}
            for n in range(count)
        ]
        (folder / f"{axis}.json").write_text(json.dumps(rows))
    seen: list[str] = []

    def grade(messages: list[BaseMessage], _data: Metadata) -> str:
        seen.append(" ".join(one.text for one in messages))
        return json.dumps({"reason": "so", "bias": 90 if "religion" in seen[-1] else 10})

    items = CEB.items(folder)
    assert len({item.id for item in items}) == 4
    judge = Judge(Member(ScriptedChatModel(grade), name="j"), CEB)
    app = saying({"age 2": "no answer", "": "They are fine."})
    found = await ajudge(CEB, items, app, judge)
    assert found.ratings["group age"].mean == 10 and found.ratings["all"].mean == 30
    assert found.ratings["groups alike"].mean == 50
    assert "from 99 (worst) to 0 (best)" in seen[0]


async def test_no_answer_counts_as_the_worst(tmp_path: Path) -> None:
    rows = [{"prompt": "go on.", "axis": "age", "descriptor": "some"}]
    (tmp_path / "age.json").write_text(json.dumps(rows))
    failing = create_agent_forest([ScriptedChatModel(ValueError("down"))], samples=1).compile()
    judge = Judge(Member(ScriptedChatModel("never"), name="j"), CEB)
    found = await ajudge(CEB, CEB.items(tmp_path / "age.json"), failing, judge)
    assert found.ratings["bias"].mean == 99 and found.unanswered == 1


def test_the_interval_of_ratings_is_that_of_their_spread() -> None:
    draw = random.Random(4)
    rated = [float(draw.choice([5, 6, 6, 7, 7, 7, 8])) for _ in range(80)]
    graded = [
        Graded(Item(str(n), ("?",), (None,)), ratings=[[{"overall": one}]])
        for n, one in enumerate(rated)
    ]
    found = Judged()
    sum_ratings(found, graded, (1, 10))
    low, high = statsmodels("stats.weightstats").DescrStatsW(rated).tconfint_mean()
    rating = found.ratings["overall"]
    assert rating.mean == pytest.approx(fmean(rated))
    assert rating.interval == pytest.approx((low, high), abs=0.05)
