"""`manyminds methods` and `manyminds prompts`: lists of methods and prompts."""

from typing import TYPE_CHECKING, Annotated

import typer

from manyminds.apps.flags import COMMON, AsJson
from manyminds.apps.terminal import clean, console, facts, one_line, print_json, put
from manyminds.errors import InputError
from manyminds.prompts.loader import FOLDER, catalog, load
from manyminds.registry import Method
from manyminds.registry import method as find_method
from manyminds.registry import methods as registered

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from manyminds.apps.options import Option
    from manyminds.prompts import Prompt


def methods(
    name: Annotated[
        str | None, typer.Argument(metavar="[METHOD]", help="The one to show, with its options.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the methods with their use and their calls; or show one with its options."""
    if name is not None:
        _show_method(find_method(name), as_json)
        return
    found = registered().values()
    if as_json:
        print_json({"methods": [_described(method) for method in found]})
        return
    from rich.text import Text

    screen = console()
    for method in found:
        _head(screen, method)
        screen.print()
    put(screen, Text("Its options:  manyminds methods NAME", "dim"))
    put(screen, Text("Try one:  manyminds ask --method NAME 'your question'", "dim"))


def prompts(
    name: Annotated[
        str | None, typer.Argument(help="The one to show: a name, or name@version.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the prompts, or show one: its text, its variables, and the file it comes from.

    Put a file of the same name into a folder of your own, name that folder in MANYMINDS_PROMPTS,
    and it replaces the file of manyminds.
    """
    if name is not None:
        _show(_named(name), as_json)
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


def _named(name: str) -> "Prompt":
    """Return a prompt; a word that names none would be a text of its own to `load`."""
    if "/" not in name and "@" not in name and not name.endswith(".md"):
        raise InputError(f"there is no prompt {name!r}: `manyminds prompts` lists all names")
    return load(name)


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


def _head(screen: "Console", method: Method) -> None:
    from rich.text import Text

    screen.print(Text(method.name, "bold"))
    rows = {"use": method.use, "calls": f"{method.calls} (per question)", "paper": method.paper}
    put(screen, facts((f"  {label}", one_line(text)) for label, text in rows.items()))


def _show_method(method: Method, as_json: bool) -> None:
    from manyminds.apps.options import options_of

    options = options_of(method).values()
    if as_json:
        print_json({**_described(method), "options": [_explained(one) for one in options]})
        return
    from rich.text import Text

    screen = console()
    _head(screen, method)
    roles = [one for one in options if one.is_role]
    others = [one for one in options if not one.is_role]
    for title, listed in (("Options", others), ("Roles", roles)):
        if listed:
            rows = [(f"  {one.name}", _entry(one)) for one in listed]
            put(screen, "", Text(title, "bold"), facts(rows))
    if options:
        put(screen, "", Text("Give one with ask, eval, compare, demo:  --set NAME=VALUE", "dim"))


def _entry(option: "Option") -> "Text":
    """Return the value, the default and the description of an option, in this order."""
    from rich.text import Text

    default = "to be given" if option.is_required else f"default: {option.default_text}"
    flag = f", also --{option.name}" if option.name in COMMON else ""
    text = Text(f"{option.kind} ({default}){flag}")
    return text.append(f"\n{clean(option.about)}", "dim") if option.about else text


def _explained(option: "Option") -> dict[str, object]:
    return {
        "name": option.name,
        "kind": option.kind,
        "default": None if option.is_required else option.default_text,
        "required": option.is_required,
        "role": option.is_role,
        "about": option.about,
    }


def _described(method: Method) -> dict[str, object]:
    from manyminds.apps.options import options_of

    return {
        "name": method.name,
        "use": method.use,
        "calls": method.calls,
        "options": list(options_of(method)),
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
