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
    """At least as fast as every combination alone, and what it says is what the tables say."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        options, batch = tables(rng, pools, 2), int(rng.integers(10, 90))
        best = levelled(options, batch, exact=exact)
        alone = [
            levelled([[pool[i]] for pool, i in zip(options, chosen, strict=True)], batch, exact=exact)
            for chosen in product(range(2), repeat=pools)
        ]
        speeds = [one.speed if one else 0.0 for one in alone]
        assert (best.speed if best else 0.0) >= max(speeds) * (1 - 1e-12)
        if best is not None:
            assert sum(best.sizes) == batch if exact else sum(best.sizes) <= batch


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("unit", [1, 10**6])
def test_it_is_the_fastest_of_all_sizes(exact: bool, unit: int) -> None:
    """Of every option and size of every pool, tried one by one; large batches too."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        options, batch = tables(rng, 2, 2), int(rng.integers(6, 60))
        best = levelled(
            [[{size * unit: time for size, time in times.items()} for times in pool] for pool in options],
            batch * unit,
            exact=exact,
        )
        speeds = [0.0]
        for first, second in product(*options):
            for a, b in product(first, second):
                if a + b <= batch or (exact and a + b - batch < max(a, b)):
                    done = a + b if a + b <= batch else batch
                    speeds.append(done / max(first[a], second[b]) if done == batch or not exact else 0.0)
        assert (best.speed if best else 0.0) == pytest.approx(max(speeds) * unit, rel=1e-12 if unit == 1 else 1e-4)
        if best is not None:
            assert best.speed == sum(best.sizes) / max(best.times)
            for pool, option, size, time in zip(options, best.options, best.sizes, best.times, strict=True):
                assert min(pool[option][s] for s in pool[option] if s * unit >= size) <= time


def test_a_batch_too_small_for_every_pool_has_no_sizes() -> None:
    assert levelled([[{8: 1.0}], [{4: 1.0}]], 10, exact=False) is None
