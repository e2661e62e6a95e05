"""Prometheus metrics and the log line of each request."""

import json
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable of prometheus-client: where several processes keep their counts."""
log = logging.getLogger("manyminds.server")
_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 100, 300)


def log_as_lines() -> None:
    """Write the log to standard error, one line of JSON a request."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)


def forget_dead_processes() -> None:
    """Leave out what processes of this server that were killed had open."""
    folder = Path(os.environ[FOLDER])
    for path in folder.glob("gauge_live*.db"):
        pid = int(path.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


class Metrics:
    """Counts of one server, whichever of its processes is asked for them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "manyminds_requests",
            "Requests by outcome.",
            ["model", "status"],
            registry=self.registry,
        )
        self.degraded = Counter(
            "manyminds_degraded", "Answers that were degraded.", ["model"], registry=self.registry
        )
        self.calls = Counter(
            "manyminds_calls", "Model calls of all runs.", ["model"], registry=self.registry
        )
        self.tokens = Counter(
            "manyminds_tokens", "Tokens of all runs.", ["model", "side"], registry=self.registry
        )
        self.dollars = Counter(
            "manyminds_dollars", "Known cost of all runs.", ["model"], registry=self.registry
        )
        self.open = Gauge(
            "manyminds_open_requests",
            "Open requests.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.seconds = Histogram(
            "manyminds_seconds",
            "Seconds a request.",
            ["model"],
            buckets=_SECONDS,
            registry=self.registry,
        )

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text form."""
        if FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)

    def answered(self, model: str, spent: Mapping[str, Any], *, degraded: bool) -> None:
        """Count what a run did, whether it gave an answer or not."""
        self.calls.labels(model).inc(spent["calls"])
        self.tokens.labels(model, "input").inc(spent["tokens"]["input"])
        self.tokens.labels(model, "output").inc(spent["tokens"]["output"])
        self.dollars.labels(model).inc(spent["cost"] or 0.0)
        if degraded:
            self.degraded.labels(model).inc()

    def closed(self, model: str, status: int, began: float, **facts: Any) -> None:
        """Count a request that has ended, and log it as one line of JSON."""
        seconds = time.monotonic() - began
        self.requests.labels(model, str(status)).inc()
        self.seconds.labels(model).observe(seconds)
        line = {"model": model, "status": status, "seconds": round(seconds, 3), **facts}
        log.info(json.dumps(line, ensure_ascii=True))
