"""The measured kernel tables of aiconfigurator-core, read as columns, and how a fit is judged on them."""

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
#: Accelerator of the catalogue whose data sheet stands for a device.
SHEET = {"a100-sxm": "a100-80gb-sxm"}

Columns: TypeAlias = Mapping[str, np.ndarray]


def tables_folder() -> Path | None:
    """Where the installed package keeps its tables; None where it is not installed."""
    spec = find_spec("aiconfigurator_core")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "systems" / "data"


def sheet(device: str) -> Accelerator:
    """Data sheet of a device."""
    return load_catalog().accelerator(SHEET.get(device, device))


def read(folder: Path, device: str, operator: str, framework: str, table: str, version: str = "*") -> Columns:
    """Columns of a table of one framework, the newest unless its version is given; ``latency`` becomes ``seconds``."""
    found = sorted((folder / DEVICES[device] / operator / framework).glob(f"{version}/{table}.parquet"), key=_version)
    columns = pq.read_table(found[-1])
    data: dict[str, Any] = {name: columns[name].to_numpy(zero_copy_only=False) for name in columns.column_names}
    data["seconds"] = data.pop("latency") * 1e-3
    return data


def _version(path: Path) -> tuple[tuple[int, str], ...]:
    parts = path.parent.name.replace("rc", ".-1.").replace("post", ".").split(".")
    return tuple((int(part), "") if part.lstrip("-").isdigit() else (0, part) for part in parts)


def where(columns: Columns, mask: np.ndarray) -> Columns:
    """Rows of a mask."""
    return {name: values[mask] for name, values in columns.items()}


def left_out(*keys: np.ndarray) -> np.ndarray:
    """Rows kept from the fit: every fourth combination of ``keys``, chosen by a hash, all its other shapes with it."""
    unique, inverse = np.unique(np.stack([key.astype(np.int64) for key in keys]), axis=1, return_inverse=True)
    chosen = [zlib.crc32("x".join(map(str, column)).encode()) % 4 == 0 for column in unique.T.tolist()]
    return np.array(chosen)[inverse.reshape(-1)]


@dataclass(frozen=True, slots=True)
class Error:
    """How far predictions lie from kernels that were left out of the fit."""

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
    """Median and 90th percentile of the absolute relative error."""
    away = np.abs(predicted / measured - 1)
    noise_median, noise_p90 = noise or (None, None)
    return Error(
        kernels=len(away),
        median=float(np.median(away)),
        p90=float(np.percentile(away, 90)),
        noise_median=noise_median,
        noise_p90=noise_p90,
        **labels,
    )


def spread(one: Columns, other: Columns, keys: Sequence[str]) -> tuple[float, float] | None:
    """Median and 90th percentile of how far two tables differ on the same shapes, their mean ratio taken out."""
    first = dict(zip(zip(*(one[k].tolist() for k in keys), strict=True), one["seconds"].tolist(), strict=True))
    second = dict(zip(zip(*(other[k].tolist() for k in keys), strict=True), other["seconds"].tolist(), strict=True))
    ratio = np.array([second[key] / first[key] for key in first.keys() & second.keys()])
    if not len(ratio):
        return None
    away = np.abs(ratio / np.median(ratio) - 1)
    return float(np.median(away)), float(np.percentile(away, 90))
