"""Bounds of a number: the least and the largest value that make physical sense, declared beside the field."""

import math
from dataclasses import dataclass
from functools import cache

from lindos.units import parse


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the largest value of a number, as text with a unit or in SI; both are allowed values.

    >>> Bounds("1 kW", "10 GW").wrong(5.0, "W")
    'at least 1 kW'
    >>> Bounds(1, 10_000, is_whole=True).wrong(8.0, "1")
    ''
    """

    least: float | str = 0.0
    most: float | str = math.inf
    is_whole: bool = False

    def limits(self, unit: str) -> tuple[float, float]:
        """Get the least and the largest value.

        Parameters
        ----------
        unit
            SI unit of the limits.
        """
        return _si(self.least, unit), _si(self.most, unit)

    def wrong(self, number: float, unit: str) -> str:
        """Describe the bound that a number breaks; empty where it breaks none.

        Parameters
        ----------
        number
            In ``unit``.
        unit
            SI unit.
        """
        least, most = self.limits(unit)
        if number > most:
            return f"at most {_bound_text(self.most)}"
        if number < least or (self.is_whole and number != int(number)):
            return self._lower()
        return ""

    def sentence(self) -> str:
        """Describe the bounds in words."""
        return self._lower() if self.most == math.inf else f"{self._lower()} and at most {_bound_text(self.most)}"

    def _lower(self) -> str:
        if self.is_whole:
            return f"a whole number of at least {_bound_text(self.least)}"
        return "zero or more" if self.least == 0 else f"at least {_bound_text(self.least)}"


@cache
def _si(bound: float | str, unit: str) -> float:
    """A bound in SI; a unit that it names must be of the dimension of ``unit``."""
    return parse(bound, unit) if isinstance(bound, str) else float(bound)


def _bound_text(bound: float | str) -> str:
    if isinstance(bound, str):
        return bound
    return f"{bound:,.0f}" if bound == int(bound) and abs(bound) < 1e15 else f"{bound:g}"
