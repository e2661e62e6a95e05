"""A batch on a Ray cluster of four nodes on this machine, one of which is killed on the way.

Each question is asked ten times of a local HTTP server, and a vote chooses. Every question has to
have exactly one row in the end. The local engine then runs the same questions in one process. The
nodes, the models and this process share the processors of one machine, so the cluster can be no
faster than they are together. Exits 1 where a question has no row, or two.

    python benchmarks/ray_nodes.py --questions 10000
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from local_server import server
from rich.console import Console
from rich.table import Table

from manyminds import create_agent_forest
from manyminds.compiled_method import CompiledMethod
from manyminds.evals.batch import Batch, abatch, read_items
from manyminds.evals.batch_ray import Make, ray_batch

SAMPLES, NODES = 10, 4
KILLED_AT = 0.25  # share of the questions after which a node is killed


class Done(NamedTuple):
    """What an engine did: seconds, runs without an answer, and rows by the question's id."""

    seconds: float
    failed: int
    rows: Counter[str]


def building(upstream: str) -> Make:
    """Return what builds the method, in this process or in a worker."""

    def make() -> CompiledMethod:
        return create_agent_forest(f"m@{upstream}", samples=SAMPLES).compile()

    return make


def questions(path: Path, count: int) -> Path:
    rows = ({"id": f"q{number}", "question": f"Question {number}?"} for number in range(count))
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def on_ray(make: Make, data: Path, out: Path, count: int) -> Done:
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_raylet_start_wait_time_s="120")
    ray: Any = import_module("ray")
    cluster = import_module("ray.cluster_utils").Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0}
    )
    nodes = [cluster.add_node(num_cpus=1) for _ in range(NODES)]
    ray.init(address=cluster.address, log_to_driver=False)
    killed = False

    def kill(now: Batch) -> None:
        nonlocal killed
        if killed or now.done < count * KILLED_AT:
            return
        killed = True
        own = ray.get_runtime_context().get_node_id()  # losing it would end this process
        lost = next(node for node in nodes if node.node_id != own)
        cluster.remove_node(lost, allow_graceful=False)
        print(f"a node was killed after {now.done:,} questions", file=sys.stderr, flush=True)

    began = perf_counter()
    result = ray_batch(make, read_items(data), out, on_item=kill)
    seconds = perf_counter() - began
    ray.shutdown()
    cluster.shutdown()
    return Done(seconds, result.errors.total(), ids(out) if killed else Counter())


def in_process(make: Make, data: Path, out: Path) -> Done:
    began = perf_counter()
    result = asyncio.run(abatch(make(), read_items(data), out))
    return Done(perf_counter() - began, result.errors.total(), ids(out))


def ids(out: Path) -> Counter[str]:
    with out.open(encoding="utf-8") as lines:
        return Counter(json.loads(line)["id"] for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=10_000)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds of each answer")
    options = parser.parse_args()
    count, missed = options.questions, 0
    names = ("engine", "seconds", "questions a second", "rows", "twice", "failed")
    table = Table(*names, title=f"{count:,} questions x {SAMPLES}, one of {NODES} nodes killed")
    with server(options.latency, 3) as upstream, tempfile.TemporaryDirectory() as folder:
        make, data = building(upstream), questions(Path(folder) / "q.jsonl", count)
        found = {
            "ray": on_ray(make, data, Path(folder) / "ray.jsonl", count),
            "local": in_process(make, data, Path(folder) / "local.jsonl"),
        }
        for name, done in found.items():
            twice = sum(rows > 1 for rows in done.rows.values())
            missed += len(done.rows) != count or twice > 0 or done.failed > 0
            rate = f"{count / done.seconds:.1f}"
            shown = (f"{done.seconds:.0f}", rate, f"{len(done.rows):,}", str(twice))
            table.add_row(name, *shown, str(done.failed))
    Console(width=100).print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
