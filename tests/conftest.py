"""No test reaches the network: servers of our own, on this machine, are all there is."""

import gc
import os
import signal
import ssl
import tempfile
from typing import Any

import certifi
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


_PUBLIC = {certifi.where(), os.environ.get("SSL_CERT_FILE", certifi.where())}
_load_certificates = ssl.SSLContext.load_verify_locations


def _load_others(context: ssl.SSLContext, cafile: Any = None, *given: Any, **named: Any) -> None:
    """Load certificates, except those of public authorities: it takes 20 ms for each HTTP client.

    No test speaks TLS, and each event loop has a client of its own.
    """
    if cafile not in _PUBLIC:
        _load_certificates(context, cafile, *given, **named)


pytest.MonkeyPatch().setattr(ssl.SSLContext, "load_verify_locations", _load_others)


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
