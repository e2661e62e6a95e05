"""Streams as providers send them: they just end, fail midway, or report usage with every chunk."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from helpers.graphs import user
from helpers.server import Body, Reply, Server

from manyminds import Member, create_moa
from manyminds.errors import QuorumError

DONE = "[DONE]"
HEAD = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"}


def no_pause(*_: object) -> float:
    return 0.0


def chunk(text: str | None = None, finish: str | None = None, **more: Any) -> Body:
    delta = {} if text is None else {"role": "assistant", "content": text}
    return {**HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def usage(read: Any, written: Any) -> Body:
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": 0}


async def streamed(*lives: Sequence[object] | Reply, retries: int = 0) -> dict[str, Any]:
    """Stream the answer of a MoA's aggregator; each life is what one request to it gets."""
    replies = [one if isinstance(one, Reply) else Reply(events=one) for one in lives]
    count = -1

    def reply(body: Body, _k: int) -> Reply:
        nonlocal count
        if not body.get("stream"):
            return Reply("The answer is 4.")
        count += 1
        return replies[min(count, len(replies) - 1)]

    with Server(reply) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("manyminds.calls.call._pause", no_pause)
        member = Member(f"m@{server.url}", retries=retries, timeout=10)
        app = create_moa([member], layers=2, aggregator=member).compile()
        last: Any = {}
        async for mode, part in app.astream(user("Why?"), stream_mode=["messages", "values"]):
            last = part if mode == "values" else last
        return {**last, "streams": count + 1}


def said_of(result: dict[str, Any]) -> str:
    return str(result["report"]["degraded"])


WHOLE = {
    "with a finish reason": [chunk("It is 4."), chunk(None, "stop")],
    "with a finish reason and the mark": [chunk("It is 4.", "stop"), DONE],
    "with the mark alone": [chunk("It is 4."), DONE],
    "with usage after the mark's chunk": [chunk("It is 4.", "stop"), chunk(usage=usage(1, 2))],
    "with comments in between": [chunk("It is "), {**HEAD, "choices": []}, chunk("4."), DONE],
    "without choices in a chunk": [chunk("It is 4."), {**HEAD, "choices": None}, DONE],
}
CUT = {
    "after some text": [chunk("The answer ")],
    "after a null reason": [chunk("The answer "), chunk("is ", None)],
    "after usage alone": [chunk("The answer ", usage=usage(10, 2))],
    "before any text": [chunk("")],
    "without any event": [],
}


@pytest.mark.parametrize("events", WHOLE.values(), ids=WHOLE)
async def test_a_stream_that_says_its_end_is_whole(events: list[object]) -> None:
    result = await streamed(events)
    assert result["answer"] == "It is 4." and said_of(result) == "None"


@pytest.mark.parametrize("events", CUT.values(), ids=CUT)
async def test_a_stream_that_just_ends_is_no_whole_answer(events: list[object]) -> None:
    result = await streamed(events)
    assert result["answer"] == "The answer is 4." and "of 2 calls gave no answer" in said_of(result)


async def test_a_stream_that_just_ended_is_asked_again_and_paid() -> None:
    cut = [chunk("The answer ", usage=usage(10, 2))]
    result = await streamed(cut, [chunk("It is 4.", "stop", usage=usage(10, 3)), DONE], retries=1)
    assert result["answer"] == "It is 4." and result["streams"] == 2
    spent = result["report"]["roles"]["aggregator"]
    assert spent["tokens"] == {"input": 20, "output": 5}


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
async def test_a_stream_cut_by_its_token_limit_is_marked(finish: str) -> None:
    result = await streamed([chunk("First, 12 and"), chunk(None, finish), DONE])
    assert "token limit" in said_of(result)


async def test_usage_stands_in_the_choice_or_beside_it() -> None:
    in_choice = chunk("It is 4.", "stop")
    in_choice["choices"][0]["usage"] = usage(10, 3)
    beside = chunk("It is 4.", "stop", x_groq={"usage": usage(10, 3)})
    for end in (in_choice, beside):
        result = await streamed([end, DONE])
        assert result["report"]["roles"]["aggregator"]["tokens"] == {"input": 10, "output": 3}


@pytest.mark.parametrize(
    ("counts", "right"),
    [
        ([(10, 1), (10, 5), (10, 5)], (10, 5)),
        ([(10, 0), (10, 1), (10, 2), (10, 2)], (10, 2)),
        ([(None, None), (10, 5)], (10, 5)),
        ([(10, 5), ("x", -1)], (10, 5)),
        ([(10, 5), (0, 0)], (10, 5)),
        ([(0, 4), (10, 4)], (10, 4)),
    ],
)
async def test_usage_of_a_stream_counts_once(
    counts: list[tuple[Any, Any]], right: tuple[int, int]
) -> None:
    events = [chunk(f"part{n} ", usage=usage(*each)) for n, each in enumerate(counts)]
    result = await streamed([*events, chunk(None, "stop"), DONE])
    spent = result["report"]["roles"]["aggregator"]["tokens"]
    assert (spent["input"], spent["output"]) == right


@pytest.mark.parametrize("odd", [None, {}, [], "none", 7, {"prompt_tokens": "x"}])
async def test_odd_usage_of_a_stream_leaves_the_answer(odd: object) -> None:
    result = await streamed([chunk("It is 4.", "stop", usage=odd), DONE])
    assert result["answer"] == "It is 4."
    assert result["report"]["roles"]["aggregator"]["tokens"] == {"input": 0, "output": 0}


ERRORS = {
    "object": {"error": {"message": "E7 upstream died", "code": 502}},
    "with choices": {**chunk("x"), "error": {"message": "E7 upstream died", "code": 502}},
    "in a choice": {
        **HEAD,
        "choices": [{"index": 0, "delta": {}, "error": {"message": "E7 upstream died"}}],
    },
    "text": {"error": "E7 upstream died"},
    "in its reason": chunk(None, "error"),
    "without the key": {"object": "error", "message": "E7 upstream died", "code": 500},
    "as a message": {"message": "E7 upstream died", "type": "server_error"},
    "as a detail": {"detail": "E7 upstream died"},
    "true, and beside it": {"error": True, "message": "E7 upstream died"},
    "a text, and beside it": {"error": "E7 upstream died", "code": 502, "request_id": "x"},
    "a state": {"status": "failed", "failure_reason": "E7 worker crashed"},
    "a short name": {"err": "E7 broken pipe", "code": 500},
    "as Anthropic's": {"type": "error", "error": {"type": "api_error", "message": "E7 died"}},
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
async def test_an_error_inside_a_stream_is_the_failure_of_the_call(error: Body) -> None:
    result = await streamed([chunk("The answer is 5 and "), error, DONE])
    assert result["answer"] == "The answer is 4."
    missing = result["report"]["missing"]
    assert [one["kind"] for one in missing] == ["server_error"]
    assert "E7" in missing[0]["message"] or "`error`" in missing[0]["message"]


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
async def test_a_stream_that_failed_is_paid(error: Body) -> None:
    """What it reported before its error, and with it, counts once."""
    begun = chunk("The answer is 5 and ", usage=usage(10, 2))
    later: Body = {**error, "usage": usage(10, 3)}
    whole = [chunk("It is 4.", "stop", usage=usage(10, 5)), DONE]
    for events, written in (([begun, error], 2), ([begun, later], 3)):
        result = await streamed(events, whole, retries=1)
        assert result["answer"] == "It is 4." and result["streams"] == 2
        spent = result["report"]["roles"]["aggregator"]["tokens"]
        assert spent == {"input": 20, "output": 5 + written}


async def test_a_limit_told_inside_a_stream_is_one() -> None:
    told = {"error": {"message": "Rate limit exceeded: free-models-per-min", "code": 429}}
    result = await streamed([told], [chunk("It is 4.", "stop"), DONE], retries=1)
    assert result["answer"] == "It is 4." and result["streams"] == 2


async def test_the_mark_of_the_end_inside_the_text_is_none() -> None:
    result = await streamed([chunk("It ends with [DONE]")])
    assert result["answer"] == "The answer is 4." and "connection" in said_of(result)


async def test_a_refusal_that_is_streamed_is_one() -> None:
    refusal = {**HEAD, "choices": [{"index": 0, "delta": {"refusal": "I cannot say."}}]}
    result = await streamed([refusal, chunk(None, "stop"), DONE])
    assert [one["kind"] for one in result["report"]["missing"]] == ["refused"]
    assert "I cannot say." in str(result["report"]["missing"])


async def test_a_second_choice_of_a_stream_is_not_part_of_the_answer() -> None:
    second = {**HEAD, "choices": [{"index": 1, "delta": {"content": " or 5"}}]}
    result = await streamed([chunk("It is 4."), second, chunk(None, "stop"), DONE])
    assert result["answer"] == "It is 4."


ODD_CHOICES = {
    "a text": {"index": 0, "text": "It is 4."},
    "a delta that is a text": {"index": 0, "delta": "It is 4."},
    "a message": {"index": 0, "message": {"role": "assistant", "content": "It is 4."}},
    "another role": {"index": 0, "delta": {"role": "tool", "content": "It is 4."}},
    "blocks": {"index": 0, "delta": {"content": [{"type": "text", "text": "It is 4."}]}},
    "tool calls that are none": {"index": 0, "delta": {"content": "It is 4.", "tool_calls": "x"}},
    "a null tool call": {
        "index": 0,
        "delta": {"content": "It is 4.", "tool_calls": [{"index": 0, "function": None}]},
    },
}


@pytest.mark.parametrize("choice", ODD_CHOICES.values(), ids=ODD_CHOICES)
async def test_odd_choices_of_a_stream(choice: Body) -> None:
    result = await streamed([{**HEAD, "choices": [choice]}, {**HEAD, "choices": [7]}, DONE])
    assert result["answer"] == "It is 4." and said_of(result) == "None"


@pytest.mark.parametrize("indent", [None, 2])
async def test_a_server_that_does_not_stream_is_read_all_the_same(indent: int | None) -> None:
    message = {"role": "assistant", "content": "It is 4.\nSo \u2028 yes."}
    whole = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage(10, 5)}
    result = await streamed(Reply(raw=json.dumps(whole, indent=indent).encode()))
    assert result["answer"] == message["content"]
    assert result["report"]["roles"]["aggregator"]["tokens"] == {"input": 10, "output": 5}


async def test_an_error_in_place_of_a_stream_keeps_its_words() -> None:
    told = {"error": {"message": "E7 busy", "code": 429}}
    result = await streamed(Reply(raw=json.dumps(told).encode()))
    missing = result["report"]["missing"]
    assert missing[0]["kind"] == "rate_limit" and "E7 busy" in missing[0]["message"]


SSE = {"Content-Type": "text/event-stream"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("field", ["data: ", "data:", "event: message\nid: 1\nretry: 9\ndata: "])
async def test_events_in_every_form(end: str, field: str) -> None:
    events = (chunk("It is "), chunk("4 \u00e9\U0001f642."), "[DONE]")
    texts = (e if isinstance(e, str) else json.dumps(e, ensure_ascii=False) for e in events)
    raw = f": a comment{end}{end}" + "".join(
        f"{field.replace(chr(10), end)}{text}{end}{end}" for text in texts
    )
    result = await streamed(Reply(raw=raw.encode(), headers=SSE))
    assert result["answer"] == "It is 4 \u00e9\U0001f642." and said_of(result) == "None"


async def test_a_stream_without_end_stops() -> None:
    endless = Reply(events=[chunk("a" * 100_000)], endless=True)
    result = await streamed(endless)
    assert result["answer"] == "The answer is 4."
    assert "32 MB" in result["report"]["missing"][0]["message"]


async def test_nothing_but_a_stream_that_ends_is_no_answer() -> None:
    with Server(lambda _b, _k: Reply(raw={"choices": []})) as server:
        app = create_moa([Member(f"m@{server.url}", retries=0)], layers=2).compile()
        with pytest.raises(QuorumError):
            await app.ainvoke(user())
