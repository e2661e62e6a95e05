"""Pictures of a run for the documentation: its page, on a phone too, and its display in a notebook.

python tests/helpers/screenshots.py docs/images
"""

import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.browser import chromium
from PIL import Image

from manyminds import Member, create_smoa, load_run, record
from manyminds.models.simulated.model import SimulatedChatModel
from manyminds.views.html import page
from manyminds.views.notebook import as_html
from manyminds.views.reading import data_of

SKILLS = {"small": 0.8, "medium": 0.9, "large": 0.95, "tiny": 0.6}
QUESTION = "Start with 48. Multiply by 3. Subtract 21. Subtract 92. What is the result?"
SIZES = {"show_page": (1080, 1130), "show_phone": (390, 844), "show_notebook": (820, 1000)}


def recorded(folder: Path) -> Path:
    """Run a Sparse Mixture-of-Agents of simulated members and return its record."""
    members = [
        Member(SimulatedChatModel(model_name=name, skill=skill, latency=0.1 + skill), name=name)
        for name, skill in SKILLS.items()
    ]
    with record(folder / "smoa.jsonl") as recording:
        create_smoa(members, judge=members[2], layers=3, keep=2).compile().invoke(QUESTION)
    return recording.path


def main(out: Path) -> None:
    """Write the pictures into a folder."""
    with TemporaryDirectory() as name, chromium() as browser:
        run = load_run(recorded(Path(name)))
        html = {"show_page": page(data_of(run)), "show_notebook": as_html(run) or ""}
        for picture, (width, height) in SIZES.items():
            shown = browser.new_page(viewport={"width": width, "height": height})
            shown.set_content(html.get(picture, html["show_page"]))
            image = Image.open(BytesIO(shown.screenshot())).convert("RGB")
            image.quantize(256).save(out / f"{picture}.png", optimize=True)
            shown.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
