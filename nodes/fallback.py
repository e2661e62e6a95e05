"""fallback: a role is played by the first member of its chain that can."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from manyminds.calls.ask import ask
from manyminds.members import Member
from manyminds.runs.context import RunContext
from manyminds.state import Candidate, Failure


async def first_answer(
    chain: Sequence[Member],
    prompt: Callable[[Member], list[BaseMessage]],
    run: RunContext,
    *,
    role: str,
    layer: int,
    index: int = 0,
    draw: Callable[[Member], int] = lambda _member: 0,
    params: Mapping[str, Any] | None = None,
    stream: bool = False,
    refuse: Callable[[str], str | None] = lambda _text: None,
) -> tuple[Candidate | None, list[Candidate]]:
    """Ask the members of a chain in order until one gives a usable answer.

    Args:
        chain: the member that plays the role, and who takes over when it fails.
        prompt: the messages for a member.
        run: the run that the calling node serves.
        role: in which role; the report adds up by it.
        layer: layer or round, from 1.
        index: the place of the first one asked among all that are asked in this role.
        draw: how often a member was asked before in this run.
        params: sampling defaults of the role.
        stream: let the tokens through: only for a method's last role.
        refuse: from an answer to why it is of no use, or None; such an answer is flagged.

    Returns:
        The answer, or None where there is none, and all that were asked.
    """
    asked: list[Candidate] = []
    for nth, member in enumerate(chain):
        candidate = await ask(
            member,
            prompt(member),
            run,
            role=role,
            index=index + nth,
            draw=draw(member),
            layer=layer,
            params=params,
            stream=stream,
        )
        asked.append(candidate)
        if candidate["status"] != "ok":
            continue
        reason = refuse(candidate["text"])
        if reason is None:
            return candidate, asked
        candidate["status"] = "flagged"
        candidate["error"] = Failure(
            kind="malformed", message=reason, retriable=True, maybe_billed=False
        )
        if stream:
            run.emit("dropped", member=member.name, message_id=candidate["message_id"])
    return None, asked


def why(asked: Sequence[Candidate]) -> str:
    """Return the kind of the last failure, for a note on who took over."""
    error = asked[-1]["error"] if asked else None
    return "no answer" if error is None else error["kind"]
