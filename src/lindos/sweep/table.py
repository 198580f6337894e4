"""The outcomes of a sweep as one long Parquet table: a row a figure, scenarios in the order of the grid."""

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
#: Scenarios that are held at once; the table has as many of them in a row group.
_CHUNK = 2048
_UNKNOWN = np.full((1, 3), np.nan)


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished scenario of a sweep: its index, and what became of it."""

    index: int
    status: str
    reason: str | None
    labels: tuple[Label, ...]
    numbers: Any  # value, low and high of each label; NaN where unknown


def kept(
    sweep: Sweep, journal: Journal, indexes: Sequence[int] | None = None, keys: Keys | None = None
) -> Iterator[Kept]:
    """The finished scenarios among ``indexes``, all of them where left out; ``keys`` of the sweep, if there are."""
    keys = keys or Keys(sweep)
    for index in range(len(sweep)) if indexes is None else indexes:
        found = journal.get(keys.key(sweep.overrides(index)))
        if found is not None:
            status, reason, labels, numbers = found
            yield Kept(index, status, reason, labels, np.frombuffer(numbers, dtype="<f8").reshape(-1, 3))


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
            chunk = list(kept(sweep, journal, range(begin, min(begin + _CHUNK, last)), keys))
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
