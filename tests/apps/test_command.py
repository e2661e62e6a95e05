"""Option groups: one declaration gives the option, its help and the field of the group."""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from inspect import signature
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from manyminds.apps.cli import COMMANDS
from manyminds.apps.command import described, expanded


@dataclass(frozen=True)
class Size:
    """How large.

    Attributes:
        width: Width in
            metres.
        deep_red: Whether it is red.
    """

    width: Annotated[int, typer.Option(metavar="N", min=1)]
    deep_red: Annotated[bool, typer.Option()] = False


def _run(command: Callable[..., object], *given: str) -> str:
    app = typer.Typer(rich_markup_mode=None)
    app.command()(expanded(command))
    return CliRunner().invoke(app, given).output


def show(name: Annotated[str, typer.Argument()], *, size: Size, more: int = 2) -> None:
    """Show it."""
    print(name, size.width, size.deep_red, more)


def test_fields_are_options_and_come_back_as_the_group() -> None:
    assert _run(show, "x", "--width", "3").strip() == "x 3 False 2"
    assert _run(show, "x", "--width", "3", "--deep-red", "--more", "5").strip() == "x 3 True 5"


def test_the_docstring_is_the_help_and_the_limits_hold() -> None:
    told = _run(show, "--help")
    assert "Width in metres." in told and "Whether it is red." in told and "--no-deep" not in told
    assert "3" not in _run(show, "x", "--width", "0").splitlines()[0]
    assert "Missing option '--width'" in _run(show, "x")


GROUPS = {
    parameter.annotation
    for command in COMMANDS.values()
    for parameter in signature(
        getattr(import_module(command.where.split(":")[0]), command.where.split(":")[1]),
        eval_str=True,
    ).parameters.values()
    if isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation)
}


@pytest.mark.parametrize("group", sorted(GROUPS, key=str))
def test_every_field_of_a_group_is_described(group: type) -> None:
    about = described(group)
    assert [field.name for field in fields(group)] == list(about)
    assert all(text.endswith(".") for text in about.values())
