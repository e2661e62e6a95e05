"""sampler: one branch of a wave; asks a chunk of samples at once."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import TypedDict

from manyminds.asking.ask import ask_all, blank
from manyminds.asking.ledger import spent_on
from manyminds.asking.run import Run
from manyminds.members import Member
from manyminds.nodes.node import Node, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt
from manyminds.settings import Context
from manyminds.state import Candidate
from manyminds.votes.answers import Extractor


class Chunk(TypedDict):
    """What a branch is sent: which samples, and what it needs to know of the run."""

    run: str
    question: str
    question_id: str
    messages: list[Any]
    layer: int
    first: int
    count: int


def in_turn(members: Sequence[Member], seed: int, question_id: str) -> list[Member]:
    """Return the members in the order in which they take turns on this question."""
    order = list(members)
    random.Random(f"{seed}:{question_id}").shuffle(order)
    return order


def sampler(
    members: Sequence[Member],
    *,
    method: str,
    prompt: Prompt | None,
    extract: Extractor | None,
    params: Mapping[str, Any],
    context: Context,
) -> Node:
    """Return the node that samples (Agent Forest, arXiv 2402.05120).

    Args:
        members: who is sampled, in turn.
        method: name of the method.
        prompt: how to ask; None asks the bare conversation.
        extract: how to find the answer that is voted on; None leaves that to the voter.
        params: sampling defaults of the role.
        context: the builder's settings.
    """

    async def run(chunk: Chunk) -> Update:
        serving = Run.of(chunk, method, context)
        asked: list[Candidate] = []
        requests: dict[str, list[Candidate]] = {}
        by_name = {member.name: member for member in members}
        order = in_turn(members, serving.seed, chunk["question_id"])
        for index in range(chunk["first"], chunk["first"] + chunk["count"]):
            draw, place = divmod(index, len(order))
            member = order[place]
            candidate = blank(
                member, serving, role="sampler", index=index, draw=draw, layer=chunk["layer"]
            )
            asked.append(candidate)
            requests.setdefault(member.name, []).append(candidate)
        messages = {name: _messages(chunk, by_name[name], prompt) for name in requests}
        batches = [
            (by_name[name], batch, messages[name]) for name, batch in _batches(requests, by_name)
        ]
        await ask_all(batches, serving, params=params)
        if extract is not None:
            for candidate in asked:
                if candidate["status"] == "ok":
                    candidate["answer"] = extract.extract(candidate["text"])
        return {"candidates": asked, "spent": spent_on(asked)}

    return Node(run, "sampler")


def _batches(
    requests: Mapping[str, list[Candidate]], by_name: Mapping[str, Member]
) -> list[tuple[str, list[Candidate]]]:
    return [
        (name, waiting[start : start + size])
        for name, waiting in requests.items()
        for size in (by_name[name].samples_per_request,)
        for start in range(0, len(waiting), size)
    ]


def _messages(chunk: Chunk, member: Member, prompt: Prompt | None) -> list[Any]:
    messages = addressed(chunk["messages"], member)
    return messages if prompt is None else prompt.render(messages)
