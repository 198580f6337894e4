"""A number with what bounds it, and the text that shows it in a line of arithmetic."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from lindos.catalog.facts import Fact
from lindos.units import render


@dataclass(frozen=True, slots=True)
class Span:
    """A value and the bounds that the sources leave it, all in SI."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, number: "Span | Fact[Any] | float") -> "Span":
        """A span from a catalogue fact, another span or a plain number.

        Raises
        ------
        UnknownValueError
            If the fact is unknown.

        Examples
        --------
        >>> Span.of(3)
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
    def through(cls, formula: Callable[..., Any], *arguments: "Span | Fact[Any] | float") -> "Span":
        """``formula`` of spans: its value at the values, its bounds over all combinations of bounds.

        Exact where the formula is monotone in each argument, as all that claims use are.

        Examples
        --------
        >>> Span.through(lambda a, b: a / b, Span(6.0, 4.0, 8.0), 2.0)
        Span(value=3.0, low=2.0, high=4.0)
        """
        spans = [cls.of(argument) for argument in arguments]
        corners = [float(formula(*corner)) for corner in product(*((span.low, span.high) for span in spans))]
        return cls(float(formula(*(span.value for span in spans))), min(corners), max(corners))

    def __add__(self, other: "Span") -> "Span":
        """Sum, bound by bound."""
        return Span(self.value + other.value, self.low + other.low, self.high + other.high)


#: What a study can tell claims about one device: a plain number, a fact of the catalogue, or a span.
PerDevice = Mapping[str, Span | Fact[Any] | float]


def shown(number: Span | float, unit: str) -> str:
    """A number as a line of arithmetic writes it: short, with its unit.

    >>> shown(50e6, "1"), shown(989.4e12, "FLOP/s"), shown(230_000, "1")
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
    """A number with its bounds where it has any: ``27M (27M to 105M)``.

    >>> bounded(Span(2.0, 1.0, 3.0), "1")
    '2 (1 to 3)'
    """
    text, low, high = shown(number, unit), shown(number.low, unit), shown(number.high, unit)
    return text if low == high else f"{text} ({low} to {high})"
