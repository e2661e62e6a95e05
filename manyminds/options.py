"""Options of builders and runs: numbers, flags, texts and choices, checked by their annotations."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from operator import index
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    SupportsIndex,
    TypeAlias,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from annotated_types import Ge, Gt, Le
from pydantic import TypeAdapter, ValidationError
from typing_extensions import Doc

from manyminds.errors import InputError

MOST = 1_000_000
"""Largest whole number that an option takes: no run would end with more."""
Whole: TypeAlias = Annotated[int, Ge(0)]
"""A whole number of at least 0."""
Count: TypeAlias = Annotated[int, Ge(1)]
"""A whole number of at least 1: samples, rounds, tries."""
Several: TypeAlias = Annotated[int, Ge(2)]
"""A whole number of at least 2: layers, the last of which is the aggregator's."""
Share: TypeAlias = Annotated[float, Gt(0), Le(1), Doc("a share above 0 and up to 1")]
"""A part of a whole, above 0 and up to 1."""
Seconds: TypeAlias = Annotated[float, Gt(0), Doc("seconds, more than 0")]
"""A time limit."""

_WORDS: Mapping[object, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
    NoneType: "none",
}
_LISTS = (list, tuple, set, Sequence)


def parts_of(hint: Any) -> Iterator[Any]:
    """Yield the types that a type is the union of."""
    if get_origin(hint) in (Union, UnionType):
        for each in get_args(hint):
            yield from parts_of(each)
    else:
        yield hint


def is_plain(form: Any) -> bool:
    """Return whether a type is plain data, which JSON or a command line can express."""
    origin, inner = get_origin(form), get_args(form)
    if origin is None:
        return form in _WORDS
    if origin in (Union, UnionType):
        return all(map(is_plain, inner))
    if origin is Annotated:
        return is_plain(inner[0])
    if origin is Literal or origin in (dict, Mapping):
        return True
    return origin in _LISTS and all(
        one is ... or is_plain(one) for each in inner for one in parts_of(each)
    )


def words_of(form: Any) -> list[str]:
    """Return a description of a plain type: a phrase, or the names of a choice."""
    origin, inner = get_origin(form), get_args(form)
    if origin is Literal:
        return [str(value).lower() for value in inner]
    if origin is Annotated:
        return _described(form) or words_of(inner[0])
    if origin in (dict, Mapping):
        return ["a JSON object"]
    if not is_list(form):
        return [_WORDS[form]]
    of = ["texts"] if inner == (str,) else words_of(inner[0]) if _is_choice(inner[0]) else []
    return [f"a list of {', '.join(of)}" if of else "a list"]


def is_list(form: Any) -> bool:
    """Return whether a type is a list or a mapping."""
    return get_origin(form) in (*_LISTS, dict, Mapping)


@cache
def one_of(forms: Sequence[Any]) -> TypeAdapter[Any]:
    """Return the validator of a union of plain types, which are given as a tuple."""
    return TypeAdapter(cast("Any", Union)[tuple(forms) or NoneType])


@cache
def hints_of(builder: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the annotations of a builder; none where a name is imported for type checkers only."""
    try:
        return get_type_hints(builder, include_extras=True)
    except NameError:
        return {}


def check(name: str, value: object, hint: Any, *, of: str = "") -> None:
    """Refuse a value that an option's annotation does not allow.

    Where the annotation has a part that is not plain data, such as a function, any value passes:
    who uses it knows what to do with it.

    Args:
        name: Name of the option.
        value: Value of the option.
        hint: Annotation of the option.
        of: Name of the method, for the message.

    Raises:
        InputError: The message says what to give.
    """
    forms = _plain_parts(hint)
    if not forms:
        return
    if isinstance(value, SupportsIndex) and not isinstance(value, bool):
        value = index(value)  # of numpy, too
    where = f"{of}, {name}={value!r:.60}" if of else f"{name}={value!r:.60}"
    if isinstance(value, int) and abs(value) > MOST and name != "seed":
        raise InputError(f"{where}: the number is too large; give at most {MOST:,}")
    try:
        one_of(forms).validate_python(value, strict=True)
    except ValidationError as error:
        raise InputError(f"{where}: give {limit_of(error) or _listed(forms)}") from None


@cache
def _plain_parts(hint: Any) -> tuple[Any, ...]:
    """Return the parts of a type that is plain data; none of one that is not."""
    forms = tuple(parts_of(hint))
    return forms if all(map(is_plain, forms)) else ()


def limit_of(error: ValueError) -> str:
    """Return the limit that a number is below, such as "at least 1"; else an empty text."""
    for one in error.errors() if isinstance(error, ValidationError) else []:
        if one["type"] == "greater_than_equal":
            return f"at least {one.get('ctx', {})['ge']}"
    return ""


def _listed(forms: Sequence[Any]) -> str:
    """Return the description of a type for programs: names of a choice in quotation marks."""
    named = [map(repr, get_args(form)) if _is_choice(form) else words_of(form) for form in forms]
    *most, last = dict.fromkeys(chain.from_iterable(named))
    return f"{', '.join(most)} or {last}" if most else last


def _is_choice(form: Any) -> bool:
    return get_origin(form) is Literal


def _described(form: Any) -> list[str]:
    return [one.documentation for one in get_args(form) if isinstance(one, Doc)]
