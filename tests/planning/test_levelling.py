"""Sharing a batch between pools: the best combination is found, and no sizes are faster than its bound."""

from itertools import product

import numpy as np
import pytest

from lindos.planning.levelling import Times, levelled


def tables(rng: np.random.Generator, pools: int, options: int) -> list[list[Times]]:
    """Random step times: about as long as there are micro-batches, each of some sequences."""
    made: list[list[Times]] = []
    for _ in range(pools):
        units, seconds = rng.integers(1, 9, options), rng.uniform(0.5, 2.0, options)
        made.append(
            [
                {int(unit) * m: float(second * m + 0.3) for m in range(1, 6)}
                for unit, second in zip(units, seconds, strict=True)
            ]
        )
    return made


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("pools", [2, 3])
def test_the_best_combination_is_found(pools: int, exact: bool) -> None:
    """As when every combination is asked alone."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        options, batch = tables(rng, pools, 2), int(rng.integers(10, 90))
        best = levelled(options, batch, exact=exact)
        alone = [
            levelled([[pool[i]] for pool, i in zip(options, chosen, strict=True)], batch, exact=exact)
            for chosen in product(range(2), repeat=pools)
        ]
        speeds = [one.speed if one else 0.0 for one in alone]
        assert (best.speed if best else 0.0) == max(speeds)
        if best is not None:
            assert sum(best.sizes) == batch if exact else sum(best.sizes) <= batch


@pytest.mark.parametrize("exact", [False, True])
def test_no_sizes_are_faster_than_the_common_time_allows(exact: bool) -> None:
    """Every pool does at most what it can in the time that the slowest takes."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        options, batch = tables(rng, 2, 1), int(rng.integers(6, 60))
        best = levelled(options, batch, exact=exact)
        (first,), (second,) = options
        sums = [
            (a + b, max(first[a], second[b]))
            for a in first
            for b in second
            if (a + b >= batch if exact else a + b <= batch)
        ]
        fastest = max((min(total, batch) / time for total, time in sums), default=0.0)
        assert (best.speed if best else 0.0) <= fastest * (1 + 1e-12)
        if not exact and sums:
            assert best is not None
            assert best.speed >= 0.7 * fastest


def test_a_batch_too_small_for_every_pool_has_no_sizes() -> None:
    assert levelled([[{8: 1.0}], [{4: 1.0}]], 10, exact=False) is None
