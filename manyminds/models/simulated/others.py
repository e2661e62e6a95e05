"""Simulated models that rooms above this one make, by the name after `simulated:`."""

from collections.abc import Callable

from langchain_core.language_models import BaseChatModel

OTHERS: dict[str, Callable[[str], BaseChatModel]] = {}
"""Makers of a model from its whole string; `manyminds.environments` adds its agent."""
