"""How an answer ended, in the words of every provider."""

import re
from collections.abc import Mapping
from typing import Any, Literal, cast

Ending = Literal["whole", "refused", "truncated", "failed", "unknown"]

# The first that matches counts.
_ENDINGS: tuple[tuple[Ending, re.Pattern[str]], ...] = (
    (
        "refused",
        re.compile(
            r"content_?filter|safety|refus|recitation|block|prohibited|spii|guardrail|sensitive"
            r"|toxic|moderat|polic|model_armor|jailbreak|denied|inspection|harm|unsafe|violat"
            r"|^language$"
        ),
    ),
    (
        "truncated",
        re.compile(
            r"length|max_?\w*tokens|max_?\w*output|(?:token|output|context|time)_?limit"
            r"|(?:^|error_|stop_|stopped_)limit$|context_?window|incomplete|truncat"
            r"|(?:not_?|un)finished|in_progress|pause_turn|repetition|partial"
        ),
    ),
    (
        "failed",
        re.compile(
            r"error|abort|fail|malformed|insufficient|cancel|time_?out|timed_?out|unavailable"
            r"|exception|unexpected|too_many|missing|^other$|no_image|kill|interrupt|pre_?empt"
            r"|memory|^oom$|overload|rate_limit|disconnect|unload|^load$|user_?stop|crash|reject"
            r"|exhausted|expired|shutdown|evict"
        ),
    ),
    (
        "whole",
        re.compile(
            r"stop|end|eos|complete|finish|done|tool|function|normal|success|word|null|none|^ok$"
            r"|^true$|^\d*$"
        ),
    ),
)
_REASONS = ("finishreason", "nativefinishreason", "donereason", "stoptype", "completionreason")
_STATES = ("status", "incompletedetails")  # of more than the answer: unknown words say nothing
_FLAGS = ("truncated", "stoppedlimit")


def ending_of(about: Mapping[str, Any]) -> tuple[Ending, str]:
    """Return how an answer ended, and the provider's word for it.

    Args:
        about: the metadata of the message.
    """
    given = {re.sub(r"[\W_]", "", key).lower(): value for key, value in about.items()}
    # With a finish reason, a stop reason is the text at which the answer stopped.
    keys = _REASONS if given.get("finishreason") else (*_REASONS, "stopreason")
    words = list(filter(None, (_word(given.get(key)) for key in keys)))
    feedback = given.get("promptfeedback")
    if isinstance(feedback, Mapping) and cast("Mapping[str, object]", feedback).get("block_reason"):
        words.append("blocked_prompt")
    if any(given.get(flag) is True for flag in _FLAGS):
        words.append("truncated")
    states = list(filter(None, (_word(given.get(key)) for key in _STATES)))
    for ending, pattern in _ENDINGS:
        for word in (*words, *states):
            if pattern.search(word):
                return ending, word
    return ("unknown", words[0]) if words else ("whole", "")


def _word(reason: object) -> str:
    """Return a reason in lower case, `max_tokens` for `FinishReason.MAX_TOKENS` or `maxTokens`."""
    if isinstance(reason, Mapping):
        told = cast("Mapping[str, object]", reason)
        reason = told.get("type") or told.get("reason")
    if isinstance(reason, list):
        reason = next(iter(cast("list[object]", reason)), None)
    name = str(getattr(reason, "name", None) or reason or "").rsplit(".", 1)[-1].strip()[:60]
    name = name if name.isupper() else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return re.sub(r"\W+", "_", name).strip("_").lower()
