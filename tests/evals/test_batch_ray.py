"""Batches on a local Ray cluster: one row an item, also where a node is killed."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.server import Reply, Server

from manyminds import Member, create_agent_forest
from manyminds.compiled_method import CompiledMethod
from manyminds.evals.batch import read_items
from manyminds.evals.batch_ray import Make, ray_batch
from manyminds.limits import sharing

NODES = 4


def test_processes_keep_to_their_part_of_the_limits() -> None:
    try:
        sharing.share_limits(4)
        rates = sharing.rates_of(60.0, None)
        assert (rates.requests, rates.tokens) == (15.0, None)
        assert [sharing.slots_of(n) for n in (256, 6, 1)] == [64, 2, 1]
    finally:
        sharing.share_limits(1)
    assert sharing.slots_of(256) == 256


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "120")  # a busy machine is slow
    ray: Any = pytest.importorskip("ray", reason="needs manyminds[ray]")
    utils: Any = pytest.importorskip("ray.cluster_utils")
    made = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    made.workers = [made.add_node(num_cpus=1) for _ in range(NODES)]
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def building(url: str, **options: Any) -> Make:
    """Return what builds the method in a worker, which has none of the tests' modules."""

    def make() -> CompiledMethod:
        return create_agent_forest(Member(f"m@{url}", **options), samples=10).compile()

    return make


def questions(path: Path, count: int) -> Path:
    rows = [{"id": f"q{n}", "question": f"Question {n}?"} for n in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def ids(out: Path) -> Counter[str]:
    return Counter(json.loads(line)["id"] for line in out.read_text().splitlines())


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_a_node_is_killed_and_every_item_has_one_row(cluster: Any, tmp_path: Path) -> None:
    ray: Any = pytest.importorskip("ray")
    count, killed, seen = 400, threading.Event(), list[int]()
    data, out = questions(tmp_path / "q.jsonl", count), tmp_path / "out.jsonl"

    def kill(now: Any) -> None:
        seen.append(now.done)
        written = out.read_text().count("\n")
        assert written >= now.done - NODES * 8  # rows are written as they come
        if now.done >= count // 4 and not killed.is_set():
            killed.set()
            own = ray.get_runtime_context().get_node_id()  # losing it would end this process
            lost = next(node for node in cluster.workers if node.node_id != own)
            cluster.remove_node(lost, allow_graceful=False)

    with Server(lambda _body, _k: Reply("Final answer: 4", latency=0.05)) as upstream:
        make = building(upstream.url)
        result = ray_batch(make, read_items(data), out, concurrency=4, on_item=kill)
        again = ray_batch(make, read_items(data), out, concurrency=4)
    assert killed.is_set() and result.done == count and not result.errors
    assert ids(out) == dict.fromkeys((f"q{n}" for n in range(count)), 1)
    assert again.done == 0 and again.kept == count


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_workers_keep_the_rate_of_an_endpoint_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray: Any = pytest.importorskip("ray", reason="needs manyminds[ray]")
    ray.init(num_cpus=NODES, include_dashboard=False, log_to_driver=False)
    data, out = questions(tmp_path / "q.jsonl", 24), tmp_path / "out.jsonl"
    with Server(lambda _body, _k: Reply("Final answer: 4")) as upstream:
        make = building(upstream.url, requests_per_minute=600)
        began = time.monotonic()
        try:
            ray_batch(make, read_items(data), out)
        finally:
            ray.shutdown()
        arrived = sorted(request.arrived for request in upstream.requests)
    assert len(arrived) == 240 and time.monotonic() - began > 15
    # 10 a second, and bursts of at most six seconds' worth.
    assert all(sum(at <= one < at + 10 for one in arrived) <= 160 + 5 for at in arrived)
