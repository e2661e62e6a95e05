"""The shapes that graphs, nodes, votes and records share: plain data, because checkpoints keep it.

Everything here is a TypedDict of strings, numbers, lists and dicts. The checkpoint serializer
gives tuples back as lists and warns about classes, so neither appears in a state.
"""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

Status = Literal["ok", "failed", "timeout", "cut", "flagged", "skipped"]

FailureKind = Literal[
    "timeout",
    "connection",
    "rate_limit",
    "server_error",
    "refused",
    "context_too_long",
    "authentication",
    "invalid_request",
    "malformed",
    "empty",
    "truncated",
    "not_recorded",
    "budget",
    "cancelled",
    "quorum",
    "error",
]


class TokenUsage(TypedDict):
    """Tokens of one call, or summed over several."""

    input_tokens: int
    output_tokens: int


NO_TOKENS = TokenUsage(input_tokens=0, output_tokens=0)


class Failure(TypedDict):
    """Why a member gave no answer. Never shown to another model."""

    kind: FailureKind
    message: str
    retriable: bool
    maybe_billed: bool


class Report(TypedDict):
    """What a run did and what it cost. A method adds keys of its own, such as `stopped`.

    `degraded`: why the answer is less than it could be, None where it is not. `notes`: the same,
    one reason each, and what an observer has lost. `missing`: failed calls by member, role and
    kind. `calls` counts model calls, `requests` what went to endpoints, retries included; `reused`
    answers came from a cache or a record. `cost` is in dollars, None where no price is known;
    `unpriced_calls` counts the calls without a price. `simulated`: a member was simulated.
    `seconds` is the wall time. `members` and `roles` break this down; `spent` is the ledger itself.
    `answered_by`: the member whose reply became the answer. `roles_played_by`: members of each
    role, in fallback order. `prompts`: name@version#hash of each. `ignored_params`: members whose
    sampling parameters cannot be set. `prices`: where each price comes from.
    """

    degraded: str | None
    notes: list[str]
    method: str
    run: str
    missing: list[dict[str, Any]]
    calls: int
    retries: int
    requests: int
    reused: int
    tokens: dict[str, int]
    cost: float | None
    unpriced_calls: int
    simulated: bool
    seconds: float
    members: dict[str, dict[str, Any]]
    roles: dict[str, dict[str, Any]]
    spent: dict[str, Any]
    answered_by: str
    roles_played_by: dict[str, list[str]]
    prompts: list[str]
    ignored_params: list[str]
    prices: dict[str, str]


class Candidate(TypedDict):
    """One member's answer, good or failed.

    `index` is the order of asking within the layer or run, `draw` how often this member was asked
    this question before in this run. `answer` is what was extracted for a vote; None abstains.
    `attempts` counts requests (0: it came in another sample's request). `seconds` includes retries
    and waiting for them; `cost` is in dollars, None where unknown. `calls` counts the model calls
    of a member that is a chain or agent; `nested` is the ledger of one that is a method itself, and
    `ballot` how the vote in it went. `notes`: why the answer is degraded. `simulated`: no real
    model gave this answer. `truncated`: the token limit cut it. `at` is the time of the request
    (seconds since 1970). `reused`: it was taken from a "cache" or a "record" and cost nothing.
    `hedged_by`: the member whose answer this
    is, because the call's own member was late; `hedges`: the calls of a hedge that lost.
    `where`: the place in the text where `answer` is, such as "box" or "last line".
    `read`: how a verdict was read: "model" (it follows its JSON schema), "parser" (from text) or
    "fallback" (no call of the role could be read, and this was the last).
    """

    run: str
    member: str
    role: str
    index: int
    draw: int
    layer: int
    status: Status
    text: str
    answer: str | None
    error: Failure | None
    usage: TokenUsage
    cost: float | None
    seconds: float
    attempts: int
    message_id: str | None
    where: NotRequired[str]
    content: NotRequired[list[Any]]
    tool_calls: NotRequired[list[Any]]
    reasoning: NotRequired[str]
    read: NotRequired[str]
    confidence: NotRequired[float]
    scores: NotRequired[dict[str, float]]
    calls: NotRequired[int]
    nested: NotRequired[dict[str, Any]]
    notes: NotRequired[list[str]]
    ballot: NotRequired[dict[str, Any]]
    simulated: NotRequired[bool]
    truncated: NotRequired[bool]
    at: NotRequired[float]
    reused: NotRequired[str]
    hedged_by: NotRequired[str]
    hedges: NotRequired[list[Any]]


def ok(reply: Candidate) -> bool:
    """Return whether a reply is good: neither failed nor flagged."""
    return reply["status"] == "ok"


def whole_text(reply: Candidate | None) -> str | None:
    """Return the text of a good reply that ended by itself, else None.

    What a reply says last before the token limit cut it need not be its answer.
    """
    return reply["text"] if reply and ok(reply) and not reply.get("truncated") else None


def note(candidate: Candidate, *notes: str) -> None:
    """Add notes to a candidate, which the report shows."""
    if notes:
        candidate["notes"] = [*candidate.get("notes", []), *notes]


ONLY_A_TOOL_CALL = "a reply is only a tool call, although no tools were offered"
"""Note on a reply without a text."""


def calls_were_read(reply: Candidate) -> None:
    """Take back the note on a reply without a text: its tool calls were what was asked for."""
    notes = [note for note in reply.get("notes", []) if note != ONLY_A_TOOL_CALL]
    if len(notes) < len(reply.get("notes", [])):
        reply["notes"] = notes


def why(reply: Candidate) -> str:
    """Return the kind of a reply's failure, for a note in the report."""
    error = reply["error"]
    return "no answer" if error is None else error["kind"]
