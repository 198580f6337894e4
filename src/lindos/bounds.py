"""What a number may be: the least and the most that make physical sense, declared beside the field that it bounds."""

import math
from dataclasses import dataclass
from functools import cache

from lindos.units import parse


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most of a number, as text with a unit or in SI; both are allowed values.

    >>> Bounds("1 kW", "10 GW").wrong(5.0, "W")
    'at least 1 kW'
    >>> Bounds(1, 10_000, whole=True).wrong(8.0, "1")
    ''
    """

    least: float | str = 0.0
    most: float | str = math.inf
    whole: bool = False

    def limits(self, unit: str) -> tuple[float, float]:
        """Least and most in the SI ``unit``."""
        return _si(self.least, unit), _si(self.most, unit)

    def wrong(self, number: float, unit: str) -> str:
        """What ``number``, in the SI ``unit``, must be to come within the bound that it breaks; empty where it does."""
        least, most = self.limits(unit)
        if number > most:
            return f"at most {_shown(self.most)}"
        if number < least or (self.whole and number != int(number)):
            return self._lower()
        return ""

    def sentence(self) -> str:
        """The bounds in words."""
        return self._lower() if self.most == math.inf else f"{self._lower()} and at most {_shown(self.most)}"

    def _lower(self) -> str:
        if self.whole:
            return f"a whole number of at least {_shown(self.least)}"
        return "zero or more" if self.least == 0 else f"at least {_shown(self.least)}"


@cache
def _si(bound: float | str, unit: str) -> float:
    """A bound in SI; a unit that it names must be of the dimension of ``unit``."""
    return parse(bound, unit) if isinstance(bound, str) else float(bound)


def _shown(bound: float | str) -> str:
    if isinstance(bound, str):
        return bound
    return f"{bound:,.0f}" if bound == int(bound) and abs(bound) < 1e15 else f"{bound:g}"
