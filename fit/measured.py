"""The measured kernel tables of aiconfigurator-core, read as columns, and errors of fits on them."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow.parquet as pq

from lindos.catalog import load_catalog
from lindos.catalog.records import Accelerator

#: Accelerator of the catalogue and its name in the tables.
DEVICES = {
    "a100-sxm": "a100_sxm",
    "h100-sxm": "h100_sxm",
    "h200-sxm": "h200_sxm",
    "b200-sxm": "b200_sxm",
    "gb200": "gb200",
    "b300-sxm": "b300_sxm",
    "gb300": "gb300",
}
FAMILIES = {
    "ampere": ("a100-sxm",),
    "hopper": ("h100-sxm", "h200-sxm"),
    "blackwell": ("b200-sxm", "gb200", "b300-sxm", "gb300"),
}
#: Accelerator of the catalogue with the data sheet of a device, where the names differ.
SHEET = {"a100-sxm": "a100-80gb-sxm"}

Columns: TypeAlias = Mapping[str, np.ndarray]


def tables_folder() -> Path | None:
    """Find the tables of the installed package; None where it is not installed."""
    spec = find_spec("aiconfigurator_core")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "systems" / "data"


def sheet(device: str) -> Accelerator:
    """Get the data sheet of a device.

    Parameters
    ----------
    device
        A key of `DEVICES`.
    """
    return load_catalog().accelerator(SHEET.get(device, device))


def read(folder: Path, device: str, operator: str, framework: str, table: str, version: str = "*") -> Columns:
    """Read a table of one framework.

    Parameters
    ----------
    folder
        Folder of the tables.
    device
        A key of `DEVICES`.
    operator, framework, table
        Names of the folders and of the file.
    version
        Version of the framework; the newest where left out.

    Returns
    -------
    Mapping of str to array
        One array per column; ``latency`` in milliseconds becomes ``seconds``.
    """
    paths = sorted((folder / DEVICES[device] / operator / framework).glob(f"{version}/{table}.parquet"), key=_version)
    columns = pq.read_table(paths[-1])
    data: dict[str, Any] = {name: columns[name].to_numpy(zero_copy_only=False) for name in columns.column_names}
    if "latency" in data:
        data["seconds"] = data.pop("latency") * 1e-3
    return data


def _version(path: Path) -> tuple[tuple[int, str], ...]:
    parts = path.parent.name.replace("rc", ".-1.").replace("post", ".").split(".")
    return tuple((int(part), "") if part.lstrip("-").isdigit() else (0, part) for part in parts)


def selected_rows(columns: Columns, mask: np.ndarray) -> Columns:
    """Select rows by a mask.

    Parameters
    ----------
    columns
        Columns of a table.
    mask
        Boolean, one per row.
    """
    return {name: values[mask] for name, values in columns.items()}


def left_out(*keys: np.ndarray) -> np.ndarray:
    """Choose rows to leave out of the fit: every fourth combination of keys, by a hash, with all its shapes.

    Parameters
    ----------
    keys
        Integer columns.

    Returns
    -------
    array of bool
        One per row.
    """
    unique, inverse = np.unique(np.stack([key.astype(np.int64) for key in keys]), axis=1, return_inverse=True)
    chosen = [zlib.crc32("x".join(map(str, column)).encode()) % 4 == 0 for column in unique.T.tolist()]
    return np.array(chosen)[inverse.reshape(-1)]


@dataclass(frozen=True, slots=True)
class Error:
    """Errors of predictions on kernels that were left out of the fit."""

    operator: str
    device: str
    precision: str
    table: str
    kernels: int
    median: float
    p90: float
    noise_median: float | None = None  # the same shapes in another framework's table
    noise_p90: float | None = None

    @property
    def note(self) -> str:
        """For the catalogue."""
        return f"error on {self.kernels:,} kernels left out: median {self.median:.1%}, 90th percentile {self.p90:.1%}"


def error(predicted: np.ndarray, measured: np.ndarray, noise: Sequence[float] | None, **labels: Any) -> Error:
    """Compute the median and the 90th percentile of the absolute relative error.

    Parameters
    ----------
    predicted, measured
        Times of the kernels, in seconds.
    noise
        Median and 90th percentile of the difference between two tables, as :func:`spread` gives them.
    labels
        Operator, device, precision and table of the error.
    """
    deviation = np.abs(predicted / measured - 1)
    noise_median, noise_p90 = noise or (None, None)
    return Error(
        kernels=len(deviation),
        median=float(np.median(deviation)),
        p90=float(np.percentile(deviation, 90)),
        noise_median=noise_median,
        noise_p90=noise_p90,
        **labels,
    )


def spread(first: Columns, second: Columns, keys: Sequence[str]) -> tuple[float, float] | None:
    """Compute the median and 90th percentile of the difference of two tables on the same shapes, without their ratio.

    Parameters
    ----------
    first, second
        Columns of both tables.
    keys
        Columns that identify a shape.
    """
    first_times = dict(
        zip(zip(*(first[k].tolist() for k in keys), strict=True), first["seconds"].tolist(), strict=True)
    )
    second_times = dict(
        zip(zip(*(second[k].tolist() for k in keys), strict=True), second["seconds"].tolist(), strict=True)
    )
    ratio = np.array([second_times[key] / first_times[key] for key in first_times.keys() & second_times.keys()])
    if not len(ratio):
        return None
    deviation = np.abs(ratio / np.median(ratio) - 1)
    return float(np.median(deviation)), float(np.percentile(deviation, 90))


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of a rate by name, each with its low and high, and errors on kernels left out."""

    shares: Mapping[str, tuple[float, float, float]]
    errors: list[Error]


def share_lines(name: str, share: tuple[float, float, float], bounds: str, note: str) -> list[str]:
    """Write the catalogue's data of a share.

    Parameters
    ----------
    name
        Name of the parameter.
    share
        Its value, low and high.
    bounds
        Its bounds, as the catalogue writes them.
    note
        What it is measured on.
    """
    return [
        f"  {name}:",
        *(f"    {key}: {number:.3g}" for key, number in zip(("value", "low", "high"), share, strict=True)),
        '    unit: "1"',
        f"    bounds: {bounds}",
        "    source: aiconfigurator_core",
        "    estimate: true",
        f'    note: "{note}"',
    ]
