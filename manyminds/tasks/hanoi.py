"""Towers of Hanoi as a step task: a million dependent steps at 20 disks, each easy by itself.

MAKER (arXiv 2511.09030) solves it with one small question a step and a vote on each.
"""

import re

from langchain_core.messages import BaseMessage

from manyminds.errors import InputError
from manyminds.prompts import load
from manyminds.tasks.step import RedFlag

_MOVE = re.compile(r"move: ([1-9][0-9]?) ([ABC]) ([ABC])")
_ASKED = re.compile(r"\b([1-9][0-9]?) disks?\b")


class Hanoi:
    """Move a tower of disks from peg A to peg C, one voted move at a time.

    Its state is {"pegs": the peg of each disk, smallest first, as a text such as "AAB",
    "moves": how many were made}.

    Args:
        disks: number of disks; None reads "N disks" in the question. 2**disks - 1 moves are needed.
    """

    name = "hanoi"

    def __init__(self, disks: int | None = None) -> None:
        if disks is not None and not 1 <= disks <= 64:
            raise InputError(f"disks={disks}: give 1 to 64")
        self.disks = disks
        self._prompt = load("stepwise/hanoi@1")

    def start(self, question: str) -> dict[str, object]:
        """Return all disks on peg A."""
        asked = _ASKED.search(question)
        disks = self.disks or (int(asked[1]) if asked else None)
        if disks is None:
            raise InputError("Hanoi: ask for a number, such as '10 disks', or give Hanoi(disks=10)")
        return {"pegs": "A" * disks, "moves": 0}

    def prompt(self, state: dict[str, str]) -> list[BaseMessage]:
        """Ask for the next move, telling the rule that finds it."""
        pegs = state["pegs"]
        # The rule turns the smallest disk one way for an odd number of disks, else the other way.
        cycle = "A, C, B" if len(pegs) % 2 else "A, B, C"
        number = str(int(state["moves"]) + 1)
        return self._prompt.render([], pegs=" ".join(pegs), number=number, cycle=cycle)

    def parse(self, reply: str, state: dict[str, str]) -> str:
        """Read "move: DISK FROM TO" in the last line; anything else, or an illegal move, flags."""
        found = _MOVE.fullmatch(reply.rstrip().rpartition("\n")[2].strip())
        if found is None:
            raise RedFlag("the last line is not `move: DISK FROM TO`")
        disk, source, target = int(found[1]), found[2], found[3]
        pegs = state["pegs"]
        if disk > len(pegs) or pegs[disk - 1] != source or source == target:
            raise RedFlag("that disk is not there")
        smaller = pegs[: disk - 1]
        if source in smaller or target in smaller:
            raise RedFlag("a smaller disk is in the way")
        return f"{disk} {source} {target}"

    def apply(self, state: dict[str, str], step: str) -> dict[str, object]:
        """Return the pegs after a move."""
        disk, _, target = step.split()
        at, pegs = int(disk) - 1, state["pegs"]
        return {"pegs": pegs[:at] + target + pegs[at + 1 :], "moves": int(state["moves"]) + 1}

    def done(self, state: dict[str, str]) -> bool:
        """Return whether every disk is on peg C."""
        return state["pegs"] == "C" * len(state["pegs"])

    def answer(self, state: dict[str, str]) -> str:
        """Say how many moves it took."""
        return f"All {len(state['pegs'])} disks are on peg C after {state['moves']} moves."
