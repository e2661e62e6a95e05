"""No test reaches the network: servers of our own, on this machine, are all there is."""

import gc
import os
import signal
import tempfile

import pytest
from hypothesis import settings
from pytest_socket import socket_allow_hosts  # pyright: ignore[reportMissingTypeStubs]

from manyminds.calls import refusals
from manyminds.limits import limiter
from manyminds.nodes import role_call

_RUNS = tempfile.TemporaryDirectory(prefix="manyminds-runs-")
os.environ["MANYMINDS_RUNS"] = _RUNS.name  # commands record their runs; not those of tests at home

# How long an example takes says how busy the machine is.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# Started in the background of a shell script, Ctrl-C is ignored, also in the commands under test.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before pytest looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that need a browser, or Inspect, which takes seconds to import."""
    for item in items:
        fixtures: list[str] = getattr(item, "fixturenames", [])
        if "browser" in fixtures or item.path.parent.name == "inspect_ai":
            item.add_marker(pytest.mark.integration)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from going through thousands of tests again and again."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
    # Ports are given out again, and an earlier test's endpoint there may have refused or paused.
    for remembered in (limiter, refusals, role_call):
        remembered.forget_all()
