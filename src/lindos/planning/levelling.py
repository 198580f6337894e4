"""Division of a batch among pools in whole micro-batches, so that all pools take about the same time."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product
from typing import Any, NamedTuple

import numpy as np

#: Largest number of evaluated combinations of the pools' plans.
_COMBINATIONS = 256

#: Step time of a pool, in seconds, by its batch in sequences.
Times = Mapping[int, float]


class Levelled(NamedTuple):
    """Index of the chosen option and batch of each pool, and sequences per second of all pools."""

    options: tuple[int, ...]
    sizes: tuple[int, ...]
    speed: float


def levelled(options: Sequence[Sequence[Times]], batch: int, *, exact: bool) -> Levelled | None:
    """Choose the fastest combination of one option for each pool.

    No sizes of a combination are faster than the sizes that each pool finishes in a common time. Combinations are
    evaluated in the order of this bound until no other one can be faster.

    Parameters
    ----------
    options
        Times of every candidate plan, for each pool.
    batch
        Sequences of a step.
    exact
        Whether the pools train exactly ``batch`` sequences; otherwise at most.

    Returns
    -------
    Levelled or None
        None if no combination can train the batch.
    """
    tables = [[_Table(times) for times in pool] for pool in options]
    combinations = list(islice(product(*(range(len(pool)) for pool in options)), _COMBINATIONS))
    bounds = _bounds(tables, np.asarray(combinations), batch, exact=exact)
    best: Levelled | None = None
    for index in np.argsort(-bounds, kind="stable"):
        if best is not None and bounds[index] < best.speed * (1 - 1e-12):
            break
        chosen = combinations[index]
        pools = [pool[option] for pool, option in zip(tables, chosen, strict=True)]
        sizes, speed = _exact_sizes(pools, batch) if exact else _fastest_sizes(pools, batch)
        # Ties go to the first combination.
        if speed > 0 and (best is None or (speed, [-i for i in chosen]) > (best.speed, [-i for i in best.options])):
            best = Levelled(chosen, sizes, speed)
    return best


class _Table:
    """Step times of a plan by its batch, ascending."""

    def __init__(self, times: Times) -> None:
        self.sizes = np.asarray(sorted(times))
        self.times = np.asarray([times[int(size)] for size in self.sizes])
        self._order = np.argsort(self.times, kind="stable")

    def most(self, limits: Any) -> Any:
        """Get the index of the largest batch that takes at most each time; zero if even the smallest takes longer."""
        reached = np.maximum.accumulate(self._order)
        index = np.searchsorted(self.times[self._order], limits, side="right") - 1
        return np.where(index < 0, 0, reached[np.maximum(index, 0)])


def _limits(tables: Iterable[_Table]) -> Any:
    return np.unique(np.concatenate([table.times for table in tables]))


def _bounds(tables: Sequence[Sequence[_Table]], combinations: Any, batch: int, *, exact: bool) -> Any:
    """Compute an upper bound on the sequences per second of each combination."""
    limits = _limits(table for pool in tables for table in pool)
    done = np.zeros((len(combinations), len(limits)))
    for pool, chosen in zip(tables, combinations.T, strict=True):
        done += np.asarray([table.sizes[table.most(limits)] for table in pool])[chosen]
    counted = np.where(done >= batch, float(batch), 0.0 if exact else done)
    bounds: Any = (counted / limits).max(axis=1)
    return bounds


def _exact_sizes(tables: Sequence[_Table], batch: int) -> tuple[tuple[int, ...], float]:
    """Divide the whole batch in the least time; return the batch of each pool and sequences per second.

    Every pool gets the largest batch that it finishes in the shortest common time that suffices. The pool with the
    largest batch gives up the excess: some of its replicas then have one micro-batch less. The speed is zero if no
    division exists.
    """
    limits = _limits(tables)
    sizes = np.asarray([table.sizes[table.most(limits)] for table in tables])
    excess, largest = sizes.sum(axis=0) - batch, sizes.max(axis=0)
    fits = np.flatnonzero((excess >= 0) & (excess < largest))
    if not len(fits):
        return (), 0.0
    chosen = sizes[:, fits[0]].copy()
    chosen[np.argmax(chosen)] -= excess[fits[0]]
    slowest = max(float(table.times[table.sizes >= size].min()) for table, size in zip(tables, chosen, strict=True))
    return tuple(int(size) for size in chosen), batch / slowest


def _fastest_sizes(tables: Sequence[_Table], batch: int) -> tuple[tuple[int, ...], float]:
    """Divide at most the batch at the highest speed; return the batch of each pool and sequences per second.

    Every pool gets the largest batch that it finishes in a common time; the pools with the smallest steps of their
    batch give up the excess. The speed is zero if no division exists.
    """
    limits = _limits(tables)
    index = np.asarray([table.most(limits) for table in tables])
    longest = max(len(table.sizes) for table in tables)
    rows = np.arange(len(tables))[:, None]
    sizes = np.asarray([np.pad(table.sizes, (0, longest - len(table.sizes)), "edge") for table in tables])
    times = np.asarray([np.pad(table.times, (0, longest - len(table.times)), "edge") for table in tables])
    steps = np.concatenate([np.full((len(tables), 1), np.inf), np.diff(sizes, axis=1)], axis=1)
    open_columns = np.arange(len(limits))
    while len(open_columns):
        part = index[:, open_columns]
        cost = np.where(part > 0, steps[rows, part], np.inf)
        pool = np.argmin(cost, axis=0)
        exceeds = (sizes[rows, part].sum(axis=0) > batch) & np.isfinite(cost.min(axis=0))
        open_columns, pool = open_columns[exceeds], pool[exceeds]
        index[pool, open_columns] -= 1
    done, slowest = sizes[rows, index].sum(axis=0), times[rows, index].max(axis=0)
    speed = np.where(done <= batch, done / slowest, 0.0)
    best = int(np.argmax(speed))
    return tuple(int(size) for size in sizes[rows, index][:, best]), float(speed[best])
