"""Arithmetic of formulas: exact where values are rational, undefined where they grow too large.

Each function takes its values and whether roots and logarithms of negative numbers are undefined.
"""

import cmath
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeAlias

Number: TypeAlias = Fraction | float | complex
_MOST_BITS = 20_000
_LARGEST_FACTORIAL = 500


def plus(a: Number, b: Number, _: bool) -> Number:
    return _small(a + b)


def minus(a: Number, b: Number, _: bool) -> Number:
    return _small(a - b)


def times(a: Number, b: Number, _: bool) -> Number:
    return _small(a * b)


def over(a: Number, b: Number, _: bool) -> Number:
    return _small(a / b)


def _small(value: Number) -> Number:
    """Return the value; an exact one that takes too many digits is undefined."""
    if isinstance(value, Fraction) and _bits(value) > _MOST_BITS:
        raise OverflowError
    return value


def power(a: Number, b: Number, real: bool) -> Number:
    if isinstance(a, Fraction) and isinstance(b, Fraction) and b.denominator == 1:
        if _bits(a) * abs(b) > _MOST_BITS:
            raise OverflowError
        return a ** int(b)
    if isinstance(b, Fraction) and b.denominator == 1:
        return _inexact(a) ** int(b)
    base, exponent = _inexact(a), _inexact(b)
    if isinstance(base, complex) or isinstance(exponent, complex) or base < 0 and not real:
        return complex(base) ** complex(exponent)
    return math.pow(base, exponent)


def root(a: Number, degree: Number, real: bool) -> Number:
    whole = isinstance(degree, Fraction) and degree.denominator == 1
    if whole and degree == 2 and isinstance(a, Fraction) and a >= 0:
        above, below = math.isqrt(a.numerator), math.isqrt(a.denominator)
        if above**2 == a.numerator and below**2 == a.denominator:
            return Fraction(above, below)
    odd = isinstance(degree, Fraction) and whole and degree % 2 == 1
    if odd and not isinstance(a, complex) and a < 0:
        return -power(-a, 1 / degree, real)
    return power(a, 1 / degree, real)


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _inexact(value: Number) -> float | complex:
    return value if isinstance(value, complex) else float(value)


def log(a: Number, real: bool) -> Number:
    value = _inexact(a)
    return math.log(value) if real and not isinstance(value, complex) else cmath.log(value)


def absolute(a: Number, _: bool) -> Number:
    if isinstance(a, Fraction):
        return abs(a)
    return abs(_inexact(a))


def floor(a: Number, _: bool) -> Number:
    return Fraction(math.floor(_real(a)))


def ceiling(a: Number, _: bool) -> Number:
    return Fraction(math.ceil(_real(a)))


def factorial(a: Number, _: bool) -> Number:
    value = _real(a)
    if value != int(value) or not 0 <= value <= _LARGEST_FACTORIAL:
        raise ValueError("no factorial")
    return Fraction(math.factorial(int(value)))


def choose(a: Number, b: Number, _: bool) -> Number:
    n, k = _real(a), _real(b)
    if n != int(n) or k != int(k) or not 0 <= k <= n <= _LARGEST_FACTORIAL:
        raise ValueError("no binomial coefficient")
    return Fraction(math.comb(int(n), int(k)))


def _real(value: Number) -> Fraction | float:
    if isinstance(value, complex):
        raise ValueError("not real")
    return value


def _analytic(name: str) -> Callable[[Number, bool], Number]:
    of_real: Callable[[float], float] = getattr(math, name)
    of_complex: Callable[[complex], complex] = getattr(cmath, name)

    def value(a: Number, _: bool) -> Number:
        return of_complex(a) if isinstance(a, complex) else of_real(float(a))

    return value


def _inverse(of: str) -> Callable[[Number, bool], Number]:
    function = _analytic(of)
    return lambda a, real: over(Fraction(1), function(a, real), real)


FUNCTIONS: Mapping[str, Callable[[Number, bool], Number]] = {
    **{name: _analytic(name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp")},
    **{f"arc{name}": _analytic(f"a{name}") for name in ("sin", "cos", "tan")},
    **{f"a{name}": _analytic(f"a{name}") for name in ("sin", "cos", "tan")},
    **{"sec": _inverse("cos"), "csc": _inverse("sin"), "cot": _inverse("tan")},
    "ln": log,
}
