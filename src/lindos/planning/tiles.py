"""Tiles of plans: small ones are joined, and those of one round are evaluated side by side where Python allows it."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from lindos.step.tile_cache import joined


def retiled(parts: Sequence[tuple[Any, ...]], width: int) -> Iterator[tuple[Any, ...]]:
    """Join small tiles of plans into tiles of about the same width.

    Parameters
    ----------
    parts
        Tiles: each a plan of arrays, the array of batches, and further arrays or dataclasses of arrays of the same
        length.
    width
        Least number of plans of a tile, except the last.
    """
    waiting: list[tuple[Any, ...]] = []
    for part in parts:
        waiting.append(part)
        if sum(len(batch) for _, batch, *_ in waiting) >= width:
            yield _joined(waiting)
            waiting = []
    if any(len(batch) for _, batch, *_ in waiting):
        yield _joined(waiting)


def _joined(parts: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    sizes = [len(batch) for _, batch, *_ in parts]
    return tuple(joined(column, sizes) for column in zip(*parts, strict=True))


def side_by_side() -> Callable[..., Iterable[Any]]:
    """Get the map function for tiles: threads if Python has no global lock, else the sequential ``map``.

    With the lock a search took 1.3 times as long in two threads as in one, since threads wait for each other between
    calls of NumPy of about ten microseconds.
    """
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        return map
    return _threads().map


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
