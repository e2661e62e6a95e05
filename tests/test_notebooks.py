"""Every notebook runs, and shows what it shows in the repository."""

from pathlib import Path

import pytest
from helpers.notebooks import executed, shown, stored

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.integration
@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_notebook_shows_what_is_stored(path: Path) -> None:
    assert shown(executed(path)) == shown(stored(path)), "run `make notebooks`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_notebook_is_stored_with_its_output(path: Path) -> None:
    cells = shown(stored(path))
    assert all(cells[1:])  # a first cell may only set things up
    assert "picture" in [output for cell in cells for output in cell]


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS
