"""Prompts that fit a member's context: other members' answers are shortened, old turns left out."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage, trim_messages

from manyminds.fence import block_sizes, with_short_blocks

BYTES_PER_TOKEN = 3
"""A careful guess for any language: English has about four, Chinese about three."""
_PER_MESSAGE = 4  # tokens of a message besides its text
_REPLY = 1_024  # tokens kept free for a reply without a limit, at most a quarter of the context
_SHORTEST = 300  # bytes of an answer that are always shown


def fitted(
    prompt: list[BaseMessage], context: int, reply: int | None = None
) -> tuple[list[BaseMessage], str | None]:
    """Return a prompt that fits a context, and a note on the parts left out.

    Other members' answers, which are in fenced blocks, are shortened first, the longest first:
    their beginning and their end stay. Then the oldest turns of the conversation are left out. The
    system message and the last user turn are never touched, so a prompt may be too long even then;
    the endpoint says so.

    Args:
        prompt: Messages.
        context: Tokens of the member's context, the reply included.
        reply: Tokens that the reply may have. Default: 1,024, at most a quarter of the context.

    Returns:
        The same list and None if it fits.
    """
    room, over = _room(context, reply), tokens_over(prompt, context, reply)
    if over <= 0:
        return prompt, None
    notes: list[str] = []
    sizes = [size for message in prompt for size in _blocks(message)]
    if sizes:
        limit = _level(sizes, sum(sizes) - over * BYTES_PER_TOKEN)
        cut = sum(size > limit for size in sizes)
        prompt = [_with_short_blocks(message, limit) for message in prompt]
        notes.append(f"{cut} {'answer' if cut == 1 else 'answers'} of others shortened")
    if tokens(prompt) > room:
        kept = trim_messages(
            prompt,
            max_tokens=max(room, tokens(_kept_always(prompt))),
            token_counter=tokens,
            strategy="last",
            include_system=True,
            start_on="human",
        )
        left = len(prompt) - len(kept)
        if kept and left:
            prompt = kept
            notes.append(f"{left} {'message' if left == 1 else 'messages'} left out")
    return prompt, f"to fit {context:,} tokens: {', '.join(notes)}" if notes else None


def tokens_over(prompt: Sequence[BaseMessage], context: int, reply: int | None = None) -> int:
    """Return the tokens by which a prompt is too long for a context; 0 or less where it fits.

    Args:
        prompt: Messages.
        context: Tokens of the member's context, the reply included.
        reply: As for `fitted`.
    """
    return tokens(prompt) - _room(context, reply)


def _room(context: int, reply: int | None) -> int:
    return context - (min(_REPLY, context // 4) if reply is None else reply)


def tokens(messages: Sequence[BaseMessage]) -> int:
    """Return a careful estimate of the tokens of messages."""
    return sum(
        _PER_MESSAGE + len(one.text.encode(errors="replace")) // BYTES_PER_TOKEN for one in messages
    )


def _kept_always(prompt: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return the system message and all from the last user turn on."""
    last = max((n for n, one in enumerate(prompt) if one.type == "human"), default=0)
    return [one for n, one in enumerate(prompt) if n >= last or one.type == "system"]


def _blocks(message: BaseMessage) -> list[int]:
    return block_sizes(message.content) if isinstance(message.content, str) else []


def _with_short_blocks(message: BaseMessage, limit: int) -> BaseMessage:
    if not isinstance(message.content, str):
        return message
    return message.model_copy(update={"content": with_short_blocks(message.content, limit)})


def _level(sizes: Sequence[int], total: int) -> int:
    """Return the limit under which sizes add up to `total`, so that only the longest lose."""
    left, limit = total, 0
    for nth, size in enumerate(sorted(sizes)):
        limit = left // (len(sizes) - nth)
        if size >= limit:
            break
        left -= size
    return max(limit, _SHORTEST)
