"""Errors in every provider's envelope keep their kind and words; refused features are left out."""

import gzip
import json
import time
import zlib
from typing import Any

import pytest
from helpers.graphs import a_run, user
from helpers.server import Body, Reply, Server
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from manyminds import Candidate, Member, create_agent_forest, create_moa
from manyminds.calls.ask import ask
from manyminds.calls.response import parse
from manyminds.errors import AnswerError, InputError

TEXT = "The answer is 4."
TOO_MANY = "The input token count (1234567) exceeds the maximum number of tokens allowed (1048576)."


async def asked(reply: Reply, **options: Any) -> tuple[Candidate, int]:
    with Server(lambda _b, _k: reply) as server:
        member = Member(f"m@{server.url}", **{"retries": 0, "timeout": 10, **options})
        got = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
        return got, len(server.requests)


def sent(status: int, body: object) -> Reply:
    return Reply(raw=json.dumps(body).encode(), status=status)


ENVELOPES: dict[str, tuple[Any, str, str]] = {
    "list (Gemini)": (
        [{"error": {"code": 400, "message": TOO_MANY, "status": "INVALID_ARGUMENT"}}],
        TOO_MANY,
        "context_too_long",
    ),
    "object (OpenAI)": (
        {"error": {"message": "bad `n`", "type": "invalid_request_error", "code": None}},
        "bad `n`",
        "invalid_request",
    ),
    "flat (vLLM)": (
        {"object": "error", "message": "maximum context length is 9 tokens", "code": 400},
        "maximum context length is 9 tokens",
        "context_too_long",
    ),
    "text (Ollama)": ({"error": "model 'm' not found"}, "model 'm' not found", "invalid_request"),
    "detail (FastAPI)": ({"detail": "no such tier"}, "no such tier", "invalid_request"),
    "llama.cpp": (
        {"error": {"code": 400, "message": "too big", "type": "exceed_context_size_error"}},
        "too big",
        "context_too_long",
    ),
    "AWS": (
        {"__type": "ThrottlingException", "Message": "Rate exceeded"},
        "Rate exceeded",
        "rate_limit",
    ),
    "AWS, busy": (
        {"Message": "Too many tokens, please wait before trying again."},
        "Too many tokens, please wait before trying again.",
        "invalid_request",
    ),
    "Apigee": (
        {"fault": {"faultstring": "Quota", "detail": {"errorcode": "ratelimit.QuotaViolation"}}},
        "Quota",
        "rate_limit",
    ),
    "Tencent": (
        {"Response": {"Error": {"Code": "AuthFailure", "Message": "no key"}, "RequestId": "x"}},
        "no key",
        "invalid_request",
    ),
    "fields (Rails)": (
        {"errors": {"size": ["is not a number"]}},
        "size: is not a number",
        "invalid_request",
    ),
    "text inside text": (
        {"error": '{"error": {"message": "context length is only 9", "code": 400}}'},
        "context length is only 9",
        "context_too_long",
    ),
    "GraphQL": (
        {"errors": [{"message": "no", "extensions": {"code": "RATE_LIMITED"}}]},
        "no",
        "rate_limit",
    ),
    "problem+json": (
        {"type": "about:blank", "title": "Bad", "status": 400, "detail": "no such tier"},
        "no such tier",
        "invalid_request",
    ),
    "moderation (Zhipu)": (
        {"error": {"code": "1301", "message": "\u5185\u5bb9\u654f\u611f"}},
        "\u5185\u5bb9\u654f\u611f",
        "refused",
    ),
    "quota": (
        {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}},
        "You exceeded your quota",
        "authentication",
    ),
}


@pytest.mark.parametrize("case", ENVELOPES.values(), ids=ENVELOPES)
async def test_the_message_and_the_kind_come_out_of_every_envelope(
    case: tuple[Any, str, str],
) -> None:
    body, words, kind = case
    got, _ = await asked(sent(400, body))
    assert got["error"] is not None
    assert (got["error"]["message"], got["error"]["kind"]) == (words, kind)


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"[]", b"null", b'"no"', b"7"])
@pytest.mark.parametrize(("status", "kind"), [(502, "server_error"), (400, "invalid_request")])
async def test_a_body_of_any_kind_is_a_failure_of_its_status(
    body: bytes, status: int, kind: str
) -> None:
    got, _ = await asked(Reply(raw=body, status=status))
    assert got["error"] is not None and got["error"]["kind"] == kind
    assert got["error"]["message"]


@pytest.mark.parametrize("body", [b"null", b"[]", b"7", b'"x"', b'{"choices": 3}', b"[{}]", b"{}"])
async def test_a_success_without_a_completion_is_malformed(body: bytes) -> None:
    got, _ = await asked(Reply(raw=body))
    assert got["error"] is not None and got["error"]["kind"] in ("malformed", "empty")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
async def test_a_pause_longer_than_the_timeout_fails_at_once(status: int) -> None:
    began = time.monotonic()
    busy = Reply("busy, come back", status=status, headers={"Retry-After": "120"})
    got, requests = await asked(busy, retries=2, timeout=30)
    assert time.monotonic() - began < 15 and requests == 1
    assert got["error"] is not None and got["error"]["kind"] == "rate_limit"


@pytest.mark.parametrize(
    "pause", ["-5", "nan", "soon", "0", "Sun Nov  6 08:49:37 1994", "1e-3", ""]
)
async def test_a_pause_that_is_none_is_no_obstacle(pause: str) -> None:
    def reply(_body: Body, k: int) -> Reply:
        return Reply(TEXT) if k else Reply("busy", status=429, headers={"Retry-After": pause})

    with Server(reply) as server:
        member = Member(f"m@{server.url}", retries=1, timeout=8)
        got = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
    assert got["text"] == TEXT


@pytest.mark.parametrize("pause", ["9" * 300, "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_a_pause_without_end_is_told_in_a_sentence(pause: str) -> None:
    got, _ = await asked(Reply("busy", status=429, headers={"Retry-After": pause}), retries=2)
    assert got["error"] is not None and "more than a year" in got["error"]["message"]


async def test_a_503_with_a_short_pause_is_asked_again() -> None:
    def reply(_body: Body, k: int) -> Reply:
        return Reply(TEXT) if k else Reply("busy", status=503, headers={"Retry-After": "0.1"})

    with Server(reply) as server:
        member = Member(f"m@{server.url}", retries=1, timeout=8)
        got = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
    assert got["text"] == TEXT


@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "\u00a0\u2003"])
async def test_a_blank_question_is_refused_before_anything_is_paid(blank: str) -> None:
    with Server() as server:
        app = create_agent_forest(f"m@{server.url}", samples=2).compile()
        with pytest.raises(InputError, match="no question"):
            await app.ainvoke(user(blank))
        assert not server.requests


ALTERNATE = (
    "Conversation roles must alternate user/assistant/user/assistant/...",
    "After the optional system message, conversation roles must alternate user and assistant",
    "messages: roles must alternate between 'user' and 'assistant'",
)


@pytest.mark.parametrize("words", ALTERNATE)
async def test_messages_alternate_where_the_endpoint_wants_it(words: str) -> None:
    def reply(body: Body, _k: int) -> Reply:
        roles = [one["role"] for one in body["messages"]]
        good = all(role == ("user", "assistant")[n % 2] for n, role in enumerate(roles))
        return Reply(TEXT) if good else Reply(words, status=400)

    prompt: list[BaseMessage] = [
        SystemMessage("Be brief."),
        HumanMessage("One?"),
        HumanMessage([{"type": "text", "text": "Two?"}]),
        AIMessage("Yes."),
        AIMessage("No."),
        HumanMessage("Why?"),
    ]
    with Server(reply) as server:
        member = Member(f"alternating-{ALTERNATE.index(words)}@{server.url}", retries=0)
        for _ in range(2):
            assert (await ask(member, prompt, a_run(), role="proposer"))["text"] == TEXT
        assert len(server.requests) == 3  # remembered for the member
        sent_last = server.bodies[-1]["messages"]
    assert [one["role"] for one in sent_last] == ["user", "assistant", "user"]
    assert all(word in str(sent_last[0]) for word in ("brief", "One", "Two"))
    assert sent_last[1]["content"] == "Yes.\n\nNo."


async def test_a_prompt_that_begins_with_an_answer_or_keeps_being_refused_ends() -> None:
    with Server(lambda _b, _k: Reply(ALTERNATE[0], status=400)) as server:
        member = Member(f"never@{server.url}", retries=0)
        got = await ask(member, [AIMessage("Yes."), HumanMessage("?")], a_run(), role="proposer")
        assert got["status"] == "failed" and len(server.requests) <= 3


SYSTEM = (
    "System role not supported",
    "Developer instruction is not enabled for models/gemma-3",
    "Unsupported role: system",
    "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.",
    "this model does not support system messages",
)


@pytest.mark.parametrize("words", SYSTEM)
async def test_the_system_message_goes_into_the_users(words: str) -> None:
    def reply(body: Body, _k: int) -> Reply:
        system = body["messages"][0]["role"] == "system"
        return Reply(words, status=400) if system else Reply(TEXT)

    with Server(reply) as server:
        app = create_moa([f"{n}-{SYSTEM.index(words)}@{server.url}" for n in "abc"]).compile()
        result = await app.ainvoke(user())
    assert result["answer"] == TEXT


TEMPERATURE = (
    "Unsupported value: 'temperature' does not support 0.3 with this model.",
    "Unsupported parameter: temperature is not supported with this model",
    "`temperature` is deprecated for this model.",
    "temperature: Extra inputs are not permitted",
    "Unrecognized request argument supplied: temperature",
    "temperature must be 1",
    "`temperature` may only be set to 1 when thinking is enabled",
)


@pytest.mark.parametrize("words", TEMPERATURE)
async def test_a_temperature_is_left_out_where_it_is_refused(words: str) -> None:
    def reply(body: Body, _k: int) -> Reply:
        return Reply(words, status=400) if "temperature" in body else Reply(TEXT)

    with Server(reply) as server:
        member = Member(f"t{TEMPERATURE.index(words)}@{server.url}", params={"temperature": 0.3})
        got = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
    assert got["text"] == TEXT and "temperature" in str(got.get("notes"))


async def test_words_of_the_question_are_no_refusal() -> None:
    """A 400 for another reason that quotes a parameter is not adapted without end."""
    words = "Your request was rejected: temperature of the engine is too high"
    with Server(lambda _b, _k: Reply(words, status=400)) as server:
        member = Member(f"q@{server.url}", params={"temperature": 0.3}, retries=0)
        got = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
        assert got["status"] == "failed" and len(server.requests) <= 2


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_compressed_response_is_read_and_a_bomb_of_one_is_cut(coding: str) -> None:
    def packed(size: int) -> Reply:
        message = {"role": "assistant", "content": TEXT + " " * size}
        body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
        data = gzip.compress(body) if coding == "gzip" else zlib.compress(body)
        return Reply(raw=data, headers={"Content-Encoding": coding})

    good, _ = await asked(packed(10))
    assert good["text"].strip() == TEXT
    bomb, requests = await asked(packed(64 * 2**20), retries=2)
    assert bomb["error"] is not None and "32 MB" in bomb["error"]["message"] and requests == 1


# Without the time: it would be in the names of tests, which two processes have to agree on.
_PACKED = gzip.compress(json.dumps({"choices": [{"message": {"content": TEXT}}]}).encode(), mtime=0)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"no gzip"),
        ("gzip", _PACKED[:-8] + b"\x00" * 8),  # another checksum
        ("gzip", b'{"choices": []}'),
        ("deflate", b"\xff\xffhello"),
        ("deflate", _PACKED),
    ],
)
@pytest.mark.parametrize("status", [200, 500])
async def test_a_body_that_cannot_be_decompressed_is_named(
    status: int, coding: str, body: bytes
) -> None:
    sent = Reply(raw=body, status=status, headers={"Content-Encoding": coding})
    got, requests = await asked(sent, retries=1)
    assert got["error"] is not None and requests == 2
    assert got["error"]["kind"] == "malformed"
    assert "the body of the response could not be decompressed" in got["error"]["message"]


@pytest.mark.parametrize("coding", ["br", "zstd", "x-gzip", "gzip, gzip", "utf-8"])
@pytest.mark.parametrize("status", [200, 500])
async def test_a_coding_that_has_no_bound_is_not_read(coding: str, status: int) -> None:
    packed = Reply(raw=b"\x0b" * 99, status=status, headers={"Content-Encoding": coding})
    got, _ = await asked(packed)
    assert got["error"] is not None and "compressed with" in got["error"]["message"]


@pytest.mark.parametrize("status", [400, 500])
async def test_a_bomb_in_place_of_an_error_is_cut(status: int) -> None:
    packed = gzip.compress(b" " * (64 * 2**20))
    got, _ = await asked(Reply(raw=packed, status=status, headers={"Content-Encoding": "gzip"}))
    assert got["error"] is not None and "32 MB" in got["error"]["message"]


@pytest.mark.parametrize(
    ("about", "ending"),
    [
        ({"finish_reason": "max_new_tokens"}, "truncated"),
        ({"finish_reason": "FinishReason.MAX_TOKENS"}, "truncated"),
        ({"stopReason": "maxPredictedTokensReached"}, "truncated"),
        ({"finish_reason": {"type": "length", "length": 200}}, "truncated"),
        ({"status": "incomplete", "incomplete_details": {"reason": "x"}}, "truncated"),
        ({"stop_reason": "model_context_window_exceeded"}, "truncated"),
        ({"finish_reason": "ERROR_LIMIT"}, "truncated"),
        ({"finish_reason": "ERROR_TOXIC"}, "refused"),
        ({"stopReason": "guardrail_intervened"}, "refused"),
        ({"finish_reason": "PROHIBITED_CONTENT"}, "refused"),
        ({"stop_reason": "refusal"}, "refused"),
        ({"finish_reason": "insufficient_system_resource"}, "server_error"),
        ({"finish_reason": {"type": "abort", "message": "m"}}, "server_error"),
        ({"finish_reason": "network_error"}, "server_error"),
        ({"finish_reason": "stop"}, "whole"),
        ({"stop_reason": "end_turn"}, "whole"),
        ({"finish_reason": "STOP"}, "whole"),
        ({"finish_reason": "eos"}, "whole"),
        ({"finish_reason": "stop_sequence"}, "whole"),
        ({"done_reason": "stop", "done": True}, "whole"),
        ({"finish_reason": None}, "whole"),
        ({"finish_reason": 7, "status": 200}, "whole"),
        ({"finish_reason": "COMPLETE", "status": "completed"}, "whole"),
    ],
)
def test_the_end_of_an_answer_in_every_providers_words(about: dict[str, Any], ending: str) -> None:
    message = AIMessage("It is 4", response_metadata=about)
    if ending in ("whole", "truncated"):
        assert parse(message).truncated is (ending == "truncated")
    else:
        with pytest.raises(AnswerError) as caught:
            parse(message)
        assert caught.value.kind == ending


HARMONY = (
    "<|channel|>analysis<|message|>is it 5?<|end|><|start|>assistant<|channel|>final<|message|>"
)


@pytest.mark.parametrize(
    ("text", "answer", "thought"),
    [
        (HARMONY + "It is 4", "It is 4", "is it 5?"),
        (HARMONY + "It is 4<|return|>", "It is 4", "is it 5?"),
        ("<|channel|>final<|message|>It is 4", "It is 4", None),
        ("<thinking>5?</thinking>It is 4", "It is 4", "5?"),
        ("<reasoning>\n5?\n</reasoning>\nIt is 4<|im_end|>", "It is 4", "5?"),
        ("a</think>b</think>It is 4", "It is 4", "a"),
        ("It is 4</s>", "It is 4", None),
        ("It is 4\x00 \ud83d", "It is 4 ", None),
        ("Write <think> before it.", "Write <think> before it.", None),
        ("Family: 👨\u200d👩", "Family: 👨\u200d👩", None),
    ],
)
def test_markup_that_is_not_the_answer(text: str, answer: str, thought: str | None) -> None:
    reply = parse(AIMessage(text))
    assert reply.text == answer
    assert thought is None if reply.reasoning is None else thought and thought in reply.reasoning


@pytest.mark.parametrize(
    "output",
    ["\x00", AIMessage("\x00"), AIMessage("\ud83d\udc00\x00 "), AIMessage("<think>5?</think>\x00")],
)
def test_a_reply_of_characters_that_are_left_out_is_empty(output: str | AIMessage) -> None:
    with pytest.raises(AnswerError) as caught:
        parse(output)
    assert caught.value.kind == "empty"


@pytest.mark.parametrize("text", ["<think>is it 5?", "<|channel|>analysis<|message|>is it 5?"])
def test_reasoning_without_an_answer_is_empty(text: str) -> None:
    with pytest.raises(AnswerError) as caught:
        parse(AIMessage(text))
    assert caught.value.kind == "empty"
