"""Read a file of runs as typed rows; all its mistakes are reported together, each with its line."""

import csv
import io
import math
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from lindos.errors import InputError, InputErrors
from lindos.problem.axes import Kind
from lindos.problem.plan import AXES
from lindos.validation.columns import MEASURED, METRICS, MOST, RUN, WHOLE_JOB, Column
from lindos.validation.run import OUT_OF_MEMORY, Measurement, Row, Run

#: A row has about a kilobyte, so this allows twenty thousand rows.
MAX_BYTES = 20_000_000
_GBPS = 1e9 / 8
_GIB = 2**30
_GB = 1e9
#: Published runs: those of vendors and frameworks, and those of other sources.
SHIPPED = ("training_runs.csv", "training_runs_other_sources.csv")
#: Configurations of one study of layouts: those that ran, and those that ran out of memory.
LAYOUTS = ("layouts_13b_runs.csv", "out_of_memory_runs.csv")
_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "1.0": True, "0.0": False}


def read_runs(path: Path | None = None) -> tuple[Row, ...]:
    """Read a file of runs.

    Parameters
    ----------
    path
        A CSV file; the published runs that ship with Lindos where left out.

    Raises
    ------
    InputErrors
        All mistakes of the file: one sentence for each value, with its line.

    Examples
    --------
    >>> len(read_runs()) > 100
    True
    """
    if path is None:
        return _shipped(SHIPPED)
    return parse_runs(read_bytes(path), path.name)


def read_bytes(path: Path) -> bytes:
    """Read a file of runs as bytes.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If it is no plain file, too large, or cannot be read.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise InputError("file", str(path), "a CSV file of runs")
        if size > MAX_BYTES:
            raise InputError("file", f"{path} of {size / 1e6:,.0f} MB", f"at most {MAX_BYTES / 1e6:.0f} MB")
        return path.read_bytes()
    except OSError as error:
        reason = f"The system says: {error.strerror or 'it cannot be read'}."
        raise InputError("file", str(path), "a CSV file that can be read", reason) from None


def read_layouts() -> tuple[Row, ...]:
    """Read the configurations that ship with Lindos of which it is known whether they ran out of memory."""
    return _shipped(LAYOUTS)


def _shipped(names: tuple[str, ...]) -> tuple[Row, ...]:
    folder = files("lindos.validation")
    return tuple(row for name in names for row in parse_runs(folder.joinpath(name).read_bytes(), name))


def parse_runs(data: bytes, name: str = "runs.csv") -> tuple[Row, ...]:
    """Parse the bytes of a CSV file of runs; see :func:`read_runs`.

    Parameters
    ----------
    data
        The file, in UTF-8.
    name
        Name of the file, for error messages.
    """
    errors: list[InputError] = []
    rows: list[Row] = []
    ids: dict[str, int] = {}
    for line, record in _records(data, name):
        row = _row(record, line, errors)
        first = ids.setdefault(row.run.id, line)
        if first != line and row.run.id:
            errors.append(InputError("id", row.run.id, f"an id of its own: line {first} has it", "", line))
        rows.append(row)
    if errors:
        raise _combined(errors, name)
    if not rows:
        raise _combined([InputError("file", "without rows", "a header and at least one run")], name)
    return tuple(rows)


def _records(data: bytes, name: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line and cells by column of every row."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _combined([InputError("file", "no UTF-8", "text in UTF-8", "", line)], name) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if errors := _header_errors(header):
            raise _combined(errors, name)
        last_line = reader.line_num
        for cells in reader:
            line, last_line = last_line + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                wrong = InputError("row", f"{len(cells)} values", f"{len(header)} values, as the header", "", line)
                raise _combined([wrong], name)
            yield line, dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except csv.Error as error:
        raise _combined([InputError("file", str(error), "CSV", "", reader.line_num)], name) from None


def _header_errors(header: list[str]) -> list[InputError]:
    if not any(header):
        return [InputError("file", None, "a CSV file with a header and at least one run")]
    missing = [column.name for column in (*RUN, *MEASURED) if column.required and column.name not in header]
    if missing:
        hint = "Missing: " + ", ".join(missing) + "."
        return [InputError("header", f"without {len(missing)} columns", "all columns of a file of runs", hint, 1)]
    doubled = sorted({column for column in header if column and header.count(column) > 1})
    return [InputError("header", column, "a column that stands there once", "", 1) for column in doubled]


def _row(record: Mapping[str, str], line: int, errors: list[InputError]) -> Row:
    def fields(columns: tuple[Column, ...]) -> dict[str, Any]:
        values = {}
        for column in columns:
            try:
                values[column.field] = _cell(column, record.get(column.name, ""), line)
            except InputError as error:
                errors.append(error)
                values[column.field] = "" if column.kind in ("text", "words", "choice") else None
        return values

    run, measured = fields(RUN), fields(MEASURED)
    if run["nic_bandwidth"] is not None:
        run["nic_bandwidth"] *= _GBPS
    if run["device_memory"] is not None:
        run["device_memory"] *= _GB
    if not run["id"]:
        errors.append(InputError("id", None, "given", "", line))
    axes = [name for name in AXES if name in run and name not in _RUN_FIELDS]
    values = {name: run.pop(name) for name in axes}
    stated = tuple((name, AXES[name].code(value)) for name, value in values.items() if value not in (None, ""))
    if measured["metric"] == WHOLE_JOB and run["num_devices"] and measured["value"]:
        measured |= {"metric": "tokens_per_s_per_gpu", "value": measured["value"] / run["num_devices"]}
    if measured["metric"] not in ("", OUT_OF_MEMORY, *METRICS):
        metrics = f"one of {', '.join(METRICS)}, {OUT_OF_MEMORY}, or {WHOLE_JOB} beside gpus"
        errors.append(InputError("measured_metric", measured["metric"], metrics, "", line))
    if measured["metric"] == OUT_OF_MEMORY and measured["value"] is not None:
        errors.append(
            InputError("measured_value", measured["value"], "empty where the run ran out of memory", "", line)
        )
    second, value = measured.pop("second_metric"), measured.pop("second_value")
    peak = value * _GIB if second == "peak_alloc_GiB" and value is not None else None
    return Row(Run(line=line, stated=stated, **run), Measurement(id=run["id"], peak_memory=peak, **measured))


def _cell(column: Column, text: str, line: int) -> Any:
    """The value of one cell; None, or an empty text, where it is empty."""
    if column.kind == "text":
        return sys.intern(text)  # a file of many rows names few sources, models and machines
    if column.kind == "choice":
        if text and text.lower() not in column.choices:
            raise InputError(column.name, text, f"{', '.join(column.choices)} or empty", "", line)
        return sys.intern(text.lower())
    if column.kind == "words":
        return _words(column, text.lower(), line)
    if not text:
        return None
    if column.kind == "flag":
        if text.lower() not in _FLAGS:
            raise InputError(column.name, text, "1, 0 or empty", "", line)
        return _FLAGS[text.lower()]
    zero = "a whole number of at least 0"
    expected = {"count": "a whole number of at least 1", "zero-count": zero, "degree": zero}
    wrong = InputError(column.name, text, expected.get(column.kind, "a number above 0") + ", or empty", "", line)
    try:
        number = float(text)
    except ValueError:
        raise wrong from None
    least = {"zero-count": 0.0, "degree": 0.0, "count": 1.0}.get(column.kind, 1e-300)
    if not math.isfinite(number) or not least <= number <= MOST:
        raise wrong
    if column.kind == "number":
        return number
    if number != int(number):
        raise wrong
    return max(int(number), 1) if column.kind == "degree" else int(number)


def _words(column: Column, text: str, line: int) -> str:
    """Words of a plan's axis, unchanged; an empty text where the source does not say."""
    axis = AXES[column.field]
    try:
        axis.code(text)
    except InputError:
        listed = ", ".join(axis.words)
        expected = f"{listed} or empty" if axis.kind is Kind.CHOICE else f"any of {listed}, none or empty"
        raise InputError(column.name, text, expected, "", line) from None
    return text


_RUN_FIELDS = frozenset(Run.__dataclass_fields__)


def _combined(errors: list[InputError], name: str) -> InputError:
    """All mistakes as one error, each with the name of the file."""
    for error in errors:
        error.file = name
    return errors[0] if len(errors) == 1 else InputErrors(errors)
