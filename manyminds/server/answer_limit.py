"""The client's limit of tokens, for answers that no call wrote under that limit."""

_BYTES = 4  # of a token, about, in any language
_FEWEST, _MOST = 3, 6  # what a count may say: it can include hidden reasoning, or other samples


def shortened(text: str, limit: int, written: int, reasoning: str = "") -> str | None:
    """Return the first tokens of a text, by its bytes; None where it has no more than the limit.

    Votes choose among answers that were written without the limit, which would have cut off what
    they are about to say. The call that writes an answer alone gets the limit itself.

    Args:
        text: The answer.
        limit: Tokens that the client wants at most.
        written: Tokens of the call that wrote it, as its endpoint counts them; 0: unknown.
        reasoning: Reasoning that is among these tokens.
    """
    if 0 < written <= limit:
        return None
    whole = text.encode("utf-8", "replace")
    each: float = _BYTES
    if written:
        size = len(whole) + len(reasoning.encode("utf-8", "replace"))
        each = min(_MOST, max(_FEWEST, size / written))
    most = int(limit * each)
    return None if len(whole) <= most else whole[:most].decode("utf-8", "ignore")
