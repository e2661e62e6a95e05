"""Where conversations are kept: a checkpointer and a store, in SQLite or PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from manyminds.errors import InputError

_CONNECTIONS = 16  # to PostgreSQL, for checkpoints and as many for answers
_LOCK = 0x6D616E79  # of PostgreSQL, for the time in which a process creates the tables
_AGAIN = 0.1  # seconds until a process tries to take the lock again


class Database(NamedTuple):
    """A checkpointer for conversations and a store for the answers of runs that were cut."""

    checkpointer: Any
    store: Any


@asynccontextmanager
async def opened(address: str) -> AsyncGenerator[Database]:
    """Open a database and create its tables where they are missing.

    Args:
        address: `sqlite:FILE` or `postgresql://...`.

    Raises:
        InputError: A package is missing; the message says which one to install.
    """
    async with AsyncExitStack() as stack:
        try:
            if address.startswith("sqlite:"):
                found = await _sqlite(stack, address.removeprefix("sqlite:"))
            else:
                found = await _postgres(stack, address)
        except ModuleNotFoundError as error:
            package = "sqlite" if address.startswith("sqlite:") else "postgres"
            raise InputError(
                f"the database needs {error.name}: install langgraph-checkpoint-{package}"
            ) from None
        yield found


async def _sqlite(stack: AsyncExitStack, path: str) -> Database:
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
    from langgraph.store.sqlite.aio import AsyncSqliteStore

    saver = await stack.enter_async_context(AsyncSqliteSaver.from_conn_string(path))
    # A file of its own: two connections that write into one file lock each other out.
    store = await stack.enter_async_context(AsyncSqliteStore.from_conn_string(f"{path}-answers"))
    found = Database(saver, store)
    await _set_up(found)
    return found


async def _postgres(stack: AsyncExitStack, address: str) -> Database:
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    from langgraph.store.postgres.aio import AsyncPostgresStore
    from psycopg.rows import dict_row
    from psycopg_pool import AsyncConnectionPool

    pool: Any = AsyncConnectionPool(
        address,
        min_size=1,
        max_size=_CONNECTIONS,
        open=False,
        kwargs={"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row},
    )
    await stack.enter_async_context(pool)
    found = Database(AsyncPostgresSaver(pool), AsyncPostgresStore(pool))
    async with pool.connection() as connection:
        # Processes that start together would create the same tables. Who waited inside a statement
        # would hold up the other one's indexes, so the lock is tried, not waited for.
        taking = f"SELECT pg_try_advisory_lock({_LOCK}) AS taken"
        while not (await (await connection.execute(taking)).fetchone())["taken"]:  # noqa: ASYNC110
            await asyncio.sleep(_AGAIN)
        try:
            await _set_up(found)
        finally:
            await connection.execute(f"SELECT pg_advisory_unlock({_LOCK})")
    return found


async def _set_up(database: Database) -> None:
    await database.checkpointer.setup()
    await database.store.setup()
