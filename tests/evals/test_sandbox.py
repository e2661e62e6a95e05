import asyncio
import os
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import cast

import pytest

from manyminds.evals import sandbox
from manyminds.evals.data import Row
from manyminds.evals.grading import by_running
from manyminds.evals.sandbox import Limits, isolation, passes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are limited on Unix only")
SHORT = Limits(cpu_seconds=1, wall_seconds=10)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("print('hello')", id="prints"),
        pytest.param("import os\nassert 'HOME' not in os.environ and not os.listdir()", id="bare"),
        pytest.param("import sys\nassert sys.flags.isolated", id="isolated"),
    ],
)
async def test_a_program_that_runs_to_its_end_passes(program: str) -> None:
    assert await passes(program, SHORT)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("assert 1 == 2", id="assertion"),
        pytest.param("def f(:", id="syntax"),
        pytest.param("import sys\nsys.exit(0)", id="leaves early"),
        pytest.param("import os\nos._exit(0)", id="leaves at once"),
        pytest.param("while True: pass", id="endless"),
        pytest.param("x = bytearray(1 << 31)", id="memory"),
        pytest.param("open('x', 'wb').write(b'x' * (1 << 22))", id="large file"),
        pytest.param("import os\nos.write(1, b'x'); os.kill(os.getpid(), 9)", id="killed"),
        pytest.param(
            "import socket\nserver = socket.create_server(('127.0.0.1', 0))\n"
            "socket.create_connection(server.getsockname(), 2)",
            id="network",
        ),
    ],
)
async def test_a_program_that_does_not_is_wrong(program: str) -> None:
    assert not await passes(program, SHORT)


async def test_one_that_only_waits_is_ended() -> None:
    assert not await passes("import time\ntime.sleep(60)", Limits(wall_seconds=0.5))


async def test_what_a_program_started_ends_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"import time, pathlib; time.sleep(1); pathlib.Path({str(mark)!r}).touch()"
    child = f"import subprocess\nsubprocess.Popen([{sys.executable!r}, '-c', {code!r}])"
    assert await passes(child)
    await asyncio.sleep(1.5)
    assert not mark.exists()


async def test_where_the_network_cannot_be_taken_away_sockets_are_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox, "isolation", lambda: ())
    assert not await passes("import socket", SHORT)
    assert not await passes("while True: pass", SHORT)
    assert await passes("import json", SHORT)


def test_what_isolates_is_a_command_or_nothing() -> None:
    assert isolation() == () or isolation()[0].endswith("unshare")


async def test_programs_are_graded_by_running_them() -> None:
    row = Row(
        id="c",
        question="",
        answer=None,
        prompt='def double(x):\n    """Twice x."""\n',
        entry_point="double",
        test="def check(f):\n    assert f(2) == 4",
    )
    grade = by_running(SHORT)
    verdicts = [
        await cast("Awaitable[bool | None]", grade(row, text))
        for text in ("    return x + x", "    return x", "")
    ]
    assert verdicts == [True, False, False]
