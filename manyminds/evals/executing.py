"""The first stage of the paper's vote on code: keep what executes, then choose by similarity.

"More Agents Is All You Need" (arXiv 2402.05120) runs each program by itself, without any tests,
before the BLEU vote. Here that happens in a separate process with limits, never in this one.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from manyminds.evals.sandbox import Limits, runs
from manyminds.nodes.node import State
from manyminds.nodes.tally import first_good, in_worker
from manyminds.runs.context import RunContext
from manyminds.state import Candidate
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import consensus

_DEFINES = re.compile(r"^(?:async\s+)?def\s+\w+", re.MULTILINE)


@dataclass(frozen=True)
class Executing:
    """A vote for code: programs that do not run are left out, unless none runs.

    Give it as `vote=Executing()` with `extract="code"`. Programs of unknown models are executed,
    so use it where you would run them anyway; see `manyminds.evals.sandbox` for what is kept out.

    Attributes:
        metric: of the vote among those that run.
        limits: of each program.
    """

    metric: str = "bleu"
    limits: Limits = field(default_factory=Limits)
    name: str = "executes"

    async def hold(self, candidates: Sequence[Candidate], state: State, run: RunContext) -> Ballot:
        """Run every distinct program, then vote among those that ran to their end."""
        codes = [c["answer"] if c["status"] == "ok" else None for c in candidates]
        distinct = list(dict.fromkeys(code for code in codes if code is not None))
        question: str = state["question"]
        ran = await asyncio.gather(
            *(runs(whole_program(question, code), self.limits) for code in distinct)
        )
        fine_ones = {code for code, fine in zip(distinct, ran, strict=True) if fine}
        kept = [code if code in fine_ones else None for code in codes] if fine_ones else codes
        held = await in_worker(run, lambda: consensus(kept, metric=self.metric, vote=self.name))
        return first_good(candidates) if held is None else held


def whole_program(question: str, code: str) -> str:
    """Put the function that the question begins before code that only completes it."""
    return code if _DEFINES.search(code) else f"{question.rstrip()}\n{code}\n"
