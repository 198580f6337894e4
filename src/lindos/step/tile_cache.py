"""Runs of equal candidates: a part of the model is computed once for neighbours with equal inputs.

A search orders its candidates as nested loops, so the fields of the outer loops stay equal over long runs. A part of
the model that reads only such fields is evaluated at the first candidate of each run, and the result is repeated.
"""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

#: Least mean length of runs at which evaluating only the first candidate of each run saves time.
_WORTH_IT = 2
#: Fewest candidates of which some are left out; arrays of fewer take no longer than one.
_FEWEST = 64
#: Size of a block, in bytes, above that of any array of a tile and below what glibc accepts as a threshold (32 MiB).
_LARGE_BLOCK = 16_000_000


class Runs:
    """Runs of positions over which all of the arrays stay equal.

    Parameters
    ----------
    values
        Numbers, or arrays of one length with one candidate at each position. Every candidate is a run of its own if
        there is no such array, if arrays are not NumPy's or if runs are short.

    Examples
    --------
    >>> runs = Runs([np.repeat([8.0, 4.0], 50), 1.0])
    >>> runs.first(np.arange(100.0))
    array([ 0., 50.])
    >>> runs.spread(np.array([10.0, 20.0])).sum()
    np.float64(1500.0)
    """

    def __init__(self, values: Sequence[Any]) -> None:
        """Find the starts and lengths of the runs."""
        self._starts: Any = None
        arrays = [value for value in values if not isinstance(value, (int, float, np.generic))]
        if not arrays or any(not isinstance(a, np.ndarray) or a.ndim != 1 for a in arrays):
            return
        size = len(arrays[0])
        if size < _FEWEST or any(len(a) != size for a in arrays):
            return
        keep_freed_memory()
        begins = np.ones(size, dtype=bool)
        begins[1:] = False
        for array in arrays:
            begins[1:] |= array[1:] != array[:-1]
        starts = np.flatnonzero(begins)
        if len(starts) * _WORTH_IT <= size:
            self._starts = starts
            self._lengths = np.diff(starts, append=size)

    def first(self, value: T) -> T:
        """Take ``value`` at the first candidate of every run: an array or a dataclass of arrays; numbers stay."""
        if self._starts is None:
            return value
        mapped: T = _mapped(value, lambda array: array[self._starts])
        return mapped

    def spread(self, value: T) -> T:
        """Repeat ``value``, computed at the first candidates, for every candidate."""
        if self._starts is None:
            return value
        mapped: T = _mapped(value, lambda array: np.repeat(array, self._lengths))
        return mapped


@cache
def keep_freed_memory() -> None:
    """Have the C library keep the memory of freed arrays for the next tile.

    By default glibc returns the end of its heap to the system whenever more is free than twice the largest block that
    was mapped and freed before, so that every tile faults its pages in again: a quarter of the time of a tile. Freeing
    one large block raises that limit [1]_. Other C libraries do nothing of the kind.

    References
    ----------
    .. [1] Linux manual, mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD.
    """
    np.empty(_LARGE_BLOCK, dtype=np.uint8)


def picked(value: T, index: Any) -> T:
    """Take some positions of every array in a dataclass; numbers stay.

    Parameters
    ----------
    value
        Dataclass of arrays of one length and of numbers.
    index
        Positions, a mask or a slice.
    """
    mapped: T = _mapped(value, lambda array: array[index])
    return mapped


def joined(parts: Sequence[T], sizes: Sequence[int]) -> T:
    """Concatenate dataclasses of arrays; a number that differs between them becomes an array.

    Parameters
    ----------
    parts
        Dataclasses of one class.
    sizes
        Number of candidates of each part.
    """
    if len(parts) == 1:
        return parts[0]
    mapped: T = _joined(parts, sizes)
    return mapped


def _joined(parts: Any, sizes: Sequence[int]) -> Any:
    first = parts[0]
    if is_dataclass(first) and not isinstance(first, type):
        names = [field.name for field in fields(first)]
        return replace(first, **{name: _joined([getattr(part, name) for part in parts], sizes) for name in names})
    if not any(isinstance(part, np.ndarray) for part in parts) and all(part == first for part in parts[1:]):
        return first
    return np.concatenate([np.broadcast_to(np.asarray(part), n) for part, n in zip(parts, sizes, strict=True)])


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return change(value)
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
        return replace(value, **{name: _mapped(getattr(value, name), change) for name in names})
    return value
