"""A batch on a Ray cluster: actors run the items, this process writes the rows (extra `ray`)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError, RunError
from manyminds.evals.batch import (
    CONCURRENCY,
    Batch,
    Form,
    Item,
    Outcome,
    check,
    config_of,
    run_all,
    run_item,
)
from manyminds.limits.sharing import share_limits

Make = Callable[[], CompiledMethod]
_AT_ONCE = 1_000  # items of one actor, which is more than it is sent


def ray_batch(
    make: Make,
    items: Iterator[Item],
    out: Path,
    *,
    form: Form = "plain",
    seed: int = 0,
    concurrency: int = CONCURRENCY,
    workers: int | None = None,
    on_item: Callable[[Batch], None] = lambda _batch: None,
) -> Batch:
    """Run a method on every item on a Ray cluster, and append its rows to a file.

    The cluster is the one that `RAY_ADDRESS` names or that the program has joined; else one is
    started on this machine. Each worker keeps to its part of the members' limits. An item whose
    worker is lost runs again on another one, so that its calls may be paid twice; its rows are
    written once, as only this process writes.

    Args:
        make: Builds the compiled graph, in each worker.
        items: What to run; read as far as needed.
        out: JSON Lines file. Items that it has are not run again.
        form: Form of a row, as for `abatch`.
        seed: Drives every random choice.
        concurrency: Items that run at once in each worker.
        workers: Number of workers. Default: one for each processor of the cluster.
        on_item: Called after each item.

    Raises:
        InputError: Ray is missing, or an argument cannot be used.
        RunError: All workers were lost.
    """
    check(form, concurrency)
    ray = _ray()
    config = config_of(make(), form, seed)
    if not ray.is_initialized():
        ray.init(log_to_driver=False, include_dashboard=False)
    count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    actor: Any = ray.remote(num_cpus=1, max_concurrency=_AT_ONCE, scheduling_strategy="SPREAD")(
        _Worker
    )
    pool = _Pool([actor.remote(make, form, seed, count) for _ in range(count)])
    try:
        return asyncio.run(run_all(pool.run, items, out, count * concurrency, on_item, config))
    finally:
        pool.close()


class _Worker:
    """An actor: a process with a graph of its own and its part of the limits."""

    def __init__(self, make: Make, form: Form, seed: int, workers: int) -> None:
        share_limits(workers)
        self._graph, self._seed = make(), seed
        self._form: Form = form

    async def run(self, item: Item) -> Outcome:
        return await run_item(self._graph, self._form, self._seed, item)


class _Pool:
    """The workers that are left; an item goes to the one with the fewest."""

    def __init__(self, workers: list[Any]) -> None:
        self._workers = dict(enumerate(workers))
        self._busy = Counter(dict.fromkeys(self._workers, 0))

    async def run(self, item: Item) -> Outcome:
        """Run an item; where its worker is lost, on another one."""
        lost = _ray().exceptions.RayActorError
        why = ""
        while self._workers:
            number = min(self._workers, key=self._busy.__getitem__)
            self._busy[number] += 1
            try:
                outcome: Outcome = await self._workers[number].run.remote(item)
                return outcome
            except lost as error:
                why = str(error)
                self._workers.pop(number, None)
            finally:
                self._busy[number] -= 1
        raise RunError(f"all workers of the Ray cluster were lost: {why[-500:]}")

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers.values():
            _ray().kill(worker)


def _ray() -> Any:
    """Return Ray, which is untyped here: it may not be installed.

    Raises:
        InputError: It is not.
    """
    try:
        return import_module("ray")
    except ModuleNotFoundError:
        raise InputError("--engine ray needs ray: pip install 'manyminds[ray]'") from None
