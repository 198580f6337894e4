"""Published measurements of serving, read as typed rows: what was run, and what was measured, in two halves.

Two kinds of file are known by their headers: throughput alone (``serving_runs.csv``), and the same with latencies and
the software (``serving_runs_latency.csv``). Columns beyond the first fourteen may be missing.
"""

import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from lindos.errors import InputError, InputErrors
from lindos.validation.read import read_bytes
from lindos.validation.run import OneRate, OneShare, OneTime

#: Files that ship.
SHIPPED = ("serving_runs.csv", "serving_runs_latency.csv")
#: Columns by which such a file is known, and those that it must have.
MARKS = ("input_len", "output_len", "concurrency_or_mode", "metric", "value")
NEEDED = ("id", "model", "accelerator", "gpus", "precision", *MARKS)
#: Metrics of throughput, and whether they count the tokens of prompts too; TPOT and TTFT stand in columns of their own.
THROUGHPUTS = (
    "output_tokens_per_s_per_gpu",
    "tokens_per_s_per_gpu",
    "total_tokens_per_s_per_gpu",
    "input_tokens_per_s_per_gpu",
)
TIMES = ("tpot_mean_ms", "tpot_p50_ms", "ttft_mean_ms", "ttft_p50_ms")
#: Eight rows of MLPerf count tokens of the whole system under this name.
WHOLE_SYSTEM = "Queries/s"
_MS = 1e-3
_SIZE = re.compile(r"\b(prefill_|decode_)?(tp|pp|attention_dp|moe_tp|moe_ep)_size=(\d+)")
_WORKERS = re.compile(r"\b(prefill|decode)_num_workers=(\d+)")
_BATCH = re.compile(r"\b(decode)_batch_size=(\d+)")
_IN_FLIGHT = re.compile(r"\b(?:concurrency|batch) (\d+)")
_PLAN = re.compile(r"\b(prefill|decode) (\d+) x \(tp (\d+) ep (\d+) dpa (True|False)\)")
_SPLIT = re.compile(r"GPUs (\d+)\+(\d+)")
_DATA_PARALLEL = re.compile(r"\bDEP(\d+):", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingRun:
    """The condition of a measurement: all that a prediction may see. None, or an empty text, is not stated."""

    id: str
    line: int
    file: str
    source: str
    slice: str
    model_name: str
    accelerator: str
    precision: str
    num_devices: int
    tensor_parallel: int | None
    pipeline_parallel: int | None
    expert_parallel: int | None
    attention_data_parallel: int | None
    prompt: float | None  # tokens
    answer: float | None
    mode: str
    in_flight: float | None
    request_rate: OneRate | None
    cache_hits: OneShare
    backend: str
    apart: bool
    plan: tuple[tuple[str, int], ...] = ()  # words of the plan, of the source's notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a source measured; only scores read it."""

    metric: str
    throughput: float | None  # tokens a second of a device, in the sense of the metric
    token: OneTime | None  # time between two tokens
    first: OneTime | None  # until the first token, median where it is stated
    first_is_mean: bool
    token_p99: OneTime | None
    first_p99: OneTime | None


@dataclass(frozen=True, slots=True)
class ServingRow:
    """One row."""

    run: ServingRun
    measured: Measured


def is_serving_file(data: bytes) -> bool:
    """Tell by the header whether a file holds measurements of serving.

    Parameters
    ----------
    data
        The file, or its beginning.
    """
    head = next(csv.reader(io.StringIO(data[:10_000].decode("utf-8-sig", "replace"))), [])
    return set(MARKS) <= {cell.strip() for cell in head}


def read_serving(path: Path | None = None) -> tuple[ServingRow, ...]:
    """Read a file of measurements of serving.

    Parameters
    ----------
    path
        A CSV file; those that ship where left out.

    Raises
    ------
    InputErrors
        All mistakes of the file: one sentence for each value, with its line.
    """
    if path is not None:
        return parse_serving(read_bytes(path), path.name)
    folder = files("lindos.validation")
    return tuple(row for name in SHIPPED for row in parse_serving(folder.joinpath(name).read_bytes(), name))


def parse_serving(data: bytes, name: str = "serving.csv") -> tuple[ServingRow, ...]:
    """Parse the bytes of a file of measurements of serving; see :func:`read_serving`.

    Parameters
    ----------
    data
        The file, in UTF-8.
    name
        Name of the file, for messages.
    """
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = [cell.strip() for cell in reader.fieldnames or []]
        missing = [column for column in NEEDED if column not in header]
        if missing:
            raise _named(InputError("header", f"without {', '.join(missing)}", f"at least {', '.join(NEEDED)}"), name)
        errors: list[InputError] = []
        rows = []
        for record in reader:
            line = reader.line_num
            if None in record or None in record.values():
                raise _named(InputError("row", "of another length", f"{len(header)} values", "", line), name)
            rows.append(_row({key.strip(): value.strip() for key, value in record.items()}, line, name, errors))
    except UnicodeDecodeError:
        raise _named(InputError("file", "no UTF-8", "text in UTF-8"), name) from None
    except csv.Error as error:
        raise _named(InputError("file", str(error), "CSV"), name) from None
    if errors:
        for mistake in errors:
            mistake.file = name
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    if not rows:
        raise _named(InputError("file", "without rows", "a header and at least one row"), name)
    return tuple(rows)


def _named(error: InputError, name: str) -> InputError:
    error.file = name
    return error


class _Cells:
    """Cells of one row as numbers; mistakes are noted."""

    def __init__(self, record: Mapping[str, str], line: int, errors: list[InputError]) -> None:
        self._record, self._line, self._errors = record, line, errors

    def text(self, name: str) -> str:
        return self._record.get(name, "")

    def number(self, name: str, least: float = 0.0) -> float | None:
        text = self.text(name)
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < least:
            expected = f"a number of at least {least:g}, or empty"
            self._errors.append(InputError(name, text, expected, "", self._line))
            return None
        return number

    def count(self, name: str) -> int | None:
        number = self.number(name)
        if number is not None and number != int(number):
            self._errors.append(InputError(name, self.text(name), "a whole number, or empty", "", self._line))
            return None
        return None if number is None else int(number)


def _row(record: Mapping[str, str], line: int, name: str, errors: list[InputError]) -> ServingRow:
    cells = _Cells(record, line, errors)
    devices = cells.count("gpus")
    if not devices:
        errors.append(InputError("gpus", cells.text("gpus") or None, "a whole number of at least 1", "", line))
    metric = cells.text("metric")
    if metric not in (*THROUGHPUTS, *TIMES, WHOLE_SYSTEM):
        errors.append(InputError("metric", metric or None, f"one of {', '.join((*THROUGHPUTS, *TIMES))}", "", line))
    plan = _plan(cells.text("note"))
    run = ServingRun(
        id=cells.text("id") or f"{name}-{line}",
        line=line,
        file=name,
        source=cells.text("source"),
        slice=cells.text("slice") or _slice(cells.text("id")),
        model_name=cells.text("model"),
        accelerator=cells.text("accelerator"),
        precision=cells.text("precision").lower(),
        num_devices=devices or 1,
        tensor_parallel=cells.count("tp") or None,
        pipeline_parallel=cells.count("pp") or None,
        expert_parallel=cells.count("ep") or None,
        attention_data_parallel=cells.count("attention_dp") or None,
        prompt=cells.number("input_len"),
        answer=cells.number("output_len"),
        mode=cells.text("concurrency_or_mode"),
        in_flight=cells.number("concurrency") or _in_flight(cells.text("concurrency_or_mode"), plan),
        request_rate=cells.number("request_rate_per_s"),
        cache_hits=cells.number("cache_hit_rate") or 0.0,
        backend=cells.text("backend").lower(),
        apart=cells.number("disaggregated") == 1,
        plan=tuple(sorted(plan.items())),
    )
    return ServingRow(run=run, measured=_measured(cells, metric, devices or 1))


def _slice(name: str) -> str:
    """The slice of a file without that column: the source's part of the id."""
    return name.rsplit("-", 1)[0] if "-" in name else "other"


def _measured(cells: _Cells, metric: str, devices: int) -> Measured:
    value = cells.number("value")

    def time(*names: str) -> float | None:
        for name in names:
            number = cells.number(name)
            if number is not None:
                return number * _MS
            if name == metric and value is not None:
                return value * _MS
        return None

    throughput = value if metric in THROUGHPUTS else None
    if metric == WHOLE_SYSTEM and value is not None:
        throughput = value / devices
    median = time("ttft_p50_ms")
    return Measured(
        metric=metric,
        throughput=throughput,
        token=time("tpot_p50_ms") if metric == "tpot_p50_ms" else time("tpot_mean_ms", "tpot_p50_ms"),
        first=median if median is not None else time("ttft_mean_ms"),
        first_is_mean=median is None,
        token_p99=time("tpot_p99_ms"),
        first_p99=time("ttft_p99_ms"),
    )


def _in_flight(mode: str, plan: Mapping[str, int]) -> float | None:
    """Requests in flight by the words of the mode, or by the batch of a stated number of engines."""
    stated = _IN_FLIGHT.search(mode)
    if stated is not None:
        return float(stated[1])
    batch, engines = plan.get("decode_batch", 0), plan.get("decode_workers", 0)
    return float(batch * engines) or None


def _plan(note: str) -> dict[str, int]:
    """Words of the plan in the notes of a source; no measured value stands among them."""
    words: dict[str, int] = {}
    for side, axis, size in _SIZE.findall(note):
        words.setdefault(f"{side}{axis}", int(size))
    for side, workers in _WORKERS.findall(note):
        words[f"{side}_workers"] = int(workers)
    for side, workers, tensor, expert, data in _PLAN.findall(note):
        words |= {f"{side}_workers": int(workers), f"{side}_tp": int(tensor), f"{side}_moe_ep": int(expert)}
        words[f"{side}_is_data"] = int(data == "True")
    for prefill, decode in _SPLIT.findall(note):
        words |= {"prefill_devices": int(prefill), "decode_devices": int(decode)}
    for size in _DATA_PARALLEL.findall(note):
        words["data_and_expert"] = int(size)
    for side, size in _BATCH.findall(note):
        words[f"{side}_batch"] = int(size)
    return words
