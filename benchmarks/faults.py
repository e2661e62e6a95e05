"""What becomes of a question when one of six models hangs, fails, is throttled, or all is killed.

SIMULATED: a local server plays six models and an aggregator, each of which answers after 0.2 s. In
turn, the third model never answers; always answers 500; answers 429 with `Retry-After: 1` twice;
and a job of eight questions is killed when 60 % of its answers are out, and started again.

Claims: with a model that hangs, the others' answer comes at that model's own timeout, marked; with
`quorum=4, grace=0.5` the layer ends 0.5 s after the fourth answer, within 10 %; a throttled model
is asked again when it said, and nothing is lost; after a kill, nothing is paid twice whose answer
had been sent more than 50 ms before. Prints a table; exits 1 where one of them does not hold.

With `--peers`, dspy, its_hub and swarms go through the same, each installed by uv into an
environment of its own, with its defaults but for the timeout, where it has one, and parallel work.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

# pyright: reportMissingImports=false, reportUnknownParameterType=false
# Benchmarks are no tests, and pyright looks for what tests share only where tests import it.
from helpers.server import Behaviour, Body, Reply, Request, Server  # noqa: E402

JOB = Path(__file__).parent / "peers" / "job.py"
PEERS = {"dspy": "dspy", "its_hub": "its_hub[lm]", "swarms": "swarms"}  # and what is installed
LATENCY, TIMEOUT, PATIENCE = 0.2, 3.0, 30.0
QUESTIONS, SHARE, SLACK = 8, 0.6, 0.05
BAD = "m2"
ERROR = "E7-exploded"
GRACE = 0.5
QUORUM = json.dumps({"quorum": 4, "grace": GRACE})
console = Console(width=120)


@dataclass
class Outcome:
    """What one job came to.

    Attributes:
        requests: what reached the server.
        answer: empty where there was none.
        said: what the system said of what is missing, or raised.
        seconds: from the first question to the answer; None where it was still waiting.
    """

    requests: list[Request]
    answer: str = ""
    said: str = ""
    seconds: float | None = None

    @property
    def row(self) -> list[str]:
        """The cells of the table."""
        if self.seconds is None and self.said:
            return ["no", "", str(len(self.requests)), self.said]
        if self.seconds is None:
            return ["no", f"> {PATIENCE:.0f}", str(len(self.requests)), "nothing"]
        posed = any(ERROR in json.dumps(request.body) for request in self.requests)
        said = "the error's text, as an answer" if posed or ERROR in self.answer else self.said
        answered = "yes" if self.answer else "no"
        return [answered, f"{self.seconds:.1f}", str(len(self.requests)), said[:60] or "nothing"]


def good(body: Body, _k: int) -> Reply:
    """Answer, in dspy's form where the prompt asks for it."""
    asked = json.dumps(body["messages"])
    fields = {"rationale": "I added.", "reasoning": "I added.", "answer": "4", "completed": ""}
    formed = "\n\n".join(f"[[ ## {name} ## ]]\n{text}" for name, text in fields.items())
    return Reply(formed if "[[ ##" in asked else "Final answer: 4", latency=LATENCY)


def with_bad(bad: Callable[[int], Reply | None]) -> Behaviour:
    """Let the third model do this with its n-th request; None: it answers."""
    asked = Counter[str]()

    def behave(body: Body, k: int) -> Reply:
        if body["model"] != BAD:
            return good(body, k)
        asked[BAD] += 1
        return bad(asked[BAD]) or good(body, k)

    return behave


def hangs(_nth: int) -> Reply:
    return Reply(hang=True)


def fails(_nth: int) -> Reply:
    return Reply(ERROR, status=500)


def throttled(nth: int) -> Reply | None:
    return Reply(ERROR, status=429, headers={"Retry-After": "1"}) if nth <= 2 else None


@dataclass(frozen=True)
class System:
    """A system and the interpreter that has it."""

    name: str
    python: str
    version: str

    def start(self, server: Server, folder: Path, questions: int, *options: str) -> Any:
        command = [self.python, JOB, self.name, server.url, str(questions), str(TIMEOUT), folder]
        return subprocess.Popen(
            [*map(str, command), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )

    def asked(self, behave: Behaviour, *options: str) -> Outcome:
        """Ask one question, and wait for as long as anybody would."""
        with Server(behave) as server, tempfile.TemporaryDirectory() as folder:
            process = self.start(server, Path(folder), 1, *options)
            outcome = finished(process, server)
        return outcome

    def killed(self) -> tuple[Outcome, int, int]:
        """Kill a job and start it again; return its second life, and calls made again and kept."""
        with Server(good) as server, tempfile.TemporaryDirectory() as folder:
            calls = QUESTIONS * (6 if self.name == "its_hub" else 7)
            process = self.start(server, Path(folder), QUESTIONS)
            while process.poll() is None and len(answered(server)) < SHARE * calls:
                time.sleep(0.002)
            died = time.monotonic()
            process.kill()
            process.wait()
            paid = sum(sent(request) < died - SLACK for request in answered(server))
            server.clear()
            outcome = finished(self.start(server, Path(folder), QUESTIONS), server)
        # Counted, not compared: a system may write the time into its prompts.
        return outcome, max(0, len(outcome.requests) - (calls - paid)), paid


def finished(process: Any, server: Server) -> Outcome:
    """Wait for a job's answer; its time begins when it has been built."""
    timer = threading.Timer(PATIENCE + 60, process.kill)
    timer.start()
    lines: list[str] = []
    for line in process.stdout:
        if line == "ready\n":
            timer.cancel()
            timer = threading.Timer(PATIENCE, process.kill)
            timer.start()
        lines.append(line)
    timer.cancel()
    process.wait()
    requests = list(server.requests)
    for line in lines:
        if line.startswith("outcome "):
            return Outcome(requests, **json.loads(line.removeprefix("outcome ")))
    return Outcome(requests, said="" if "ready\n" in lines else "it could not be started")


def answered(server: Server) -> list[Request]:
    return [request for request in server.requests if request.answered is not None]


def sent(request: Request) -> float:
    """When the answer was on its way; the server writes it down before it goes."""
    assert request.answered is not None
    return request.answered


def layer(outcome: Outcome) -> tuple[float, float]:
    """Return seconds from the first request to the fourth answer, and to the aggregator's call."""
    first = min(request.arrived for request in outcome.requests)
    six = [r for r in outcome.requests if r.body["model"] != "aggregator" and r.answered]
    last = [r.arrived for r in outcome.requests if r.body["model"] == "aggregator"]
    return sorted(map(sent, six))[3] - first, (last[0] - first if last else float("inf"))


def at_timeout(outcome: Outcome) -> bool:
    """Return whether the aggregator was asked when the model that hangs had had its time."""
    return 0.9 * TIMEOUT <= layer(outcome)[1] <= 1.1 * TIMEOUT


def in_grace(outcome: Outcome) -> bool:
    """Return whether the layer ended with the fourth answer, the grace and 10 %."""
    fourth, end = layer(outcome)
    return end <= 1.1 * (fourth + GRACE)


def waited(outcome: Outcome) -> bool:
    """Return whether a throttled model was asked again when it said, and no later."""
    at = [request.arrived for request in outcome.requests if request.body["model"] == BAD]
    gaps = [later - earlier for earlier, later in zip(at, at[1:], strict=False)]
    return len(gaps) == 2 and all(1.0 <= gap <= 1.3 for gap in gaps)


def measured(system: System, table: Table) -> list[str]:
    """Measure a system, add its rows, and return which of our claims do not hold for it."""
    ours, short = system.name == "manyminds", list[str]()
    name = f"{system.name} {system.version}"

    def row(what: str, outcome: Outcome, claim: bool = True, again: str = "") -> None:
        table.add_row(name, what, *outcome.row, again)
        if not claim:
            short.append(f"{what}: {outcome.row}")

    hung = system.asked(with_bad(hangs))
    in_time = ours and at_timeout(hung)
    row("one hangs", hung, bool(hung.answer and "timeout" in hung.said and in_time))
    if ours:
        cut = system.asked(with_bad(hangs), QUORUM)
        row("one hangs; quorum=4, grace=0.5", cut, bool(cut.answer and cut.said and in_grace(cut)))
    failed = system.asked(with_bad(fails))
    row("one answers 500", failed, bool(failed.answer and "server_error" in failed.said))
    busy = system.asked(with_bad(throttled))
    row("429 twice, Retry-After: 1", busy, bool(busy.answer and not busy.said and waited(busy)))
    resumed, again, paid = system.killed()
    row("killed at 60 %", resumed, bool(resumed.answer) and not again, f"{again} of {paid}")
    return short if ours else []


def peer(name: str, folder: Path) -> System | None:
    """Install a peer into an environment of its own; None, with the reason printed, if it fails."""
    uv = shutil.which("uv")
    if uv is None:
        console.print(f"{name}: skipped, for uv is not installed")
        return None
    python = folder / name / "bin" / "python"
    for command in (
        [uv, "venv", "--quiet", "--allow-existing", "--python", "3.11", str(folder / name)],
        [uv, "pip", "install", "--quiet", "--python", str(python), PEERS[name]],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            console.print(f"{name}: skipped, for it cannot be installed: {done.stderr[-300:]}")
            return None
    return System(name, str(python), version_of(name, str(python)))


def version_of(name: str, python: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="measure dspy, its_hub and swarms")
    default = Path(tempfile.gettempdir()) / "manyminds-peers"
    parser.add_argument("--environments", type=Path, default=default, help="where peers are put")
    asked = parser.parse_args()
    systems = [System("manyminds", sys.executable, version_of("manyminds", sys.executable))]
    if asked.peers:
        found = [peer(name, asked.environments) for name in PEERS]
        systems += [one for one in found if one is not None]
    table = Table(box=SIMPLE, title="SIMULATED: six models on a local server, one of them failing")
    for head in ("", "trouble", "answered", "seconds", "requests", "said is missing", "paid twice"):
        table.add_column(head)
    short = [one for system in systems for one in measured(system, table)]
    console.print(table)
    for one in short:
        console.print(f"DOES NOT HOLD: {one}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
