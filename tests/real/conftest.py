"""Tests that ask SmolLM2-135M, which runs in this process; without it they skip."""

import pytest

from manyminds.models.local import available
from manyminds.models.local_engine import is_installed

MEMBER = "local:smollm2"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = None
    if not is_installed():
        missing = "xllamacpp is not installed: make real"
    elif MEMBER not in available():
        missing = "the weights are not here: manyminds models get smollm2"
    for item in items:
        if "/real/" not in item.path.as_posix():
            continue
        item.add_marker(pytest.mark.real)
        if item.get_closest_marker("timeout") is None:  # longer runs have a limit of their own
            item.add_marker(pytest.mark.timeout(300))
        if missing is not None:
            item.add_marker(pytest.mark.skip(reason=missing))
