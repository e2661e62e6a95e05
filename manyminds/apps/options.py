"""A method's options as text: read off its builder, so that every method's can be given at once."""

import difflib
import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, cast, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from manyminds.apps.command import described
from manyminds.errors import InputError
from manyminds.members import Member
from manyminds.options import hints_of, is_list, is_plain, limit_of, one_of, parts_of, words_of
from manyminds.registry import Method, methods
from manyminds.settings import Context

_OWN_FLAGS = ("seed", "budget")


@dataclass(frozen=True)
class Option:
    """One keyword option of a builder.

    Attributes:
        name: of the builder's argument.
        forms: the types that it may have and text can stand for; none: only Python can give it.
        default: `inspect.Parameter.empty` where it has to be given.
        about: the first sentence of its entry in the docstring.
    """

    name: str
    forms: tuple[Any, ...]
    default: object
    about: str

    @property
    def is_role(self) -> bool:
        """Whether it names a member, or a chain of members."""
        return Member in self.forms

    @property
    def is_required(self) -> bool:
        """Whether the builder has no default for it."""
        return self.default is inspect.Parameter.empty

    @property
    def kind(self) -> str:
        """Description of the value, in words."""
        # A path is text too, and so is a member; a default of none tells that none may be given.
        said = {Path, str} if self.is_role else {Path} if str in self.forms else set[Any]()
        if self.default is None:
            said |= {NoneType}
        forms = [form for form in self.forms if form not in said]
        words = dict.fromkeys(word for form in forms for word in _words(form))
        return " or ".join(words) or "only from Python"

    @property
    def default_text(self) -> str:
        """The default, written as it would be given."""
        if self.default is None or isinstance(self.default, bool):
            return str(self.default).lower()
        default = self.default
        return default if isinstance(default, str) else json.dumps(default, default=str)

    def read(self, text: str, make: Callable[[str], object] = str) -> object:
        """Turn text into a value; `make` turns a member's string into the member.

        Raises:
            ValueError: the text stands for nothing that the option may be.
        """
        if text.lower() == "none" and NoneType in self.forms:
            return None
        if not self.is_role:
            return _plain_value(text, self.forms)
        if (word := text.lower()) in ("true", "false") and word in _switches(self.forms):
            return word == "true"
        parts = _parts(text)
        if Sequence[str] in self.forms and any(" " in part for part in parts):
            return parts
        if not parts or (len(parts) > 1 and not any(map(_is_chain, self.forms))):
            raise ValueError(text)
        return make(parts[0]) if len(parts) == 1 else [make(part) for part in parts]


def options_of(method: Method) -> dict[str, Option]:
    """Return the options of a method that text can stand for, and those that it cannot do without.

    They are the builder's keyword arguments and what its annotations and its docstring's `Args:`
    say of them. Options with a flag of their own, `--seed` and `--budget-calls` and so on, are not
    among them. An argument without annotation is read as its default's type.
    """
    builder = method.create()
    hints = hints_of(builder)
    about = _first_sentences(builder)
    _, *rest = inspect.signature(builder).parameters.values()
    found: list[Option] = []
    for parameter in rest:
        name, default = parameter.name, cast("object", parameter.default)
        if parameter.kind is parameter.VAR_KEYWORD:
            found += _shared(hints.get(name))
        elif parameter.kind is not parameter.VAR_POSITIONAL and name not in _OWN_FLAGS:
            guess = str if default in (None, parameter.empty) else type(default)
            forms = _given_as_text(hints.get(name, guess))
            found.append(Option(name, forms, default, about.get(name, "")))
    return {one.name: one for one in found if one.is_required or {*one.forms} - {NoneType}}


def check(method: Method, names: Mapping[str, object]) -> None:
    """Refuse options that a method does not take.

    Raises:
        InputError: the message names the nearest option, all that there are, and other methods.
    """
    known = options_of(method)
    refused = [name for name in names if name not in known]
    if not refused:
        return
    near = difflib.get_close_matches(refused[0], known, n=1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    takes = ", ".join(known) or "no options"
    others = [m.name for m in methods().values() if names.keys() <= options_of(m).keys()]
    hint = f"; {' and '.join(others[:2])} would take what you gave" if others else ""
    raise InputError(
        f"{method.name} does not take {', '.join(refused)}{meant}: it takes {takes}{hint}"
    )


def read(
    method: Method, texts: Mapping[str, str], make: Callable[[str], object] = str
) -> dict[str, Any]:
    """Turn texts into the builder's options.

    Args:
        method: from the registry.
        texts: by the option's name.
        make: from a member's string to the member; by default members stay strings.

    Raises:
        InputError: an option is not taken, is missing, or its text cannot be understood.
    """
    check(method, texts)
    known = options_of(method)
    missing = [one for one in known.values() if one.is_required and one.name not in texts]
    if missing:
        name, kind = missing[0].name, missing[0].kind
        raise InputError(f"{method.name} needs {name}: add --set {name}=VALUE ({kind})")
    values: dict[str, Any] = {}
    for name, text in texts.items():
        try:
            values[name] = known[name].read(text, make)
        except InputError:  # of `make`, which says what to do itself
            raise
        except ValueError as error:  # pydantic's too
            wanted = limit_of(error) or known[name].kind
            raise InputError(
                f"{method.name}: {name}={text[:60]} is not understood: give {wanted}"
            ) from None
    return values


def _given_as_text(hint: Any) -> tuple[Any, ...]:
    forms = tuple(parts_of(hint))
    is_role = Member in forms
    return tuple(f for f in forms if is_plain(f) or f is Member or (is_role and _is_chain(f)))


def _is_chain(form: Any) -> bool:
    return get_origin(form) in (list, Sequence) and Member in parts_of(get_args(form)[0])


def _switches(forms: Sequence[Any]) -> set[str]:
    """Return which of "true" and "false" an option may be."""
    literals = {str(value).lower() for form in forms for value in get_args(form)}
    return {"true", "false"} if bool in forms else literals


def _plain_value(text: str, forms: Sequence[Any]) -> object:
    listed = [form for form in forms if is_list(form)]
    single = [form for form in forms if not is_list(form)]
    if listed and text[:1] in ("[", "{"):
        return one_of(tuple(listed)).validate_json(text)
    try:
        return one_of(tuple(single)).validate_strings(text)
    except ValidationError:
        if not listed:
            raise
    return one_of(tuple(listed)).validate_python(_parts(text))


def _parts(text: str) -> list[str]:
    """Split at commas; a value with commas of its own is written as a JSON list."""
    if not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    return TypeAdapter(list[str]).validate_json(text)


def _words(form: Any) -> list[str]:
    if form is Member:
        return ["a member"]
    return ["several with commas"] if _is_chain(form) else words_of(form)


def _shared(hint: Any) -> list[Option]:
    """Return the options that `**options: Unpack[Options]` adds."""
    inner = get_args(hint)
    about = _first_sentences(Context)
    return [
        Option(name, _given_as_text(kind), None, about.get(name, ""))
        for name, kind in (get_type_hints(inner[0], include_extras=True) if inner else {}).items()
        if name not in _OWN_FLAGS
    ]


def _first_sentences(documented: object) -> dict[str, str]:
    """Return the first sentence about each argument in a docstring."""
    return {
        name: re.split(r"(?<=\.) (?=[A-Z])", text)[0]
        for name, text in described(documented).items()
    }
