"""What is made from the registry: tables of methods, langgraph.json, and the facade's types.

`make readme` writes all of it.
"""

import json
from pathlib import Path

import manyminds
from manyminds.registry import methods

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "docs" / "methods.md")
STUDIO = ROOT / "langgraph.json"
STUB = ROOT / "manyminds" / "__init__.pyi"
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


def stub() -> str:
    """Return `manyminds/__init__.pyi`: each public name, for type checkers."""
    homes: dict[str, str] = vars(manyminds)["_names"]()
    by_module: dict[str, list[str]] = {}
    for name, module in homes.items():
        by_module.setdefault(module, []).append(name)
    imports = [imported(module, sorted(by_module[module])) for module in sorted(by_module)]
    listed = "".join(f'    "{name}",\n' for name in sorted(homes))
    head = '"""Public names, for type checkers; written by `make readme`."""\n\n'
    return f"{head}{''.join(imports)}\n__all__ = [\n{listed}]\n__version__: str\n"


def imported(module: str, names: list[str]) -> str:
    """Return an import as the formatter writes it."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 100:
        return f"{line}\n"
    listed = "".join(f"    {name},\n" for name in names)
    return f"from {module} import (\n{listed})\n"


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
    STUDIO.write_text(studio(), encoding="utf-8")
    STUB.write_text(stub(), encoding="utf-8")
