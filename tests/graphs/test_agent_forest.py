import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from helpers.graphs import call, every_way, user
from pydantic import BaseModel

from manyminds import (
    Budget,
    Candidate,
    Context,
    InputError,
    Member,
    MemberError,
    QuorumError,
    create_agent_forest,
)
from manyminds.nodes.sampler import order_of
from manyminds.testing import Metadata, ScriptedChatModel
from manyminds.votes.ballots import Ballot
from manyminds.votes.unlabelled import AgreementWeights
from manyminds.votes.votes import best_of


def answering(*answers: str | Exception) -> ScriptedChatModel:
    """Return a model whose k-th draw is the k-th of these, over and over."""

    def script(_messages: object, data: Metadata) -> str | Exception:
        draw: int = data["draw"]
        return answers[draw % len(answers)]

    return ScriptedChatModel(script)


def final(answer: object) -> str:
    return f"Let me think. Final answer: {answer}"


@every_way
async def test_samples_votes_and_answer(way: str) -> None:
    model = answering(final(7), final(42), final("42.0"), final(9))
    app = create_agent_forest(model, samples=8).compile()
    result = await call(app, way, user())
    assert sorted(c.metadata["draw"] for c in model.calls) == list(range(8))
    assert result["answer"] == final(42) == result["messages"][-1].text
    assert result["ballot"]["groups"][0]["indices"] == [1, 2, 5, 6]
    assert result["ballot"]["voters"] == 8 and result["ballot"]["margin"] == 2
    assert [c["index"] for c in result["candidates"]] == list(range(8))
    assert result["report"]["calls"] == 8 and result["report"]["degraded"] is None
    assert result["report"]["ballot"] == result["ballot"]


async def test_a_vote_on_answers_asks_for_a_last_line_with_the_answer() -> None:
    model = answering(final(1))
    result = await create_agent_forest(model, samples=3).compile().ainvoke(user("Why?"))
    for asked in model.calls:
        (kind, system), question = asked.texts
        assert kind == "system" and "Final answer:" in system and question == ("human", "Why?")
    assert result["report"]["prompts"][0].startswith("agent_forest/answer@1#")


def all_alike(candidates: Sequence[Candidate]) -> Ballot:
    return best_of([1.0 for _ in candidates])


@pytest.mark.parametrize(
    "options",
    [
        {"vote": "bleu"},
        {"vote": "tfidf"},
        {"extract": "code"},
        {"extract": "text"},
        {"extract": "json"},
        {"extract": str.strip},
        {"vote": all_alike},
        {"prompt": None},
    ],
)
async def test_other_votes_ask_the_bare_question(options: dict[str, Any]) -> None:
    model = answering(final(1))
    result = await create_agent_forest(model, samples=1, **options).compile().ainvoke(user("Why?"))
    assert model.calls[0].texts == [("human", "Why?")] and result["report"]["prompts"] == []


@pytest.mark.parametrize(
    ("task", "name", "reply", "answer"),
    [
        ("gsm8k", "number", "Final answer: \\boxed{42}", "42"),
        ("math", "boxed", "Final answer: \\boxed{\\frac12}", "\\frac12"),
        ("mmlu", "choice", "Final answer: (B)", "B"),
        ("chess", "square", "Final answer: e4", "e4"),
        ("humaneval", "code", "```python\ndef f():\n    return 1\n```", "def f():\n    return 1"),
    ],
)
async def test_a_task_is_asked_and_read_as_in_the_paper(
    task: Any, name: str, reply: str, answer: str
) -> None:
    model = answering(reply)
    result = await create_agent_forest(model, samples=2, task=task).compile().ainvoke(user())
    assert result["report"]["prompts"][0].startswith(f"agent_forest/{name}@1#")
    assert result["candidates"][0]["answer"].strip() == answer


async def test_a_chinese_last_line_is_read() -> None:
    replies = "最终答案：42", "先算一下。\n\n最终答案:42。", "**最终答案：** 42", "最终答案：7"
    model = answering(*replies)
    result = await create_agent_forest(model, samples=4).compile().ainvoke(user("六乘七是多少？"))
    assert [c["answer"] for c in result["candidates"]] == ["42", "42", "42", "7"]


async def test_the_bare_question_is_asked_at_temperature_one() -> None:
    model = answering(final(1))
    await create_agent_forest(model, samples=3, prompt=None).compile().ainvoke(user("Why?"))
    assert [c.texts for c in model.calls] == [[("human", "Why?")]] * 3
    assert [c.params for c in model.calls] == [{"temperature": 1.0}] * 3


async def test_a_named_prompt_is_asked_and_reported() -> None:
    model = answering(final(1))
    app = create_agent_forest(model, samples=1, prompt="agent_forest/number@1").compile()
    result = await app.ainvoke(user("Why?"))
    (kind, system), question = model.calls[0].texts
    assert kind == "system" and "without units" in system and question == ("human", "Why?")
    assert result["report"]["prompts"][0].startswith("agent_forest/number@1#")


async def test_members_take_turns_in_an_order_drawn_for_each_question() -> None:
    models = [ScriptedChatModel(final(n)) for n in range(4)]
    members = [Member(model, name=f"m{n}") for n, model in enumerate(models)]
    app = create_agent_forest(members, samples=10).compile()

    async def order(question: str, seed: int = 0) -> tuple[str, ...]:
        graph = app if seed == 0 else create_agent_forest(members, samples=10, seed=seed).compile()
        candidates = (await graph.ainvoke(user(question)))["candidates"]
        names = [c["member"] for c in candidates]
        assert names[:4] == names[4:8] and names[8:] == names[:2] and len(set(names[:4])) == 4
        assert [c["draw"] for c in candidates] == [0] * 4 + [1] * 4 + [2] * 2
        return tuple(names[:4])

    questions = [f"question {n}" for n in range(12)]
    orders = [await order(question) for question in questions]
    assert orders == [await order(question) for question in questions]
    assert len(set(orders)) > 4
    assert orders != [await order(question, seed=1) for question in questions]


def test_every_member_comes_first_equally_often() -> None:
    members = [Member(ScriptedChatModel(), name=f"m{n}") for n in range(4)]
    first = Counter(order_of(members, 0, str(n))[0].name for n in range(4000))
    assert set(first) == {"m0", "m1", "m2", "m3"}
    assert all(900 <= count <= 1100 for count in first.values())


@pytest.mark.parametrize(
    ("stop", "replies", "bought"),
    [
        ("beta:0.95", [1], 4),
        ("beta:0.95", [1, 2, 1, 1, 1, 1, 1], 7),
        ("ahead:3", [1, 2, 1, 1, 1], 5),
        ("esc:5", [1, 2, 1, 1, 1, 3, 3, 3, 3, 3], 10),
        ("unbeatable:40", [1], 20 + 1),
        ("fixed:6", [1, 2], 6),
        (None, [1], 40),
        ("beta:0.95", [1, 2], 40),
    ],
)
async def test_stopping_rules_buy_what_one_by_one_sampling_would(
    stop: str | None, replies: list[int], bought: int
) -> None:
    model = answering(*map(final, replies))
    app = create_agent_forest(model, samples=40, stop=stop, extract="number").compile()
    result = await app.ainvoke(user())
    assert len(model.calls) == len(result["candidates"]) == bought
    assert result["report"]["decision"]["stop"] is True
    assert result["report"]["calls"] == bought


async def test_waves_are_numbered_and_keep_their_candidates() -> None:
    model = answering(*map(final, [1, 2, 1, 1, 1, 1, 1]))
    app = create_agent_forest(model, samples=40, stop="beta:0.95", extract="number").compile()
    result = await app.ainvoke(user())
    waves = [c["layer"] for c in result["candidates"]]
    assert waves[:4] == [1] * 4 and waves == sorted(waves)
    assert result["report"]["layer"] == waves[-1] > 1
    assert [c["draw"] for c in result["candidates"]] == list(range(7))


async def test_a_tie_goes_to_the_answer_asked_first() -> None:
    app = create_agent_forest(answering(final(3), final(5)), samples=6).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == final(3) and result["ballot"]["tie"] is True


async def test_abstentions_and_failures_never_win() -> None:
    model = answering("I cannot say.", ValueError("Final answer: 13"), final(4), "No idea at all.")
    app = create_agent_forest(model, samples=8, extract="number", vote="majority").compile()
    result = await app.ainvoke(user())
    assert result["answer"] == final(4)
    assert result["ballot"]["voters"] == 2 and result["ballot"]["abstentions"] == 6
    assert "2 of 8 calls gave no answer (error 2)" in result["report"]["degraded"]


async def test_where_no_answer_can_be_read_the_most_typical_reply_wins_and_is_marked() -> None:
    replies = "pears and plums", "the sky is blue today", "the sky is blue again today"
    app = create_agent_forest(answering(*replies), samples=3, extract="number").compile()
    result = await app.ainvoke(user())
    assert result["answer"] in replies[1:]
    assert result["report"]["degraded"].startswith("no answer could be read")


async def test_prose_without_an_answer_is_chosen_by_likeness_and_marked() -> None:
    sky = "the sky is blue today because the light of the sun is scattered by the air"
    replies = "pears and plums do grow on trees in a garden of the south", sky, f"{sky} again"
    result = await create_agent_forest(answering(*replies), samples=3).compile().ainvoke(user())
    assert result["answer"] in replies[1:] and result["ballot"]["vote"] == "bleu"
    assert "undecided" in result["report"]["degraded"]


async def test_equal_answers_are_counted_together_however_they_are_worded() -> None:
    replies = "It is **42**.", "So she pays $42.", "Total: 42 dollars", "I think 7", "7"
    result = await create_agent_forest(answering(*replies), samples=5).compile().ainvoke(user())
    assert result["ballot"]["answer"] == "42" and result["report"]["degraded"] is None
    assert [c["answer"] for c in result["candidates"]] == ["42", "42", "42", "7", "7"]


async def test_a_tie_is_marked_as_undecided() -> None:
    replies = final(1), final(2)
    result = await create_agent_forest(answering(*replies), samples=2).compile().ainvoke(user())
    assert "undecided" in result["report"]["degraded"]


async def test_all_failing_raises_and_quorum_counts() -> None:
    app = create_agent_forest(answering(ValueError("no")), samples=3).compile()
    with pytest.raises(QuorumError, match="0 of 3 calls were answered"):
        await app.ainvoke(user())
    half = answering(ValueError("no"), final(1))
    assert (await create_agent_forest(half, samples=4, quorum="50%").compile().ainvoke(user()))[
        "answer"
    ] == final(1)
    with pytest.raises(
        QuorumError, match="2 of 4 (members|calls were) answered and the quorum is 3"
    ):
        await create_agent_forest(half, samples=4, quorum="60%").compile().ainvoke(user())


def agreeing(right: str, *others: str) -> list[Member]:
    """Return two members that always agree, and others that always differ from everyone."""
    texts = {"good": right, "fine": right} | {f"odd-{nth}": one for nth, one in enumerate(others)}
    return [Member(answering(final(text)), name=name) for name, text in texts.items()]


async def test_weights_are_learned_from_one_run_after_another() -> None:
    members = agreeing("1", "2", "3", "4")
    odd = [Member(m.model, name=m.name) for m in members]
    app = create_agent_forest(members, samples=6, weights="agreement").compile()
    first = await app.ainvoke(user())
    assert first["ballot"]["vote"] == "agreement" and first["ballot"]["groups"][0]["weight"] > 0
    assert "0 earlier questions" in str(first["report"]["notes"])
    *_, last = [await app.ainvoke(user()) for _ in range(20)]
    assert "notes" not in last["report"] or "earlier" not in str(last["report"]["notes"])
    weight = {g["answer"]: g["weight"] for g in last["ballot"]["groups"]}
    assert weight["1"] > 4 * weight["2"], "two members that agree, against one that never does"
    again = create_agent_forest(odd, samples=6, weights="agreement").compile()
    assert "0 earlier" in str((await again.ainvoke(user()))["report"]), "a graph learns by itself"


async def test_weights_that_were_learned_elsewhere_decide_at_once() -> None:
    members = agreeing("1", "2", "2", "2")
    plain = await create_agent_forest(members, samples=5).compile().ainvoke(user())
    assert plain["answer"] == final(2)
    known = {m.name: (90, 100) if m.name in ("good", "fine") else (30, 100) for m in members}
    learned = AgreementWeights(known)
    app = create_agent_forest(members, samples=5, weights=learned, extract="number").compile()
    assert (await app.ainvoke(user()))["answer"] == final(1)
    assert learned.questions == 1 and learned.known["good"][1] == 101
    given = {"good": 5.0, "fine": 5.0}
    app = create_agent_forest(members, samples=5, weights=given).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == final(1) and result["ballot"]["vote"] == "weighted"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"weights": "agreement", "vote": "majority"}, 'vote="weighted"'),
        ({"weights": "votes"}, '"agreement"'),
        ({"weights": {"nobody": 1}}, "no member is called 'nobody'"),
        ({"weights": {"good": -1}}, "0 or more"),
        ({"weights": {"good": float("nan")}}, "0 or more"),
    ],
)
def test_wrong_weights(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        create_agent_forest(agreeing("1", "2"), **options)


def test_two_members_cannot_be_told_apart_by_agreement() -> None:
    with pytest.raises(InputError, match="3 or more"):
        create_agent_forest(agreeing("1"), weights="agreement")


async def test_a_function_may_hold_the_vote() -> None:
    def shortest(candidates: Sequence[Candidate]) -> Ballot:
        return best_of([-len(c["text"]) if c["status"] == "ok" else None for c in candidates])

    model = answering("a long reply", "tiny", ValueError("no"))
    result = await create_agent_forest(model, samples=3, vote=shortest).compile().ainvoke(user())
    assert result["answer"] == "tiny" and result["ballot"]["winner"] == 1


@pytest.mark.parametrize("vote", ["bleu", "rouge", "levenshtein", "tfidf"])
async def test_similarity_votes(vote: str) -> None:
    replies = "pears and plums", "the sky is blue today", "the sky is blue again today"
    app = create_agent_forest(answering(*replies), samples=3, extract="text", vote=vote).compile()
    result = await app.ainvoke(user())
    assert result["answer"] in replies[1:] and result["ballot"]["vote"] == vote


async def test_a_pydantic_class_extracts() -> None:
    class Verdict(BaseModel):
        colour: str
        count: int

    good = 'Here: {"count": 3, "colour": "red"}'
    model = answering('{"colour": "red"}', good, '```json\n{"colour":"red","count":3}\n```')
    app = create_agent_forest(model, samples=3, extract=Verdict, vote="majority").compile()
    result = await app.ainvoke(user())
    assert result["answer"] == good and result["ballot"]["voters"] == 2
    assert result["candidates"][0]["answer"] is None


async def test_a_function_extracts() -> None:
    def last_word(text: str) -> str | None:
        return text.split()[-1]

    app = create_agent_forest(answering("is it b", "it is a", "A"), samples=3, extract=last_word)
    result = await app.compile().ainvoke(user())
    assert result["answer"] == "it is a" and result["ballot"]["groups"][0]["indices"] == [1, 2]


async def test_one_model_given_twice_never_repeats_a_draw() -> None:
    model = answering(final(1))
    result = await create_agent_forest([model, model], samples=6).compile().ainvoke(user())
    assert sorted(c.metadata["draw"] for c in model.calls) == list(range(6))
    assert {c["member"] for c in result["candidates"]} == {"scripted", "scripted-2"}


@pytest.mark.integration
async def test_1024_samples() -> None:
    model = ScriptedChatModel(lambda _m, data: final(data["draw"] % 3 and 8))
    result = await create_agent_forest(model, samples=1024).compile().ainvoke(user())
    assert len(model.calls) == len({c.metadata["draw"] for c in model.calls}) == 1024
    assert model.peak <= 256
    assert result["report"]["calls"] == 1024 and result["answer"] == final(8)
    assert result["ballot"]["margin"] == 682 - 342
    assert [c["index"] for c in result["candidates"]] == list(range(1024))


async def test_params_of_member_run_and_builder() -> None:
    model = answering(final(1))
    warm = Member(model, params={"temperature": 0.3, "top_p": 0.9})
    await create_agent_forest(warm, samples=1).compile().ainvoke(user())
    await create_agent_forest(warm, samples=1, params={"top_p": 0.5}).compile().ainvoke(user())
    assert model.calls[0].params == {"temperature": 0.3, "top_p": 0.9}
    assert model.calls[1].params == {"temperature": 0.3, "top_p": 0.5}


def test_wrong_arguments() -> None:
    model = answering(final(1))
    cases: list[tuple[dict[str, Any], str]] = [
        ({"samples": 0}, "samples=0: give at least 1"),
        ({"vote": "plurality"}, "vote='plurality': use one of majority"),
        ({"extract": "nummber"}, "'number'"),
        ({"stop": "beeta"}, "beta"),
        ({"quorum": 11}, "quorum=11: give a count from 1 to 10"),
        ({"quorum": 1.5}, "quorum=1.5"),
        ({"layers": 3}, "agent-forest has no option 'layers'"),
        ({"concurrency": 0}, "concurrency=0: give at least 1"),
        ({"budget": 10}, "give a Budget, such as"),
        ({"prompt": "Read {{{answers}}} now"}, "'answers'"),
        ({"task": "gsm9k"}, "task='gsm9k': give 'gsm8k', 'math'"),
    ]
    for given, message in cases:
        with pytest.raises(InputError, match=message):
            create_agent_forest(model, **given)
    with pytest.raises(MemberError, match="give at least one"):
        create_agent_forest([])


async def test_a_long_vote_does_not_hold_up_the_loop_and_ends_with_the_runs_seconds() -> None:
    over = threading.Event()

    def slow(candidates: Sequence[Candidate]) -> Ballot:
        over.wait(60)
        return best_of([1.0 for _ in candidates])

    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    heart = asyncio.create_task(beat())
    app = create_agent_forest(answering("a", "b"), samples=2, vote=slow).compile()
    result = await app.ainvoke(user(), context=Context(budget=Budget(seconds=0.5)))
    over.set()
    heart.cancel()
    assert result["answer"] == "a" and beats > 10
    assert "outlasted the run's seconds" in result["report"]["degraded"]


@pytest.mark.integration
async def test_what_a_vote_leaves_out_is_noted() -> None:
    model = ScriptedChatModel(lambda _m, data: f"{data['draw']} " + "word " * 20_000)
    app = create_agent_forest(model, samples=40, vote="levenshtein", extract="text").compile()
    result = await app.ainvoke(user())
    assert any("characters of each reply" in note for note in result["report"]["notes"])
