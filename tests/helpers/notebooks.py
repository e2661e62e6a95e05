"""Notebooks, run from top to bottom: `make notebooks` stores what they show.

python tests/helpers/notebooks.py notebooks/*.ipynb
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient

SECONDS_A_CELL = 100


def stored(path: Path) -> Any:
    """Return a notebook as it is in its file."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def executed(path: Path) -> Any:
    """Return a notebook as it is after a run, without what differs from run to run."""
    notebook = stored(path)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # in how many pieces a cell prints is a matter of timing
    )
    with TemporaryDirectory() as folder:
        manager = client.create_kernel_manager()
        # Over TCP the kernel would ask for encryption; sockets in a folder of its own need none.
        manager.transport, manager.ip = "ipc", f"{folder}/kernel"
        client.execute(cwd=str(path.parent))
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def shown(notebook: Any) -> list[list[str]]:
    """Return the text that each code cell shows; a picture, whose bytes differ, as a word."""
    return [
        [
            output["text"] if output["output_type"] == "stream" else _as_text(output["data"])
            for output in cell["outputs"]
        ]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def _as_text(data: dict[str, str]) -> str:
    drawn = {"image/png", "image/svg+xml"} & data.keys()
    return "picture" if drawn else data.get("text/markdown", data["text/plain"])


if __name__ == "__main__":
    for name in sys.argv[1:]:
        nbformat.write(executed(Path(name)), name)  # type: ignore[no-untyped-call]
