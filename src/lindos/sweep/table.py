"""Write the outcomes of a sweep as one Parquet table: one row per figure, scenarios in the order of the grid."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from lindos import __version__
from lindos.files import write_whole
from lindos.sweep.design import Sweep
from lindos.sweep.solve import Keys, Label
from lindos.sweep.store import Journal

#: Name of the table in the folder of a sweep.
TABLE = "results.parquet"
#: Scenarios in memory at once, and in one row group of the table.
_CHUNK = 2048
_UNKNOWN = np.full((1, 3), np.nan)


@dataclass(frozen=True, slots=True)
class FinishedScenario:
    """A finished scenario of a sweep: its index and its outcome."""

    index: int
    status: str
    reason: str | None
    labels: tuple[Label, ...]
    numbers: Any  # value, low and high of each label; NaN where unknown


def finished_scenarios(
    sweep: Sweep, journal: Journal, indexes: Sequence[int] | None = None, keys: Keys | None = None
) -> Iterator[FinishedScenario]:
    """Yield the finished scenarios of a sweep in order.

    Parameters
    ----------
    sweep
        The scenarios.
    journal
        Their outcomes.
    indexes
        Indexes of the scenarios to look at; all if None.
    keys
        Keys of the sweep's outcomes if they are made already.
    """
    keys = keys or Keys(sweep)
    for index in range(len(sweep)) if indexes is None else indexes:
        outcome = journal.get(keys.key(sweep.overrides(index)))
        if outcome is not None:
            status, reason, labels, numbers = outcome
            yield FinishedScenario(index, status, reason, labels, np.frombuffer(numbers, dtype="<f8").reshape(-1, 3))


def write_table(
    sweep: Sweep,
    journal: Journal,
    folder: Path,
    *,
    reach: int | None = None,
    check: Callable[[], object] = lambda: None,
) -> Path:
    """Write ``results.parquet`` whole, with every scenario that is finished, and return its path.

    Parameters
    ----------
    sweep, journal
        The scenarios and their outcomes.
    folder
        Where the table goes.
    reach
        Scenarios, from the first one, among which all outcomes lie; all of them where left out.
    check
        Called now and then while it is written; what it raises ends that, and the table stays as it was.
    """
    path = folder / TABLE
    last = len(sweep) if reach is None else min(reach, len(sweep))
    write_whole({path: lambda file: _write(sweep, journal, file, last, check)})
    return path


def _write(sweep: Sweep, journal: Journal, file: IO[bytes], last: int, check: Callable[[], object]) -> None:
    import pyarrow.parquet as pq

    schema, keys = _schema(sweep), Keys(sweep)
    with pq.ParquetWriter(file, schema) as writer:
        for begin in range(0, last, _CHUNK):
            check()
            chunk = list(finished_scenarios(sweep, journal, range(begin, min(begin + _CHUNK, last)), keys))
            if chunk:
                writer.write_table(_chunk(sweep, chunk, schema))


def _schema(sweep: Sweep) -> Any:
    import pyarrow as pa

    columns = [(swept.field.path, pa.float64() if swept.field.unit else pa.string()) for swept in sweep.swept]
    texts = [(name, pa.string()) for name in ("status", "reason", "name")]
    numbers = [("value", pa.float64()), ("unit", pa.string()), ("low", pa.float64()), ("high", pa.float64())]
    fields = [("scenario", pa.int64()), *columns, *texts, *numbers]
    return pa.schema(fields, metadata={"lindos_version": __version__, "lindos_command": "sweep"})


def _chunk(sweep: Sweep, chunk: Sequence[FinishedScenario], schema: Any) -> Any:
    """Make the rows of some scenarios: the cells of a scenario are repeated for each of its figures."""
    import pyarrow as pa

    rows = pa.array(np.repeat(np.arange(len(chunk)), [max(1, len(scenario.labels)) for scenario in chunk]))
    cells = [sweep.cells(scenario.index) for scenario in chunk]
    constants = {
        "scenario": [scenario.index for scenario in chunk],
        **{path: [values[path] for values in cells] for path in cells[0]},
        "status": [scenario.status for scenario in chunk],
        "reason": [scenario.reason for scenario in chunk],
    }
    columns = {name: pa.array(values, schema.field(name).type).take(rows) for name, values in constants.items()}
    shapes = {scenario.labels for scenario in chunk}
    for name in ("name", "unit"):
        texts = {
            labels: pa.array([getattr(label, name) for label in labels] or [None], pa.string()) for labels in shapes
        }
        columns[name] = pa.concat_arrays([texts[scenario.labels] for scenario in chunk])
    numbers = np.concatenate([scenario.numbers if len(scenario.labels) else _UNKNOWN for scenario in chunk])
    for column, name in enumerate(("value", "low", "high")):
        columns[name] = pa.array(numbers[:, column], from_pandas=True)  # NaN is null
    return pa.table([columns[name] for name in schema.names], schema=schema)
