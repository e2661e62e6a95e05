"""No test reaches the network: servers of our own, on this machine, are all there is."""

import os
import signal
import tempfile

import pytest
from pytest_socket import socket_allow_hosts  # pyright: ignore[reportMissingTypeStubs]

_RUNS = tempfile.TemporaryDirectory(prefix="manyminds-runs-")
os.environ["MANYMINDS_RUNS"] = _RUNS.name  # commands record their runs; not those of tests at home

# Started in the background of a shell script, Ctrl-C is ignored, also in the commands under test.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
