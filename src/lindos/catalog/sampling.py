"""Draws of an uncertain fact between what its sources say."""

import zlib
from dataclasses import replace
from typing import Any

from lindos.catalog.facts import Fact


def sampled_fact(fact: Fact[Any], num_draws: int, seed: int) -> Fact[Any]:
    r"""``fact`` with ``num_draws`` draws as its content; itself where it has no range.

    Draws follow the triangular distribution with the value as its mode and the low and high as its ends: all that
    three numbers justify. Each fact has a stream of its own, keyed by its path, so that a new fact in the catalogue
    does not shift the draws of the others.
    """
    low, high, mode = fact.low, fact.high, fact.content
    if mode is None or not isinstance(mode, float) or low is None or high is None or not low < high:
        return fact
    import numpy as np

    stream = np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(fact.path.encode())]))
    return replace(fact, content=stream.triangular(low, mode, high, num_draws))
