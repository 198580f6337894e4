"""Draws of an uncertain fact between what its sources say."""

import zlib
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
