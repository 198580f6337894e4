"""A fact as an array: draws of an uncertain one, or one column for each fact that is made a little larger."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lindos.catalog.facts import Fact


def sampled_fact(fact: Fact[Any], num_draws: int, seed: int) -> Fact[Any]:
    r"""``fact`` with ``num_draws`` draws as its content; itself where it has no range.

    Half of the draws lie below the value and half above, each half falling off in a straight line to the low or the
    high: the value is the median whatever side its sources lean to, so that a result lies inside its own range. Each
    fact has a stream of its own, keyed by its path: a new fact does not shift the draws of the others.
    """
    low, high, middle = fact.low, fact.high, fact.content
    if not isinstance(middle, float) or low is None or high is None or not low < high:
        return fact
    import numpy as np

    stream = np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(fact.path.encode())]))
    side, depth = stream.random((2, num_draws))
    away = 1.0 - np.sqrt(1.0 - depth)
    drawn = np.where(side < 0.5, middle - away * (middle - low), middle + away * (high - middle))
    return replace(fact, content=drawn)


#: Share by which a fact is made larger to see which numbers move.
VARIATION = 1e-4
#: Facts that decide how many parts something has: they cannot be arrays, and are made larger by two parts instead.
STRUCTURE = frozenset(("scale_up_size", "switch_ports", "num_devices", "tray_devices"))
_MORE_PARTS = 2.0


def is_structure(path: str) -> bool:
    """Tell whether a fact decides how many parts something has."""
    return path.rpartition(".")[2] in STRUCTURE


def enlarged_fact(fact: Fact[Any], path: str) -> Fact[Any]:
    """``fact`` with two parts more if it is that of ``path``, else itself."""
    if fact.path != path or fact.content is None:
        return fact
    return replace(fact, content=fact.content + _MORE_PARTS)


def size_of(fact: Fact[Any]) -> float:
    """Get what a change of a fact is small against: its value, the width of its range if it is zero, or else one."""
    if fact.content:
        return abs(float(fact.content))
    return float(fact.high - fact.low) if fact.low is not None and fact.high is not None else 1.0


def varied_fact(fact: Fact[Any], columns: Mapping[str, int]) -> Fact[Any]:
    """``fact`` as an array with one column more than ``columns``, larger in its own; itself where it has none.

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
