"""How an answer ended, in the words of every provider."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, cast

Ending = Literal["whole", "refused", "truncated", "failed", "unknown"]

# The first that matches counts.
_ENDINGS: tuple[tuple[Ending, re.Pattern[str]], ...] = (
    (
        "refused",
        re.compile(
            r"filter|safety|refus|recitation|block|prohibited|spii|(?:^|_)pii|guardrail|sensitive"
            r"|toxic|moderat|polic|model_armor|jailbreak|denied|inspection|harm|unsafe|violat"
            r"|censor|nsfw|restrict|allowed|redact|forbid|copyright|privacy|(?:^|_)hate|csam"
            r"|^language$|(?:^|_)risk|flagged|(?:^|_)rai(?:_|$)|responsible_?ai|abus|malicious"
            r"|profan|illegal|unlawful|sexual|violen|harass|dangerous|civic|injection|security"
            r"|(?:^|_)spam|declin|content_management|(?:^|_)(?:adult|minors?)(?:_|$)"
            r"|\u654f\u611f|\u8fdd|\u5ba1\u6838|\u5408\u89c4|\u6d89|\u4e0d\u5f53|\u4e0d\u5b89\u5168"
        ),
    ),
    (
        "truncated",
        re.compile(
            r"length|max_?\w*tokens|max_?\w*output|^max_|_max$"
            # of the answer, not of an account or of a process
            r"|^(?!.*(?:rate|requests?|quota|concurrency|memory|spend|usage|credit|user)_?limit)"
            r".*limit(?!less)|context_?window|incomplete|truncat"
            r"|(?:not_?|un)finished|in_progress|pause|repetition|partial|budget|cut_?off"
            r"|(?:^|_)(?:cut|ctx|window|tokens|max)$|exceed\w*_(?:output|time)|\u957f\u5ea6|\u622a\u65ad"
            r"|(?:context|ctx|cache)_full|too_long|(?:n|num)_predict|out_of_tokens"
            r"|(?:tokens?|context|ctx)_(?:exceed|exhaust)|exceed\w*_(?:context|tokens?)"
            r"|max_?(?:\w*_)?len(?:_|$)|(?:^|_)len(?:_|$)|_cap(?:ped)?$|\u8d85\u957f|\u8d85\u51fa|\u4e0a\u9650"
        ),
    ),
    (
        "failed",
        re.compile(
            r"error|abort|fail|malformed|insufficient|cancel|time_?out|timed_?out|unavailable"
            r"|exception|unexpected|too_many|missing|^other$|no_image|kill|interrupt|pre_?empt"
            r"|memory|^oom$|overload|rate_limit|disconnect|unload|^load$|user_?stop|crash|reject"
            r"|exhausted|expired|shutdown|evict|by_user|die[ds]?$|dead|dropp?ed|lost|stall|(?:^|_)hang"
            r"|hung|abnormal|\wfunction|suspend|pending|queued|terminat|closed|halt|gone|reset|^internal|_internal|invalid|bad_|revok|starv|(?:^|_)oom|(?:^|_)nan|broken"
            r"|capacity|throttl|(?<!de)fault|busy|sig(?:term|kill|segv|abrt)|_down$|network|panic"
            r"|corrupt|deadlock|not_available|(?:queue|pool)_full|(?:hard|by_server)_?stop|by_server|quota|undeliver|limit"
            r"|\u5f02\u5e38|\u9519\u8bef|\u8d85\u65f6|\u53d6\u6d88|\u5931\u8d25|\u4e2d\u65ad"
        ),
    ),
    (
        "whole",
        re.compile(
            # "not_complete" and "forced_stop" are none of these
            r"^(?!(?:.*_)?(?:no|not|non|never|un(?!specified)\w+|half|early|forced?|manual\w*|hard)(?:_|$)).*"
            r"(?:^|_)(?:stop|end|eo[sgt]|complet|finish|done$|tool|function|natural|normal|succe|word"
            r"|null|none$|answered|ok$|final|eom(?:_|$)|ready$|deliver|generated|s$)"
            r"|^true$|^\d*$|\u505c\u6b62|\u5b8c\u6210|\u7ed3\u675f"
        ),
    ),
)
_UNKNOWN = len(_ENDINGS)
_REASONS = ("finishreason", "nativefinishreason", "donereason", "stoptype", "completionreason")
_STATES = ("status", "incompletedetails")  # of more than the answer: unknown words say nothing
_FLAGS = ("truncated", "istruncated", "stoppedlimit")
_ENDS = ("done", "complete", "completed", "isfinished")  # False: the answer goes on
# Parts of the metadata in which some clients keep the reason.
_HOLDERS = ("details", "generationinfo", "choices", "outputs", "output", "candidates", "metadata")


def ending_of(about: Mapping[str, Any]) -> tuple[Ending, str]:
    """Return how an answer ended, and the provider's word for it.

    Args:
        about: the metadata of the message.
    """
    if not about:
        return "whole", ""
    given = _fields(about)
    # With a finish reason, a stop reason is the text at which the answer stopped.
    keys = _REASONS if given.get("finishreason") else (*_REASONS, "stopreason")
    words = list(filter(None, (_word(given.get(key)) for key in keys)))
    feedback = given.get("promptfeedback")
    if isinstance(feedback, Mapping) and _fields(cast("Any", feedback)).get("blockreason"):
        words.append("blocked_prompt")
    if any(str(given.get(flag)).lower() == "true" for flag in _FLAGS) or any(
        given.get(flag) is False for flag in _ENDS
    ):
        words.append("truncated")
    states = list(filter(None, (_word(given.get(key)) for key in _STATES)))
    found = [(_rank(word), word) for word in (*words, *states)]
    rank, word = min(found, key=lambda one: one[0], default=(_UNKNOWN, ""))
    if rank < _UNKNOWN:
        return _ENDINGS[rank][0], word
    return ("unknown", words[0]) if words else ("whole", "")


def _fields(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata by plain names, those of a part within it where it has one."""
    given = {_key(name[:60]): value for name, value in about.items()}
    for holder in _HOLDERS:
        inner = given.get(holder)
        if isinstance(inner, list):
            inner = next(iter(cast("list[object]", inner)), None)
        if isinstance(inner, Mapping):
            more = {_key(str(name)[:60]): one for name, one in cast("Any", inner).items()}
            given = {
                **{key: more[key] for key in (*_REASONS, "stopreason") if key in more},
                **given,
            }
    return given


@lru_cache(maxsize=1024)  # every answer comes with the same few keys and words
def _key(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


@lru_cache(maxsize=1024)
def _rank(word: str) -> int:
    """Return the place of the first ending that a word matches."""
    return next((n for n, (_, each) in enumerate(_ENDINGS) if each.search(word)), _UNKNOWN)


def _word(reason: object) -> str:
    """Return a reason in lower case, `max_tokens` for `FinishReason.MAX_TOKENS` or `maxTokens`."""
    if reason is None:
        return ""
    if isinstance(reason, Mapping):
        fields = cast("Mapping[str, object]", reason)
        reason = fields.get("type") or fields.get("reason")
    if isinstance(reason, list):
        reason = next(iter(cast("list[object]", reason)), None)
    return _normal(str(getattr(reason, "name", None) or reason or "").rsplit(".", 1)[-1][:80])


@lru_cache(maxsize=1024)
def _normal(name: str) -> str:
    name = name.strip()[:60]
    name = name if name.isupper() else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return re.sub(r"\W+", "_", name).strip("_").lower()
