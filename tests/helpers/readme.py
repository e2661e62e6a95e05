"""The table of methods in README and docs, made from the registry: `make readme` writes it."""

from pathlib import Path

from manyminds.registry import methods

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "docs" / "methods.md")
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


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
