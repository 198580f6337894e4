"""An answer as one long table: a row a figure, for Parquet."""

import math
from io import BytesIO
from typing import Any

from lindos.answers.answer import Answer

#: Columns of ``results.parquet`` in order; numbers are SI floats, unknown ones null.
COLUMNS = ("scenario", "section", "name", "title", "value", "unit", "low", "high", "why", "sources")
_NUMBERS = ("value", "low", "high")


def parquet(answer: Answer) -> bytes:
    """Write the figures of ``answer`` as the bytes of a Parquet file, with the Lindos version in its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = _rows(answer)
    fields = [pa.field(name, _kind(name, pa)) for name in COLUMNS]
    schema = pa.schema(fields, metadata={"lindos_version": answer.version, "lindos_command": answer.command})
    table = pa.Table.from_pylist(rows, schema=schema)
    buffer = BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _kind(name: str, pa: Any) -> Any:
    if name in _NUMBERS:
        return pa.float64()
    return pa.list_(pa.string()) if name == "sources" else pa.string()


def _rows(answer: Answer) -> list[dict[str, object]]:
    return [
        {
            "scenario": answer.name,
            "section": section.name,
            "name": figure.name,
            "title": figure.title,
            "value": _known(figure.value),
            "unit": figure.unit,
            "low": _known(figure.low),
            "high": _known(figure.high),
            "why": figure.why,
            "sources": list(figure.sources),
        }
        for section in answer.sections
        for figure in section.figures
    ]


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
