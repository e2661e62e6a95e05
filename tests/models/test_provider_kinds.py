"""What kind of failure providers describe, in words that they have been seen to use."""

import pytest

from manyminds.models.envelopes import is_error, provider_error, provider_message
from manyminds.models.provider_kinds import kind_of_words

TOO_LONG = """
This model's maximum context length is 128000 tokens. Please reduce the length of the messages.
Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.
Your input exceeds the context window of this model. Please adjust your input and try again.
Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 50000.
Invalid 'messages[0].content': string too long. Expected a string with maximum length 1048576.
prompt is too long: 210000 tokens > 200000 maximum
input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000
request_too_large: Request exceeds the maximum allowed number of bytes.
The input token count (1234567) exceeds the maximum number of tokens allowed (1048576).
The input token count is 40000 but model only supports up to 32768. Reduce the input token count.
Request payload size exceeds the limit: 20971520 bytes.
Input is too long for requested model.
Too many input tokens. Max input tokens: 8192, request input token count: 9000
Malformed input request: expected maxLength: 2048, actual: 9000, please reformat your input
Prompt contains 40000 tokens, too large for model with 32768 maximum context length
too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.
The decoder prompt (length 9000) is longer than the maximum model length of 8192.
You passed 9000 input tokens. However, the model's context length is only 8192 tokens.
The input (9000 tokens) is longer than the model's context length (8192 tokens).
Input length (9000 tokens) exceeds the maximum allowed length (8192 tokens).
`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens
`inputs` must have less than 4095 tokens. Given: 5000
request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it
input is too large to process. increase the physical batch size
context shift is disabled
the input length exceeds the context length
prompt too long; exceeded max context length by 300 tokens
The number of tokens to keep from the initial prompt is greater than the context length.
Reached context length of 4096 tokens with model that does not support mid-generation overflow.
The sum of prompt length (9000.0), query length (0) should not exceed max_num_tokens (8192)
Prompt length (9000) exceeds maximum input length (8192).
input token length (9000) + max_new_tokens exceeds session_len
Prompt length 9000 is greater than max_seq_len 8192
Please reduce the length of the messages or completion.
This model's maximum prompt length is 131072 but the request contains 140000 tokens.
Current length is 9000 while limit is 8192
Range of input length should be [1, 30720]
Invalid request: Your request exceeded model token limit: 8192
invalid params, context window exceeds limit
tokens_limit_reached: Request body too large for gpt-4o model. Max size: 8000 tokens.
sequence length is longer than the specified maximum sequence length for this model (9000 > 8192)
prompt token count of 70000 exceeds the limit of 64000
model_max_prompt_tokens_exceeded
Conversation is too long
the max length of current question is 2000
n_ctx exceeded: 4100 > 4096
KV cache is full
token\u6570\u91cf\u8d85\u8fc7\u4e0a\u9650\u3002
Malformed input request: expected maxLength: 2048, actual: 9000, please reformat and try again.
Your prompt is too long, please shorten it and try again
max_tokens must be at least 1, got -808.
Total tokens of image and text exceed max message tokens. Request id: 0217
max tokens of 8000 exceeded
Text too long
The sum of prompt tokens (9000) and completion tokens (100) exceeds the context length (8192)
maximum context length is 8192 tokens, but requested 9000 (8000 prompt + 1000 completion tokens)
The current text generation call will exceed the model's predefined maximum length (2048).
The estimated number of input and maximum output tokens (9000) exceeded this model context window
Please shorten your prompt: it has 9000 tokens and the limit is 8192
slot unavailable: prompt has 9000 tokens but the slot has 4096
tokens in prompt + max_new_tokens > max_position_embeddings
Input length of input_ids is 9000, but `max_length` is set to 8192.
The input and the tools are too long for the context window (8192)
\u5165\u529b\u304c\u9577\u3059\u304e\u307e\u3059\u3002
\uc785\ub825\uc774 \ub108\ubb34 \uae41\ub2c8\ub2e4.
messages.0.content: String should have at most 32768 characters
Invalid prompt: 9000 tokens, which is above the limit of 8192
The request has 9000 tokens which is more than the model can handle (8192)
context limit reached
The input is 812 tokens over the model's limit
Your request was too long for this model (9000 tokens; the maximum is 8192)
The maximum number of input tokens is 8192, got 9000
PROMPT_TOO_LONG
input_too_long
"""
NOT_TOO_LONG = """
max_tokens is too large: 200000. This model supports at most 16384 completion tokens.
temperature exceeds maximum of 2
n exceeds the maximum of 8
Tokens per minute limit exceeded
The model `context-32k` does not exist
image size exceeds limit
Invalid 'tools': array too long. Expected an array with maximum length 128.
Invalid 'user': string too long. Expected a string with maximum length 64.
The response took longer than the timeout
function name is too long
context deadline exceeded
Max retries exceeded with url: /v1/messages
request failed: memory limit exceeded
error message: stack overflow
Number of tools exceeds limit
body.max_tokens: Input should be greater than 0
body.seed: Input should be greater than or equal to -9223372036854775808
thinking.budget_tokens: Input should be greater than or equal to 1024
Input validation error: `best_of` must be at most 4
Response payload size exceeded maximum allowed payload size (6291556 bytes).
The model output exceeded the maximum number of tokens
max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens
`max_tokens` must be less than or equal to 8192, its maximum is less than the `context_window`
You have reached your daily token limit
Your monthly token limit has been exceeded, please upgrade your plan
Your request exceeds the allowed rate
Your message was flagged: it exceeds the safety threshold
This request requires more credits. You requested 65536 tokens, but can only afford 2000.
Invalid value for 'logit_bias': too many tokens biased
Invalid input: more than one system message
conversation has more than one open run
"""
SAID = {
    "refused": (
        *(
            (
                400,
                "The response was filtered: it triggered Azure OpenAI's content management policy",
            ),
        ),
        *((400, "Output blocked by content filtering policy"),),
        *((400, "data_inspection_failed Input data may contain inappropriate content."),),
        *((400, "Content Exists Risk"), (400, "PROHIBITED_CONTENT")),
        *((400, "Your prompt was flagged as potentially violating our usage policy."),),
        *((403, "Your input requires moderation. Your input was flagged for violence"),),
    ),
    "authentication": (
        *((400, "Your credit balance is too low to access the Anthropic API"),),
        *((402, "This request requires more credits, or fewer max_tokens"),),
        *((400, "API key not valid. Please pass a valid API key."),),
        *((429, "billing_not_active"), (429, "exceeded_current_quota_error")),
        *((401, "no"), (403, "account suspended")),
    ),
    "rate_limit": (
        *((400, "Too many requests"), (400, "ThrottlingException: Rate exceeded")),
        *((429, "Quota exceeded for requests per minute"), (429, "capacity exceeded")),
        *((429, "prompt is too long for the rate"),),
    ),
    "server_error": ((529, "Overloaded"), (503, "Loading model"), (521, "down"), (409, "conflict")),
    "invalid_request": ((400, "bad"), (404, "The model does not exist"), (422, "unprocessable")),
}


# In a response of status 200, or a stream, words are often all that there is.
WORDS_ALONE = {
    "authentication": (
        *("Not authenticated", "Unauthorized", "Forbidden", "The access token is invalid"),
        *("The security token included in the request is expired", "invalid_token"),
        *("login fail: Please carry the API secret key", "Invalid API-key provided."),
        *("Your monthly spend limit has been reached", "\u4f59\u989d\u4e0d\u8db3"),
        "\u6388\u6743\u9519\u8bef",
    ),
    "rate_limit": (
        "\u60a8\u7684\u8d26\u6237\u5df2\u8fbe\u5230\u901f\u7387\u9650\u5236",
        "\u8bf7\u6c42\u8fc7\u591a",
    ),
    "timeout": ("Upstream request timed out",),
    "server_error": (
        *("System is really busy", "Model is overloaded, wait for a bit", "Internal error"),
        *("Model m is currently loading", "No instances available (yet)", "CUDA out of memory"),
        *("This model is currently experiencing high demand.", "\u670d\u52a1\u7e41\u5fd9"),
    ),
}


@pytest.mark.parametrize(
    ("kind", "words"), [(kind, words) for kind, several in WORDS_ALONE.items() for words in several]
)
def test_words_without_a_code(kind: str, words: str) -> None:
    for body in ({"error": words}, {"msg": words}, {"error_description": words, "status": "error"}):
        assert provider_error(body, otherwise="malformed").kind == kind
        assert is_error(body)


@pytest.mark.parametrize(
    ("chunk", "is_one"),
    [
        ({"base_resp": {"status_code": 1004, "status_msg": "login fail"}}, True),
        ({"base_resp": {"status_code": 0, "status_msg": ""}}, False),
        ({"base_resp": {"status_code": 0, "status_msg": "success"}, "choices": []}, False),
        ({"header": {"code": 10907, "message": "too much"}}, True),
        ({"header": {"code": 0, "message": "Success", "sid": "x"}}, False),
    ],
)
def test_a_state_in_a_chunk_is_an_error_where_its_code_says_so(
    chunk: dict[str, object], is_one: bool
) -> None:
    assert is_error(chunk) is is_one


def test_a_code_that_says_that_all_is_well_is_no_message() -> None:
    body = {"base_resp": {"status_code": 0, "status_msg": ""}, "choices": None}
    assert provider_message(body) is None


@pytest.mark.parametrize("words", TOO_LONG.strip().splitlines())
def test_a_prompt_that_is_too_long(words: str) -> None:
    assert kind_of_words(words, 400) == "context_too_long"


@pytest.mark.parametrize("words", NOT_TOO_LONG.strip().splitlines())
def test_something_else_that_is_too_much(words: str) -> None:
    assert kind_of_words(words, 400) != "context_too_long"
    assert kind_of_words(words, 500) == "server_error"


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [(kind, status, words) for kind, cases in SAID.items() for status, words in cases],
)
def test_a_status_and_its_reason(kind: str, status: int, words: str) -> None:
    assert kind_of_words(words, status) == kind


def test_words_of_the_hosts_own_errors_are_not_read_as_a_providers() -> None:
    assert kind_of_words("the customer was flagged: too many requests") is None


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({"error": {"status": "RESOURCE_EXHAUSTED", "message": "later"}}, "rate_limit", "later"),
        ({"error": {"type": "overloaded_error", "message": "Overloaded"}}, "server_error", "Over"),
        ({"error": {"type": "authentication_error", "message": "key"}}, "authentication", "key"),
        ({"error": {"type": "invalid_request_error", "message": "bad"}}, "invalid_request", "bad"),
        ({"error": {"status": "DEADLINE_EXCEEDED", "message": "m"}}, "timeout", "m"),
        ({"error": {"error": {"message": "deep", "code": 429}}}, "rate_limit", "deep"),
        ({"error": {"message": {"text": "deep words"}, "code": 503}}, "server_error", "deep words"),
        ({"errors": [{"message": "a", "code": 500}, {"message": "b"}]}, "server_error", "a; b"),
        ({"code": 1302, "msg": "rate limit reached"}, "rate_limit", "rate limit reached"),
        ({"base_resp": {"status_code": 1004, "status_msg": "login"}}, "server_error", "login"),
        (
            {
                "detail": [
                    {"loc": ["body", "top_k"], "msg": "no extra inputs", "type": "value_error"}
                ]
            },
            "invalid_request",
            "body.top_k: no extra inputs",
        ),
        (
            {"error": {"message": "Unsupported value", "param": "seed", "code": 400}},
            "invalid_request",
            "seed: Unsupported value",
        ),
        (
            {"error": {"message": "Provider error", "code": 429, "metadata": {"raw": "m is busy"}}},
            "rate_limit",
            "Provider error: m is busy",
        ),
        ([{"error": {"code": 429, "message": "busy"}}], "rate_limit", "busy"),
        ("overloaded", "server_error", "overloaded"),
        ({"error": ["a", "b"]}, "server_error", "a; b"),
        ({"code": "x"}, "server_error", "x"),
        ({}, "server_error", "no reason given"),
        (None, "server_error", "no reason given"),
        (7, "server_error", "no reason given"),
    ],
)
def test_the_kind_and_words_of_an_error_inside_a_response(
    body: object, kind: str, message: str
) -> None:
    error = provider_error(body)
    assert (error.kind, str(error)[: len(message)]) == (kind, message)


def test_an_envelope_of_any_depth_ends() -> None:
    nested: object = "deep"
    for _ in range(10_000):
        nested = {"error": [nested]}
    assert provider_message(nested) is None
    assert len(str(provider_error({"error": "x" * 10**6}))) <= 2_000
