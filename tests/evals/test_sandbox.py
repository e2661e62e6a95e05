"""Programs of others: what they may not reach, what ends them, and what they cannot forge."""

import platform
import resource
from collections.abc import Awaitable
from pathlib import Path
from typing import cast

import pytest

from manyminds.errors import InputError
from manyminds.evals import bubblewrap
from manyminds.evals.data import Row
from manyminds.evals.grading import by_running
from manyminds.evals.sandbox import Limits, passes, runs

pytestmark = pytest.mark.skipif(bubblewrap.missing() is not None, reason="needs bubblewrap")
SHORT = Limits(cpu_seconds=1, wall_seconds=10)
OPEN = Limits(cpu_seconds=1, wall_seconds=10, confined=False)
MODES = pytest.mark.parametrize("limits", [SHORT, OPEN], ids=["confined", "unconfined"])
TESTS = "def check(f):\n    assert f(2) == 4\n"


@MODES
@pytest.mark.parametrize(
    "program",
    [
        pytest.param("print('hello')", id="prints"),
        pytest.param("import os\nassert 'HOME' not in os.environ and not os.listdir()", id="bare"),
        pytest.param("import sys\nassert sys.flags.isolated", id="isolated"),
        pytest.param("open('x', 'w').write('x')", id="writes"),
        pytest.param(
            "from threading import Thread\nt = Thread(target=print)\nt.start(); t.join()",
            id="threads",
        ),
    ],
)
async def test_a_program_that_runs_to_its_end(program: str, limits: Limits) -> None:
    assert await runs(program, limits)


@MODES
@pytest.mark.parametrize(
    "program",
    [
        pytest.param("assert 1 == 2", id="assertion"),
        pytest.param("def f(:", id="syntax"),
        pytest.param("import sys\nsys.exit(0)", id="leaves early"),
        pytest.param("import os\nos._exit(0)", id="leaves at once"),
        pytest.param("import ctypes\nctypes.CDLL(None).exit(0)", id="leaves by the library"),
        pytest.param(
            "import os, threading\nthreading.Thread(target=os._exit, args=(0,)).start()\n"
            "import time\ntime.sleep(5)",
            id="a thread leaves",
        ),
        pytest.param("while True: pass", id="endless"),
        pytest.param("x = bytearray(1 << 31)", id="memory"),
        pytest.param("open('x', 'wb').write(b'x' * (1 << 22))", id="large file"),
        pytest.param("import os\nos.kill(os.getpid(), 9)", id="killed"),
        pytest.param("files = [open('x', 'w') for _ in range(1000)]", id="open files"),
    ],
)
async def test_a_program_that_does_not(program: str, limits: Limits) -> None:
    assert not await runs(program, limits)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("import os\nos.fork()", id="fork"),
        pytest.param("import subprocess\nsubprocess.run(['/bin/true'])", id="child"),
        pytest.param(
            "import socket\nsocket.create_connection(('1.1.1.1', 53), timeout=1)", id="network"
        ),
        pytest.param("open('/evil', 'w')", id="root"),
        pytest.param("open('/confined.py', 'a')", id="own script"),
        pytest.param("open('/dev/shm/x', 'w')", id="shared memory"),
        pytest.param("open('/etc/passwd')", id="users"),
        pytest.param("import os\nos.listdir('/proc')", id="processes"),
        pytest.param(f"import os\nos.listdir({str(Path(__file__).parent)!r})", id="our files"),
        pytest.param("open('/proc/self/maps')", id="own process"),
        pytest.param("import os\nos.symlink('/', 'r')\nopen('r/evil', 'w')", id="through a link"),
        pytest.param("import os\nos.posix_spawn('/bin/true', ['true'], {})", id="spawn"),
        pytest.param("import os, sys\nopen(sys.prefix + '/x', 'w')", id="python"),
        pytest.param(
            "import os\nfd = os.memfd_create('x')\nwhile True: os.write(fd, bytes(1 << 20))",
            id="file in memory",
        ),
        pytest.param(
            "import socket\nsocket.create_connection(('127.0.0.1', 22), 1)", id="loopback"
        ),
        pytest.param(
            "import socket\nsocket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')",
            id="sockets of the host",
        ),
        pytest.param(
            "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))",
            id="its limits",
        ),
        pytest.param(
            "from threading import Thread\nfrom time import sleep\n"
            "for _ in range(10**5): Thread(target=sleep, args=(60,), daemon=True).start()",
            id="threads without end",
        ),
        pytest.param("for i in range(99): open(f'{i}', 'wb').write(bytes(1 << 20))", id="disk"),
    ],
)
async def test_what_a_confined_program_cannot_reach(program: str) -> None:
    assert not await runs(program, SHORT)


CALLS_IN_THE_KERNEL = {
    # name: its number on x86_64 and arguments
    **{"unshare": "272, 0x10000000", "setns": "308, 0, 0", "mount": "165, 0, 0, 0, 0, 0"},
    **{"keyctl": "250, 0, -3, 0", "add_key": "248, 0, 0, 0, 0, 0", "bpf": "321, 0, 0, 0"},
    **{"io_uring": "425, 1, 0", "userfaultfd": "323, 0", "ptrace": "101, 0, 0, 0, 0"},
    **{"clone": "56, 17, 0, 0, 0, 0", "vfork": "58", "another numbering": "0x40000027"},
}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86_64")
@pytest.mark.parametrize("call", CALLS_IN_THE_KERNEL.values(), ids=CALLS_IN_THE_KERNEL)
async def test_a_call_that_the_kernel_refuses_in_the_sandbox(call: str) -> None:
    program = (
        "import ctypes, errno\nkernel = ctypes.CDLL(None, use_errno=True)\n"
        f"assert kernel.syscall({call}) == -1 and ctypes.get_errno() == errno.EPERM"
    )
    assert await runs(program, SHORT)


@MODES
async def test_one_that_only_waits_is_ended(limits: Limits) -> None:
    waiting = Limits(wall_seconds=0.5, confined=limits.confined)
    assert not await runs("import time\ntime.sleep(60)", waiting)


@MODES
async def test_no_output_makes_this_process_grow(limits: Limits) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flood = "import os\nfor n in range(64):\n    try: os.write(n, b'x' * (1 << 26))\n"
    await runs(flood + "    except OSError: pass", limits)
    program = (
        "import os\nwhile True:\n  for n in range(3, 64):\n    try: os.write(n, bytes(1 << 20))\n"
    )
    assert not await passes(program + "    except OSError: pass", "f", TESTS, limits=limits)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


@MODES
async def test_folders_of_any_depth_are_deleted(limits: Limits) -> None:
    assert await runs("import os\nfor _ in range(3000): os.mkdir('d'); os.chdir('d')", limits)


FORGED = """
import sys, os, gc
def f(x): return 'wrong'
frame = sys._getframe()
while frame:
    for value in (*frame.f_locals.values(), *frame.f_globals.values()):
        if isinstance(value, int):
            try: os.write(value, b'{"value": 5}\\n')
            except OSError: pass
    frame = frame.f_back
os._exit(0)
"""


@MODES
@pytest.mark.parametrize(
    "program",
    [
        pytest.param(FORGED, id="callers"),
        pytest.param("import os\nos._exit(0)", id="leaves"),
        pytest.param("def f(x):\n    import os\n    os._exit(0)", id="leaves when called"),
        pytest.param("def f(x): raise SystemExit(0)", id="exits"),
        pytest.param("class A(int):\n    __eq__ = lambda *a: True\ndef f(x): return A(5)", id="eq"),
        pytest.param("class A:\n    __eq__ = lambda *a: True\ndef f(x): return A()", id="foreign"),
        pytest.param("def f(x):\n    a = []\n    a.append(a)\n    return a", id="loop"),
        pytest.param("def f(x): return [1]", id="other"),
        pytest.param("def g(x): return 4", id="missing"),
        pytest.param("import os\nos.closerange(0, 64)\ndef f(x): return 4", id="closes all"),
        pytest.param(
            "import atexit, os\natexit.register(lambda: os._exit(0))\n"
            "def f(x): raise SystemExit(0)",
            id="at exit",
        ),
        pytest.param(
            "import os, threading\ndef f(x):\n"
            "    threading.Thread(target=lambda: os._exit(0)).start()\n    import time\n"
            "    time.sleep(9)",
            id="a thread leaves",
        ),
        pytest.param(
            "class A:\n    def __del__(self):\n        import os; os._exit(0)\n"
            "def f(x):\n    a = A()\n    return 5",
            id="dies with it",
        ),
        pytest.param(
            "import os\nfor n in range(3, 20):\n  try: os.write(n, b'[' * (1 << 20) + b'\\n')\n"
            "  except OSError: pass\ndef f(x): return 5",
            id="nested reply",
        ),
        pytest.param(
            "import os\nfor n in range(3, 20):\n"
            '  try: os.write(n, b\'{"value": ["os", "x"]}\\n\')\n'
            "  except OSError: pass\ndef f(x): return 5",
            id="odd reply",
        ),
        pytest.param(
            "class KeyboardInterrupt(Exception): pass\ndef f(x): raise KeyboardInterrupt",
            id="error of a name",
        ),
        pytest.param("def f(x):\n    while True: yield 4", id="without end"),
        pytest.param(
            "class A:\n    def tolist(self): return A()\ndef f(x): return A()", id="lists"
        ),
        pytest.param("def f(x): return f(x)", id="recursion"),
        pytest.param("import signal, os\nos.kill(os.getpid(), signal.SIGKILL)", id="kills itself"),
        pytest.param("def f(x): return '\ud800'", id="half of a pair"),
        pytest.param("x = '\x00'", id="NUL"),
    ],
)
async def test_a_wrong_program_cannot_pass(program: str, limits: Limits) -> None:
    assert await passes(program, "f", TESTS, limits=limits) is False


@MODES
@pytest.mark.parametrize(
    ("program", "tests"),
    [
        ("def f(x): return x + x", TESTS),
        ("def f(x): return (x, [x], {x: None}, {x}, b'a', 1.5, 'a', True)",
         "def check(f):\n assert f(2) == (2, [2], {2: None}, {2}, b'a', 1.5, 'a', True)"),
        ("def f(*, x): raise ValueError(x)",
         "def check(f):\n try: f(x=1)\n except ValueError: return\n assert False"),
        ("def f(x): return (n for n in range(x))", "def check(f):\n assert [*f(3)] == [0, 1, 2]"),
        ("def f(x): return x ** 5000", "def check(f):\n assert f(10) == 10 ** 5000"),
        ("def f(x):\n print('x')\n return float('nan')", "def check(f):\n assert f(1) != f(1)"),
    ],
)  # fmt: skip
async def test_a_right_program_passes(program: str, tests: str, limits: Limits) -> None:
    assert await passes(program, "f", tests, limits=limits) is True


async def test_tests_that_hand_over_a_function_say_nothing() -> None:
    tests = "def check(f):\n assert f(lambda: 1) == 1"
    assert await passes("def f(g): return g()", "f", tests, limits=SHORT) is None


async def test_tests_may_use_what_the_question_gives() -> None:
    given = "def double(x):\n    return 2 * x\n\ndef f(x):\n    '''Halve.'''\n"
    tests = "def check(f):\n assert f(double(3)) == 3"
    assert await passes("def f(x): return x // 2", "f", tests, given=given, limits=SHORT)


async def test_without_bubblewrap_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "missing", lambda: "bubblewrap is not installed")
    with pytest.raises(InputError, match="not installed: install it.*--run-code=unconfined"):
        await runs("pass", SHORT)
    assert await runs("pass", OPEN)


async def test_programs_are_graded_by_running_them() -> None:
    row = Row(
        id="c",
        question="",
        answer=None,
        prompt='def double(x):\n    """Twice x."""\n',
        entry_point="double",
        test=TESTS,
    )
    grade = by_running(SHORT)
    verdicts = [
        await cast("Awaitable[bool | None]", grade(row, text))
        for text in ("    return x + x", "    return x", "")
    ]
    assert verdicts == [True, False, False]
