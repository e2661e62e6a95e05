"""The private keys of LangGraph's configuration that the journal needs, all in one place.

`tests/runs/test_langgraph_internals.py` fails when a version of LangGraph no longer sets them.
"""

from collections.abc import Mapping
from typing import Any

from langchain_core.runnables.config import ensure_config

_CHECKPOINTER = "__pregel_checkpointer"
_REPLAY_STATE = "__pregel_replay_state"


def checkpointer() -> Any | None:
    """Return the checkpointer of the running graph, inherited by subgraphs; None: it has none."""
    return _configurable().get(_CHECKPOINTER)


def replay_state() -> object | None:
    """Return what LangGraph notes where a run is started again from an earlier checkpoint.

    It is one object for the whole of such a call, and None in all others, also in a resume.
    """
    return _configurable().get(_REPLAY_STATE)


def _configurable() -> Mapping[str, Any]:
    return ensure_config().get("configurable", {})
