r"""Formulas as functions: LaTeX or plain text is parsed, and evaluated at given points.

Rational values stay exact. A power too large to write out is undefined, so no formula takes long.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from manyminds.reading import arithmetic
from manyminds.reading.arithmetic import Number


@dataclass(frozen=True)
class Point:
    """Values of the variables.

    Attributes:
        values: A value for each name.
        real: Roots and logarithms of negative numbers are undefined.
    """

    values: Mapping[str, Number]
    real: bool


Evaluate: TypeAlias = Callable[[Point], Number]
UNDEFINED = (ArithmeticError, ValueError, TypeError, KeyError)
"""What evaluating a formula raises where it has no value."""


@dataclass(frozen=True)
class Expression:
    """A formula.

    Attributes:
        at: Returns the value at a point, or raises one of `UNDEFINED`.
        names: The variables.
    """

    at: Evaluate
    names: frozenset[str]


_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<command>\\(?:[A-Za-z]+|.))"
    r"|(?P<name>(?:a(?:rc)?)?(?:sin|cos|tan)(?![a-z])|(?:sqrt|log|exp|ln|pi|deg)(?![a-z])"
    r"|[A-Z]{2,}|[a-z]{4,}|[A-Za-z])|(?P<mark>\S))"
)
_DEEPEST = 40
_LONGEST = 400
_GREEK = frozenset(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu "
        "xi rho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Phi "
        "Psi Omega ell hbar infty",
    )
)
_CONSTANTS: Mapping[str, Number] = {"\\pi": math.pi, "e": math.e, "i": 1j}
_OPENING = {"(": ")", "[": "]", "\\lfloor": "\\rfloor", "\\lceil": "\\rceil"}


def parse(text: str) -> Expression | None:
    """Return the formula that a text is, or None where it is none that is known here."""
    if len(text) > _LONGEST:
        return None
    try:
        parser = _Parser(text)
        at = parser.sum()
        return Expression(at, frozenset(parser.names)) if parser.done() else None
    except (ValueError, IndexError, RecursionError):
        return None


def minus(one: Evaluate, other: Evaluate) -> Evaluate:
    """Return the difference of two formulas."""
    return _both(arithmetic.minus, one, other)


class _Parser:
    """Recursive descent: sum, product, sign, power, atom."""

    def __init__(self, text: str) -> None:
        self.names: set[str] = set()
        found = [m for m in _TOKEN.finditer(text.strip()) if m[0].strip()]
        self._kinds = [m.lastgroup or "" for m in found] + ["end"]
        self._tokens = [m[0].strip() for m in found] + [""]
        self._place = 0
        self._depth = 0
        self._angle = False

    def done(self) -> bool:
        return self._kinds[self._place] == "end"

    def sum(self) -> Evaluate:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("too deep")
        left = self._product()
        while self._peek() in ("+", "-"):
            minus = self._take() == "-"
            left = _both(arithmetic.minus if minus else arithmetic.plus, left, self._product())
        self._depth -= 1
        return left

    def _product(self) -> Evaluate:
        left = self._sign()
        while True:
            if self._peek() in ("*", "/"):
                divide = self._take() == "/"
                left = _both(arithmetic.over if divide else arithmetic.times, left, self._sign())
            elif self._starts_factor():
                left = _both(arithmetic.times, left, self._power())
            else:
                return left

    def _sign(self) -> Evaluate:
        if self._peek() in ("+", "-"):
            negative = self._take() == "-"
            inner = self._sign()
            return (lambda p: -inner(p)) if negative else inner
        return self._power()

    def _power(self) -> Evaluate:
        base = self._postfix(self._atom())
        if self._peek() == "^":
            self._take()
            return _both(arithmetic.power, base, self._argument(signed=True))
        return base

    def _postfix(self, inner: Evaluate) -> Evaluate:
        while self._peek() in ("!", "\\deg"):
            if self._take() == "!":
                inner = _one(arithmetic.factorial, inner)
            elif self._angle:
                inner = _both(arithmetic.times, inner, _constant(math.pi / 180))
        return inner

    def _starts_factor(self) -> bool:
        kind, token = self._kinds[self._place], self._peek()
        if kind == "number":
            return self._kinds[self._place - 1] != "number"
        return kind in ("name", "command") and not _is_closing(token) or token in ("(", "[", "{")

    def _atom(self) -> Evaluate:
        kind, token = self._kinds[self._place], self._take()
        if kind == "number":
            return self._mixed(Fraction(token))
        if token == "{":
            return self._inside("}")
        if token == "|":
            return _one(arithmetic.absolute, self._inside("|"))
        if token in _OPENING:
            inner = self._inside(_OPENING[token])
            rounding = {"\\lfloor": arithmetic.floor, "\\lceil": arithmetic.ceiling}.get(token)
            return inner if rounding is None else _one(rounding, inner)
        plain = token.removeprefix("\\")
        if plain == "frac":
            return _both(arithmetic.over, self._argument(), self._argument())
        if plain == "binom":
            return _both(arithmetic.choose, self._argument(), self._argument())
        if plain == "sqrt":
            return self._root()
        if plain in arithmetic.FUNCTIONS or plain == "log":
            return self._function(plain)
        return self._name(kind, "\\pi" if plain == "pi" else token)

    def _mixed(self, number: Fraction) -> Evaluate:
        """Return a number, with the fraction of digits that is directly behind a whole one."""
        ahead = self._tokens[self._place : self._place + 7]
        if number.denominator == 1 and ahead[:1] == ["\\frac"] and len(ahead) == 7:
            _, open_, above, close, open2, below, close2 = ahead
            digits = above.isdigit() and below.isdigit() and int(below[:9]) > 0
            if digits and [open_, close, open2, close2] == ["{", "}", "{", "}"]:
                self._place += 7
                return _constant(number + Fraction(int(above), int(below)))
        return _constant(number)

    def _name(self, kind: str, token: str) -> Evaluate:
        plain = token.removeprefix("\\")
        known = kind == "name" and not re.fullmatch(r"[a-z]{4,}", token) or plain in _GREEK
        if token not in _CONSTANTS and not known:
            raise ValueError(f"unknown: {token}")
        if token == "\\pi" or token in _CONSTANTS and self._peek() != "_":
            return _constant(_CONSTANTS[token])
        while self._peek() in ("_", "'"):
            mark = self._take()
            token += mark + (self._raw() if mark == "_" else "")
        self.names.add(token)
        return lambda p: p.values[token]

    def _raw(self) -> str:
        """Return an index as it is written."""
        if self._peek() != "{":
            return self._take()
        self._take()
        parts: list[str] = []
        while self._peek() != "}":
            parts.append(self._take())
        self._take()
        return "".join(parts)

    def _root(self) -> Evaluate:
        degree: Evaluate = _constant(Fraction(2))
        if self._peek() == "[":
            self._take()
            degree = self._inside("]")
        inner = self._argument()
        return _both(arithmetic.root, inner, degree)

    def _function(self, name: str) -> Evaluate:
        base: Evaluate | None = None
        power: Evaluate | None = None
        while self._peek() in ("_", "^"):
            if self._take() == "^":
                power = self._argument(signed=True)
            else:
                base = self._argument()
        self._angle = True
        inner = self._postfix(self._atom() if self._peek() in ("(", "[", "{") else self._factors())
        self._angle = False
        found = _one(arithmetic.FUNCTIONS.get(name, arithmetic.log), inner)
        if base is not None:
            found = _both(arithmetic.over, found, _one(arithmetic.log, base))
        return found if power is None else _both(arithmetic.power, found, power)

    def _factors(self) -> Evaluate:
        """Return what a function is of without brackets: factors without a sign between them."""
        left = self._power()
        functions = (*arithmetic.FUNCTIONS, "log")
        while self._starts_factor() and self._peek().removeprefix("\\") not in functions:
            left = _both(arithmetic.times, left, self._power())
        return left

    def _argument(self, *, signed: bool = False) -> Evaluate:
        """Return what follows a command: a group, or one character (a number after `^`)."""
        if signed and self._peek() == "-":
            self._take()
            inner = self._argument()
            return lambda p: -inner(p)
        kind, token = self._kinds[self._place], self._peek()
        if kind == "number" and not signed and len(token) > 1 and "." not in token:
            self._tokens[self._place] = token[1:]
            return _constant(Fraction(token[0]))
        return self._atom()

    def _inside(self, closing: str) -> Evaluate:
        inner = self.sum()
        if self._take() != closing:
            raise ValueError("not closed")
        return inner

    def _peek(self) -> str:
        return self._tokens[self._place]

    def _take(self) -> str:
        self._place += 1
        return self._tokens[self._place - 1]


def _is_closing(token: str) -> bool:
    return token in ("\\rfloor", "\\rceil", "\\}", "\\deg")


def _constant(value: Number) -> Evaluate:
    return lambda _: value


def _one(function: Callable[[Number, bool], Number], inner: Evaluate) -> Evaluate:
    return lambda p: function(inner(p), p.real)


def _both(function: Callable[[Number, Number, bool], Number], a: Evaluate, b: Evaluate) -> Evaluate:
    return lambda p: function(a(p), b(p), p.real)
