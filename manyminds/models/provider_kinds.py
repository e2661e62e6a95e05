"""What kind of failure a provider describes, by its words, its status and its codes."""

import re

from manyminds.state import FailureKind

BY_STATUS: dict[int, FailureKind] = {
    401: "authentication",
    402: "authentication",
    403: "authentication",
    408: "timeout",
    409: "server_error",
    413: "context_too_long",
    425: "server_error",
    429: "rate_limit",
    499: "server_error",
}
_RETRIABLE = frozenset({"timeout", "connection", "rate_limit", "server_error", "malformed"})

# Words that mean the same with every status and provider.
_SURE: tuple[tuple[re.Pattern[str], FailureKind], ...] = (
    (re.compile(r"no generation chunks were returned|null value for 'choices'"), "malformed"),
    (re.compile(r"unexpected response type"), "malformed"),
    (re.compile(r"content_filter|content_policy|responsibleaipolicy"), "refused"),
    (
        re.compile(
            r"insufficient[_ ](?:quota|balance|credit|fund)|exceeded_current_quota|billing_"
            r"|credit balance|(?:invalid|incorrect)[-_ ]?api[-_ ]?key|api key not valid"
            r"|\u4f59\u989d|\u6b20\u8d39"
        ),
        "authentication",
    ),
)
# Words that a provider gives as the reason of a status such as 400 or 403.
_SAID: tuple[tuple[re.Pattern[str], FailureKind], ...] = (
    (
        re.compile(
            r"content[ -]?(?:filter|polic|management|moderation)|(?:usage|safety) polic|moderation"
            r"|flagged|inappropriate|inspection_failed|content exists risk|prohibited[_ ]content"
            r"|blocked[^.]{0,30}safety|safety (?:system|filter|reason)|jailbreak"
            r"|\u654f\u611f|\u4e0d\u5b89\u5168|\u8fdd\u89c4"
        ),
        "refused",
    ),
    (
        re.compile(
            r"too many (?:\w+ ){0,3}requests|concurrent (?:requests?|calls?)|rate.?limit"
            r"|throttl|rate exceeded|resource.?exhausted|qps"
            r"|rate.?quota|requests? limit reached|slow down|\u9650\u6d41|\u9891\u7387|\u5e76\u53d1"
            r"|\u901f\u7387|\u6d41\u91cf|\u8bf7\u6c42\u8fc7\u591a"
        ),
        "rate_limit",
    ),
)
# Codes and types of errors that come without a status, such as those inside a response of 200.
_CODES: tuple[tuple[re.Pattern[str], FailureKind], ...] = (
    (
        re.compile(
            r"rate.?limit|resource.?exhausted|throttl|too.?many.?requests|qps|rate.?quota"
            r"|limit.?exceeded"
        ),
        "rate_limit",
    ),
    (
        re.compile(
            r"auth|permission|forbidden|billing|credit|quota|api.?key|access.?denied"
            r"|(?:invalid|expired|revoked|missing).?token|token.?(?:invalid|expired|revoked)"
        ),
        "authentication",
    ),
    (re.compile(r"timeout|timed.?out|deadline"), "timeout"),
    (re.compile(r"malformed"), "malformed"),
    (re.compile(r"internal|unavailable|server|overload|upstream"), "server_error"),
    (
        re.compile(r"invalid|not.?found|unsupported|bad.?request|unprocessable|value.?error"),
        "invalid_request",
    ),
)

_A_CODE = re.compile(r"(?:none )?[a-z]+(?:[_.][a-z]+)+")

# What a message says where neither a status nor a code does.
_WORDS: tuple[tuple[re.Pattern[str], FailureKind], ...] = (
    (
        re.compile(
            r"unauthori[sz]ed|unauthenticated|not authenticated|authentication|forbidden"
            r"|access denied|api[-_ ](?:secret[-_ ])?key|spend limit|log ?in fail"
            r"|(?:token|credential|key)s? [^.]{0,40}(?:invalid|expired|revoked|not valid|no longer)"
            r"|(?:invalid|expired|revoked|missing|wrong)[-_ ][^.]{0,20}(?:token|credential|key)\b"
            r"|\u9274\u6743|\u6388\u6743|\u8ba4\u8bc1|\u4ee4\u724c"
        ),
        "authentication",
    ),
    (re.compile(r"time[d-]? ?out\b|deadline exceeded"), "timeout"),
    (
        re.compile(
            r"\bbusy\b|overload|(?:currently|still|is) loading|model loading|loading (?:the )?model"
            r"|warming up|cold start|starting up|crash|high demand|unavailable"
            r"|out of memory|internal (?:server )?error|try again (?:later|in)|at capacity"
            r"|no instances|\u7e41\u5fd9|\u7a0d\u540e"
        ),
        "server_error",
    ),
)

# Every engine says in words of its own that a prompt is too long: something that has a length, and
# that it is too much, in one sentence.
_LONG_THING = (
    r"(?:prompts?|inputs?|context|messages?|conversation|chat history|sequence|texts?"
    r"|request (?:body|size|payload)|tokens in [a-z ]{0,20}(?:request|prompt)|prompt_tokens"
    r"|payload|(?:token|prompt) ?count|(?:number of|total|requested) tokens"
    r"|request (?:is|was|has \d+ tokens)"
    r"|request (?=exceeds? (?:the |your )?(?:max|context|model|token|size|limit|allowed))"
    r"|max_(?:model|seq|input|prompt)_(?:len|tokens)\w*|session_len|max_num_tokens)"
)
_TOO_MUCH = (
    r"(?:too (?:long|large|big|many tokens)|exceed\w*"
    r"|(?:longer|larger|greater|bigger|more) than (?!one\b|two\b|once\b)"
    r"|overflow\w*|over the (?:\w+'s )?(?:limit|maximum)|above the (?:limit|maximum)"
    r"|must (?:be (?:<=?|less|at most)|have less)|only supports up to"
    r"|supports? at most|should be \[|beyond|not fit|超[长出过]|过长)"
)
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|contextwindowexceeded|context_window_exceeded"
    r"|(?:maximum|max_?) ?(?:allowed )?(?:context|prompt|input|sequence) ?length"
    r"|available context size|too many (?:input )?tokens|token limit|tokens_limit|\bprompt_len\b"
    r"|reduce (?:the length of |the number of tokens|your message size)"
    r"|(?:shorten|trim|truncate) (?:the |your )?(?:prompt|input|message|conversation|context)"
    r"|context (?:shift is disabled|length is (?:only|too short)|(?:limit|length) reached)"
    r"|length is \d+ while|input length of input_ids is \d+, but|\bmax_position_embeddings\b"
    r"|expected maxlength|\bn_ctx\b|kv cache is full|more tokens than the window"
    r"|(?:prompt|input|context|conversation)_?too_?(?:long|large)"
    r"|(?:messages|prompt|input|content)[\w.]*: string should have at most"
    r"|max(?:imum)? length of (?:the |your )?(?:current )?(?:question|prompt|input|message)"
    r"|max(?:imum)? number of (?:input|prompt|context) tokens|max tokens of \d+ exceeded"
    r"|max_tokens must be at least 1, got -"  # of vLLM, where the prompt leaves no room
    r"|tokens?\s?(?:\u6570|\u603b|\u91cf|\u957f)[^\u3002\n]{0,10}\u8d85"
    r"|max_\w*(?:prompt|input|context)\w*_exceeded|prompt_tokens[^.]{0,40}> ?context"
    r"|(?:\u8f93\u5165|\u4e0a\u4e0b\u6587|\u63d0\u793a)[^\u3002\n]{0,20}(?:\u8fc7\u957f|\u8d85)"
    r"|(?:\u5165\u529b|\u30d7\u30ed\u30f3\u30d7\u30c8)[^\u3002\n]{0,20}"
    r"(?:\u9577\u3059\u304e|\u8d85)"
    r"|(?:\uc785\ub825|\ud504\ub86c\ud504\ud2b8)[^.\n]{0,20}(?:\uae41\ub2c8\ub2e4|\ucd08\uacfc)"
    rf"|\b{_LONG_THING}[^;\n]{{0,60}}\d tokens[^;\n]{{0,60}}\b(?:but|while|limit|allowed|only)\b"
    rf"|\b{_LONG_THING}[^;\n]{{0,90}}{_TOO_MUCH}|{_TOO_MUCH}[^;\n]{{0,60}}\b{_LONG_THING}\b"
)
# Other things can be too long or too many as well.
_OTHER_THING = re.compile(
    r"please wait|try(?:ing)? again (?:later|in|after)|deadline|timeout|quota|concurren"
    r"|too many requests|rate.?limit|\brate\b|queue|credits|afford|flagged|safety"
    r"|per (?:min|hour|day|second)|hourly|daily|weekly|monthly|\bplan\b"
    r"|retries|error message|buffer|when reading|response (?:body|payload|size)"
    r"|\b(?:memory|disk|gpu|cpu|stack|connections?|rows?|file)\b"
    r"|\bimages?\b(?! and text)|^(?!.*\b(?:inputs?|prompts?)\b).*\boutput\b"
    r"|\b(?:logit_bias|audio|video|tools?|functions?|completion tokens|temperature|top_[pk]|stop)\b"
)
# Except where the words are about nothing but the context.
_SURELY_CONTEXT = re.compile(
    r"context[_ ]?(?:length|window|size|limit)|max_(?:model|seq)_len|(?:context|prompt)_too_long"
)
# Frames of messages on any field: "Input should be greater than 0".
_FRAMES = re.compile(r"input should be|input validation error|(?:invalid|malformed) input")
_TOO_LARGE = re.compile(r"request[ _]too[ _]large")  # no rate of tokens a minute lets it through


def kind_of_words(
    text: str, status: int | None = None, codes: str | None = None
) -> FailureKind | None:
    """Return the kind of failure that a provider's words stand for.

    Args:
        text: the provider's message, with its codes.
        status: of the response, or of the error inside it.
        codes: the codes and types alone, which decide where there is no status; None: the text is
            no provider's.

    Returns:
        None where neither words nor status nor codes say anything.
    """
    text = text[:2_000].lower()
    if _is_too_long(text, status):
        return "context_too_long"
    is_told = status in (400, 403, 422, 451) or (status is None and codes is not None)
    for words, kind in (*_SURE, *_SAID) if is_told else _SURE:
        if words.search(text):
            return kind
    if status is not None and status >= 400:
        usual: FailureKind = "server_error" if status >= 500 else "invalid_request"
        return BY_STATUS.get(status, usual)
    if codes is not None and _A_CODE.fullmatch(text.strip()):  # "invalid_auth" as the message
        codes = text
    coded: FailureKind | None = next(
        (kind for words, kind in _CODES if words.search((codes or "").lower())), None
    )
    if coded is not None or codes is None:
        return coded
    return next((kind for words, kind in _WORDS if words.search(text)), None)


def _is_too_long(text: str, status: int | None) -> bool:
    if status == 429 or _TOO_LARGE.search(text):
        return _TOO_LARGE.search(text) is not None
    return any(
        _TOO_LONG.search(sentence)
        and (_SURELY_CONTEXT.search(sentence) or not _OTHER_THING.search(sentence))
        for sentence in re.split(r"(?<=[.;!?])\s|\n", _FRAMES.sub("", text))
    )


def retriable(kind: FailureKind) -> bool:
    """Return whether the same request may succeed later."""
    return kind in _RETRIABLE
