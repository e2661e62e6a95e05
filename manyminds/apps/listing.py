"""`manyminds methods` and `manyminds prompts`: what there is to choose from."""

from typing import TYPE_CHECKING, Annotated

import typer

from manyminds.apps.terminal import clean, console, facts, one_line, print_json, put
from manyminds.methods import Method
from manyminds.methods import methods as registered
from manyminds.prompts.loader import FOLDER, catalog, load

if TYPE_CHECKING:
    from manyminds.prompts import Prompt

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def methods(as_json: AsJson = False) -> None:
    """List the methods: what each is good for, what it costs, which options it takes."""
    found = registered().values()
    if as_json:
        print_json({"methods": [_described(method) for method in found]})
        return
    from rich.text import Text

    screen = console()
    for method in found:
        screen.print(Text(method.name, "bold"))
        rows = {
            "use": method.use,
            "calls": f"{method.calls} (per question)",
            "options": " ".join(f"--{option}" for option in method.options) or "none",
            "paper": method.paper,
        }
        put(screen, facts((f"  {label}", one_line(text)) for label, text in rows.items()), "")
    put(screen, Text("Try one:  manyminds ask --method NAME 'your question'", "dim"))


def prompts(
    name: Annotated[
        str | None, typer.Argument(help="The one to show: a name, or name@version.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the prompts, or show one: its text, its variables, and the file it comes from.

    Put a file of the same name into a folder of yours, name that folder in MANYMINDS_PROMPTS, and
    it stands in for ours.
    """
    if name is not None:
        _show(load(name), as_json)
        return
    found = catalog()
    if as_json:
        print_json({"prompts": [_summary(prompt) for prompt in found]})
        return
    from rich.padding import Padding
    from rich.text import Text

    screen = console()
    for prompt in found:
        mark = "" if _ours(prompt) else f"  yours: {prompt.path}"
        screen.print(Text.assemble((f"{prompt.name}@{prompt.version}", "bold"), (mark, "green")))
        put(screen, Padding(Text(one_line(prompt.purpose)), (0, 0, 0, 2)))
    screen.print()
    put(screen, Text("Show one:  manyminds prompts NAME", "dim"))


def _show(prompt: "Prompt", as_json: bool) -> None:
    if as_json:
        print_json({**_summary(prompt), "source": prompt.source, "text": prompt.text})
        return
    from rich.text import Text

    screen = console()
    whose = "comes with manyminds" if _ours(prompt) else "yours"
    screen.print(Text(f"{prompt.name}@{prompt.version}", "bold"))
    variables = ", ".join(sorted(prompt.variables)) or "none"
    file = f"{prompt.path or 'none'} ({whose})"
    put(screen, facts({"file": file, "hash": prompt.hash, "variables": variables}.items()), "")
    print(clean(prompt.text).rstrip())


def _described(method: Method) -> dict[str, object]:
    return {
        "name": method.name,
        "use": method.use,
        "calls": method.calls,
        "options": list(method.options),
        "paper": method.paper,
        "builder": method.builder,
    }


def _summary(prompt: "Prompt") -> dict[str, object]:
    return {
        "name": prompt.name,
        "version": prompt.version,
        "hash": prompt.hash,
        "purpose": prompt.purpose,
        "variables": sorted(prompt.variables),
        "from": "manyminds" if _ours(prompt) else "user",
        "file": None if prompt.path is None else str(prompt.path),
    }


def _ours(prompt: "Prompt") -> bool:
    return prompt.path is not None and prompt.path.is_relative_to(FOLDER)
