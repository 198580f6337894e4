"""The range of a number from its draws."""

import math
from typing import Any

import numpy as np

#: Share of the draws below the low and the high of a figure: 80 % lie between them.
LOW_PERCENTILE, HIGH_PERCENTILE = 10.0, 90.0


def number(value: Any) -> float | None:
    """Convert a number to a plain float; None if it is unknown.

    Numbers that are not finite are refused later, together with the answer.

    Parameters
    ----------
    value
        Number, array of one element, or None.
    """
    return None if value is None else float(np.asarray(value, dtype=float))


def span(draws: Any) -> tuple[float | None, float | None]:
    """Compute the 10th and 90th percentile of draws; None and None if the draws do not differ.

    Parameters
    ----------
    draws
        Array of draws, shape (num_draws,), in any unit; or a number, or None.
    """
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


def span_around(value: float, draws: Any) -> tuple[float | None, float | None]:
    """Compute the range of draws, widened to contain the point value.

    Draws of several facts can lie mostly on one side of the point value.

    Parameters
    ----------
    value
        Point value, in the unit of the draws.
    draws
        Array of draws, shape (num_draws,).
    """
    low, high = span(draws)
    return (None, None) if low is None or high is None else (min(low, value), max(high, value))
