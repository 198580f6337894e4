"""Division of a batch among pools in whole micro-batches, so that all pools take about the same time."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

#: Largest number of units of a batch, in which sums are counted.
_UNITS = 2**22
#: Step time of a pool, in seconds, by its batch in sequences.
Times = Mapping[int, float]


class Levelled(NamedTuple):
    """Index of the chosen option, batch and step time of each pool, and sequences per second of all pools."""

    options: tuple[int, ...]
    sizes: tuple[int, ...]
    times: tuple[float, ...]
    speed: float


class _Entry(NamedTuple):
    """One batch of a pool under one option."""

    size: int
    time: float
    option: int


def levelled(options: Sequence[Sequence[Times]], batch: int, *, exact: bool) -> Levelled | None:
    """Choose one option and a batch for each pool so that all pools together are as fast as possible.

    Every step time of a pool is tried as the common time, in the order of a bound: in that time no pool trains more
    sequences than the most of its options. In a common time each pool may have any of the batches that it finishes, and
    the largest sum of these within the batch is taken.

    Parameters
    ----------
    options
        Times of every candidate plan, for each pool.
    batch
        Sequences of a step.
    exact
        Whether the pools train exactly ``batch`` sequences; otherwise at most. The pool with the largest part then
        gives up the excess of the smallest sum that suffices: some of its replicas have one micro-batch less.

    Returns
    -------
    Levelled or None
        None if no combination can train the batch.
    """
    tables = [_table(pool) for pool in options]
    best: Levelled | None = None
    for limit, bound in _limits(tables, batch, exact=exact):
        if best is not None and bound < best.speed * (1 - 1e-12):
            break
        in_time = [[entry for entry in table if entry.time <= limit] for table in tables]
        candidate = _level(in_time, batch, exact=exact)
        if candidate is not None and (best is None or candidate.speed > best.speed):
            best = candidate
    return best


def _table(options: Sequence[Times]) -> list[_Entry]:
    """List the batches of a pool, the largest first, each with the option that finishes it first."""
    entries = [_Entry(size, times[size], option) for option, times in enumerate(options) for size in times]
    entries.sort(key=lambda entry: (-entry.size, entry.time, entry.option))
    return [entry for place, entry in enumerate(entries) if not place or entry.size < entries[place - 1].size]


def _limits(tables: Sequence[Sequence[_Entry]], batch: int, *, exact: bool) -> Iterator[tuple[float, float]]:
    """Yield common times with upper bounds on the sequences per second within them, the largest bound first."""
    limits = np.unique([entry.time for table in tables for entry in table])
    limits = limits[limits >= max(min(entry.time for entry in table) for table in tables)]
    done = np.zeros(len(limits))
    for table in tables:
        times = np.asarray([entry.time for entry in table])
        order = np.argsort(times, kind="stable")
        most = np.maximum.accumulate(np.asarray([entry.size for entry in table])[order])
        done += most[np.searchsorted(times[order], limits, side="right") - 1]
    bounds = np.where(done >= batch, float(batch), 0.0 if exact else done) / limits
    for place in np.argsort(-bounds, kind="stable"):
        if bounds[place] > 0:
            yield float(limits[place]), float(bounds[place])


def _level(tables: Sequence[Sequence[_Entry]], batch: int, *, exact: bool) -> Levelled | None:
    """Choose an entry of each pool: the largest sum of batches within ``batch``, or the smallest that reaches it."""
    # Sizes are counted in a unit that divides them all, or in a larger one and rounded so that sums keep to the batch.
    unit = max(math.gcd(*(entry.size for table in tables for entry in table)), -(-batch // _UNITS))
    units = [[entry.size // unit if exact else -(-entry.size // unit) for entry in table] for table in tables]
    goal = -(-batch // unit) if exact else batch // unit
    # Bit n of a number tells whether the first pools can train n units.
    reached = [1]
    most = goal + (max(map(max, units)) if exact else 0)
    for pool in units:
        sums = 0
        for size in pool:
            sums |= reached[-1] << size
        reached.append(sums & ((1 << (most + 1)) - 1))
    sums_above = reached[-1] >> goal if exact else 0
    if not reached[-1] or (exact and not sums_above):
        return None
    left = goal + (sums_above & -sums_above).bit_length() - 1 if exact else reached[-1].bit_length() - 1
    chosen: list[_Entry] = []
    for table, pool, sums in zip(reversed(tables), reversed(units), reversed(reached[:-1]), strict=True):
        place = next(place for place, size in enumerate(pool) if size <= left and sums >> (left - size) & 1)
        chosen.insert(0, table[place])
        left -= pool[place]
    sizes = [entry.size for entry in chosen]
    if exact:
        largest, excess = int(np.argmax(sizes)), sum(sizes) - batch
        if excess >= sizes[largest]:
            return None
        sizes[largest] -= excess
    times = tuple(entry.time for entry in chosen)
    return Levelled(tuple(entry.option for entry in chosen), tuple(sizes), times, sum(sizes) / max(times))
