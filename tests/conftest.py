"""No test reaches the network: servers of our own, on this machine, are all there is."""

import pytest
from pytest_socket import socket_allow_hosts  # pyright: ignore[reportMissingTypeStubs]


def pytest_runtest_setup(item: pytest.Item) -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
