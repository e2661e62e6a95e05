"""The size of the code, and how much of it one run passes through.

Prints lines, modules, functions, import circles, public names, and the files and functions of this
library that one Sparse Mixture-of-Agents run of ten calls executes. Exits 1 where a module is over
350 lines long, a function over 50, or modules import each other in a circle.

    python benchmarks/house.py [--root FOLDER]
"""

import argparse
import ast
import statistics
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

LONGEST_MODULE, LONGEST_FUNCTION = 350, 50


class Module(NamedTuple):
    """One module of the library.

    Attributes:
        name: Name inside `manyminds`, such as `graphs.moa`.
        path: File.
        tree: Syntax tree.
        lines: Number of lines.
    """

    name: str
    path: Path
    tree: ast.Module
    lines: int


def modules(root: Path) -> list[Module]:
    """Return the modules of the library, tests and benchmarks left out."""
    found: list[Module] = []
    for top in ("manyminds", "graphs", "nodes", "prompts"):
        for path in sorted((root / top).rglob("*.py")):
            inside = path.relative_to(root / top)
            if top == "manyminds" and inside.parts[0] in ("graphs", "nodes", "prompts"):
                continue  # links to the folders at the top
            text = path.read_text(encoding="utf-8")
            parts = [*([] if top == "manyminds" else [top]), *inside.with_suffix("").parts]
            name = ".".join(part for part in parts if part != "__init__")
            found.append(Module(name, path, ast.parse(text), text.count("\n")))
    return found


def functions(module: Module) -> Iterator[tuple[str, int]]:
    """Yield name and length in lines, docstring left out, of every function of a module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None
            skipped = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1 - skipped


def imports(module: Module, known: set[str]) -> set[str]:
    """Return the modules of the library that a module imports when it is loaded."""
    names: set[str] = set()
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    ours = {name.removeprefix("manyminds.") for name in names if name.startswith("manyminds.")}
    return ours & known


def circles(found: list[Module], *, wide: bool) -> list[list[str]]:
    """Return the groups of modules that import each other.

    Args:
        found: The modules.
        wide: Count imports inside functions and under TYPE_CHECKING too.
    """
    known = {module.name for module in found if module.name}
    graph: dict[str, set[str]] = {}
    for module in found:
        body = [*ast.walk(module.tree)] if wide else module.tree.body
        whole = ast.Module([node for node in body if isinstance(node, ast.stmt)], [])
        graph[module.name] = imports(module._replace(tree=whole), known) - {module.name}
    return sorted(sorted(group) for group in _strong(graph) if len(group) > 1)


def _strong(graph: dict[str, set[str]]) -> Iterator[set[str]]:
    """Yield strongly connected components, by Tarjan's algorithm."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> Iterator[set[str]]:
        index[node] = low[node] = len(index)
        stack.append(node)
        for after in graph.get(node, ()):
            if after not in index:
                yield from visit(after)
                low[node] = min(low[node], low[after])
            elif after in stack:
                low[node] = min(low[node], index[after])
        if low[node] == index[node]:
            group: set[str] = set()
            while node not in group:
                group.add(stack.pop())
            yield group

    for node in graph:
        if node not in index:
            yield from visit(node)


def passed(root: Path) -> tuple[int, int]:
    """Return the files and functions of the library that one SMoA run of ten calls executes."""
    import manyminds

    members = ["simulated:small", "simulated:medium", "simulated:large"]
    app = manyminds.create_smoa(members, layers=3).compile()
    seen: set[tuple[str, str, int]] = set()
    folders = tuple(str(root / top) for top in ("manyminds", "graphs", "nodes", "prompts"))

    def watch(frame: FrameType, event: str, _arg: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(folders):
            seen.add((code.co_filename, code.co_qualname, code.co_firstlineno))

    threading.setprofile(watch)
    sys.setprofile(watch)
    question = "Start with 60. Add 52. Subtract 34. Add 57. What is the result?"
    app.invoke({"messages": [("user", question)]})
    sys.setprofile(None)
    threading.setprofile(None)
    return len({file for file, _, _ in seen}), len(seen)


def spread(values: list[int]) -> str:
    """Return median, 90th percentile and largest."""
    ninth = statistics.quantiles(values, n=10)[-1]
    return f"median {statistics.median(values):g}, p90 {ninth:.0f}, largest {max(values)}"


def main() -> int:
    """Print the figures; return 1 where one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1])
    root = parser.parse_args().root.resolve()
    sys.path.insert(0, str(root))
    found = modules(root)
    bodies = [(module.name, *one) for module in found for one in functions(module)]
    loaded, all_imports = circles(found, wide=False), circles(found, wide=True)
    import manyminds

    files, called = passed(root)
    long_modules = [f"{m.name} {m.lines}" for m in found if m.lines > LONGEST_MODULE]
    long_functions = [f"{m}.{name} {n}" for m, name, n in bodies if n > LONGEST_FUNCTION]
    print(f"lines                {sum(module.lines for module in found)}")
    print(f"modules              {len(found)}: {spread([module.lines for module in found])}")
    print(f"functions            {len(bodies)}: {spread([n for _, _, n in bodies])}")
    print(f"import circles       {len(loaded)} at load, {len(all_imports)} with every import")
    for group in all_imports:
        print(f"                     {' '.join(group)}")
    print(f"public names         {len(manyminds.__all__)}")
    print(f"one SMoA run passes  {called} functions in {files} files")
    print(f"modules over {LONGEST_MODULE}     {', '.join(long_modules) or 'none'}")
    print(f"functions over {LONGEST_FUNCTION}    {', '.join(long_functions) or 'none'}")
    return int(bool(long_modules or long_functions or loaded))


if __name__ == "__main__":
    sys.exit(main())
