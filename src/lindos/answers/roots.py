"""Where a function of one variable crosses a value: every crossing in a range, monotone or not."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

#: Function of the variable; None where it has no value.
Curve = Callable[[float], float | None]
#: Halvings of an interval, at most: more than the bits of a number.
_HALVINGS = 200
#: Golden sections of an interval that may hold two crossings.
_SECTIONS = 12
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two neighbours between which the curve crosses zero, with its values there; they are equal where it is zero."""

    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def is_exact(self) -> bool:
        """Whether the curve is zero at a point."""
        return self.low == self.high


def crossings(curve: Curve, points: Sequence[float], *, is_whole: bool = False) -> list[Crossing]:
    """Find every crossing of zero that shows between points, and pairs of crossings between two of them.

    >>> [round(crossing.low, 9) for crossing in crossings(lambda x: x**2 - 2, [0.0, 1.0, 2.0, 3.0])]
    [1.414213562]
    >>> crossings(lambda x: x - 2.5, [0, 4], is_whole=True)
    [Crossing(low=2, high=3, at_low=-0.5, at_high=0.5)]

    Parameters
    ----------
    curve
        Function of the variable; None where it has no value.
    points
        Where the curve is looked at first, in order.
    is_whole
        Whether the variable is a whole number.
    """
    search = _Search(curve, is_whole)
    samples = search.with_edges(points)
    samples = search.with_turns(samples)
    crossed = []
    for (low, at_low), (high, at_high) in pairwise(samples):
        if at_low == 0.0:
            crossed.append(Crossing(low, low, 0.0, 0.0))
        elif at_high != 0.0 and (at_low > 0) != (at_high > 0):
            crossed.append(search.halved(low, high, at_low, at_high))
    if samples and samples[-1][1] == 0.0:
        crossed.append(Crossing(samples[-1][0], samples[-1][0], 0.0, 0.0))
    return crossed


class _Search:
    """Evaluates a curve between points."""

    def __init__(self, curve: Curve, is_whole: bool) -> None:
        self._curve, self._is_whole = curve, is_whole

    def middle_of(self, low: float, high: float) -> float:
        """Return the middle of an interval: of the logarithms if both ends are above zero and far apart."""
        if self._is_whole:
            return (int(low) + int(high)) // 2
        return math.sqrt(low) * math.sqrt(high) if low > 0 and high > 4 * low else low + (high - low) / 2

    def is_closed(self, low: float, high: float) -> bool:
        """Tell whether no number lies between two."""
        return high - low <= 1 if self._is_whole else not low < self.middle_of(low, high) < high

    def halved(self, low: float, high: float, at_low: float, at_high: float) -> Crossing:
        """Halve an interval with a crossing until its ends are neighbours."""
        for _ in range(_HALVINGS):
            if self.is_closed(low, high):
                break
            middle = self.middle_of(low, high)
            value = self._curve(middle)
            if value == 0.0:
                return Crossing(middle, middle, 0.0, 0.0)
            if value is None:
                break
            low, high, at_low, at_high = (
                (middle, high, value, at_high) if (value > 0) == (at_low > 0) else (low, middle, at_low, value)
            )
        return Crossing(low, high, at_low, at_high)

    def with_edges(self, points: Sequence[float]) -> list[tuple[float, float]]:
        """Evaluate the curve at points, and at the edges of the stretches where it has a value."""
        values = [(point, self._curve(point)) for point in points]
        samples: list[tuple[float, float]] = []
        for index, (point, value) in enumerate(values):
            if index and (value is None) != (values[index - 1][1] is None):
                samples += self._edge(*values[index - 1], point)
            if value is not None:
                samples.append((point, value))
        return sorted(dict(samples).items())

    def _edge(self, low: float, at_low: float | None, high: float) -> list[tuple[float, float]]:
        """Halve an interval until the last number with a value is samples."""
        best: list[tuple[float, float]] = []
        for _ in range(_HALVINGS):
            if self.is_closed(low, high) or (not self._is_whole and high - low <= 1e-9 * abs(high)):
                break
            middle = self.middle_of(low, high)
            value = self._curve(middle)
            if value is not None:
                best.append((middle, value))
            low, high = (middle, high) if (value is None) == (at_low is None) else (low, middle)
        return best[-1:]

    def with_turns(self, samples: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Look closer where the curve turns towards zero without reaching it: two crossings may lie between."""
        samples_at = dict(samples)
        for (low, at_low), (_, middle), (high, at_high) in zip(samples, samples[1:], samples[2:], strict=False):
            is_turn = abs(middle) <= min(abs(at_low), abs(at_high)) and middle != 0.0
            if is_turn and (at_low > 0) == (middle > 0) == (at_high > 0):
                samples_at |= self._turned(low, high, middle > 0)
        return sorted(samples_at.items())

    def _turned(self, low: float, high: float, is_above: bool) -> dict[float, float]:
        """Follow the curve towards zero by golden sections; stop once it has crossed."""
        seen: dict[float, float] = {}

        def distance(point: float) -> float:
            value = self._curve(point)
            if value is None:
                return math.inf
            seen[point] = value
            return value if is_above else -value

        for _ in range(_SECTIONS):
            length = _GOLDEN * (high - low)
            first, second = high - length, low + length
            if self._is_whole:
                first, second = math.floor(first), math.ceil(second)
            at_first, at_second = distance(first), distance(second)
            if min(at_first, at_second) <= 0 or (self._is_whole and high - low <= 3):
                break
            low, high = (low, second) if at_first < at_second else (first, high)
        return seen
