"""The list of a folder's runs: what a row says, and what becomes of runs that never ended."""

import json
import subprocess
import sys
from pathlib import Path

from helpers.registry import QUESTION, small
from helpers.runs import recorded

from manyminds.views.runs_folder import RunsFolder


def test_a_row_says_calls_cost_and_state(tmp_path: Path) -> None:
    record = recorded(small("moa"), tmp_path)
    (title,) = RunsFolder(tmp_path).titles()
    assert title.method == "moa" and title.question == QUESTION
    assert f"{len(record.calls)} calls, cost unknown, finished" in title.state
    assert title.members == "small, medium" and title.cost is None


def test_a_run_whose_process_was_killed_is_broken_off(tmp_path: Path) -> None:
    """Also in a list that has shown it running: the file does not change any more."""
    record = recorded(small("moa"), tmp_path / "done").path
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    (tmp_path / "live").mkdir()
    file = tmp_path / "live" / record.name
    folder = RunsFolder(file.parent)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        for line in lines:
            if "process" in line:
                line["process"] |= {"pid": process.pid, "started": ""}
        unfinished = "".join(json.dumps(line) + "\n" for line in lines[:-4])
        file.write_text(unfinished)
        try:
            assert folder.titles()[0].state.endswith("running")
            mark = folder.mark(file.name)
            assert b"data-state>running<" in (folder.page(file.name) or b"")
        finally:
            process.kill()
    assert folder.mark(file.name) != mark  # a page that follows the run gets the new state
    assert b"data-state>broken off<" in (folder.page(file.name) or b"")
    assert folder.titles()[0].state.endswith("broken off")
