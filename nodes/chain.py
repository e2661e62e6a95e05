"""A role that several members can play: they are asked one after the other until one answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from manyminds.asking.ask import ask
from manyminds.asking.run import Run
from manyminds.members import Member
from manyminds.state import Candidate


async def ask_in_turn(
    chain: Sequence[Member],
    messages: Callable[[Member], list[BaseMessage]],
    run: Run,
    *,
    role: str,
    layer: int,
    draw: Callable[[Member], int],
    params: Mapping[str, Any] | None = None,
    stream: bool = False,
) -> list[Candidate]:
    """Ask the members of a fallback chain until one answers; return all that were asked.

    Args:
        chain: who plays the role, and who takes over when that one fails.
        messages: from a member to its prompt.
        run: the run that the calling node serves.
        role: the role; the report adds up by it.
        layer: layer or round, from 1.
        draw: from a member to how often it was asked this question before in this run.
        params: sampling defaults of the role.
        stream: let the tokens through, as for `ask`.
    """
    asked: list[Candidate] = []
    for nth, member in enumerate(chain):
        reply = await ask(
            member,
            messages(member),
            run,
            role=role,
            index=nth,
            draw=draw(member),
            layer=layer,
            params=params,
            stream=stream,
        )
        asked.append(reply)
        if reply["status"] == "ok":
            break
    return asked
