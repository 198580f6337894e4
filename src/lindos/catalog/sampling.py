"""Facts as arrays: draws of an uncertain fact, or a column for each fact in which that fact is a little larger."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lindos.catalog.facts import Fact


def sampled_fact(fact: Fact[Any], num_draws: int, seed: int) -> Fact[Any]:
    r"""Draw an uncertain fact.

    Half of the draws lie below the value and half above. In each half the density falls linearly to zero at the low or
    the high. So the value is the median wherever it lies in the range, and a result lies inside its own range. Each
    fact has its own stream of random numbers, keyed by its path: a new fact does not change the draws of other facts.

    Parameters
    ----------
    fact
        The fact.
    num_draws
        Number of draws.
    seed
        Seed of all streams.

    Returns
    -------
    Fact
        With an array of draws of shape ``(num_draws,)``; the fact itself where it has no range.
    """
    low, high, middle = fact.low, fact.high, fact.content
    if not isinstance(middle, float) or low is None or high is None or not low < high:
        return fact
    import numpy as np

    stream = np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(fact.path.encode())]))
    side, depth = stream.random((2, num_draws))
    distance = 1.0 - np.sqrt(1.0 - depth)
    drawn = np.where(side < 0.5, middle - distance * (middle - low), middle + distance * (high - middle))
    return replace(fact, content=drawn)


#: Share of its size by which a fact is enlarged to see which numbers change.
VARIATION = 1e-4
#: Facts that decide how many parts something has. They cannot be arrays, and are enlarged by two parts instead.
STRUCTURE = frozenset(("scale_up_size", "switch_ports", "num_devices", "tray_devices"))
_MORE_PARTS = 2.0


def is_structure(path: str) -> bool:
    """Tell whether a fact decides how many parts something has.

    Parameters
    ----------
    path
        Path of the fact.
    """
    return path.rpartition(".")[2] in STRUCTURE


def enlarged_fact(fact: Fact[Any], path: str) -> Fact[Any]:
    """Add two parts to a fact if it has a certain path.

    Parameters
    ----------
    fact
        Any fact.
    path
        Path of the fact to enlarge.
    """
    if fact.path != path or fact.content is None:
        return fact
    return replace(fact, content=fact.content + _MORE_PARTS)


def size_of(fact: Fact[Any]) -> float:
    """Get the scale of a fact: its value, the width of its range where the value is zero, or else one.

    Parameters
    ----------
    fact
        The fact.

    Returns
    -------
    float
        In the unit of the fact, above zero.
    """
    if fact.content:
        return abs(float(fact.content))
    return float(fact.high - fact.low) if fact.low is not None and fact.high is not None else 1.0


def varied_fact(fact: Fact[Any], columns: Mapping[str, int]) -> Fact[Any]:
    """Make a fact an array that is a little larger in one column.

    Parameters
    ----------
    fact
        The fact.
    columns
        Column of each varied fact, from one, by path.

    Returns
    -------
    Fact
        With an array of shape ``(len(columns) + 1,)``; the fact itself where it is not varied.

    Examples
    --------
    >>> varied_fact(Fact(path="a", content=2.0), {"a": 2, "b": 1}).content.tolist()
    [2.0, 2.0, 2.0002]
    """
    column = columns.get(fact.path)
    if column is None or not isinstance(fact.content, float):
        return fact
    import numpy as np

    values = np.full(len(columns) + 1, fact.content)
    values[column] += VARIATION * size_of(fact)
    return replace(fact, content=values)
