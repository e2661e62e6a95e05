"""What is made from the registry: the table of methods in README and docs, and langgraph.json.

`make readme` writes all of it.
"""

import json
from pathlib import Path

from manyminds.registry import methods

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "docs" / "methods.md")
STUDIO = ROOT / "langgraph.json"
BEGIN, END = "<!-- methods: written by `make readme` -->\n", "<!-- end of methods -->"


def table() -> str:
    """Return the table: a method a line, in the order of the registry."""
    rows = [
        f"| `{m.name}` | {m.use} | {m.calls.replace('*', '×')} | {m.paper} |"
        for m in methods().values()
    ]
    head = ["| method | use it for | calls per question | paper |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows, ""])


def updated(text: str) -> str:
    """Return a page's text with the table as the registry has it now."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


def studio() -> str:
    """Return langgraph.json: a factory of `manyminds.apps.studio` for each method."""
    graphs = {name: f"manyminds.apps.studio:{name.replace('-', '_')}" for name in methods()}
    return json.dumps({"dependencies": ["."], "graphs": graphs}, indent=2) + "\n"


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
    STUDIO.write_text(studio(), encoding="utf-8")
