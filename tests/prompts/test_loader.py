import hashlib
import os
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder, PromptTemplate

from manyminds.errors import PromptError
from manyminds.prompts import catalog, load, prompt_folders

GOOD = """---
name: mine/judge
version: 2
purpose: Judge.
source: none
variables: [answers]
---

## system

Judge these.
## Not a section
{{{answers}}}

## messages

## user

Begin.
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MANYMINDS_PROMPTS", str(tmp_path))
    (tmp_path / "mine").mkdir()
    return tmp_path


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_what_it_is(folder: Path) -> None:
    path = put(folder, "mine/judge.v2.md", GOOD)
    prompt = load("mine/judge@2")
    assert (prompt.name, prompt.version, prompt.purpose, prompt.path) == (
        "mine/judge",
        2,
        "Judge.",
        path,
    )
    assert prompt.variables == {"answers"}
    assert prompt.sections == (
        ("system", "Judge these.\n## Not a section\n{{{answers}}}"),
        ("messages", ""),
        ("user", "Begin."),
    )
    assert prompt.ref == f"mine/judge@2#{hashlib.sha256(GOOD.encode()).hexdigest()[:12]}"


def test_line_ends_do_not_change_the_hash(folder: Path) -> None:
    unix = load(put(folder, "unix.md", GOOD))
    path = folder / "windows.md"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(path).hash == unix.hash and load(path).sections == unix.sections


def test_a_bare_name_is_the_newest_version_and_a_version_is_exact(folder: Path) -> None:
    for version in (2, 9, 10):
        put(folder, f"mine/judge.v{version}.md", GOOD.replace("version: 2", f"version: {version}"))
    assert load("mine/judge").version == 10
    assert load("mine/judge@9").version == 9
    with pytest.raises(PromptError, match="no version 3: use one of 2, 9, 10"):
        load("mine/judge@3")


def test_the_users_folder_comes_before_ours(folder: Path) -> None:
    ours = load("moa/synthesis@1")
    text = ours.text.replace("Several models", "Some models")
    path = put(folder, "moa/synthesis.v1.md", text)
    assert load("moa/synthesis@1").path == load("moa/synthesis").path == path
    assert load("moa/synthesis").hash != ours.hash
    entries = {prompt.name: prompt.path for prompt in catalog()}
    assert entries["moa/synthesis"] == path
    assert entries["smoa/judge"] == prompt_folders()[-1] / "smoa" / "judge.v2.md"


def test_several_folders_are_searched_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        put(folder.parent, f"{folder.name}/x.v1.md", "Say it {{{how}}}")
    put(second, "y.v1.md", "Only here")
    monkeypatch.setenv("MANYMINDS_PROMPTS", f"{first}{os.pathsep}{second}")
    assert prompt_folders()[:2] == [first, second]
    assert load("x@1").path == first / "x.v1.md" and load("y@1").path == second / "y.v1.md"
    monkeypatch.setenv("MANYMINDS_PROMPTS", str(tmp_path / "missing"))
    with pytest.raises(PromptError, match="is no folder"):
        load("moa/synthesis@1")


@pytest.mark.parametrize(
    "spec, message",
    [
        ("moa/sythesis", "did you mean 'moa/synthesis'"),
        ("moa/synthesis@7", "no version 7: use one of 1"),
        ("quite/another-thing", "manyminds prompts"),
        ("synthesis@1", "there is no prompt 'synthesis'"),
        ("../moa/synthesis", "no prompt name"),
        ("moa/synthesis@new", "no prompt name"),
        ("", "no prompt is given"),
        (" \n", "no prompt is given"),
        ("missing.md", "cannot be read"),
        (Path("missing"), "cannot be read"),
        (None, "no prompt is given"),
        ("Tell {{name}} all", "write a variable as {{{name}}}"),
        ("Tell {{#a}} all", "close the section with {{/a}}"),
        ("Tell {{/a}} all", "closes a section that is not open"),
        ("Tell {{! this }} all", "cannot read"),
    ],
)
def test_what_cannot_be_loaded_says_why(spec: str | Path | None, message: str) -> None:
    with pytest.raises(PromptError) as error:
        load(spec)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("{{{answers}}}", "no place", "never uses 'answers'"),
        ("[answers]", "[]", "uses 'answers': add it"),
        ("[answers]", "answers", "must be a list"),
        ("name: mine/judge", "name: mine/other", "must be mine/judge and 2"),
        ("version: 2", "version: 3", "must be mine/judge and 2"),
        ("version: 2", "version: two", "whole number"),
        ("purpose:", "porpoise:", "unknown key 'porpoise'"),
        ("purpose: Judge.", "purpose: [", "not YAML"),
        ("## system\n", "Hello\n\n## system\n", "before the first section"),
        ("## user", "## system", "once and first"),
        ("## user", "## messages", "once and first"),
        ("## user\n\nBegin.", "## user", "must have a text"),
        ("## messages", "## messages\n\nText", "must be empty"),
    ],
)
def test_a_malformed_file_is_refused_by_name(
    folder: Path, old: str, new: str, message: str
) -> None:
    path = put(folder, "mine/judge.v2.md", GOOD.replace(old, new))
    with pytest.raises(PromptError) as error:
        load("mine/judge")
    assert message in str(error.value) and str(path) in str(error.value)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PromptError, match="cannot be read"):
        load(path)


@pytest.mark.parametrize("text", ["Synthesize.", "Synthesize", "Be brief", "综合所有答案。"])
def test_any_other_string_is_the_text(text: str) -> None:
    assert load(text).render([HumanMessage("?")]) == [SystemMessage(text), HumanMessage("?")]


def test_a_plain_text_file_and_a_text_become_the_system_message(tmp_path: Path) -> None:
    path = put(tmp_path, "my prompt.md", "Use {{{answers}}} well.\n")
    for spec in (path, str(path), "Use {{{answers}}} well."):
        prompt = load(spec, variables=["answers"])
        assert prompt.render([HumanMessage("?")], answers="X") == [
            SystemMessage("Use X well."),
            HumanMessage("?"),
        ]
    assert load("Use {{{answers}}} well.").ref.startswith("text@0#")
    assert load("See the notes in README.md").name == "text"


def test_a_prompt_that_needs_more_than_the_role_gives_is_refused_at_build_time() -> None:
    with pytest.raises(PromptError, match=r"asks for 'rank'.* use answers, keep"):
        load("Sort by {{{rank}}}", variables=["answers", "keep"])
    with pytest.raises(PromptError, match="'question'"):
        load(ChatPromptTemplate([("human", "{question}")]), variables=["answers"])


def test_a_prompt_may_ignore_what_the_role_gives() -> None:
    prompt = load("Just answer.", variables=["answers"])
    (system,) = prompt.render([], answers="ignored")
    assert system.content == "Just answer."
    with pytest.raises(PromptError, match="does not know 'other'"):
        prompt.render([], other="")


def test_none_stands_for_the_default_and_a_prompt_for_itself() -> None:
    prompt = load(None, default="moa/synthesis@1")
    assert prompt.name == "moa/synthesis"
    assert load(prompt) is prompt
    assert load("smoa/judge", default="moa/synthesis@1").name == "smoa/judge"


def test_templates_that_cannot_serve_are_refused() -> None:
    two = ChatPromptTemplate([MessagesPlaceholder("a"), MessagesPlaceholder("b")])
    with pytest.raises(PromptError, match="not several"):
        load(two)
    with pytest.raises(PromptError, match="a PromptTemplate is no prompt"):
        load(PromptTemplate.from_template("x"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
