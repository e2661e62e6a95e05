"""The tests' OpenAI-compatible server in a process of its own, for benchmarks."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


@contextmanager
def server(latency: float, words: int = 20, *options: str) -> Generator[str]:
    """Start the server on a free port, with further options, and yield its base URL."""
    with served("helpers.server", "--latency", latency, "--words", words, *options) as url:
        yield url


@contextmanager
def served(module: str, *options: object) -> Generator[str]:
    """Run a module of the tests that is a server, and yield the URL that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, options)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
