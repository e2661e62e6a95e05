"""One question to one member: what is sent, what comes back, and what becomes of failures."""

import asyncio
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from helpers.graphs import a_run, shown, user
from helpers.server import Server
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, interrupt

from manyminds import Budget, Candidate, Member, Price, create_moa
from manyminds.calls import call as inquiry
from manyminds.calls.ask import ask, ask_all, blank
from manyminds.models.openai import openai_chat_model
from manyminds.runs.context import RunContext
from manyminds.testing import Answer, BlockingChatModel, Metadata, ScriptedChatModel, ScriptedReply

PROMPT: list[BaseMessage] = [HumanMessage("Why?")]


async def once(member: Member, run: RunContext | None = None, **options: Any) -> Candidate:
    return await ask(member, list(PROMPT), run or a_run(), role="proposer", **options)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the pauses between attempts, which take no time in this test."""
    taken: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float, result: Any = None) -> Any:
        taken.append(seconds)
        return await real(0, result)

    monkeypatch.setattr("manyminds.calls.call.asyncio.sleep", sleep)
    return taken


def no_pause(_error: Exception, _failed: int) -> float:
    return 0.0


# ---- what is sent and what comes back


async def test_a_good_answer() -> None:
    model = ScriptedChatModel(ScriptedReply("because", usage=(7, 3), id="m1"))
    member = Member(model, name="x", price=Price(input=1.0, output=2.0), timeout=5)
    candidate = await once(member, index=4, draw=2, layer=3)
    assert candidate["seconds"] > 0
    assert candidate["cost"] == pytest.approx(13e-6)
    assert abs(candidate.pop("at") - time.time()) < 60
    assert candidate | {"seconds": 0.0, "cost": 13e-6} == Candidate(
        run="r",
        member="x",
        role="proposer",
        index=4,
        draw=2,
        layer=3,
        status="ok",
        text="because",
        answer=None,
        error=None,
        usage={"input_tokens": 7, "output_tokens": 3},
        cost=13e-6,
        seconds=0.0,
        attempts=1,
        message_id="m1",
    )


async def test_metadata_and_tags_of_the_call() -> None:
    model = ScriptedChatModel()
    await once(Member(model, name="x"), index=4, draw=2, layer=3)
    (call,) = model.calls
    wanted = {
        "run": "r",
        "member": "x",
        "role": "proposer",
        "index": 4,
        "draw": 2,
        "layer": 3,
        "attempt": 1,
        "question_id": "q",
    }
    assert wanted.items() <= call.metadata.items()
    assert call.tags == ["proposer", "x", "nostream"]
    assert call.messages == PROMPT


async def test_params_of_role_member_and_run() -> None:
    model = ScriptedChatModel()
    member = Member(model, params={"b": 2, "c": 2})
    run = a_run(params={"c": 3})
    await once(member, run, params={"a": 1, "b": 1, "c": 1})
    assert model.calls[0].params == {"a": 1, "b": 2, "c": 3}


async def test_no_usage_no_price() -> None:
    silent = await once(
        Member(ScriptedChatModel(ScriptedReply(usage=None)), price=Price(input=1, output=1))
    )
    assert silent["cost"] is None and silent["usage"] == {"input_tokens": 0, "output_tokens": 0}
    assert (await once(Member(ScriptedChatModel())))["cost"] is None


async def test_candidates_are_plain_data() -> None:
    import json

    for script in (ScriptedReply(), ValueError("no")):
        candidate = await once(Member(ScriptedChatModel(script)))
        assert json.loads(json.dumps(candidate)) == candidate


# ---- failures, retries, timeouts


async def test_an_error_becomes_a_failed_candidate() -> None:
    candidate = await once(Member(ScriptedChatModel(ValueError("no tensor sk-abcdef123456"))))
    assert candidate["status"] == "failed" and candidate["text"] == ""
    assert candidate["error"] == {
        "kind": "error",
        "message": "no tensor [key]",
        "retriable": False,
        "maybe_billed": False,
    }


def in_turn(*answers: Answer) -> ScriptedChatModel:
    left = iter(answers)
    return ScriptedChatModel(lambda _m, _d: next(left))


async def test_a_model_handed_over_is_not_asked_again_unless_told(pauses: list[float]) -> None:
    lost = ConnectionError("lost")
    assert (await once(Member(in_turn(lost, "x"))))["status"] == "failed"
    again = await once(Member(in_turn(lost, lost, "x"), retries=2))
    assert again["text"] == "x" and again["attempts"] == 3 and again["error"] is None
    assert len(pauses) == 2 and all(0 <= pause <= 30 for pause in pauses)
    last = await once(Member(in_turn(lost, TimeoutError("late")), retries=1))
    assert last["status"] == "timeout" and last["attempts"] == 2


async def test_what_cannot_pass_is_not_asked_again(pauses: list[float]) -> None:
    candidate = await once(Member(in_turn(ValueError("no"), "x"), retries=5))
    assert candidate["attempts"] == 1 and pauses == []


async def test_attempts_are_numbered() -> None:
    model = ScriptedChatModel(lambda _m, data: "x" if data["attempt"] == 2 else ScriptedReply(""))
    candidate = await once(Member(model, retries=3))
    assert [call.metadata["attempt"] for call in model.calls] == [1, 2]
    assert candidate["text"] == "x"


def limited(**headers: str) -> Exception:
    error: Any = type("RateLimitError", (Exception,), {})("slow down")
    error.response = SimpleNamespace(headers={k.replace("_", "-"): v for k, v in headers.items()})
    return cast("Exception", error)


async def test_retry_after_is_honoured() -> None:
    began = time.perf_counter()
    candidate = await once(Member(in_turn(limited(retry_after="0.2"), "x"), retries=1))
    assert candidate["text"] == "x" and candidate["attempts"] == 2
    assert time.perf_counter() - began >= 0.2


async def test_waiting_for_a_busy_endpoint_takes_none_of_the_answers_time() -> None:
    model = in_turn(limited(retry_after="0.3"), ScriptedReply("x", delay=0.1))
    assert (await once(Member(model, retries=1, timeout=0.35)))["status"] == "ok"


async def test_an_endpoint_that_wants_to_be_left_alone_for_too_long_is_given_up_at_once() -> None:
    began = time.perf_counter()
    member = Member(in_turn(limited(retry_after="3600"), "x"), retries=3, timeout=60)
    candidate = await once(member)
    assert candidate["status"] == "failed" and candidate["error"] is not None
    assert candidate["error"]["kind"] == "rate_limit" and "3600 s" in candidate["error"]["message"]
    again = await once(member)
    assert again["attempts"] == 0 and again["status"] != "ok"
    assert time.perf_counter() - began < 20


async def test_being_passed_over_by_others_is_no_attempt() -> None:
    """One call is refused five times with a single retry, while others get through."""
    refused = [0]

    def reply(messages: Sequence[BaseMessage], about: Metadata) -> Answer:
        if about["index"] == 7 and refused[0] < 5:
            refused[0] += 1
            return limited()
        return "x"

    member, run = Member(ScriptedChatModel(reply), retries=1), a_run()
    asked = [blank(member, run, role="proposer", index=n, draw=n, layer=1) for n in range(8)]
    busy = asyncio.create_task(_keep_busy(member, run))
    await ask_all([(member, [c], list(PROMPT)) for c in asked], run)
    busy.cancel()
    assert [c["status"] for c in asked] == ["ok"] * 8 and refused == [5]


async def _keep_busy(member: Member, run: RunContext) -> None:
    while True:
        await ask(member, list(PROMPT), run, role="proposer")
        await asyncio.sleep(0.001)


async def test_an_endpoint_that_refuses_everybody_ends() -> None:
    candidate = await once(Member(ScriptedChatModel(limited()), retries=2))
    assert candidate["attempts"] == 3 and candidate["status"] == "failed"


async def test_a_refused_key_is_not_tried_again_in_the_run() -> None:
    error: Any = type("AuthenticationError", (Exception,), {})("no such key")
    model = ScriptedChatModel(error)
    member, run = Member(model, name="m"), a_run(id="key")
    first = await once(member, run)
    second = await once(member, run)
    assert first["attempts"] == 1 and second["attempts"] == 0 and len(model.calls) == 1
    assert second["error"] is not None and second["error"]["kind"] == "authentication"
    assert (await once(member, a_run(id="another")))["attempts"] == 1


async def test_back_off_grows(pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    def longest(_low: float, high: float) -> float:
        return high

    monkeypatch.setattr("random.uniform", longest)
    await once(Member(ScriptedChatModel(ConnectionError("lost")), retries=4))
    assert pauses == sorted(pauses) and pauses[-1] > 4 * pauses[0] > 0


async def test_a_timeout_covers_all_attempts() -> None:
    async def slow(_m: object, data: Metadata) -> Answer:
        if data["attempt"] == 1:
            return ConnectionError("lost at first")
        await asyncio.Event().wait()
        raise AssertionError

    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inquiry, "_pause", no_pause)
        candidate = await once(Member(ScriptedChatModel(slow), timeout=0.1, retries=5))
    assert 0.1 <= time.monotonic() - began < 20
    assert candidate["status"] == "timeout" and candidate["attempts"] == 2
    error = candidate["error"]
    assert error is not None
    assert error["message"] == "no answer within 0.1 s; before that: lost at first"


async def test_none_waits_for_ever_and_a_method_has_no_limit_of_its_own() -> None:
    assert Member(ScriptedChatModel(), timeout=None).seconds is None
    assert Member(ScriptedChatModel()).seconds == 120
    inner = create_moa([ScriptedChatModel()])
    assert Member(inner).seconds is None and Member(inner, timeout=3).seconds == 3


async def test_a_time_out_error_of_the_model_is_not_our_limit() -> None:
    candidate = await once(Member(ScriptedChatModel(TimeoutError("upstream")), timeout=60))
    error = candidate["error"]
    assert candidate["status"] == "timeout" and error and error["message"] == "upstream"


async def test_keyboard_interrupts_and_cancellation_pass_through() -> None:
    async def hang(_m: object, _d: object) -> str:
        await asyncio.Event().wait()
        return "never"

    task = asyncio.create_task(once(Member(ScriptedChatModel(hang))))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_interrupt_inside_a_member_reaches_the_host() -> None:
    def confirm(state: MessagesState) -> dict[str, Any]:
        return {"messages": [AIMessage(f"host says {interrupt('may I?')}")]}

    graph = StateGraph(MessagesState)
    graph.add_node("confirm", confirm)
    graph.add_edge(START, "confirm")
    agent: Any = graph.compile(name="agent")
    app = create_moa(
        [agent, ScriptedChatModel("b")], aggregator=ScriptedChatModel("end"), layers=2
    ).compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    paused = await app.ainvoke(user(), config)
    assert [i.value for i in paused["__interrupt__"]] == ["may I?"]
    result = await app.ainvoke(Command(resume="yes"), config)
    assert [c["text"] for c in result["candidates"]] == ["host says yes", "b"]


# ---- many at once


async def test_ask_all_fills_in_what_it_is_given() -> None:
    model, run = ScriptedChatModel(lambda _m, data: f"draw {data['draw']}"), a_run(concurrency=7)
    member = Member(model)
    blanks = [blank(member, run, role="s", index=n, draw=n, layer=1) for n in range(50)]
    await ask_all([(member, [one], list(PROMPT)) for one in blanks], run)
    assert [c["text"] for c in blanks] == [f"draw {n}" for n in range(50)]
    assert model.peak <= 7


async def test_an_error_of_our_own_cancels_the_rest_and_is_told() -> None:
    run = a_run(budget=Budget(calls=2, exhausted="raise"))
    ended: list[str] = []

    async def hang(_m: object, _d: object) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("x")
        return "never"

    member = Member(ScriptedChatModel(hang))
    blanks = [blank(member, run, role="s", index=n, draw=n, layer=1) for n in range(3)]
    with pytest.raises(Exception, match="the budget of 2 calls is spent"):
        await ask_all([(member, [one], list(PROMPT)) for one in blanks], run)
    assert len(ended) <= 2 and asyncio.all_tasks() == {asyncio.current_task()}


async def test_many_samples_in_one_request_need_a_plain_chat_model() -> None:
    run = a_run()
    member = Member(ScriptedChatModel().bind(x=1), samples_per_request=2)
    blanks = [blank(member, run, role="s", index=n, draw=n, layer=1) for n in range(2)]
    await ask_all([(member, blanks, list(PROMPT))], run)
    assert all(c["error"] and "samples_per_request=1" in c["error"]["message"] for c in blanks)


async def test_a_blocking_model_does_not_block_the_loop() -> None:
    """While sixty calls block their threads, the loop goes on (and lets the last one in)."""
    from threading import Barrier

    barrier = Barrier(61, timeout=30)
    member = Member(BlockingChatModel(barrier=barrier))
    asking = [asyncio.create_task(once(member)) for _ in range(60)]
    await asyncio.sleep(0.01)
    await asyncio.to_thread(barrier.wait)
    assert [c["status"] for c in await asyncio.gather(*asking)] == ["ok"] * 60


# ---- what those who watch are told


async def test_events() -> None:
    app = create_moa(
        [
            Member(ScriptedChatModel("a"), name="a"),
            Member(ScriptedChatModel(ValueError("no")), name="b"),
        ],
        aggregator=Member(ScriptedChatModel("end"), name="c"),
        layers=2,
    ).compile()
    events = (await shown(app, user())).events
    assert [(e["event"], e.get("member")) for e in events if e.get("member") != "a"] == [
        ("planned", None),
        ("layer", None),
        ("asked", "b"),
        ("failed", "b"),
        ("stopped", None),
        ("asked", "c"),
        ("answered", "c"),
    ]
    failed = next(e for e in events if e["event"] == "failed")
    assert failed["kind"] == "error" and failed["role"] == "proposer" and failed["seconds"] >= 0


async def test_the_time_that_a_client_takes_to_load_is_none_of_the_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slowly(*given: Any, **options: Any) -> object:
        time.sleep(1.5)
        return openai_chat_model(*given, **options)

    monkeypatch.setattr("manyminds.models.openai.openai_chat_model", slowly)
    with Server() as server:
        candidate = await once(Member(f"m@{server.url}", timeout=1.2, retries=0))
    assert candidate["status"] == "ok" and candidate["seconds"] < 1.2
