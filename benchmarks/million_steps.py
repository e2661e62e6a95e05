"""Towers of Hanoi by step-wise voting: a million dependent steps without an error.

Simulated members, right with a given probability a step, are asked through the ordinary asking
path and vote first-to-ahead-by-k. Prints k, the probability of a run without error by the formula
of MAKER (arXiv 2511.09030), votes, time a step and resident memory; exits 1 where a target is
missed. `--journal FILE` writes a journal and continues after it.
"""

import argparse
import asyncio
import math
import os
import sys
import time
from typing import Any

from manyminds import Context, Member, create_stepwise_voting
from manyminds.models.simulated.hanoi import SimulatedStepper
from manyminds.tasks.hanoi import Hanoi
from manyminds.votes.odds import lead_for

MOST_MEMORY = 20.0  # MB of growth from step 10,000 on
MOST_MS = {3: 1.0, 4: 1.3}


def resident() -> float:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def solve(
    args: argparse.Namespace, k: int, watch: list[tuple[int, float, float]]
) -> dict[str, Any]:
    members = [
        Member(SimulatedStepper(model_name=f"simulated-{n}", accuracy=args.accuracy, seed=n))
        for n in range(3)
    ]
    graph = create_stepwise_voting(
        members,
        task=Hanoi(args.disks),
        stop=f"ahead:{k},40",
        steps_per_superstep=args.fused,
        journal=args.journal,
    )

    async def look(state: dict[str, Any]) -> dict[str, Any]:
        watch.append((state["step"], time.perf_counter(), resident()))
        return {}

    graph.insert("look", look, after="steps")
    asked = {"messages": [("user", f"Solve the Towers of Hanoi with {args.disks} disks.")]}
    return await graph.compile().ainvoke(asked, context=Context(seed=args.seed))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disks", type=int, default=20)
    parser.add_argument("--accuracy", type=float, default=0.998)
    parser.add_argument("--k", type=int, default=3, help="0: derive it from the formula")
    parser.add_argument("--target", type=float, default=0.95, help="wanted chance of no error")
    parser.add_argument("--fused", type=int, default=100, help="steps a superstep")
    parser.add_argument("--journal")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    steps = 2**args.disks - 1
    k = args.k or lead_for(args.accuracy, steps, args.target)
    odds = ((1 - args.accuracy) / args.accuracy) ** k
    chance = math.exp(-steps * math.log1p(odds))
    print(f"{args.disks} disks, {steps:,} steps, members right {args.accuracy:.1%} of the time")
    print(f"k = {k}: no error with probability {chance:.3f} by the formula")
    watch: list[tuple[int, float, float]] = []
    began = time.perf_counter()
    result = asyncio.run(solve(args, k, watch))
    seconds = time.perf_counter() - began
    report = result["report"]
    done = result["step"] - report["resumed"]
    right = result["task_state"] == {"pegs": "C" * args.disks, "moves": steps}
    late = [entry for entry in watch if entry[0] >= 10_000] or watch
    grown = max(memory for _, _, memory in late) - late[0][2]
    half = late[len(late) // 2]
    first, second = (half[1] - late[0][1]), (late[-1][1] - half[1])
    a_step = seconds / max(1, done) * 1000
    print(f"{report['step']:,} steps ({report['resumed']:,} out of the journal), {seconds:.0f} s")
    print(f"finished {'without an error' if right else 'WRONGLY'}: {result['answer']}")
    print(f"votes a step: {report['votes'] / max(1, done):.3f}")
    print(f"memory from step 10,000 on: +{grown:.1f} MB (target +{MOST_MEMORY:g})")
    print(f"second half over first half, in time: {second / first if first else 1:.2f}")
    limit = MOST_MS.get(k, MOST_MS[4])
    print(f"time a step: {a_step:.2f} ms (target {limit:g})")
    return 0 if right and grown <= MOST_MEMORY and a_step <= limit else 1


if __name__ == "__main__":
    sys.exit(main())
