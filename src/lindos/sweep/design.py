"""The scenarios of a sweep: every combination of a grid, crossed with the draws of a sample."""

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

#: A sweep of more scenarios is refused.
MAX_SCENARIOS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A field with its values as the file lists them."""

    field: Field
    values: tuple[Any, ...]

    def written(self, at: int) -> Any:
        """The value as a scenario file would hold it."""
        return self.values[at]

    def shown(self, at: int) -> float | str | None:
        """The value as a table holds it: a number in SI, anything else as text."""
        return self.field.cell(self.values[at])


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A field with draws in SI between ``low`` and ``high``, and how its numbers are written."""

    field: Field
    number: Quantity | WholeNumber
    low: float
    high: float
    log: bool  # equal strata of the logarithm
    draws: "NDArray[np.float64]"

    def written(self, at: int) -> Any:
        """The draw as a scenario file would hold it, exact."""
        draw = float(self.draws[at])
        return int(draw) if isinstance(self.number, WholeNumber) else self.number.write(draw)

    def shown(self, at: int) -> float | str | None:
        """The draw in SI."""
        return float(self.draws[at])


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Many scenarios: what they share and what they differ in."""

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
        """Which value of each swept field scenario ``index`` has; the last field of the grid changes first."""
        combination, draw = divmod(index, self.count)
        found = []
        for listed in reversed(self.grid):
            combination, at = divmod(combination, len(listed.values))
            found.append(at)
        return (*reversed(found), *(draw for _ in self.sample))

    def overrides(self, index: int) -> dict[str, Any]:
        """What scenario ``index`` writes over the base, by dotted path."""
        pairs = zip(self.swept, self.positions(index), strict=True)
        return {swept.field.path: swept.written(at) for swept, at in pairs}

    def shown(self, index: int) -> dict[str, float | str | None]:
        """The swept values of scenario ``index`` as a table holds them."""
        pairs = zip(self.swept, self.positions(index), strict=True)
        return {swept.field.path: swept.shown(at) for swept, at in pairs}


def stratified(
    path: str, low: float, high: float, count: int, seed: int, *, log: bool, whole: bool
) -> "NDArray[np.float64]":
    r"""``count`` draws between ``low`` and ``high``, one in each of as many equal strata, in random order.

    With several fields this is a Latin hypercube. Each field has a stream of its own, keyed by its path: a field more
    does not shift the draws of the others. Strata are equal in the logarithm where ``log``; whole numbers from low to
    high are equally likely.

    References
    ----------
    .. [1] M. D. McKay, R. J. Beckman and W. J. Conover, "A Comparison of Three Methods for Selecting Values of Input
           Variables in the Analysis of Output from a Computer Code," Technometrics, vol. 21, no. 2, pp. 239-245, 1979.
    """
    stream = np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(path.encode())]))
    depth = (stream.permutation(count) + stream.random(count)) / count
    top = high + 1.0 if whole else high
    draws = low * (top / low) ** depth if log else low + depth * (top - low)
    return np.clip(np.floor(draws) if whole else draws, low, high)
