"""The mustache that prompts are written in: `{{{name}}}`, and `{{#name}}...{{/name}}`.

A small, strict part of the language. LangChain reads it too and gives the same text, but fills
missing names with nothing; here they are errors. Values are never read as templates again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from manyminds.errors import PromptError

Value: TypeAlias = str | Sequence[Mapping[str, str]]

_TAG = re.compile(r"\{\{\{ *([A-Za-z_]\w*) *\}\}\}|\{\{([#^/]) *([A-Za-z_]\w*) *\}\}")


class Variable(NamedTuple):
    """A place for a value."""

    name: str


class Section(NamedTuple):
    """A part that is there when its value is not empty (`inverted`: when it is), once an item."""

    name: str
    inverted: bool
    body: "list[Node]"


Node: TypeAlias = str | Variable | Section


class Names(NamedTuple):
    """The names a template uses: outside of every section, and only inside of one."""

    outer: frozenset[str]
    inner: frozenset[str]


def names(text: str, where: str) -> Names:
    """Find the names a template uses, and refuse tags other than variables and sections.

    Args:
        text: the template.
        where: the prompt's name and file, for the message.

    Raises:
        PromptError: a tag is of another kind, or a section is not closed.
    """
    outer: set[str] = set()
    inner: set[str] = set()
    open_sections: list[str] = []
    at = text.find("{{")
    while at >= 0:
        tag = _TAG.match(text, at)
        if not tag:
            raise PromptError(
                f"{where}: cannot read {text[at : at + 20]!r}; write a variable as {{{{{{name}}}}}}"
            )
        name = tag[1] or tag[3]
        if tag[2] == "/":
            if not open_sections or open_sections.pop() != name:
                raise PromptError(f"{where}: {tag[0]} closes a section that is not open")
        else:
            (inner if open_sections else outer).add(name)
            if tag[2]:
                open_sections.append(name)
        at = text.find("{{", tag.end())
    if open_sections:
        raise PromptError(f"{where}: close the section with {{{{/{open_sections[-1]}}}}}")
    return Names(frozenset(outer), frozenset(inner - outer))


def compiled(text: str) -> list[Node]:
    """Read a template that `names` has accepted, once, for many fillings."""
    # LangChain's reader decides which newlines belong to a tag, so that both give the same text.
    from langchain_core.utils.mustache import tokenize

    return _nodes(iter(tokenize(text, "{{", "}}")))


def _nodes(tokens: Iterator[tuple[str, str]]) -> list[Node]:
    nodes: list[Node] = []
    for kind, key in tokens:
        if kind == "end":
            break
        if kind == "literal":
            nodes.append(key)
        elif kind == "no escape":
            nodes.append(Variable(key))
        else:
            nodes.append(Section(key, kind == "inverted section", _nodes(tokens)))
    return nodes


def filled(nodes: Sequence[Node], values: Mapping[str, Value], where: str) -> str:
    """Fill a compiled template.

    Args:
        nodes: from `compiled`.
        values: text for each variable; text or a list of mappings for each section.
        where: the prompt's name and file, for the message.

    Raises:
        PromptError: a name has no value, or not one of the right kind.
    """
    return "".join(_pieces(nodes, values, where))


def _pieces(nodes: Sequence[Node], values: Mapping[str, Value], where: str) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
            continue
        if node.name not in values:
            raise PromptError(f"{where}: nothing is given for {node.name!r}")
        value = values[node.name]
        if isinstance(node, Variable):
            if not isinstance(value, str):
                raise PromptError(f"{where}: {node.name!r} must be text, not {_kind(value)}")
            yield value
        elif node.inverted or isinstance(value, str):
            if bool(value) != node.inverted:
                yield from _pieces(node.body, values, where)
        else:
            for item in value:
                yield from _pieces(node.body, {**values, **item}, where)


def _kind(value: object) -> str:
    return type(value).__name__
