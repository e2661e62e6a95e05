"""Runs to be drawn: made up ones of any size, and recorded ones of simulated members."""

import random
from pathlib import Path
from typing import Any

from helpers.registry import QUESTION

from manyminds import create_smoa
from manyminds.method_graph import MethodGraph
from manyminds.records.reader import load_run
from manyminds.records.record import record
from manyminds.records.run_record import RunRecord
from manyminds.records.schema import MessageLine
from manyminds.state import Candidate, Failure, Status
from manyminds.views.data import LayerData, RunData, ShownCall
from manyminds.votes.ballots import Group, draw_up

BAD: tuple[Status, ...] = ("failed", "timeout", "cut")


def recorded(graph: MethodGraph, folder: Path, question: str = QUESTION) -> RunRecord:
    """Run a graph, and return its record."""
    with record(folder) as recording:
        graph.compile().invoke({"messages": [("user", question)]})
    return load_run(recording.path)


def smoa(**options: Any) -> MethodGraph:
    """Return a Sparse Mixture-of-Agents whose layers a judge thins out."""
    members = ["simulated:small", "simulated:medium", "simulated:large", "simulated:tiny?skill=0.3"]
    defaults: dict[str, Any] = {"judge": "simulated:large", "layers": 3}
    return create_smoa(members, **(defaults | options))


def made(members: int, calls: int, *, text: str = "", seed: int = 0) -> RunData:
    """Return a made up run: many members, many calls, some without an answer.

    Args:
        members: how many take turns.
        calls: how many there are in all.
        text: what they all say; by default something else each time.
        seed: drives times, texts and failures.
    """
    draw = random.Random(seed)
    names = [f"provider:a-model-with-a-long-name-{place}" for place in range(members)]
    made_up = [_call(place, names[place % members], draw, text) for place in range(calls)]
    answers = [call.answer for call in made_up if call.answer is not None]
    groups = [
        Group(answer=answer, indices=[answers.index(answer)], weight=answers.count(answer))
        for answer in dict.fromkeys(answers)
    ]
    asking = ["__start__", "layer", *names, "gate", "__end__"]
    edges = [("__start__", "layer", False), ("gate", "__end__", True), ("gate", "layer", True)]
    edges += [edge for name in names for edge in (("layer", name, True), (name, "gate", False))]
    return RunData(
        id="made-up",
        method="agent-forest",
        question="Which of many answers is right?",
        calls=made_up,
        layers=[LayerData(1, made_up, kept=[0] if calls > 1 else None)],
        ballot=draw_up("majority", groups, voters=len(answers), asked=calls),
        answer="The answer is 1.",
        seconds=max((call.over for call in made_up), default=0.0),
        nodes=asking,
        edges=edges,
        visits=[("layer", 0, 0.1), *((name, 1, 2) for name in names), ("gate", 3, 4)],
    )


def _call(place: int, member: str, draw: random.Random, text: str) -> ShownCall:
    good = draw.random() > 0.1
    answer = str(draw.randint(1, 4)) if good else None
    said = f"Sample {place} says after some thought that it is {answer}." if good else ""
    status: Status = "ok" if good else draw.choice(BAD)
    begin, seconds = place // 64 * 2 + draw.random() * 0.2, 0.2 + draw.random() * 1.7
    late: Failure = {
        "kind": "timeout", "message": "there was no answer within 2 seconds", "retriable": True,
        "maybe_billed": True,
    }  # fmt: skip
    candidate: Candidate = {
        "run": "made-up", "member": member, "role": "sampler", "index": place, "draw": 0,
        "layer": 1, "status": status, "text": text or said, "answer": answer,
        "error": None if good else late,
        "usage": {"input_tokens": 20, "output_tokens": draw.randint(10, 90)}, "cost": None,
        "seconds": seconds, "attempts": 1, "message_id": None,
    }  # fmt: skip
    asked: MessageLine = {
        "type": "message", "hash": "", "role": "human", "content": "Which of many answers is right?"
    }  # fmt: skip
    return ShownCall(candidate, messages=[asked], number=place + 1, begin=begin)
