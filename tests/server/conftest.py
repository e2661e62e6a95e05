"""A server over real HTTP."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from helpers.serving import config, run_server

from manyminds.server.application import create_app
from manyminds.server.config import Config


@pytest.fixture
def live() -> Iterator[Any]:
    """Run applications under uvicorn, in threads; gives the function that starts one."""
    with ExitStack() as stack:

        def start(app: Any, conf: Config | None = None) -> str:
            application = create_app(conf or config())
            if app is not None:
                application.state.server.apps["panel"] = app
            return stack.enter_context(run_server(application))

        yield start
