"""Prices of members: presets that follow from them, and budgets that need them."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from typing_extensions import TypedDict

from manyminds.errors import InputError
from manyminds.members import Askable, Member, listed
from manyminds.models.strings import ENDPOINTS
from manyminds.prices import HINT
from manyminds.settings import Budget
from manyminds.state import TokenUsage

Preset: TypeAlias = Literal["quality", "balanced", "budget"]

_USUAL = TokenUsage(input_tokens=1_000, output_tokens=500)
_FREE = ("local", "recorded", "simulated")


class PresetReport(TypedDict):
    """The members that a preset chose: its name, they in order of price, and their prices.

    `members` are those it asks and `roles` who plays the other roles; `dollars` is the price of a
    call with 1,000 tokens in and 500 out.
    """

    name: str
    members: list[str]
    roles: dict[str, str]
    dollars: dict[str, float]


def price_of(member: Member) -> float | None:
    """Return the dollars of a usual call to a member; None where its price is unknown."""
    return member.cost_of(_USUAL)


def by_price(members: Sequence[Member]) -> list[Member]:
    """Return members in order of price: free ones first, those of unknown price last."""

    def key(member: Member) -> float:
        found = price_of(member)
        return found if found is not None else 0.0 if _is_free(member) else math.inf

    return sorted(members, key=key)


def cheapest_first(members: Sequence[Member]) -> list[Member]:
    """Return members in order of price; as they were given where the price of one is unknown."""
    unknown = any(price_of(one) is None and not _is_free(one) for one in members)
    return list(members) if unknown else by_price(members)


def _is_free(member: Member) -> bool:
    """Return whether a model runs in this process or on a local server."""
    kind = (member.spec or "").partition(":")[0]
    return kind in _FREE or (kind in ENDPOINTS and not ENDPOINTS[kind].needs_key)


def priced(given: Askable | Sequence[Askable], preset: str) -> list[Member]:
    """Return members in order of price, cheapest first.

    Raises:
        InputError: The preset does not exist, or the price of a member is unknown.
    """
    if preset not in ("quality", "balanced", "budget"):
        raise InputError(f'preset={preset!r}: give "quality", "balanced" or "budget"')
    members = [one if isinstance(one, Member) else Member(one) for one in listed(given)]
    _require_prices(f"preset={preset!r}", [one for one in members if price_of(one) is None])
    return by_price(members)


def payees(members: Iterable[Member]) -> Iterator[Member]:
    """Yield the members that are paid; a member that is a method yields its own members."""
    for member in members:
        if member.input_kind.kind == "method":
            inner: Mapping[str, Member] = member.model.builder.members
            yield from payees(inner.values())
        else:
            yield member


def check_prices(budget: Budget | None, members: Iterable[Member]) -> None:
    """Refuse a budget in dollars that could not be counted.

    Raises:
        InputError: The price of a member is unknown.
    """
    if budget is not None and budget.dollars is not None:
        unknown = [member for member in payees(members) if member.priced_by is None]
        _require_prices("a budget in dollars", unknown)


def _require_prices(what: str, unknown: Sequence[Member]) -> None:
    if unknown:
        raise InputError(
            f"{what} needs the price of every member, and that of "
            f"{', '.join(member.spec or member.name for member in unknown)} is unknown: "
            "give Member(..., price=Price(input=..., output=...)), on the command line --price "
            f"MODEL=IN,OUT{HINT}"
        )


def panel_and_writer(
    given: Askable | Sequence[Askable], preset: str
) -> tuple[list[Member], Member]:
    """Return the members of a panel, and the one that writes from their answers.

    "quality": all members, and the most expensive writes. "balanced": the cheaper half, at least
    two, and the most expensive of all writes. "budget": the cheaper half, and its most expensive
    writes.

    Args:
        given: Members with known prices.
        preset: Name of the preset.

    Raises:
        InputError: The preset does not exist, or the price of a member is unknown.
    """
    members = priced(given, preset)
    half = members[: max(2, (len(members) + 1) // 2)]
    if preset == "quality":
        return members, members[-1]
    return half, members[-1] if preset == "balanced" else half[-1]


def preset_report(
    preset: str, members: Sequence[Member], roles: dict[str, Member] | None = None
) -> PresetReport:
    """Return the members and prices that a preset chose, for the report."""
    played = roles or {}
    everyone = {member.name: member for member in [*members, *played.values()]}
    return PresetReport(
        name=preset,
        members=[member.name for member in members],
        roles={role: member.name for role, member in played.items()},
        dollars={name: price_of(member) or 0.0 for name, member in everyone.items()},
    )
