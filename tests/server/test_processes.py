"""`manyminds serve --processes N`: one server of several processes."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.server import Reply, Server
from helpers.serving import KEY, chat, free_port

from manyminds.server.config import hash_of

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc"),
]
WORKERS = 2
HEADERS = {"authorization": f"Bearer {KEY}"}


def workers(parent: int) -> list[int]:
    """Return the processes that serve."""
    tasks = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [
        int(pid)
        for pid in tasks
        if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    ]


def until(true: Callable[[], Any], what: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.1)


def ready(url: str) -> bool:
    try:
        return httpx.get(url.replace("/v1", "/ready"), timeout=5).is_success
    except httpx.TransportError:
        return False


def counted(url: str) -> int:
    """Return how many answers the metrics count; each request may reach another process."""
    text = httpx.get(url.replace("/v1", "/metrics"), headers=HEADERS, timeout=30).text
    return sum(
        int(float(found))
        for found in re.findall(
            r'manyminds_requests_total\{model="panel",status="200"\} (.+)', text
        )
    )


def test_several_processes_are_one_server(tmp_path: Path) -> None:
    def ask(text: str = "Why?") -> httpx.Response:
        return httpx.post(f"{url}/chat/completions", json=chat(text), headers=HEADERS, timeout=60)

    def answered(sent: Any, _k: int) -> Reply:
        return Reply("the end", latency=2.0 if "slow" in str(sent["messages"]) else 0.0)

    with Server(answered) as upstream:
        file, port = tmp_path / "c.yaml", free_port()
        file.write_text(
            f"keys: [{{name: ann, sha256: {hash_of(KEY)}, requests_per_minute: 100000}}]\n"
            "ensembles: {panel: {method: agent-forest, options: {samples: 2}, "
            f"members: ['m@{upstream.url}']}}}}\n"
        )
        program = [sys.executable, "-m", "manyminds", "serve", "--config", str(file)]
        program += ["--port", str(port), "--processes", str(WORKERS)]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                url = process.stdout.readline().split(" at ")[1].split()[0]
                until(lambda: ready(url), "a process that serves")
                assert ask().status_code == 200
                until(lambda: len(workers(process.pid)) == WORKERS, "all processes")
                statuses = [ask(f"{n}?").status_code for n in range(24)]
                assert statuses == [200] * 24
                assert counted(url) == 25
                until(lambda: {counted(url) for _ in range(6)} == {25}, "one figure", 10)

                idle = HTTPConnection("127.0.0.1", port, timeout=30)
                idle.request("GET", "/health")
                assert idle.getresponse().read()
                paused = workers(process.pid)[0]  # as a busy machine leaves it no time
                os.kill(paused, signal.SIGSTOP)
                time.sleep(8)
                os.kill(paused, signal.SIGCONT)
                time.sleep(1)
                assert paused in workers(process.pid)
                idle.request("GET", "/health")  # the server has not closed it: clients may wait
                assert idle.getresponse().read()
                idle.close()

                killed = workers(process.pid)[0]
                os.kill(killed, signal.SIGKILL)
                until(lambda: killed not in workers(process.pid), "the end of a process")
                until(lambda: len(workers(process.pid)) == WORKERS, "a process in its place")
                assert ask().status_code == 200
                assert counted(url) == 26  # also those of the process that was killed

                got: list[httpx.Response] = []
                slow = threading.Thread(target=lambda: got.append(ask("slow?")))
                before = len(upstream.requests)
                slow.start()
                until(lambda: len(upstream.requests) > before, "a request on its way")
                process.send_signal(signal.SIGTERM)
                slow.join(60)
                assert got[0].json()["choices"][0]["message"]["content"] == "the end"
                assert process.wait(60) is not None
                with pytest.raises(httpx.TransportError):
                    ask()
            finally:
                process.kill()
