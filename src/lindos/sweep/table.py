"""The outcomes of a sweep as one long Parquet table: a row a figure, scenarios in the order of the grid."""

from collections.abc import Iterator, Sequence
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
#: Scenarios that are held at once; the table has as many of them in a row group.
_CHUNK = 4096
_UNKNOWN = np.full((1, 3), np.nan)


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished scenario of a sweep: its index, and what became of it."""

    index: int
    status: str
    reason: str | None
    labels: tuple[Label, ...]
    numbers: Any  # value, low and high of each label; NaN where unknown


def kept(sweep: Sweep, journal: Journal, indexes: Sequence[int] | None = None) -> Iterator[Kept]:
    """The finished scenarios among ``indexes``, all of them where left out."""
    keys = Keys(sweep)
    for index in range(len(sweep)) if indexes is None else indexes:
        found = journal.get(keys.key(sweep.overrides(index)))
        if found is not None:
            status, reason, labels, numbers = found
            yield Kept(index, status, reason, labels, np.frombuffer(numbers, dtype="<f8").reshape(-1, 3))


def write_table(sweep: Sweep, journal: Journal, folder: Path) -> Path:
    """Write ``results.parquet`` whole, with every scenario that is finished, and return its path."""
    path = folder / TABLE
    write_whole({path: lambda file: _write(sweep, journal, file)})
    return path


def _write(sweep: Sweep, journal: Journal, file: IO[bytes]) -> None:
    import pyarrow.parquet as pq

    schema = _schema(sweep)
    with pq.ParquetWriter(file, schema) as writer:
        for begin in range(0, len(sweep), _CHUNK):
            chunk = list(kept(sweep, journal, range(begin, min(begin + _CHUNK, len(sweep)))))
            if chunk:
                writer.write_table(_chunk(sweep, chunk, schema))


def _schema(sweep: Sweep) -> Any:
    import pyarrow as pa

    swept = [(one.field.path, pa.float64() if one.field.unit else pa.string()) for one in sweep.swept]
    texts = [(name, pa.string()) for name in ("status", "reason", "name")]
    numbers = [("value", pa.float64()), ("unit", pa.string()), ("low", pa.float64()), ("high", pa.float64())]
    fields = [("scenario", pa.int64()), *swept, *texts, *numbers]
    return pa.schema(fields, metadata={"lindos_version": __version__, "lindos_command": "sweep"})


def _chunk(sweep: Sweep, chunk: Sequence[Kept], schema: Any) -> Any:
    """Rows of some scenarios: what is said once of a scenario is repeated for each of its figures."""
    import pyarrow as pa

    rows = pa.array(np.repeat(np.arange(len(chunk)), [max(1, len(one.labels)) for one in chunk]))
    shown = [sweep.shown(one.index) for one in chunk]
    once = {
        "scenario": [one.index for one in chunk],
        **{path: [values[path] for values in shown] for path in shown[0]},
        "status": [one.status for one in chunk],
        "reason": [one.reason for one in chunk],
    }
    columns = {name: pa.array(values, schema.field(name).type).take(rows) for name, values in once.items()}
    shapes = {one.labels for one in chunk}
    for name in ("name", "unit"):
        texts = {
            labels: pa.array([getattr(label, name) for label in labels] or [None], pa.string()) for labels in shapes
        }
        columns[name] = pa.concat_arrays([texts[one.labels] for one in chunk])
    numbers = np.concatenate([one.numbers if len(one.labels) else _UNKNOWN for one in chunk])
    for at, name in enumerate(("value", "low", "high")):
        columns[name] = pa.array(numbers[:, at], from_pandas=True)  # NaN is null
    return pa.table([columns[name] for name in schema.names], schema=schema)
