"""scipy, imported where it is used: it takes a second to load, and is an extra."""

from importlib import import_module
from typing import Any

from manyminds.errors import InputError


def scipy_stats() -> Any:
    """Import and return `scipy.stats`.

    Raises:
        InputError: scipy is not installed.
    """
    return scipy_part("stats")


def scipy_part(name: str) -> Any:
    """Import and return a part of scipy, such as `optimize`.

    Raises:
        InputError: scipy is not installed.
    """
    try:
        return import_module(f"scipy.{name}")
    except ImportError:
        raise InputError(
            'statistics such as paired tests need scipy: pip install "manyminds[eval]"'
        ) from None
