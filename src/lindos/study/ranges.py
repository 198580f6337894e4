"""The range of a number from its draws."""

import math
from typing import Any

import numpy as np

#: Share of the draws below the low and the high of a figure: 80 % lie between them.
LOW_PERCENTILE, HIGH_PERCENTILE = 10.0, 90.0


def number(value: Any) -> float | None:
    """Get a plain float, or None where the value is unknown; one that is not finite is refused with the answer."""
    return None if value is None else float(np.asarray(value, dtype=float))


def span(draws: Any) -> tuple[float | None, float | None]:
    """Get low and high of draws; None where the result does not depend on any uncertain fact."""
    if draws is None:
        return None, None
    values = np.asarray(draws, dtype=float)
    if values.size < 2:
        return None, None
    if not np.all(np.isfinite(values)):
        return math.nan, math.nan
    low, high = np.percentile(values, (LOW_PERCENTILE, HIGH_PERCENTILE))
    # Draws that differ by rounding alone are one exact value.
    is_wide = high - low > 1e-9 * max(abs(low), abs(high))
    return (float(low), float(high)) if is_wide else (None, None)


def around(value: float, draws: Any) -> tuple[float | None, float | None]:
    """Get the range of draws, widened to hold ``value``: most draws of several facts may lie on one side of it."""
    low, high = span(draws)
    return (None, None) if low is None or high is None else (min(low, value), max(high, value))
