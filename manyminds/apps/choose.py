"""From the command line's options to a graph: members, method and limits."""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from manyminds.apps.flags import FILE, Limits, Members
from manyminds.errors import InputError, MemberError
from manyminds.registry import AUTO, Method, frugal, method

if TYPE_CHECKING:  # seconds of import, not needed to refuse a wrong command
    from manyminds.members import Member
    from manyminds.method_graph import MethodGraph
    from manyminds.prices import Price
    from manyminds.settings import Budget

_SIMULATED = "simulated:"
NO_MEMBER = """\
no model is set up; pip install 'manyminds[local]' and manyminds models get smollm2 get a small one
  a better one: --member openai:gpt-4o-mini with OPENAI_API_KEY set; --member ollama:llama3.1
  a simulated one: --member simulated:medium 'Start with 7. Add 5. What is the result?'"""
"""Text for a machine on which no model is found, in three lines."""


NO_LIMITS = Limits()


def choose_members(
    given: Sequence[str], *, method: str | None = None, limits: Limits = NO_LIMITS
) -> list[str]:
    """Return the members that were named, else the first that is found on this machine, else none.

    Keys come first, then local servers, then models of this process, as
    `manyminds.models.strings.discover` lists them. The method "auto" takes all that are found, in
    order of price, local ones first; it puts those that were named into that order, too, unless the
    price of one is unknown.
    """
    if given and method != AUTO:
        return list(given)
    from manyminds.models.strings import discover

    members = list(given or discover())
    if method != AUTO:
        return members[:1]
    if len(set(members)) < 2 or any(map(is_file, members)):
        return members
    from manyminds.presets import by_price, cheapest_first

    make = maker(limits, asked=False)
    try:
        made = [make(one) for one in members]
    except MemberError:  # such as a missing package: said where the member is asked
        return members
    return [one.spec or "" for one in (cheapest_first if given else by_price)(made)]


def introduced(members: Sequence[str]) -> str:
    """Return a sentence that names the members found, with a warning about a weak one."""
    if len(members) > 1:
        return f"asking {', '.join(members)}, the models found"
    from manyminds.models.local import about

    description = about(members[0])
    return f"asking {members[0]}, the first model found" + (
        f": {description}" if description else ""
    )


def named_or_found(
    members: Members, method: str | None, *, quiet: bool = False, limits: Limits = NO_LIMITS
) -> list[str]:
    """Return the members that were named, else those found here; say so unless `quiet`.

    Raises:
        Exit: There is no model; how to get one is on standard error.
    """
    named = members.named()
    asked = choose_members(named, method=method, limits=limits)
    if not asked:
        print(f"manyminds: {NO_MEMBER}", file=sys.stderr)
        raise typer.Exit(2)
    if not named and not quiet:
        print(introduced(asked), file=sys.stderr)
    return asked


def choose_method(
    name: str | None, members: Sequence[str], options: Mapping[str, str]
) -> tuple[Method, dict[str, str]]:
    """Return the method of that name, else the one that suits the members, and its options.

    One model, however often: `agent-forest`. Several different ones: `moa`. The other of the two
    where only that one takes the options that were given. "auto" is a `cascade` over several
    different models, and `agent-forest` that stops early for one.

    Raises:
        InputError: The method does not exist, or does not take an option; the message names those
            that it takes.
    """
    several = "cascade" if name == AUTO else "moa"
    one = len(set(members)) == 1
    usual = ["agent-forest", several] if one else [several, "agent-forest"]
    candidates = [method(each) for each in (usual if name in (None, AUTO) else [name])]
    from manyminds.apps.options import check, options_of

    fitting = (m for m in candidates if options.keys() <= options_of(m).keys())
    chosen = next(fitting, candidates[0])
    check(chosen, options)
    return chosen, {**options, **(frugal(chosen.name, options) if name == AUTO else {})}


def build(
    chosen: Method,
    members: Sequence[str],
    options: Mapping[str, str],
    *,
    limits: Limits = NO_LIMITS,
    seed: int | None = None,
    instead: Mapping[str, object] | None = None,
    prices: "Prices | None" = None,
) -> "MethodGraph":
    """Build the graph of a method from strings.

    Args:
        chosen: the method.
        members: strings such as `openai:gpt-4o-mini`; one given twice is two members.
        options: of the method, those that were given, as text.
        limits: of the run and of each answer.
        seed: drives every random choice.
        instead: values of options that text cannot stand for.
        prices: those of `limits`, where the caller prices and checks further models.

    Raises:
        InputError: something given cannot be used.
    """
    from manyminds.apps.options import read

    priced = prices or Prices(limits.price)
    member = maker(limits, prices=priced)
    rest = {**read(chosen, options, member), **(instead or {})}
    everyone = [each if is_file(each) else member(each) for each in members]
    if prices is None:
        priced.check()
    budget = _budget(limits, [member(each) for each in members if not is_file(each)])
    return build_with(chosen, everyone, {**rest, "seed": seed, "budget": budget})


def build_with(
    chosen: Method, members: "Sequence[Member | str]", values: Mapping[str, object]
) -> "MethodGraph":
    """Build the graph of a method over members, with values of its options.

    Raises:
        InputError: The method asks one member, and there are several.
    """
    builder = chosen.create()
    takes_one = next(iter(inspect.signature(builder).parameters)) == "member"
    if takes_one and len({each if isinstance(each, str) else id(each) for each in members}) > 1:
        raise InputError(f"{chosen.name} asks one member: give --member once")
    asked = members[0] if takes_one else list(members)
    return cast("MethodGraph", builder(asked, **values))


def specs_of(members: Sequence[str]) -> list[str]:
    """Return the models that were named, those of a members file one by one."""
    return [spec for each in members for spec in _named(each)]


def players(chosen: Method, options: Mapping[str, str]) -> list[str]:
    """Return the members named for the roles of a method; a chain of members is one string."""
    from manyminds.apps.options import options_of

    known = options_of(chosen)
    return [text for name, text in options.items() if known[name].is_role]


def is_simulated(members: Sequence[str]) -> bool:
    """Return whether any of these members, or chains of members, only simulates a model."""
    return any(_SIMULATED in member for each in members for member in _named(each))


def is_file(member: str) -> bool:
    """Return whether a string names a file of members, in which they have their own prices."""
    return member.startswith(FILE)


def _named(member: str) -> list[str]:
    """Return the models of a members file, or the one model itself."""
    if not is_file(member):
        return [member.strip()]
    from manyminds.members_file import read_members

    return [model for model, _ in read_members(Path(member.removeprefix(FILE)))]


def maker(
    limits: Limits = NO_LIMITS,
    *,
    known: "Sequence[Member]" = (),
    asked: bool = True,
    prices: "Prices | None" = None,
) -> "Callable[[str], Member]":
    """Return a function that makes members, always the same one of the same string.

    Builders tell members apart by identity: a proposer that also aggregates stays one member.
    `known` are members that there are already. Members that are only priced and not `asked` need
    no key. `prices` are those of `limits`, where the caller checks that each names a member.
    """
    from manyminds.members import Member
    from manyminds.models.strings import from_string

    made = {member.spec: member for member in reversed(known) if member.spec is not None}
    priced = prices or Prices(limits.price)

    def make(spec: str) -> Member:
        if spec not in made:
            options: dict[str, object] = {"price": priced.of(spec)}
            if limits.timeout is not None:
                options["timeout"] = limits.timeout
            model = spec if asked else from_string(spec, needs_key=False)
            made[spec] = Member(model, spec=spec, **options)
        return made[spec]

    return make


class Prices:
    """Prices from the command line: of one model, named with or without its provider, or of all.

    Args:
        given: Texts of the form [MODEL=]IN,OUT.

    Raises:
        InputError: One of them is something else.
    """

    def __init__(self, given: Sequence[str] | None) -> None:
        self._given = dict(_price_of(text) for text in given or ())
        self._asked: list[str] = []

    def of(self, spec: str) -> "Price | None":
        """Return the price of a model; None where none was given."""
        self._asked.append(spec)
        return next((self._given[name] for name in _names(spec) if name in self._given), None)

    def check(self) -> None:
        """Check that each price is that of a model that was asked for.

        Raises:
            InputError: One names another model.
        """
        known = sorted(set(self._asked))
        for name in self._given.keys() - {"", *chain.from_iterable(map(_names, known))}:
            raise InputError(
                f"--price {name}=...: there is no member {name}; there is "
                f"{', '.join(known) or 'none'}"
            )


def _names(spec: str) -> tuple[str, ...]:
    """Return the names that a price may give a model, the fullest first; empty: all models."""
    return spec, spec.partition(":")[2], spec.partition("@")[0], ""


def _price_of(text: str) -> "tuple[str, Price]":
    """Read [MODEL=]IN,OUT: dollars for a million tokens.

    Raises:
        InputError: It is something else.
    """
    from manyminds.prices import Price

    member, _, numbers = text.rpartition("=")
    try:
        dollars_in, dollars_out = map(float, numbers.split(","))
        return member, Price(input=dollars_in, output=dollars_out)
    except ValueError:  # also pydantic's, for a price below zero
        raise InputError(
            f"--price {text} is not understood: write dollars for a million tokens in and out, "
            "such as --price 0.15,0.60"
        ) from None


def _budget(limits: Limits, members: "Sequence[Member]") -> "Budget | None":
    from manyminds.settings import Budget

    given = {"calls": limits.calls, "dollars": limits.dollars, "seconds": limits.seconds}
    for name, value in given.items():
        if value is not None and not value > 0:
            raise InputError(f"--budget-{name} {value}: give more than 0")
    if limits.dollars is not None and any(m.priced_by is None for m in members):
        from manyminds.prices import HINT

        raise InputError(
            f"--budget-dollars needs prices: add --price IN,OUT, dollars for a million tokens{HINT}"
        )
    if limits.calls is limits.dollars is limits.seconds is None:
        return None
    return Budget(calls=limits.calls, dollars=limits.dollars, seconds=limits.seconds)
