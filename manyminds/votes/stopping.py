"""When to stop sampling: pure rules over the votes so far.

Every rule reads the same thing: the votes in order of asking, as labels (`votes.labels`) or any
other keys, None for an abstention. An abstention counts as asked, not as a vote.

Waves without waste: `need` is the least number of further samples after which the rule could stop.
Asking that many at once never buys a sample that asking one by one would not have bought.
"""

import difflib
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Protocol

from manyminds.errors import InputError
from manyminds.votes.certified import certified
from manyminds.votes.odds import lead_for, majority_probability

__all__ = [
    "CAP",
    "RULES",
    "AnyRule",
    "CountRule",
    "StoppingRule",
    "Tally",
    "Votes",
    "WindowRule",
    "ahead_by",
    "any_of",
    "beta",
    "certified",
    "esc",
    "fixed",
    "lead_for",
    "majority_probability",
    "rule",
    "share",
    "unbeatable",
]

CAP = 40
"""Samples at most, where a rule is given no other cap."""

Votes = Sequence[Hashable | None]


class StoppingRule(Protocol):
    """When to stop, and how many to ask at once until then."""

    @property
    def name(self) -> str:
        """Name of the rule in reports; `rule(name)` makes it again."""
        ...

    @property
    def cap(self) -> int:
        """The number of samples after which it stops in any case."""
        ...

    def stop(self, votes: Votes) -> str | None:
        """Return why to stop now, or None; a reason beginning with "cap:" means it gave up."""
        ...

    def need(self, votes: Votes) -> int:
        """Return the least number of further samples after which it could stop; 0: stop now."""
        ...


@dataclass(frozen=True)
class Tally:
    """The counts a rule looks at: of the leader, the runner-up, all votes cast, all asked."""

    leader: int
    runner_up: int
    cast: int
    asked: int

    def after(self, more: int) -> "Tally":
        """Return the tally if the next samples all vote for the leader, which is quickest."""
        return Tally(self.leader + more, self.runner_up, self.cast + more, self.asked + more)


@dataclass(frozen=True)
class CountRule:
    """A rule that looks at counts only; a vote for the leader brings it closer to stopping."""

    name: str
    cap: int
    reached: Callable[[Tally], str | None]

    def stop(self, votes: Votes) -> str | None:
        """Return why to stop now, or None."""
        tally = _tally(votes)
        return self.reached(tally) or _capped(tally.asked, self.cap)

    def need(self, votes: Votes) -> int:
        """Return the least number of further samples after which it could stop."""
        tally = _tally(votes)
        for more in range(self.cap - tally.asked):
            if self.reached(tally.after(more)):
                return more
        return max(self.cap - tally.asked, 0)


@dataclass(frozen=True)
class WindowRule:
    """Stop when a whole window of consecutive votes agrees (ESC, arXiv 2401.10480)."""

    name: str
    cap: int
    window: int

    def stop(self, votes: Votes) -> str | None:
        """Return why to stop now, or None."""
        cast = [vote for vote in votes if vote is not None]
        full = len(cast) // self.window * self.window
        for start in range(0, full, self.window):
            if len(set(cast[start : start + self.window])) == 1:
                return f"esc: {self.window} votes in a row agree"
        return _capped(len(votes), self.cap)

    def need(self, votes: Votes) -> int:
        """Return the least number of further samples after which it could stop."""
        if self.stop(votes) is not None:
            return 0
        cast = [vote for vote in votes if vote is not None]
        opened = cast[len(cast) // self.window * self.window :]
        windows = 2 if len(set(opened)) > 1 else 1  # the open one may be lost already
        return min(windows * self.window - len(opened), self.cap - len(votes))


@dataclass(frozen=True)
class AnyRule:
    """Stop as soon as one of several rules does."""

    rules: tuple[StoppingRule, ...]

    @property
    def name(self) -> str:
        """The names of the rules."""
        return "|".join(rule.name for rule in self.rules)

    @property
    def cap(self) -> int:
        """The smallest cap."""
        return min(rule.cap for rule in self.rules)

    def stop(self, votes: Votes) -> str | None:
        """Return why to stop now, or None; a cap is the reason only where no rule has another."""
        reasons = [reason for rule in self.rules if (reason := rule.stop(votes)) is not None]
        return min(reasons, key=lambda reason: reason.startswith("cap:"), default=None)

    def need(self, votes: Votes) -> int:
        """Return the least number of further samples after which one of them could stop."""
        return min(rule.need(votes) for rule in self.rules)


def fixed(n: int = CAP) -> CountRule:
    """Ask n samples, no more and no fewer."""
    _check("fixed", n >= 1, f"at least 1 sample, not {n}")
    return CountRule(f"fixed:{n}", n, lambda t: f"fixed: {n} asked" if t.asked >= n else None)


def beta(threshold: float = 0.95, cap: int = CAP) -> CountRule:
    """Stop when the leader is the true majority with this probability (Adaptive-Consistency).

    The Beta rule of arXiv 2305.11860: leader and runner-up counts a and b give the probability that
    Beta(a+1, b+1) exceeds one half. At 0.95 it stops at 4:0, 6:1, 8:2, 9:3, ...
    """
    _check("beta", 0.5 < threshold < 1, f"a threshold between 0.5 and 1, not {threshold}")
    _check_cap("beta", cap)

    def reached(tally: Tally) -> str | None:
        sure = majority_probability(tally.leader, tally.runner_up)
        return f"beta: {sure:.3f} >= {threshold}" if sure >= threshold else None

    return CountRule(f"beta:{threshold},{cap}", cap, reached)


def esc(window: int = 5, cap: int = CAP) -> WindowRule:
    """Stop when a whole window of votes agrees: early-stopping self-consistency, arXiv 2401.10480.

    Windows follow one another and do not overlap; an abstention is in none.
    """
    _check("esc", window >= 1, f"a window of at least 1 vote, not {window}")
    _check_cap("esc", cap)
    return WindowRule(f"esc:{window},{cap}", cap, window)


def ahead_by(k: int = 3, cap: int = CAP) -> CountRule:
    """Stop when the leader is k votes ahead of every other answer (MAKER, arXiv 2511.09030).

    The rule for long chains of steps; `lead_for` gives the k that a chain needs.
    """
    _check("ahead", k >= 1, f"a lead of at least 1 vote, not {k}")
    _check_cap("ahead", cap)

    def reached(tally: Tally) -> str | None:
        lead = tally.leader - tally.runner_up
        return f"ahead: by {lead}" if lead >= k else None

    return CountRule(f"ahead:{k},{cap}", cap, reached)


def unbeatable(n: int = CAP) -> CountRule:
    """Ask n samples, but stop when the leader cannot be caught any more in what is left.

    The winner is the one that all n samples would have had.
    """
    _check("unbeatable", n >= 1, f"at least 1 sample, not {n}")

    def reached(tally: Tally) -> str | None:
        left = n - tally.asked
        if tally.leader - tally.runner_up <= left and left > 0:
            return None
        return f"unbeatable: {left} of {n} left"

    return CountRule(f"unbeatable:{n}", n, reached)


def share(threshold: float = 0.75, least: int = 4, cap: int = CAP) -> CountRule:
    """Stop when the leader has this share of the votes cast, once there are at least so many."""
    _check("share", 0 < threshold <= 1, f"a share above 0 and up to 1, not {threshold}")
    _check("share", least >= 1, f"at least 1 vote, not {least}")
    _check_cap("share", cap)

    def reached(tally: Tally) -> str | None:
        if tally.cast < least or tally.leader / tally.cast < threshold:
            return None
        return f"share: {tally.leader} of {tally.cast}"

    return CountRule(f"share:{threshold},{least},{cap}", cap, reached)


def any_of(*rules: StoppingRule) -> AnyRule:
    """Stop as soon as one of these rules does."""
    _check("any_of", bool(rules), "at least one rule")
    return AnyRule(rules)


RULES: Mapping[str, Callable[..., StoppingRule]] = {
    "fixed": fixed,
    "beta": beta,
    "esc": esc,
    "ahead": ahead_by,
    "unbeatable": unbeatable,
    "share": share,
    "certified": certified,
}
_TAKE_A_SHARE = ("beta", "share", "certified")  # first; every other argument is a whole number


def rule(spec: str | int | StoppingRule, *, cap: int | None = None) -> StoppingRule:
    """Return the stopping rule a text stands for.

    Args:
        spec: a name with arguments, "beta:0.95" or "esc:5,40"; several joined by "|" stop as soon
            as one does; a number asks so many; a rule is returned as it is.
        cap: samples at most, where the text itself says nothing about it.

    Raises:
        InputError: the name is unknown or an argument does not fit.
    """
    if isinstance(spec, int):
        return fixed(spec)
    if not isinstance(spec, str):
        return spec
    parts = [_parsed(part.strip(), cap or CAP) for part in spec.split("|")]
    return parts[0] if len(parts) == 1 else any_of(*parts)


def _tally(votes: Votes) -> Tally:
    counts = Counter(vote for vote in votes if vote is not None)
    top = [count for _, count in counts.most_common(2)] + [0, 0]
    return Tally(top[0], top[1], counts.total(), len(votes))


def _capped(asked: int, cap: int) -> str | None:
    return f"cap: {asked} asked" if asked >= cap else None


def _parsed(text: str, cap: int) -> StoppingRule:
    name, _, rest = text.partition(":")
    if name.isdecimal() and not rest:
        return fixed(int(name))
    if name not in RULES:
        near = difflib.get_close_matches(name, RULES, n=1, cutoff=0.6) or list(RULES)
        raise InputError(f"there is no stopping rule {name!r}; use {' or '.join(near)}")
    make = RULES[name]
    try:
        numbers = rest.split(",") if rest else []
        shares = [float(number) for number in numbers[: name in _TAKE_A_SHARE]]
        given = [*shares, *map(int, numbers[len(shares) :])]
        # The number of samples at most is every rule's last argument.
        last = list(signature(make).parameters)[-1]
        return make(*given) if len(given) == _arity(make) else make(*given, **{last: cap})
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"write the rule like {make().name!r}, not {text!r}") from error


def _arity(make: Callable[..., StoppingRule]) -> int:
    return len(signature(make).parameters)


def _check_cap(name: str, cap: int) -> None:
    _check(name, cap >= 1, f"a cap of at least 1 sample, not {cap}")


def _check(name: str, fine: bool, wanted: str) -> None:
    if not fine:
        raise InputError(f"give {name} {wanted}")


def rule_within(stop: str | StoppingRule | None, most: int) -> StoppingRule | None:
    """Return the rule that may stop so many samples; None: there is none to stop.

    Args:
        stop: The rule or its name.
        most: Samples at most.

    Raises:
        InputError: It cannot stop within the samples, even if all of them agree.
    """
    if stop is None:
        return None
    chosen = rule(stop, cap=most)
    if most == 1:
        return None
    most = min(most, chosen.cap)
    reason = chosen.stop(["one answer"] * most)
    if reason is None or reason.startswith("cap:"):
        least = rule(stop, cap=1_000).need([])
        more = f"samples={least}" if least > most else "a rule with a larger cap"
        raise InputError(f"stop={chosen.name!r} never stops within {most} samples: give {more}")
    return chosen
