"""How an answer ended, in the words of every provider."""

from typing import Any

import pytest
from helpers.graphs import a_run, user
from helpers.server import Reply, Server
from langchain_core.messages import AIMessage, HumanMessage

from manyminds import Member, create_agent_forest
from manyminds.calls.ask import ask
from manyminds.calls.response import parse
from manyminds.errors import AnswerError
from manyminds.models.endings import ending_of

REFUSED, TRUNCATED, FAILED, WHOLE = "refused", "truncated", "failed", "whole"
WORDS: dict[str, tuple[str, str]] = {
    # key of the metadata: words by ending, separated by spaces
    "anthropic": (
        "stop_reason",
        "end_turn stop_sequence tool_use | max_tokens model_context_window_exceeded pause_turn"
        " | refusal | ",
    ),
    "gemini": (
        "finish_reason",
        "STOP FINISH_REASON_UNSPECIFIED FinishReason.STOP | MAX_TOKENS FinishReason.MAX_TOKENS |"
        " SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII IMAGE_SAFETY MODEL_ARMOR LANGUAGE |"
        " OTHER MALFORMED_FUNCTION_CALL UNEXPECTED_TOOL_CALL TOO_MANY_TOOL_CALLS NO_IMAGE"
        " MISSING_THOUGHT_SIGNATURE",
    ),
    "bedrock": (
        "stopReason",
        "end_turn tool_use stop_sequence | max_tokens | guardrail_intervened content_filtered |"
        " malformed_model_output malformed_tool_use",
    ),
    "titan": ("completionReason", "FINISH | LENGTH | CONTENT_FILTERED | "),
    "mistral": ("finish_reason", "stop tool_calls | length model_length |  | error"),
    "cohere": (
        "finish_reason",
        "COMPLETE STOP_SEQUENCE TOOL_CALL | MAX_TOKENS ERROR_LIMIT | ERROR_TOXIC |"
        " ERROR TIMEOUT USER_CANCEL",
    ),
    "ollama": ("done_reason", "stop | length |  | load unload"),
    "tgi": ("finish_reason", "eos_token stop_sequence | length |  | "),
    "vllm": ("finish_reason", "stop tool_calls | length repetition |  | abort error"),
    "llama.cpp": ("stop_type", "eos word none | limit |  | "),
    "watsonx": (
        "stop_reason",
        "eos_token stop_sequence | max_tokens token_limit time_limit not_finished |  |"
        " cancelled error",
    ),
    "LM Studio": (
        "stopReason",
        "eosFound stopStringFound toolCalls | maxPredictedTokensReached contextLengthReached |  |"
        " userStopped modelUnloaded failed",
    ),
    "deepseek": ("finish_reason", "stop | length | content_filter | insufficient_system_resource"),
    "zhipu": ("finish_reason", "stop | length | sensitive | network_error"),
    "qwen": ("finish_reason", "stop null | length | data_inspection_failed | "),
    "openrouter": ("native_finish_reason", "STOP end_turn | MAX_TOKENS | SAFETY | error"),
    "tensorrt": (
        "finish_reason",
        "END_ID STOP_WORDS | LENGTH NOT_FINISHED | | TIMED_OUT CANCELLED",
    ),
    "engines": (
        "finish_reason",
        "endoftext eog eot_id natural succeeded function_call \u505c\u6b62 \u5b8c\u6210"
        " | max_time max_new_tokens context_full cutoff OUT_OF_TOKENS n_predict too_long max_turns"
        " thinking_budget token_budget_exhausted chunk_limit tokensExceeded repetition_truncation"
        " cut tokens max exceeded_output exceed_time \u957f\u5ea6 \u622a\u65ad"
        " | filtered risk_control \u654f\u611f input_filter censored nsfw"
        " copyright forbidden restricted disallowed"
        " | stopped_by_user worker_died engine_dead connection_reset dropped invalid_output"
        " nan_detected gpu_oom deadline_exceeded internal abnormal malfunction suspended pending"
        " terminated connection_closed halted backend_gone",
    ),
    "further engines": (
        "finish_reason",
        "STOP_REASON_STOP end_of_turn hit_eos matched_stop message_stop turn_complete eom_id final"
        " </s> delivered StopReason.EndTurn \u6b63\u5e38\u7ed3\u675f"
        " | TOKEN_LIMIT_REACHED limit_reached hitLimit REACHED_LIMIT context_exceeded maxlen"
        " seq_len_reached token_cap token_exhausted completion_limit generation_limit limited"
        " output_cap ctx_exceeded max_total_tokens word_limit \u8d85\u957f"
        " | flagged RAI responsible_ai abuse malicious profanity illegal sexual violence harassment"
        " dangerous_content civic_integrity prompt_injection security spam declined minors"
        " \u5185\u5bb9\u5ba1\u6838 \u4e0d\u5408\u89c4 \u6d89\u653f"
        " | capacity throttled faulted stopped_by_server server_busy segfault sigterm provider_down"
        " network panic corrupted hard_stop quota_exceeded rate_limited request_limit queue_full"
        " not_available undelivered \u5f02\u5e38 \u8d85\u65f6 \u5931\u8d25 \u4e2d\u65ad",
    ),
    "spellings": (
        "finish_reason",
        "Stop stopped eos end normal done success | max-tokens MaxTokens Length max_output"
        " output_limit context_limit partial | content-filter ContentFilter jailbreak |"
        " killed interrupted preempted out_of_memory oom overloaded rate_limit disconnected",
    ),
}
CASES = [
    pytest.param(key, word, ending, id=f"{provider}-{word}")
    for provider, (key, listed) in WORDS.items()
    for ending, words in zip((WHOLE, TRUNCATED, REFUSED, FAILED), listed.split("|"), strict=True)
    for word in words.split()
]


@pytest.mark.parametrize(("key", "word", "ending"), CASES)
def test_a_word_of_a_provider(key: str, word: str, ending: str) -> None:
    assert ending_of({key: word})[0] == ending


@pytest.mark.parametrize(
    ("about", "ending"),
    [
        ({"finish_reason": "stop", "stop_reason": "Error:"}, WHOLE),  # vLLM: the text it stopped at
        ({"finish_reason": "stop", "stop_reason": "length"}, WHOLE),
        ({"finish_reason": "stop", "stop_reason": 128001}, WHOLE),
        ({"finish_reason": None, "stop_reason": "max_tokens"}, TRUNCATED),
        ({"finish_reason": "stop", "native_finish_reason": "MAX_TOKENS"}, TRUNCATED),
        ({"finish_reason": {"type": "stop", "matched": "blocked"}}, WHOLE),  # SGLang
        ({"finish_reason": {"type": "length", "length": 3}}, TRUNCATED),
        ({"finish_reason": {"type": "abort", "message": "length"}}, FAILED),
        ({"finish_reason": ["length"]}, TRUNCATED),
        ({"prompt_feedback": {"block_reason": "SAFETY"}, "finish_reason": None}, REFUSED),
        ({"prompt_feedback": {"block_reason": 0}, "finish_reason": "STOP"}, WHOLE),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, REFUSED),
        ({"status": "in_progress"}, TRUNCATED),
        ({"status": "active", "finish_reason": "stop"}, WHOLE),
        ({"status": "active"}, WHOLE),
        ({"truncated": True, "stop_type": "eos"}, TRUNCATED),
        ({"truncated": False, "stopped_limit": False}, WHOLE),
        ({"stopped_limit": True}, TRUNCATED),
        ({"prompt_feedback": {"blockReason": "OTHER"}}, REFUSED),
        ({"details": {"finish_reason": "length"}}, TRUNCATED),  # Text Generation Inference
        ({"generation_info": {"finish_reason": "content_filter"}}, REFUSED),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}, {"finishReason": "STOP"}]}, TRUNCATED),
        ({"outputs": [{"stopReason": "end_turn"}]}, WHOLE),
        ({"metadata": ["x"], "details": None, "choices": []}, WHOLE),
        ({"finish_reason": "stop", "details": {"finish_reason": "length"}}, WHOLE),
        ({"done": False}, TRUNCATED),
        ({"done": True, "done_reason": "stop"}, WHOLE),
        ({"isTruncated": "true"}, TRUNCATED),
        ({"is_truncated": False}, WHOLE),
        ({"content_filter_results": {"hate": {"filtered": False}}, "finish_reason": "stop"}, WHOLE),
        ({}, WHOLE),
    ],
)
def test_more_than_a_word(about: dict[str, Any], ending: str) -> None:
    assert ending_of(about)[0] == ending


@pytest.mark.parametrize(
    "word",
    [
        "not_complete",
        "notDone",
        "UNCOMPLETED",
        "unsuccessful",
        "non_stop",
        "early_stopping",
        "forced_stop",
        "manualStop",
        "half_done",
        "trend",
        "password",
        "recommend",
    ],
)
def test_a_word_that_only_holds_a_known_one_is_not_that_one(word: str) -> None:
    assert ending_of({"finish_reason": word})[0] == "unknown"


def test_an_unknown_word_is_told_and_votes() -> None:
    reply = parse(AIMessage("It is 4", response_metadata={"finish_reason": "Zurückgezogen!"}))
    assert reply.odd_ending and not reply.truncated and reply.text == "It is 4"


async def sampled(choices: list[dict[str, Any]]) -> dict[str, Any]:
    with Server(lambda _b, _k: Reply(raw={"choices": choices})) as server:
        member = Member(f"m@{server.url}", retries=0, samples_per_request=len(choices))
        app = create_agent_forest(member, samples=len(choices), extract="number").compile()
        return dict(await app.ainvoke(user("How many?")))


def choice(index: int, text: str, finish: Any, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"index": index, "message": message, "finish_reason": finish, **more}


async def test_the_report_names_an_unknown_ending_and_a_choice_keeps_its_own() -> None:
    odd = [choice(0, "It is 4.", "zzz"), choice(1, "It is 4.", None), choice(2, "5 and", "length")]
    result = await sampled(odd)
    assert result["ballot"]["answer"] == "4" and len(result["candidates"]) == 3
    assert "ended an answer with `zzz`" in str(result["report"]["notes"])
    assert [bool(one.get("truncated")) for one in result["candidates"]] == [False, False, True]


async def test_a_choice_without_a_message_does_not_take_the_others_with_it() -> None:
    broken: list[dict[str, Any]] = [{"index": 1, "message": None, "finish_reason": "stop"}]
    result = await sampled([choice(0, "It is 4.", "stop"), *broken, choice(2, "It is 4.", "stop")])
    assert [one["status"] for one in result["candidates"]] == ["ok", "failed", "ok"]
    assert result["ballot"]["answer"] == "4" and result["report"]["missing"]


async def test_the_routers_own_word_for_the_provider_counts() -> None:
    answer = choice(0, "First, 12 and", None, native_finish_reason="MAX_TOKENS")
    with Server(lambda _b, _k: Reply(raw={"choices": [answer]})) as server:
        member = Member(f"m@{server.url}", retries=0)
        got = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
    assert got.get("truncated")


@pytest.mark.parametrize("finish", ["MODEL_ARMOR", "OTHER", "modelUnloaded"])
async def test_a_refused_or_failed_answer_is_none_through_the_client(finish: str) -> None:
    with Server(lambda _b, _k: Reply(raw={"choices": [choice(0, "It is 4", finish)]})) as server:
        member = Member(f"m@{server.url}", retries=0)
        got = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
    assert got["status"] == "failed" and got["text"] == ""
    with pytest.raises(AnswerError):
        parse(AIMessage("It is 4", response_metadata={"finish_reason": finish}))
