"""Features that endpoints refuse, each in its own words, are left out, remembered and noted."""

from typing import Any

import pytest
from helpers.graphs import a_run, user
from helpers.server import Body, Reply, Server
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from manyminds import Candidate, Member, create_moa
from manyminds.calls.ask import ask
from manyminds.calls.refusals import Refusals

PROMPT: list[BaseMessage] = [SystemMessage("Be brief."), HumanMessage("Why?")]
TEMPERATURE = """
Unsupported value: 'temperature' does not support 0.7 with this model.
`temperature` and `top_p` cannot both be specified for this model. Please use only one.
temperature is not supported for reasoning models
gpt-5 models don't support temperature=0.7. Only temperature=1 is supported.
This model only supports temperature=1
argument temperature not implemented
temperature is fixed at 1
You cannot set temperature when reasoning is enabled
the following parameters are disabled for this model: temperature
parameter temperature is forbidden
Invalid JSON payload received. Unknown name "temperature": Cannot find field.
body.temperature: Extra inputs are not permitted
For thinking mode, temperature must be left at its default value
Additional properties are not allowed ('temperature' was unexpected)
temperature: 0.7 does not match const 1
please remove temperature from the request
\u53c2\u6570 temperature \u4e0d\u88ab\u652f\u6301
"""
OTHERS = (
    ("seed", "seed: extra fields not permitted"),
    ("seed", "Unknown parameter: 'seed'."),
    ("seed", "Unsupported OpenAI params: ['seed', 'top_p']"),
    ("n", "n > 1 is not supported"),
    ("n", "only n=1 is supported"),
    ("stop", "'stop' is not supported with this model"),
    ("logprobs", "This model does not support logprobs."),
    ("presence_penalty", "presencePenalty is not supported"),
    ("reasoning_effort", "Unrecognized request arguments supplied: reasoning_effort"),
    ("response_format", "This response_format type is unavailable now"),
    ("response_format", "'response_format.type' must be 'json_object' or 'text'"),
    ("response_format", "json_schema is not supported by this model"),
    ("response_format", "This model does not support structured outputs"),
    ("response_format", "failed to parse grammar"),
    ("response_format", "This model does not support response formats"),
    ("n", "Number of completions must be 1"),
    ("tools", "tool calling is not supported by this model"),
    ("tools", "registry/library/small:1b does not support tools"),
    ("presence_penalty", "presence penalty isn't supported"),
)
NO_REFUSAL = (
    ("temperature", "temperature must be between 0 and 2"),
    ("temperature", "model 'x' not found"),
    ("max_tokens", "max_tokens must be at least 1"),
    ("seed", "The model `seed-1` does not exist"),
    ("seed", "seed must be an integer"),
    ("stop", "please stop sending this"),
    ("n", "n must be greater than 0"),
    ("top_p", "top_p must be in (0, 1]"),
    ("temperature", "temperature 3 is out of range [0,2]"),
)
SYSTEM = """
messages.0.role: Input should be 'user' or 'assistant'
This model doesn't support system messages. Try again without a system message.
role 'system' is not in enumeration
Value error, role must be one of user, assistant; got system
Only user, assistant and tool roles are supported!
unexpected message role.
Unknown role: system
System prompt is not allowed for this model
messages[0].role must be user
First message must be from user
Instruction role is not supported for this model
system_instruction is not supported
'messages' must not contain system messages
this model has no system prompt
A 'system' message is not accepted here
"""
ALTERNATE = """
Conversation roles must alternate user/assistant/user/assistant/...
consecutive user messages are not allowed
Multiple consecutive messages with the same role
messages: found multiple "user" roles in a row
A conversation must start with a user message.
user/assistant must take turns
Two messages of the user follow each other
Expected assistant after user, found user
Adjacent messages may not share a role
user message cannot follow user message
Conversation must begin with a user message
The first message must have role user
user role must be followed by assistant
duplicate user role in sequence
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize(
    ("name", "words"), [*(("temperature", one) for one in lines(TEMPERATURE)), *OTHERS]
)
def test_a_parameter_is_left_out(name: str, words: str) -> None:
    sent = {name: 1, "max_tokens": 9}
    known = Refusals().after(words, [HumanMessage("Why?")], sent)
    assert known is not None
    _, params, notes = known.apply([HumanMessage("Why?")], sent)
    assert params == {"max_tokens": 9} and name in notes[0]


@pytest.mark.parametrize(("name", "words"), NO_REFUSAL)
def test_a_wrong_value_or_another_error_is_no_refusal(name: str, words: str) -> None:
    assert Refusals().after(words, PROMPT, {name: 1}) is None


@pytest.mark.parametrize("words", lines(SYSTEM))
def test_the_system_message_goes_into_the_users(words: str) -> None:
    known = Refusals().after(words, PROMPT, {"temperature": 1})
    assert known is not None and known.no_system and not known.params
    assert known.apply(PROMPT, {})[0] == [HumanMessage("Be brief.\n\nWhy?")]
    assert known.after(words, PROMPT[1:], {}) is None  # without it, nothing is left to leave out


@pytest.mark.parametrize("words", lines(ALTERNATE))
def test_user_and_assistant_take_turns(words: str) -> None:
    prompt = [*PROMPT, HumanMessage("Two?"), AIMessage("Yes."), HumanMessage("Three?")]
    known = Refusals().after(words, prompt, {})
    assert known is not None
    assert [m.type for m in known.apply(prompt, {})[0]] == ["human", "ai", "human"]


async def asked(server: Server, name: str, prompt: list[BaseMessage], **params: Any) -> Candidate:
    member = Member(f"{name}@{server.url}", retries=0, params=params)
    return await ask(member, prompt, a_run(), role="proposer")


async def test_what_does_not_help_is_not_remembered() -> None:
    """Words that name a parameter by accident cost one request, and not the parameter."""
    words = "temperature of the engine is too high, it rejects all"
    broken = True

    def reply(_body: Body, _k: int) -> Reply:
        return Reply(words, status=400) if broken else Reply("It is 4.")

    with Server(reply) as server:
        failed = await asked(server, "accident", PROMPT, temperature=0.3)
        assert failed["status"] == "failed" and len(server.requests) == 2
        broken = False
        assert (await asked(server, "accident", PROMPT, temperature=0.3))["text"] == "It is 4."
        assert server.bodies[-1]["temperature"] == 0.3


async def test_features_refused_one_after_another() -> None:
    def reply(body: Body, _k: int) -> Reply:
        for name in ("temperature", "seed", "top_p"):
            if name in body:
                return Reply(f"Unsupported parameter: '{name}'", status=400)
        if any(one["role"] == "system" for one in body["messages"]):
            return Reply("Unknown role: system", status=422)
        return Reply("It is 4.")

    with Server(reply) as server:
        sampling = {"temperature": 0.1, "seed": 1, "top_p": 0.5}
        got = await asked(server, "many", PROMPT, **sampling)
        assert got["text"] == "It is 4." and got["attempts"] == len(server.requests) == 5
        assert len(got.get("notes", [])) == 4
        again = await asked(server, "many", PROMPT, **sampling)
        assert again["attempts"] == 1 and len(server.requests) == 6


async def test_an_endpoint_that_refuses_all_and_always_ends() -> None:
    def reply(body: Body, k: int) -> Reply:
        return Reply(f"Unsupported parameter: {' '.join(body)} in request {k}", status=400)

    with Server(reply) as server:
        sampling = {name: 1 for name in ("temperature", "seed", "top_p", "logprobs", "top_k")}
        got = await asked(server, "all", PROMPT, **sampling)
        assert got["status"] == "failed" and len(server.requests) <= 7


@pytest.mark.parametrize(
    ("sent", "words", "right"),
    [
        ("max_tokens", "Unknown parameter: 'max_tokens'", "max_completion_tokens"),
        ("max_tokens", "Please use max_completion_tokens", "max_completion_tokens"),
        ("max_tokens", "max_tokens is deprecated: use max_completion_tokens", None),
        ("max_completion_tokens", "Extra inputs are not permitted: max_completion_tokens", None),
        ("max_completion_tokens", "unknown max_completion_tokens, did you mean max_tokens?", None),
    ],
)
def test_the_limit_of_tokens_is_sent_under_its_other_name(
    sent: str, words: str, right: str | None
) -> None:
    known = Refusals().after(words, PROMPT, {sent: 9, "temperature": 1})
    assert known is not None
    other = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}[sent]
    assert known.apply(PROMPT, {sent: 9, "temperature": 1})[1] == {other: 9, "temperature": 1}
    assert right in (None, other)


async def test_an_endpoint_that_takes_no_limit_under_either_name() -> None:
    def reply(body: Body, _k: int) -> Reply:
        refused = [name for name in body if name.startswith("max_")]
        text = f"Unknown parameter: {refused}"
        return Reply(text, status=400) if refused else Reply("It is 4.")

    with Server(reply) as server:
        for requests in (3, 4):
            got = await asked(server, "no limit", PROMPT, max_tokens=9)
            assert got["text"] == "It is 4." and len(server.requests) == requests
            assert "`max_tokens` was left out" in str(got.get("notes"))


@pytest.mark.parametrize(
    ("words", "requests"),
    [
        ("Value is not callable: System role not supported", 2),
        ("Jinja template: Conversation roles must alternate user/assistant/user/assistant/...", 2),
        ("temperature of the GPU is too high", 1),
        ("the system is down, no message went through", 1),
    ],
)
async def test_a_template_that_refuses_is_a_servers_error_of_llama_cpp(
    words: str, requests: int
) -> None:
    def reply(body: Body, _k: int) -> Reply:
        refused = body["messages"][0]["role"] == "system"
        return Reply(words, status=500) if refused else Reply("It is 4.")

    with Server(reply) as server:
        got = await asked(server, words[:20], PROMPT, temperature=0.3)
        assert len(server.requests) == requests
        assert got["status"] == ("ok" if requests > 1 else "failed")


async def test_the_field_of_the_envelope_names_the_parameter() -> None:
    def reply(body: Body, _k: int) -> Reply:
        error = b'{"error": {"message": "Unsupported value", "param": "temperature"}}'
        return Reply(raw=error, status=400) if "temperature" in body else Reply("It is 4.")

    with Server(reply) as server:
        assert (await asked(server, "field", PROMPT, temperature=0.3))["text"] == "It is 4."


async def test_a_server_without_options_of_streams() -> None:
    def reply(body: Body, _k: int) -> Reply:
        if "stream_options" in body:
            return Reply("Unknown parameter: 'stream_options.include_usage'", status=400)
        return Reply("It is 4.")

    with Server(reply) as server:
        member = Member(f"no-stream-options@{server.url}", retries=0)
        app = create_moa([member], layers=2, aggregator=member).compile()
        for nth in range(2):
            server.clear()
            last: Any = {}
            async for mode, part in app.astream(user(), stream_mode=["messages", "values"]):
                last = part if mode == "values" else last
            assert last["answer"] == "It is 4." and last["report"]["degraded"] is None
            assert len(server.requests) == 3 - nth  # the second time it is known
