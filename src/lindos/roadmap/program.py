"""A linear program as arrays: columns and rows with names, whose coefficients are added as whole arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

INFINITY = float("inf")
#: Significant digits of the numbers of a program.
_DIGITS = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Minimise ``cost @ x`` with ``row_lower <= matrix @ x <= row_upper`` and ``lower <= x <= upper``.

    The matrix is sparse by column: the entries of column ``j`` are ``starts[j]`` to ``starts[j + 1]``.

    Parameters
    ----------
    cost, lower, upper
        One number for each column, in the unit of the objective and of the column.
    is_integer
        Whether a column is whole, one flag for each.
    row_lower, row_upper
        One number for each row, in its unit.
    starts, rows, values
        The matrix, sparse by column.
    columns_of, rows_of
        Indices of columns and rows by name, in the shape in which they were added; -1 is a cell that does not exist.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    is_integer: NDArray[np.bool_]
    row_lower: Floats
    row_upper: Floats
    starts: Indices
    rows: Indices
    values: Floats
    columns_of: Mapping[str, Indices]
    rows_of: Mapping[str, Indices]

    @property
    def num_columns(self) -> int:
        """Number of columns."""
        return len(self.cost)

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return len(self.row_lower)

    def relaxed(self) -> "Program":
        """Return the program without whole numbers."""
        return replace(self, is_integer=np.zeros(self.num_columns, bool))

    def with_slack(self, rows: Indices, factors: Floats, *, cost: float = 1.0) -> "Program":
        """Return the program with one more column, which loosens rows, and is all that costs.

        Parameters
        ----------
        rows
            Rows that the column enters.
        factors
            Its coefficient in each of them.
        cost
            Objective per unit of it.
        """
        counted = factors != 0.0
        order = np.argsort(rows[counted])
        return replace(
            self,
            cost=np.append(np.zeros(self.num_columns), cost),
            lower=np.append(self.lower, 0.0),
            upper=np.append(self.upper, INFINITY),
            is_integer=np.append(self.is_integer, False),
            starts=np.append(self.starts, self.starts[-1] + int(counted.sum())),
            rows=np.concatenate((self.rows, rows[counted][order])),
            values=np.concatenate((self.values, factors[counted][order])),
        )


def gather(values: Floats, cells: Indices) -> Floats:
    """Take values by index, zero where a cell does not exist.

    Parameters
    ----------
    values
        One number for each column or row.
    cells
        Indices of any shape; -1 is a cell that does not exist.
    """
    values_of_cells: Floats = (
        np.where(cells < 0, 0.0, values[np.maximum(cells, 0)]) if len(values) else np.zeros(cells.shape)
    )
    return values_of_cells


def _rounded(numbers: Floats) -> Floats:
    """Round to eleven digits: a plan of whole lots is then the same on processors that differ in the last bit."""
    sizes = np.abs(numbers)
    counted = (sizes > 0.0) & np.isfinite(sizes)
    scales = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(np.where(counted, sizes, 1.0))))
    return np.where(counted, np.round(numbers * scales) / scales, numbers)


@dataclass(slots=True)
class Builder:
    """Collects the columns and rows of a program, block by block."""

    _columns: dict[str, Indices] = field(default_factory=dict)
    _rows: dict[str, Indices] = field(default_factory=dict)
    _column_parts: list[tuple[Floats, Floats, Floats, NDArray[np.bool_]]] = field(default_factory=list)
    _row_parts: list[tuple[Floats, Floats]] = field(default_factory=list)
    _entries: list[tuple[Indices, Indices, Floats]] = field(default_factory=list)
    _num_columns: int = 0
    _num_rows: int = 0

    def columns(
        self,
        name: str,
        exists: ArrayLike,
        *,
        cost: ArrayLike = 0.0,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = INFINITY,
        is_integer: ArrayLike = False,
    ) -> Indices:
        """Add a block of columns.

        Parameters
        ----------
        name
            Name of the block.
        exists
            Flags in the shape of the block: cells without a column are no variable at all.
        cost, lower, upper
            Numbers that broadcast to that shape.
        is_integer
            Whether the columns are whole numbers; flags that broadcast to that shape.

        Returns
        -------
        ndarray
            Indices in the shape of the block, -1 where there is no column.
        """
        flags = np.asarray(exists, bool)
        cells = np.full(flags.shape, -1, np.int64)
        count = int(flags.sum())
        cells[flags] = self._num_columns + np.arange(count)
        part = tuple(np.broadcast_to(np.asarray(values, float), flags.shape)[flags] for values in (cost, lower, upper))
        integers = np.broadcast_to(np.asarray(is_integer, bool), flags.shape)[flags]
        self._column_parts.append((part[0], part[1], part[2], integers))
        self._num_columns += count
        self._columns[name] = cells
        return cells

    def rows(
        self, name: str, exists: ArrayLike, *terms: tuple[Indices, ArrayLike], lower: ArrayLike, upper: ArrayLike
    ) -> Indices:
        """Add a block of rows, each a sum of terms between two bounds.

        Parameters
        ----------
        name
            Name of the block.
        exists
            Flags in the shape of the block.
        terms
            Column indices and coefficients. Indices have the shape of the block, with any axes of a sum behind it;
            coefficients broadcast to the indices.
        lower, upper
            Bounds that broadcast to the shape of the block.
        """
        flags = np.asarray(exists, bool)
        cells = np.full(flags.shape, -1, np.int64)
        count = int(flags.sum())
        cells[flags] = self._num_rows + np.arange(count)
        bounds = tuple(np.broadcast_to(np.asarray(values, float), flags.shape)[flags] for values in (lower, upper))
        self._row_parts.append((bounds[0], bounds[1]))
        self._num_rows += count
        self._rows[name] = cells
        for columns, coefficients in terms:
            places = np.broadcast_to(cells.reshape(cells.shape + (1,) * (columns.ndim - cells.ndim)), columns.shape)
            factors = np.broadcast_to(np.asarray(coefficients, float), columns.shape)
            counted = (columns >= 0) & (places >= 0) & (factors != 0.0)
            self._entries.append((places[counted], columns[counted], factors[counted]))
        return cells

    def program(self) -> Program:
        """Return the program of all blocks; coefficients of one cell add up."""
        rows, columns, values = (
            np.concatenate(parts) if parts else np.zeros(0) for parts in zip(*self._entries, strict=True)
        )
        order = np.lexsort((rows, columns))
        rows, columns, values = rows[order], columns[order], values[order]
        is_first = np.ones(len(rows), bool)
        is_first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        group = np.cumsum(is_first) - 1
        summed: Floats = np.bincount(group, weights=values, minlength=int(is_first.sum())).astype(float)
        counts = np.bincount(columns[is_first], minlength=self._num_columns)
        cost, lower, upper = (_rounded(np.concatenate([part[i] for part in self._column_parts])) for i in range(3))
        return Program(
            cost=cost,
            lower=lower,
            upper=upper,
            is_integer=np.concatenate([part[3] for part in self._column_parts]),
            row_lower=_rounded(np.concatenate([part[0] for part in self._row_parts])),
            row_upper=_rounded(np.concatenate([part[1] for part in self._row_parts])),
            starts=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            rows=rows[is_first].astype(np.int64),
            values=_rounded(summed),
            columns_of=self._columns,
            rows_of=self._rows,
        )
