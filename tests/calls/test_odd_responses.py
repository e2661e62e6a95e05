"""Responses as providers send them: odd usage, odd endings, errors inside 200, refused features."""

import json
from typing import Any

import pytest
from helpers.graphs import a_run
from helpers.server import Body, Reply, Server
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from manyminds import Candidate, Member, Price, create_agent_forest, create_moa
from manyminds.calls.ask import ask
from manyminds.calls.response import parse
from manyminds.errors import AnswerError
from manyminds.models.provider_kinds import kind_of_words
from manyminds.models.token_counts import token_usage
from manyminds.testing import ScriptedChatModel, ScriptedReply

TEXT = "The answer is 4."


def no_pause(*_: object) -> float:
    return 0.0


def completion(text: Any = TEXT, finish: object = "stop", **more: Any) -> Body:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": finish,
    }
    return {"id": "c", "object": "chat.completion", "choices": [choice], **more}


async def got(raw: object, **options: Any) -> Candidate:
    with Server(lambda _body, _k: Reply(raw=raw)) as server:
        member = Member(f"m@{server.url}", **{"retries": 0, **options})
        return await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")


@pytest.mark.parametrize(
    ("read", "written", "right"),
    [
        (10, 5.5, (10, 6)),
        (10, None, (10, 0)),
        (-1, -1, None),
        ("x", 3, None),
        (10**400, 1, None),
        (float("nan"), 1, None),
        (float("inf"), 1, None),
        (True, 1, None),
        ([], 1, None),
        (None, None, None),
        ("10", "5", (10, 5)),
        ("10.5", 5, None),
        ("-1", 5, None),
        ("9" * 400, 5, None),
        ("\u0663", 5, None),
        ({"n": 1}, 1, None),
        (0, 0, (0, 0)),
        (-0.0, 0.4, (0, 0)),
        (1e300, 1, None),
        (10**15, 1, None),
    ],
)
def test_usage_is_whole_or_not_reported(read: Any, written: Any, right: Any) -> None:
    found = token_usage(read, written)
    assert (found and (found["input_tokens"], found["output_tokens"])) == right


@pytest.mark.parametrize("usage", [None, "none", {}, {"prompt_tokens": "x"}, [3], {"a": None}, 7])
async def test_nonsense_of_usage_leaves_the_answer(usage: object) -> None:
    candidate = await got(completion(usage=usage), price=Price(input=1, output=1))
    assert candidate["text"] == TEXT and candidate["cost"] is None
    assert candidate["usage"] == {"input_tokens": 0, "output_tokens": 0}


@pytest.mark.parametrize(
    "details",
    [
        {"prompt_tokens_details": None, "completion_tokens_details": None},
        {"prompt_tokens_details": [1], "completion_tokens_details": "x"},
        {"prompt_tokens_details": {"cached_tokens": -5}, "total_tokens": "x"},
        {"completion_tokens_details": {"reasoning_tokens": None}, "total_tokens": -15},
    ],
)
@pytest.mark.parametrize(
    "names", [("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens")]
)
async def test_odd_details_leave_the_counts(names: tuple[str, str], details: Body) -> None:
    usage = {names[0]: 10, names[1]: 5, **details}
    candidate = await got(completion(usage=usage), price=Price(input=1, output=1))
    assert candidate["usage"] == {"input_tokens": 10, "output_tokens": 5}
    assert candidate["cost"] == pytest.approx(15e-6)


SCHEMA = {"name": "v", "schema": {"type": "object", "properties": {"a": {"type": "integer"}}}}
FORMS = ({"type": "json_schema", "json_schema": SCHEMA}, {"type": "json_object"})


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("usage", [None, "none", [3], 7, {"prompt_tokens": "x"}, {"a": [1]}])
async def test_nonsense_next_to_a_schema_warns_of_nothing(form: Body, usage: object) -> None:
    raw = completion('{"a": 1}', usage=usage, model=7, created="x")
    assert (await got(raw, params={"response_format": form}))["text"] == '{"a": 1}'


@pytest.mark.parametrize("form", FORMS)
async def test_a_reply_to_a_schema_that_was_cut_is_marked_and_paid(form: Body) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    price = Price(input=1, output=1)
    params = {"response_format": form}
    cut = await got(completion('{"a": ', "length", usage=usage), params=params, price=price)
    assert cut.get("truncated") and cut["cost"] == pytest.approx(15e-6)
    refused = await got(completion("", "content_filter", usage=usage), params=params, price=price)
    assert refused["error"] is not None and refused["error"]["kind"] == "refused"
    assert refused["cost"] == pytest.approx(15e-6)


async def test_a_reply_that_a_client_of_the_hosts_makes_an_error_of_is_paid() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    with Server(lambda _b, _k: Reply(raw=completion('{"a": ', "length", usage=usage))) as server:
        model = ChatOpenAI(model="m", base_url=server.url, api_key=SecretStr("k"), max_retries=0)
        price, form = Price(input=1, output=1), {"response_format": FORMS[0]}
        member = Member(model, name="host", retries=2, price=price, params=form)
        cut = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
        assert cut["error"] is not None and cut["error"]["kind"] == "truncated"
        assert cut["cost"] == pytest.approx(15e-6) and len(server.requests) == 1


@pytest.mark.parametrize("usage", ["none", {"prompt_tokens": -1}, [3], {"a": None}])
async def test_the_report_says_that_counts_are_nonsense(usage: object) -> None:
    with Server(lambda _b, _k: Reply(raw=completion(usage=usage))) as server:
        app = create_agent_forest(f"m@{server.url}", samples=2).compile()
        result = await app.ainvoke({"messages": [("user", "How many?")]})
    assert "token counts that cannot be read" in str(result["report"]["notes"])
    assert result["report"]["degraded"] is None


MESSAGES: dict[str, tuple[Any, str]] = {
    "number": ({"content": 4}, "4"),
    "block": ({"content": {"text": TEXT}}, TEXT),
    "blocks with null": ({"content": [None, {"type": "text", "text": TEXT}, 7]}, TEXT),
    "tool calls that are none": ({"content": TEXT, "tool_calls": "x"}, TEXT),
    "a tool call without a function": ({"content": TEXT, "tool_calls": [{"id": None}]}, TEXT),
    "arguments as an object": (
        {"content": TEXT, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {}}}]},
        TEXT,
    ),
    "function call": ({"content": TEXT, "function_call": 7}, TEXT),
    "audio": ({"content": TEXT, "audio": "x", "name": 7}, TEXT),
}


@pytest.mark.parametrize("case", MESSAGES.values(), ids=MESSAGES)
async def test_odd_messages_keep_their_text(case: tuple[Any, str]) -> None:
    message, text = case
    raw = {"choices": [{"message": message, "finish_reason": "stop"}]}
    assert (await got(raw))["text"] == text


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
async def test_a_truncated_answer_is_marked_and_an_empty_one_stays_so(
    finish: str,
) -> None:
    assert (await got(completion(finish=finish))).get("truncated")
    with Server(lambda _b, _k: Reply(raw=completion("", finish))) as server:
        member = Member(f"m@{server.url}", retries=3)
        empty = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
        assert empty["error"] is not None and empty["error"]["kind"] == "truncated"
        assert len(server.requests) == 1


def test_the_stop_reason_of_other_providers_is_read() -> None:
    message = AIMessage("First, 12 and 30 make 42", response_metadata={"stop_reason": "max_tokens"})
    assert parse(message).truncated
    with pytest.raises(AnswerError):
        parse(AIMessage("x", response_metadata={"finish_reason": "SAFETY"}))


async def test_truncated_samples_do_not_vote() -> None:
    def reply(_body: Body, k: int) -> Reply:
        cut = "First, 12 apples plus 30 pears make 42. Then we take away"
        return Reply(
            raw=completion("The answer is 7." if k == 0 else cut, "length" if k else "stop")
        )

    with Server(reply) as server:
        app = create_agent_forest(f"m@{server.url}", samples=3, extract="number").compile()
        result = await app.ainvoke({"messages": [("user", "How many?")]})
    assert result["ballot"]["answer"] == "7" and result["report"]["degraded"]


@pytest.mark.parametrize(
    ("raw", "kind", "words"),
    [
        ({"error": {"message": "Rate limit exceeded: free", "code": 429}}, "rate_limit", "free"),
        (
            {"error": {"message": "Provider returned error", "code": 502}},
            "server_error",
            "returned",
        ),
        ({"error": {"message": "no credit", "code": 401}}, "authentication", "no credit"),
        ({"error": "overloaded"}, "server_error", "overloaded"),
        ({"success": False, "errors": [{"code": 7003, "message": "no"}]}, "malformed", "no"),
        ({"code": 1302, "msg": "rate limit reached"}, "rate_limit", "rate limit reached"),
        ({"choices": None, "message": "out of memory", "code": 500}, "server_error", "memory"),
        (
            {"status": "error", "message": "Too many concurrent requests"},
            "rate_limit",
            "concurrent",
        ),
        ({"status": "failed", "failure_reason": "worker crashed"}, "server_error", "crashed"),
        ({"ok": False, "error": "invalid_auth"}, "authentication", "invalid_auth"),
        ({"error": "model_not_ready.rate_limited"}, "rate_limit", "rate_limited"),
        ({"data": {"error": "model loading"}}, "server_error", "model loading"),
        ({"err": "broken pipe to worker", "code": 500}, "server_error", "broken pipe"),
        ({"error": True, "message": "You are being rate limited"}, "rate_limit", "being rate"),
        ({"error": {"message": "slow", "code": "429"}}, "rate_limit", "slow"),
    ],
)
async def test_an_error_inside_200_keeps_its_kind_and_words(
    raw: Body, kind: str, words: str
) -> None:
    candidate = await got(raw, timeout=2)
    assert candidate["error"] is not None and candidate["error"]["kind"] == kind
    assert words in candidate["error"]["message"]


async def test_an_answer_that_failed_upstream_is_a_failure() -> None:
    raw = completion("The answer is 1234 and then", "error")
    raw["choices"][0]["error"] = {"code": 502, "message": "upstream died"}
    candidate = await got(raw)
    assert candidate["error"] is not None and candidate["error"]["kind"] == "server_error"
    assert "upstream died" in candidate["error"]["message"] and not candidate["text"]


@pytest.mark.parametrize(
    "choice",
    [
        {"message": {"content": TEXT}},
        {"message": {"role": None, "content": TEXT}},
        {"message": {"role": 7, "content": TEXT}},
        {"message": {"role": "user", "content": TEXT}},
        {"message": {"role": "model", "content": TEXT}},
        {"message": TEXT},
        {"text": TEXT},
        {"delta": {"content": TEXT}},
    ],
)
async def test_a_message_without_a_role_is_an_answer(choice: Body) -> None:
    assert (await got({"choices": [{**choice, "finish_reason": "stop"}]}))["text"] == TEXT


@pytest.mark.parametrize("choice", [{}, {"message": None}, {"text": None}, {"message": 7}])
async def test_a_choice_that_says_nothing_is_malformed(choice: Body) -> None:
    error = (await got({"choices": [{**choice, "finish_reason": "stop"}]}))["error"]
    assert error is not None and error["kind"] == "malformed"


@pytest.mark.parametrize("where", ["choices", "x_groq"])
async def test_usage_in_a_part_of_the_response_counts(where: str) -> None:
    raw, usage = completion(), {"prompt_tokens": 10, "completion_tokens": 5}
    if where == "choices":
        raw["choices"][0]["usage"] = usage
    else:
        raw["x_groq"] = {"usage": usage}
    assert (await got(raw))["usage"] == {"input_tokens": 10, "output_tokens": 5}


async def test_samples_of_one_request_are_paid_by_it() -> None:
    def reply(body: Body, _k: int) -> Reply:
        choices = [{"index": n, "message": {"content": TEXT}} for n in range(body.get("n") or 1)]
        usage = {"prompt_tokens": 10, "completion_tokens": 5.5}
        return Reply(raw={"choices": choices, "usage": usage})

    with Server(reply) as server:
        price = Price(input=1, output=1)
        member = Member(f"m@{server.url}", samples_per_request=3, price=price)
        app = create_agent_forest(member, samples=3).compile()
        report = (await app.ainvoke({"messages": [("user", "How many?")]}))["report"]
    assert report["cost"] == pytest.approx(16e-6) and report["unpriced_calls"] == 0


@pytest.mark.parametrize("offered", [False, True])
async def test_a_reply_that_is_only_a_tool_call_is_noted_where_no_tools_were_offered(
    offered: bool,
) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    raw = {"choices": [{"message": message, "finish_reason": "tool_calls"}]}
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    reply = await got(raw, params={"tools": tools} if offered else {})
    assert reply["status"] == "ok" and reply["text"] == "" and reply.get("tool_calls")
    assert bool(reply.get("notes")) is not offered


async def test_a_call_in_the_older_form_is_a_tool_call() -> None:
    message = {"content": None, "function_call": {"name": "f", "arguments": '{"a": 1}'}}
    reply = await got({"choices": [{"message": message, "finish_reason": "function_call"}]})
    (called,) = reply.get("tool_calls", [])
    assert (called["name"], called["args"]) == ("f", {"a": 1}) and reply.get("notes")


@pytest.mark.parametrize("bound", [False, True])
async def test_a_hosts_model_that_only_calls_a_tool_is_noted_unless_it_has_tools(
    bound: bool,
) -> None:
    called = {"name": "f", "args": {}, "id": "1"}
    model = ScriptedChatModel(ScriptedReply("", tool_calls=[called]))
    given = model.bind_tools([{"name": "f"}]) if bound else model
    app = create_moa([given], layers=2).compile()
    result = await app.ainvoke({"messages": [("user", "How many?")]})
    assert result["answer"] == ""
    assert ("only a tool call" in str(result["report"]["degraded"])) is not bound


@pytest.mark.parametrize("status", [400, 429, 500, 503])
async def test_an_error_that_reports_usage_is_paid(status: int) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    body = json.dumps({"error": {"message": "boom"}, "usage": usage}).encode()
    with Server(lambda _body, _k: Reply(raw=body, status=status)) as server:
        member = Member(f"m@{server.url}", retries=0, price=Price(input=1, output=1))
        paid = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
    assert paid["status"] == "failed" and paid["cost"] == pytest.approx(15e-6)


async def test_every_response_is_paid_also_without_an_answer() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5}

    def reply(_body: Body, k: int) -> Reply:
        return Reply(raw=completion(TEXT if k == 3 else "", usage=usage))

    with Server(reply) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("manyminds.calls.call._pause", no_pause)
        member = Member(f"m@{server.url}", retries=3, price=Price(input=1, output=1))
        paid = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
    assert paid["attempts"] == 4 and paid["usage"] == {"input_tokens": 40, "output_tokens": 20}
    assert paid["cost"] == pytest.approx(60e-6)


@pytest.mark.parametrize(
    "words",
    [
        "the request exceeds the available context size. try increasing it",
        "The decoder prompt (length 9000) is longer than the maximum model length of 8192",
        "The input token count (1234567) exceeds the maximum number of tokens allowed (1048576).",
        "This model's maximum context length is 8192 tokens",
        "prompt is too long: 200001 tokens > 200000 maximum",
        "The total number of tokens in the conversation (9000) is beyond the model's capacity",
        "KV cache is full: the prompt does not fit",
        "max_tokens (8192) + prompt_tokens (9000) > context_length (16384)",
        "\u8f93\u5165\u5185\u5bb9\u8fc7\u957f",
        "chat history too long, trim it",
    ],
)
def test_a_prompt_that_is_too_long_in_every_engines_words(words: str) -> None:
    assert kind_of_words(words, 400) == "context_too_long"


async def test_a_refused_temperature_is_left_out_and_remembered() -> None:
    def reply(body: Body, _k: int) -> Reply:
        if body.get("temperature", 1) != 1:
            return Reply("Unsupported value: 'temperature' does not support 0.3", status=400)
        return Reply(TEXT)

    with Server(reply) as server:
        member = Member(f"no-temperature@{server.url}", retries=0)
        for _ in range(2):
            prompt: list[BaseMessage] = [HumanMessage("Why?")]
            params = {"temperature": 0.3}
            answer = await ask(member, prompt, a_run(), role="proposer", params=params)
            assert answer["text"] == TEXT and "temperature" in answer.get("notes", [""])[0]
        assert len(server.requests) == 3


async def test_the_name_of_the_token_limit_and_the_system_role_are_adapted() -> None:
    def reply(body: Body, _k: int) -> Reply:
        if "max_tokens" in body:
            words = "'max_tokens' is not supported, use 'max_completion_tokens'"
            return Reply(words, status=400)
        if body["messages"][0]["role"] == "system":
            return Reply("System role not supported", status=400)
        return Reply(TEXT)

    with Server(reply) as server:
        member = Member(f"strict@{server.url}", retries=0, params={"max_tokens": 9, "top_p": None})
        prompt = [SystemMessage("Be brief."), HumanMessage("Why?")]
        assert (await ask(member, list(prompt), a_run(), role="proposer"))["text"] == TEXT
        last = server.bodies[-1]
    assert last["max_completion_tokens"] == 9 and "top_p" not in last
    assert last["messages"] == [{"role": "user", "content": "Be brief.\n\nWhy?"}]


async def test_a_response_larger_than_32_mb_is_cut() -> None:
    with Server(lambda _b, _k: Reply("x", size=34 * 2**20)) as server:
        member = Member(f"m@{server.url}", retries=2)
        candidate = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
        assert candidate["error"] is not None and "32 MB" in candidate["error"]["message"]
        assert len(server.requests) == 1


def test_thoughts_without_an_opening_tag_are_reasoning() -> None:
    reply = parse(AIMessage("Maybe 5? Check: no.\n</think>\n\nIt is 4."))
    assert reply.text == "It is 4." and reply.reasoning == "Maybe 5? Check: no."


@pytest.mark.parametrize(
    "state",
    [
        {"messages": []},
        {"messages": None},
        {},
        {"output": None},
        {"messages": [], "output": "", "steps": {}},
        {"messages": [SystemMessage("Be good."), HumanMessage("Why?")]},
        {"messages": [HumanMessage("Why?")], "steps": 3},
        {"messages": [SystemMessage("Be good.")]},
        {"messages": (), "steps": None},
        {"messages": [{"role": "assistant", "content": ""}]},
        {"messages": [{"role": "user", "content": "Why?"}]},
        {"messages": [HumanMessage("Why?"), ("ai", " ")]},
        {"output": " \n", "steps": ()},
    ],
)
def test_a_state_that_holds_no_answer_is_empty(state: Any) -> None:
    with pytest.raises(AnswerError) as caught:
        parse(state)
    assert caught.value.kind == "empty"


@pytest.mark.parametrize("state", [{"answer": 0}, {"done": False}, {"messages": ["4"]}])
def test_a_value_of_a_state_is_an_answer(state: Any) -> None:
    assert parse(state).text == json.dumps(state)


@pytest.mark.parametrize(
    "last",
    [
        {"role": "assistant", "content": "It is 4."},
        {"role": "ai", "content": [{"type": "text", "text": "It is 4."}]},
        {"role": "model", "content": "It is 4."},
        {"type": "ai", "content": "It is 4.", "id": "1", "response_metadata": {}},
        {"type": "AIMessageChunk", "content": "It is 4."},
        {"content": "It is 4."},
        ("assistant", "It is 4."),
        ("ai", "It is 4."),
    ],
)
def test_a_message_that_is_plain_data_is_an_answer(last: Any) -> None:
    assert parse({"messages": [HumanMessage("Why?"), last]}).text == "It is 4."


def test_a_message_alone_is_an_answer() -> None:
    assert parse({"role": "assistant", "content": "It is 4."}).text == "It is 4."
    question = {"role": "user", "content": "Why?"}
    assert parse(question).text == json.dumps(question)  # no answer, but a value


def test_a_message_of_another_agent_is_an_answer() -> None:
    state = {"messages": [HumanMessage("Why?"), HumanMessage("It is 4.", name="researcher")]}
    assert parse(state).text == "It is 4."


@pytest.mark.parametrize(
    ("sent", "kind", "said"),
    [
        ("Too many requests", "rate_limit", "Too many requests"),
        ("Unauthorized", "authentication", "Unauthorized"),
        ("no healthy upstream", "malformed", "no healthy upstream"),
        ("\u670d\u52a1\u7e41\u5fd9", "server_error", "\u670d\u52a1\u7e41\u5fd9"),
        ('data: {"choices": []}\n\n', "malformed", "sent a stream"),
        (": ping\n\ndata: {}\n\n", "malformed", "sent a stream"),
        ("{not json}", "malformed", "not the form of a chat completion"),
        ("word " * 200, "malformed", "not the form of a chat completion"),
        ("12", "malformed", "not the form of a chat completion"),
    ],
)
async def test_a_sentence_in_place_of_json_is_the_reason(sent: str, kind: str, said: str) -> None:
    error = (await got(sent.encode()))["error"]
    assert error is not None and error["kind"] == kind and said in error["message"]
