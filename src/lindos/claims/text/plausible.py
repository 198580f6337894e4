"""Whether an amount of one device, rack or hour is of a size that any product has."""

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral

_RANGES = {
    ("money", "device"): (1e3, 3e5),
    ("money", "rack"): (2e5, 2e7),
    ("money", "node"): (3e4, 2e6),
    ("money", "hour"): (0.1, 200.0),
    ("W", "device"): (250.0, 6e3),
    ("W", "rack"): (5e3, 1.2e6),
    ("W", "node"): (1e3, 2.5e4),
    ("FLOP/s", "device"): (1e12, 1e17),
    ("B", "device"): (8e9, 2e12),
}


_SMALL = 100


def is_plausible(unit: str, per: str, value: float) -> bool | None:
    """Tell whether an amount of one thing has a usual size; None where no range is set.

    The ranges are wide: an amount outside of them is off by about ten. They break ties, and refute nothing alone.

    Parameters
    ----------
    unit
        Unit of the amount, as of a numeral.
    per
        What the amount is of: ``"device"``, ``"rack"``, ``"node"`` or ``"hour"``.
    value
        The amount in its unit.
    """
    span = _RANGES.get(("money" if unit in units.MONEY else unit, per))
    return None if span is None else span[0] <= value <= span[1]


def suspicion(numeral: Numeral) -> int:
    """Rank a numeral for blame: 1 if its size is unusual, -1 if it is usual, 0 where nothing is known.

    Parameters
    ----------
    numeral
        A member of a contradiction.
    """
    if numeral.kind != "amount" or not numeral.values:
        return 0
    if numeral.unit == "1" and numeral.in_words and numeral.value < _SMALL:
        return -1  # a small count in words is seldom a slip
    usual = is_plausible(numeral.unit, numeral.per, numeral.value)
    return 0 if usual is None else -1 if usual else 1


#: Largest amounts that can be one device's or one rack's.
_MOST = {
    ("J", "device"): 1e9,
    ("W", "device"): 2e4,
    ("FLOP/s", "device"): 2e17,
    ("USD", "device"): 5e6,
    ("EUR", "device"): 5e6,
}
_MOST |= {("W", "rack"): 2e6, ("FLOP/s", "rack"): 2e19, ("USD", "rack"): 5e7, ("EUR", "rack"): 5e7, ("1", "rack"): 2e3}
_MOST |= {("W", "node"): 2e5, ("FLOP/s", "node"): 1e18, ("USD", "node"): 5e6, ("1", "node"): 64, ("1", "device"): 16}


def fits_one(numeral: Numeral, noun: str) -> bool:
    """Tell whether an amount is small enough to be that of one device, rack or node.

    Parameters
    ----------
    numeral
        The amount.
    noun
        ``"device"``, ``"rack"`` or ``"node"``.
    """
    if numeral.unit not in {"W", "FLOP/s", "1", "B", "B/s", "kg", "J"} | units.MONEY:
        return False
    return numeral.value <= _MOST.get((numeral.unit, noun), float("inf"))
