"""A number with its bounds, and its text in a line of arithmetic."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from lindos.catalog.facts import Fact
from lindos.units import render


@dataclass(frozen=True, slots=True)
class Span:
    """A value and its bounds by the sources, all in SI."""

    value: float
    low: float
    high: float

    @classmethod
    def make(cls, number: "Span | Fact[Any] | float") -> "Span":
        """Make a span from a catalogue fact, another span or a plain number.

        Raises
        ------
        UnknownValueError
            If the fact is unknown.

        Examples
        --------
        >>> Span.make(3)
        Span(value=3.0, low=3.0, high=3.0)
        """
        if isinstance(number, Span):
            return number
        if not isinstance(number, Fact):
            return cls(float(number), float(number), float(number))
        value = float(number.value)
        low = value if number.low is None else float(number.low)
        high = value if number.high is None else float(number.high)
        return cls(value, low, high)

    @classmethod
    def apply(cls, formula: Callable[..., Any], *arguments: "Span | Fact[Any] | float") -> "Span":
        """Apply a formula to spans: its value at the values, its bounds over all combinations of bounds.

        This is exact if the formula is monotone in each argument, as all formulas of claims are.

        Examples
        --------
        >>> Span.apply(lambda a, b: a / b, Span(6.0, 4.0, 8.0), 2.0)
        Span(value=3.0, low=2.0, high=4.0)
        """
        spans = [cls.make(argument) for argument in arguments]
        corners = [float(formula(*corner)) for corner in product(*((span.low, span.high) for span in spans))]
        return cls(float(formula(*(span.value for span in spans))), min(corners), max(corners))

    def __add__(self, addend: "Span") -> "Span":
        """Add value to value and bound to bound."""
        return Span(self.value + addend.value, self.low + addend.low, self.high + addend.high)


#: Power or cost of one device by its id: a plain number, a fact of the catalogue, or a span.
PerDevice = Mapping[str, Span | Fact[Any] | float]


def brief(number: Span | float, unit: str) -> str:
    """Write a number for a line of arithmetic: short, with its unit.

    Parameters
    ----------
    number
        A number or the value of a span, in SI.
    unit
        Its SI unit.

    Examples
    --------
    >>> brief(50e6, "1"), brief(989.4e12, "FLOP/s"), brief(230_000, "1")
    ('50M', '989 TFLOP/s', '230k')
    """
    value = number.value if isinstance(number, Span) else number
    if unit != "1":
        return render(value, unit)
    for factor, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 10 * factor or (factor > 1e3 and value >= factor):
            return f"{value / factor:.3g}{suffix}" if value < 1e12 else render(value, unit)
    return render(value, unit)


def bounded(number: Span, unit: str) -> str:
    """Write a number with its bounds if they differ: ``27M (27M to 105M)``.

    Parameters
    ----------
    number
        A span in SI.
    unit
        Its SI unit.

    Examples
    --------
    >>> bounded(Span(2.0, 1.0, 3.0), "1")
    '2 (1 to 3)'
    """
    text, low, high = brief(number, unit), brief(number.low, unit), brief(number.high, unit)
    return text if low == high else f"{text} ({low} to {high})"
