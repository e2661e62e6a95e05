"""A PostgreSQL server of a test's own, from Debian's package, run by a user without rights."""

import os
import shutil
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from helpers.killed import AnswerStore, Databases

_USER = "postgres"  # the user that Debian's package creates; the server refuses to run as root


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "postgresql"]
        subprocess.run(install, capture_output=True, check=False)
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not there: `apt-get install postgresql` installs it")
    return found[-1].parent


@contextmanager
def postgres() -> Generator[Databases]:
    """Start a server; yield what opens the database that is named after a folder."""
    with postgres_folder() as place:
        yield _databases(place)


@contextmanager
def postgres_folder() -> Generator[str]:
    """Start a server; yield the folder of its socket, which clients take as the host."""
    pytest.importorskip("psycopg", reason="needs psycopg[binary] and langgraph-checkpoint-postgres")
    programs, user = _programs(), _USER if os.geteuid() == 0 else None
    with TemporaryDirectory(prefix="pg") as place:
        if user is not None:
            shutil.chown(place, user)
        data = Path(place) / "data"

        def run(*command: str | Path) -> None:
            subprocess.run(command, user=user, cwd=place, check=True, stdout=subprocess.DEVNULL)

        run(programs / "initdb", "-D", data, "-U", "test", "-A", "trust", "--no-sync")
        options = f"-k {place} -c listen_addresses='' -c max_connections=20"
        run(programs / "pg_ctl", "-D", data, "-o", options, "-l", f"{place}/log", "-w", "start")
        try:
            yield place
        finally:
            run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def _databases(host: str) -> Databases:
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    from langgraph.store.postgres.aio import AsyncPostgresStore
    from psycopg import connect

    @asynccontextmanager
    async def opened(path: Path) -> AsyncGenerator[AnswerStore]:
        name = "_".join(path.parts[-2:])
        with connect(f"host={host} user=test dbname=postgres", autocommit=True) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if row.fetchone() is None:
                connection.execute(f'CREATE DATABASE "{name}"'.encode())
        about = f"host={host} user=test dbname={name}"
        async with (
            AsyncPostgresSaver.from_conn_string(about) as saver,
            AsyncPostgresStore.from_conn_string(about) as store,
        ):
            yield saver, store

    return opened
