"""One readable unit for a whole chart; no other part of the page scales numbers."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from lindos.units import DAY, YEAR


class Scale(NamedTuple):
    """``value * factor`` is a number in the unit ``label``."""

    factor: float
    label: str


_TIMES = ((YEAR, "years"), (DAY, "days"), (3_600.0, "hours"), (60.0, "minutes"))
_PREFIXES = ((1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_SMALL = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
_COUNTS = ((1e15, "quadrillion"), (1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
_FIXED = {
    "%": Scale(100.0, "%"),
    "USD/s": Scale(3_600.0, "$/h"),
    "USD/J": Scale(3.6e6, "$/kWh"),
    "USD/W": Scale(1.0, "$/W"),
    "USD/token": Scale(1e6, "$/Mtoken"),
    "USD/FLOP": Scale(1e18, "$/EFLOP"),
    "1/s": Scale(DAY, "per day"),
}
_COUNTED = {"1": "", "token": "tokens", "token/s": "tokens/s", "USD": "$"}


def scale(unit: str, values: Iterable[float | None]) -> Scale:
    """Choose a factor and label so that the largest value reads as :func:`lindos.units.render` would write it.

    Parameters
    ----------
    unit
        SI unit of the values, or ``"%"`` for fractions shown as percentages.
    values
        Values in that unit; None is unknown.

    Examples
    --------
    >>> scale("W", [3e8, 1.2e9]).label, scale("s", [0.004]).label, scale("USD", [4.4e10]).label
    ('GW', 'ms', '$ billion')
    """
    if unit in _FIXED:
        return _FIXED[unit]
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
    if unit in _COUNTED:
        return _counted(unit, largest)
    if unit == "FLOP" and largest >= 1e21:
        # Training compute is written as 5e26 FLOP.
        power = math.floor(math.log10(largest))
        return Scale(10.0**-power, f"1e{power} FLOP")
    if unit == "s":
        for seconds, name in _TIMES:
            if largest >= 2 * seconds:
                return Scale(1 / seconds, name)
        return _prefixed("s", largest, _SMALL)
    if unit == "J" and largest >= 3.6e6:
        factor, label = _prefixed("Wh", largest / 3_600.0, _PREFIXES)
        return Scale(factor / 3_600.0, label)
    return _prefixed(unit, largest, (*_PREFIXES, *_SMALL))


def _counted(unit: str, largest: float) -> Scale:
    word = _COUNTED[unit]
    for factor, name in _COUNTS:
        if largest >= factor * 0.9995 and (unit != "USD" or factor < 1e15):
            return Scale(1 / factor, f"{word} {name}" if unit == "USD" else f"{name} {word}".strip())
    return Scale(1.0, word)


def _prefixed(unit: str, largest: float, prefixes: Iterable[tuple[float, str]]) -> Scale:
    for factor, prefix in prefixes:
        if largest >= factor * 0.9995:
            return Scale(1 / factor, f"{prefix}{unit}")
    return Scale(1.0, unit)
