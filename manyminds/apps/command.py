"""Commands whose options are declared in groups: dataclasses that commands share."""

import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import MISSING, fields
from dataclasses import is_dataclass as is_group
from functools import wraps
from inspect import Parameter, Signature
from typing import Annotated, Any, get_args, get_type_hints

from docstring_parser import google
from typer.models import OptionInfo


def described(documented: object) -> dict[str, str]:
    """Return the description of each argument or attribute in a docstring."""
    found = google.parse(inspect.getdoc(documented) or "").params
    return {one.arg_name: " ".join((one.description or "").split()) for one in found}


def expanded(command: Callable[..., object]) -> Callable[..., object]:
    """Return a command as Typer takes it: with a parameter for each option.

    A parameter whose type is a dataclass is a group of options, one for each field. The help of an
    option is the field's entry in the docstring of its group; `typer.Option` in the field's type
    says the rest, such as a least value.
    """
    flat: list[Parameter] = []
    groups: dict[str, type[Any]] = {}
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        kind: object = parameter.annotation
        if isinstance(kind, type) and is_group(kind):
            groups[parameter.name] = kind
            flat += _options(kind)
        else:
            flat.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))

    @wraps(command)
    def run(**given: Any) -> object:
        made = {
            name: kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            for name, kind in groups.items()
        }
        return command(**given, **made)

    run.__signature__ = Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return run


def _options(group: type[Any]) -> list[Parameter]:
    """Return a parameter for each field of a group."""
    hints, about = get_type_hints(group, include_extras=True), described(group)
    found: list[Parameter] = []
    for field in fields(group):
        kind, *more = get_args(hints[field.name])
        given = next(one for one in more if isinstance(one, OptionInfo))
        option = copy(given)
        option.help = about[field.name]
        if kind is bool:  # Typer would add --no-NAME
            option.param_decls = option.param_decls or (f"--{field.name.replace('_', '-')}",)
        default = Parameter.empty if field.default is MISSING else field.default
        found.append(
            Parameter(
                field.name,
                Parameter.KEYWORD_ONLY,
                default=default,
                annotation=Annotated[kind, option],
            )
        )
    return found
