"""Find prompts by name, file, text or template, and check them before anything runs.

A prompt file is Markdown: front matter (name, version, purpose, source, variables), then the
sections `## system`, `## user`, `## assistant` and `## messages` (where the conversation goes).
Its path gives its name and version: `moa/synthesis.v1.md` is `moa/synthesis@1`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from manyminds.errors import PromptError
from manyminds.prompts.mustache import names as names_in
from manyminds.prompts.prompt import Prompt, SectionKind
from manyminds.yaml_text import is_tangled

if TYPE_CHECKING:
    from langchain_core.prompts import ChatPromptTemplate

FOLDER = Path(__file__).parent
"""Where the prompts that come with the package are."""

_FILE_NAME = re.compile(r"(?P<name>.+)\.v(?P<version>[0-9]+)\.md")
_SPEC = re.compile(r"(?P<name>[\w-]+(?:/[\w-]+)*)(?:@(?P<version>[0-9]+))?")
_MAX_DEPTH = 4  # of lists inside lists in the front matter
_MAX_NUMBER = 10**9
_FRONT_MATTER = re.compile(r"---\n(.*?\n)??---(?:\n|$)", re.DOTALL)
_HEADING = re.compile(r"^## (system|user|assistant|messages)[ \t]*$", re.MULTILINE)
_KEYS = {"name", "version", "purpose", "source", "variables"}


def load(
    spec: str | Path | ChatPromptTemplate | Prompt | None,
    *,
    default: str | None = None,
    variables: Collection[str] | None = None,
    may_ignore: bool = True,
) -> Prompt:
    """Load a prompt, however it is given, and check that a role can fill it.

    Args:
        spec: A name such as `moa/synthesis@1`, or `moa/synthesis` for its newest version; a Path or
            `*.md`; any other string is the text of the system message, which the conversation
            follows; a ChatPromptTemplate; or None for the default.
        default: name that None stands for; builders give a version, so that a new file never
            changes a run.
        variables: names that the role fills at render. A prompt that needs others is refused; one
            that leaves some unused is fine.
        may_ignore: whether a prompt may use none of the variables, so that its role sees none of
            the texts.

    Returns:
        The prompt. Names are looked for in the folders of `prompt_folders`, in that order.

    Raises:
        PromptError: it does not exist, cannot be read, or needs a variable the role has not.
    """
    prompt = _find(default if spec is None and default else spec)
    if variables is None:
        return prompt
    missing = sorted(prompt.variables - set(variables))
    has = ", ".join(sorted(variables)) or "no variables"
    if variables and not prompt.variables and not may_ignore:
        example = f"{{{{{{{min(variables)}}}}}}}"
        raise PromptError(f"{prompt.where} uses none of {has}: write {example} where it belongs")
    if missing:
        raise PromptError(
            f"{prompt.where} asks for {', '.join(map(repr, missing))}, which is not given here: "
            f"use {has}"
        )
    return replace(prompt, accepts=frozenset(variables))


def prompt_folders() -> list[Path]:
    """List the folders prompts are looked for in, first one first.

    Those in the environment variable MANYMINDS_PROMPTS (separated like PATH) come before the one
    of the package, so that a file of the same name and version stands in for ours.

    Raises:
        PromptError: MANYMINDS_PROMPTS names something that is not a folder.
    """
    given = os.environ.get("MANYMINDS_PROMPTS", "").split(os.pathsep)
    folders = [Path(folder).expanduser() for folder in given if folder.strip()]
    for folder in folders:
        if not folder.is_dir():
            raise PromptError(f"MANYMINDS_PROMPTS names {folder}, which is no folder: correct it")
    return [*folders, FOLDER]


def catalog() -> list[Prompt]:
    """List every prompt that can be loaded by name, sorted; `path` says where it comes from.

    A prompt of ours that is hidden by the user's file of the same name and version is left out.

    Raises:
        PromptError: one of the files is malformed.
    """
    found: dict[tuple[str, int], Prompt] = {}
    for folder in prompt_folders():
        for prompt in read_folder(folder):
            found.setdefault((prompt.name, prompt.version), prompt)
    return [found[key] for key in sorted(found)]


def read_folder(folder: Path) -> list[Prompt]:
    """Read every prompt file (`*.v<N>.md`) in a folder and below it, sorted.

    Raises:
        PromptError: one of the files is malformed.
    """
    files = [path for path in folder.rglob("*.md") if _FILE_NAME.fullmatch(path.name)]
    prompts = [_read(path, folder) for path in files]
    return sorted(prompts, key=lambda prompt: (prompt.name, prompt.version))


def _find(spec: str | Path | ChatPromptTemplate | Prompt | None) -> Prompt:
    if isinstance(spec, Prompt):
        return spec
    if isinstance(spec, Path):
        return _read(spec.expanduser())
    if isinstance(spec, str) and spec.strip():
        spaced = any(char.isspace() for char in spec.strip())
        if spec.endswith(".md") and (not spaced or os.path.isfile(os.path.expanduser(spec))):
            return _read(Path(spec).expanduser())
        # One word is a text, such as "Synthesize."; every name has a folder or a version.
        named = not spaced and ("/" in spec or "@" in spec)
        return _by_name(spec) if named else _from_text(spec)
    if spec is None or isinstance(spec, str):
        raise PromptError("no prompt is given: give a name, a file, a text or a ChatPromptTemplate")
    return _from_template(spec)


def _by_name(spec: str) -> Prompt:
    match = _SPEC.fullmatch(spec)
    if not match:
        raise PromptError(f"{spec!r} is no prompt name: write name or name@version, or give a text")
    name, version = match["name"], match["version"]
    for folder in prompt_folders():
        versions = {
            int(found["version"]): path
            for path in folder.glob(f"{name}.v*.md")
            if (found := _FILE_NAME.fullmatch(path.name))
        }
        if versions and not version:
            return _read(versions[max(versions)], folder)
        if version and int(version) in versions:
            return _read(versions[int(version)], folder)
    known = catalog()
    versions_of_name = [str(prompt.version) for prompt in known if prompt.name == name]
    if versions_of_name:
        has = ", ".join(versions_of_name)
        raise PromptError(f"prompt {name!r} has no version {version}: use one of {has}")
    near = get_close_matches(name, {prompt.name for prompt in known}, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else "see `manyminds prompts` for all names"
    raise PromptError(f"there is no prompt {name!r}: {hint}")


def _from_text(text: str) -> Prompt:
    text = text.replace("\r\n", "\n").strip()
    return Prompt(
        name="text",
        version=0,
        text=text,
        sections=(("system", text), ("messages", "messages")),
        variables=names_in(text, "the prompt given as text").outer,
    )


def _from_template(template: ChatPromptTemplate) -> Prompt:
    from langchain_core.load import dumps
    from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

    if not isinstance(template, ChatPromptTemplate):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise PromptError(
            f"a {type(template).__name__} is no prompt: give a name, a file, a text or a "
            "ChatPromptTemplate"
        )
    places = [m.variable_name for m in template.messages if isinstance(m, MessagesPlaceholder)]
    if len(places) > 1:
        raise PromptError("a ChatPromptTemplate needs one MessagesPlaceholder, not several")
    return Prompt(
        name="template",
        version=0,
        text=dumps(template),
        sections=tuple(("messages", place) for place in places),
        variables=frozenset(template.input_variables) - set(places),
        native=template,
    )


def _read(path: Path, folder: Path | None = None) -> Prompt:
    """Read a prompt file; in a folder of prompts, its path decides its name and version."""
    where = f"prompt file {path}"
    try:
        text = path.read_text(encoding="utf-8-sig")  # reads every kind of line end as LF
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PromptError(f"{where} cannot be read: {reason}") from error
    return _parsed(text, path, folder)


@lru_cache(maxsize=1_000)
def _parsed(text: str, path: Path, folder: Path | None) -> Prompt:
    where = f"prompt file {path}"
    meta, body = _front_matter(text, where)
    named = _FILE_NAME.fullmatch(path.name)
    name, version = (named["name"], int(named["version"])) if named else (path.stem, 0)
    if folder:
        name = (path.relative_to(folder).parent / name).as_posix()
    if folder and (meta.get("name", name), meta.get("version", version)) != (name, version):
        raise PromptError(
            f"{where}: name and version must be {name} and {version}, as the file's name has it"
        )
    sections = _sections(body, where)
    return Prompt(
        name=str(meta.get("name", name)),
        version=cast(int, meta.get("version", version)),
        text=text,
        sections=sections,
        variables=_variables(meta, sections, where),
        purpose=str(meta.get("purpose", "")),
        source=str(meta.get("source", "")),
        path=path,
    )


def _front_matter(text: str, where: str) -> tuple[Mapping[str, object], str]:
    import yaml

    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    try:
        if is_tangled(match[1] or "", depth=_MAX_DEPTH):
            raise PromptError(
                f"{where}: the front matter must be lines of `key: value`, without aliases"
            )
        meta = cast(object, yaml.safe_load(match[1] or "")) or {}
    except (yaml.YAMLError, ValueError) as error:
        reason = str(error)[:200]
        raise PromptError(f"{where}: the front matter is not YAML: {reason}") from None
    if not isinstance(meta, dict):
        raise PromptError(f"{where}: the front matter must be lines of `key: value`")
    meta = cast(dict[str, object], meta)
    unknown = sorted(str(key) for key in meta.keys() - _KEYS)
    if unknown:
        raise PromptError(f"{where}: unknown key {unknown[0]!r}; use {', '.join(sorted(_KEYS))}")
    numbers = [value for value in meta.values() if isinstance(value, int)]
    if not isinstance(meta.get("version", 0), int) or any(abs(n) > _MAX_NUMBER for n in numbers):
        raise PromptError(f"{where}: `version` must be a whole number, at most {_MAX_NUMBER}")
    return meta, text[match.end() :]


def _sections(body: str, where: str) -> tuple[tuple[SectionKind, str], ...]:
    """Cut the body at its headings; one without headings is a system message, as a text is."""
    before, *rest = _HEADING.split(body)
    if not rest:
        rest, before = ["system", before, "messages", ""], ""
    if before.strip():
        raise PromptError(f"{where}: put the text before the first section under `## system`")
    kinds: list[SectionKind] = [cast(SectionKind, kind) for kind in rest[::2]]
    texts: list[str] = [text.strip() for text in rest[1::2]]
    if "system" in kinds[1:] or kinds.count("messages") > 1:
        raise PromptError(f"{where}: `## system` comes once and first, `## messages` once")
    for kind, text in zip(kinds, texts, strict=True):
        if bool(text) == (kind == "messages"):
            raise PromptError(
                f"{where}: `## {kind}` must {'be empty' if text else 'have a text below it'}"
            )
    return tuple(zip(kinds, texts, strict=True))


def _variables(
    meta: Mapping[str, object], sections: tuple[tuple[SectionKind, str], ...], where: str
) -> frozenset[str]:
    """Check that the variables declared are the ones used; names in a loop may be its items'."""
    used = [names_in(text, where) for _, text in sections]
    outer = frozenset[str]().union(*(names.outer for names in used))
    inner = frozenset[str]().union(*(names.inner for names in used))
    if "variables" not in meta:
        return outer
    listed = meta["variables"] or []
    if not isinstance(listed, list):
        raise PromptError(f"{where}: `variables` must be a list, such as [answers]")
    declared = frozenset(map(str, cast(list[object], listed)))
    if undeclared := sorted(outer - declared):
        raise PromptError(f"{where} uses {undeclared[0]!r}: add it to `variables`")
    if unused := sorted(declared - outer - inner):
        raise PromptError(f"{where} never uses {unused[0]!r}: take it out of `variables`")
    return declared
