"""The scenarios of a sweep: every combination of a grid with every draw of a sample."""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lindos.catalog import Catalog
from lindos.scenario.fields import Quantity, WholeNumber
from lindos.scenario.paths import Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Largest number of scenarios of a sweep.
MAX_SCENARIOS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A field of the grid, with its values as the file lists them."""

    field: Field
    values: tuple[Any, ...]

    def written(self, index: int) -> Any:
        """Return the value at ``index`` as a scenario file would write it."""
        return self.values[index]

    def cell(self, index: int) -> float | str | None:
        """Return the value at ``index`` as a cell of a table: a number in SI, anything else as text."""
        return self.field.cell(self.values[index])


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A field of the sample, with draws in SI between ``low`` and ``high``."""

    field: Field
    number: Quantity | WholeNumber
    low: float
    high: float
    log: bool  # equal strata of the logarithm
    draws: "NDArray[np.float64]"

    def written(self, index: int) -> Any:
        """Return the draw at ``index`` as a scenario file would write it, exact."""
        draw = float(self.draws[index])
        return int(draw) if isinstance(self.number, WholeNumber) else self.number.write(draw)

    def cell(self, index: int) -> float | str | None:
        """Return the draw at ``index`` in SI."""
        return float(self.draws[index])


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Many scenarios: what they share, and the fields in which they differ."""

    name: str  # of the sweep: its file's
    base_name: str  # as the file names it
    base: Mapping[str, Any]  # plain data of the base scenario
    folder: Path | None  # of the base scenario, for files it names; None for a built-in one
    catalog: Catalog
    sections: tuple[str, ...]  # to answer
    grid: tuple[Listed, ...] = ()
    sample: tuple[Drawn, ...] = ()
    count: int = 1  # draws of the sample
    seed: int = 0

    def __len__(self) -> int:
        """Number of scenarios."""
        return math.prod(len(listed.values) for listed in self.grid) * self.count

    @property
    def swept(self) -> tuple[Listed | Drawn, ...]:
        """The fields in which scenarios differ, those of the grid first."""
        return (*self.grid, *self.sample)

    def positions(self, index: int) -> tuple[int, ...]:
        """Return which value each swept field has in scenario ``index``; the last field of the grid changes first."""
        combination, draw = divmod(index, self.count)
        positions = []
        for listed in reversed(self.grid):
            combination, position = divmod(combination, len(listed.values))
            positions.append(position)
        return (*reversed(positions), *(draw for _ in self.sample))

    def overrides(self, index: int) -> dict[str, Any]:
        """Return the values that scenario ``index`` sets in the base, by dotted path."""
        pairs = zip(self.swept, self.positions(index), strict=True)
        return {swept.field.path: swept.written(position) for swept, position in pairs}

    def cells(self, index: int) -> dict[str, float | str | None]:
        """Return the swept values of scenario ``index`` as cells of a table, by dotted path."""
        pairs = zip(self.swept, self.positions(index), strict=True)
        return {swept.field.path: swept.cell(position) for swept, position in pairs}


def stratified(
    path: str, low: float, high: float, count: int, seed: int, *, log: bool, integers: bool
) -> "NDArray[np.float64]":
    r"""Draw numbers between ``low`` and ``high``, one in each of ``count`` equal strata, in random order.

    With several fields this is a Latin hypercube. Each field has its own stream, keyed by its path, so that another
    field does not shift the draws of this one. Strata are equal on a logarithmic scale if ``log``; whole numbers from
    low to high are equally likely.

    Parameters
    ----------
    path
        Dotted path of the field; it names the stream of random numbers.
    low, high
        Bounds in SI, both included.
    count
        Number of draws.
    seed
        Seed of the sample.
    log
        Whether strata are equal on a logarithmic scale.
    integers
        Whether draws are whole numbers.

    Returns
    -------
    array
        Draws in SI, shape (count,).

    References
    ----------
    .. [1] M. D. McKay, R. J. Beckman and W. J. Conover, "A Comparison of Three Methods for Selecting Values of Input
           Variables in the Analysis of Output from a Computer Code," Technometrics, vol. 21, no. 2, pp. 239-245, 1979.
    """
    stream = np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(path.encode())]))
    depth = (stream.permutation(count) + stream.random(count)) / count
    top = high + 1.0 if integers else high
    draws = low * (top / low) ** depth if log else low + depth * (top - low)
    return np.clip(np.floor(draws) if integers else draws, low, high)
