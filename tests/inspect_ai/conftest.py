"""Inspect makes asyncio nest for the whole process where it takes it for a notebook; not here."""

import pytest


@pytest.fixture(autouse=True)
def asyncio_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops that nest are not closed: the tests after these would leak them."""
    import inspect_ai._util._async as of_inspect

    monkeypatch.setattr(of_inspect, "_initialised_nest_asyncio", True)
