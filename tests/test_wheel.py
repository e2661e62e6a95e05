"""The wheel, built from the sdist, holds everything and works where nothing else is installed."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
HOMES = ("graphs", "nodes", "prompts")


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, **environment},
        cwd=Path(sys.prefix),  # not where the sources are
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sdist and wheel, built from a copy, so that no left-over of an earlier build gets in."""
    pytest.importorskip("build", reason="install the dependency group `slow` (make slow)")
    source = tmp_path_factory.mktemp("source") / "manyminds"
    left_out = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, symlinks=True, ignore=left_out)
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, source)
    return folder


def expected() -> set[str]:
    """Return every module, prompt and marker that has to be in the wheel."""
    files = {
        f"{home}/{f.relative_to(ROOT / home)}" for home in HOMES for f in (ROOT / home).rglob("*")
    }
    package = ROOT / "manyminds"
    files |= {
        str(path.relative_to(package))
        for path in package.rglob("*")
        if path.relative_to(package).parts[0] not in HOMES
    }
    kinds = (".py", ".pyi", ".md", ".lock", ".typed", ".j2", ".js", ".css", ".gz")
    return {f"manyminds/{file}" for file in files if file.endswith(kinds)}


def test_wheel_holds_every_module_and_prompt(dist: Path) -> None:
    with ZipFile(next(dist.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == expected()
    assert sum(name.endswith(".md") for name in names) > 10


def test_sdist_holds_no_second_copy_and_no_rubbish(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        names = sdist.getnames()
    assert not [name for name in names if "__pycache__" in name or "/.venv" in name]
    assert not [name for name in names if "/manyminds/prompts/" in name]


def test_wheel_runs_in_an_empty_environment(dist: Path, tmp_path: Path) -> None:
    wheel = next(dist.glob("*.whl"))
    venv, binaries = tmp_path / "venv", tmp_path / "venv" / "bin"
    if shutil.which("uv"):
        run("uv", "venv", "--quiet", "--python", sys.executable, venv)
        installer: list[str | Path] = ["uv", "pip", "install", "--python", binaries / "python"]
    else:
        run(sys.executable, "-m", "venv", venv)
        installer = [binaries / "python", "-m", "pip", "install"]
    run(*installer, "--quiet", "--constraint", ROOT / "constraints.txt", wheel)
    listed = json.loads(run(binaries / "manyminds", "methods", "--json"))
    names = [entry["name"] for entry in listed["methods"]]
    assert {"agent-forest", "moa"} <= set(names)
    shown = json.loads(run(binaries / "manyminds", "demo", "--fast", "--json"))
    assert "simulated" in json.dumps(shown)
    where = run(binaries / "python", "-c", "import manyminds; print(manyminds.__file__)")
    assert Path(where.strip()).is_relative_to(tmp_path)
