"""Stores of the host's, called the same way whether they have async code or not."""

import asyncio
from typing import Any

from langgraph.store.base import BaseStore


async def in_store(store: BaseStore, operation: str, *args: Any, **options: Any) -> Any:
    """Call an operation of a store, such as "put"; one without async code is called in a thread."""
    try:
        return await getattr(store, f"a{operation}")(*args, **options)
    except NotImplementedError:
        return await asyncio.to_thread(getattr(store, operation), *args, **options)
