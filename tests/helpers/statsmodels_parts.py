"""statsmodels, which has no types: an independent implementation of our statistics."""

from importlib import import_module
from typing import Any


def statsmodels(part: str) -> Any:
    """Import and return a part of statsmodels, such as `stats.proportion`."""
    return import_module(f"statsmodels.{part}")
