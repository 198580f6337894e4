"""Matrix products: a rate per device and precision, the rest of the parameters shared by a family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from scipy.optimize import least_squares

from lindos.formats import number_format
from lindos.formulas.roofline import matmul_efficiency, roofline_time, shared_waves, split_waves
from measured import FAMILIES, Columns, Error, error, left_out, read, sheet, spread, where

#: Kernels of the catalogue: the format's name in the tables, and bytes of one number, block scales included.
PRECISIONS = {
    kernels: (name, number_format(row).size)
    for kernels, row, name in (
        ("bf16", "bf16", "bfloat16"),
        ("fp8", "fp8", "fp8"),
        ("mxfp8", "mxfp8", "fp8_block"),
        ("fp4", "nvfp4", "nvfp4"),
    )
}
#: Framework whose table is fitted: TensorRT-LLM's products run on cuBLAS and cuBLASLt, or are tuned among libraries,
#: as in training. Its A100 table is old and small; SGLang's calls the same cuBLAS through PyTorch.
TABLES = {"ampere": "sglang", "hopper": "trtllm", "blackwell": "trtllm"}
#: In BF16 these frameworks call the same library: a shape's time is the mean of all, which evens out what one run adds.
SAME_LIBRARY = {"hopper": ("trtllm", "sglang", "vllm"), "blackwell": ("trtllm", "sglang", "vllm")}
#: Table of another framework: for BF16 the same kernel library, which shows how well measurements repeat; else another.
OTHER = {
    **{(family, precision): "sglang" for family in ("hopper", "blackwell") for precision in PRECISIONS},
    ("ampere", "bf16"): "trtllm",
}
#: Generations of one family whose 4-bit units differ are fitted apart.
GROUPS_FP4 = (("b200-sxm", "gb200"), ("b300-sxm", "gb300"))
LEAST_SIDE = 512
Numbers: TypeAlias = np.ndarray | float
TILE = (128.0, 256.0)

#: Start, least and most of each parameter; all are fitted as logarithms.
BOUNDS: Mapping[str, Sequence[float]] = {
    "fill_depth": (150, 1, 4000),
    "partial_wave": (0.15, 0.02, 5),
    "operand_fraction": (0.6, 0.1, 1),
    "split_depth": (300, 5, 5000),
    "half_tile_loss": (0.1, 0.005, 2),
    "burst": (0.1, 0.002, 0.6),
    "launch_latency": (2.4e-6, 1e-6, 4e-6),
    "quantise_reads": (2.0, 0.1, 8),
    "quantise_launch": (4e-6, 1e-8, 2e-5),
}
#: Parameters of a product in BF16: libraries for Ampere have whole waves only, later ones share them out.
COMMON = ("fill_depth", "operand_fraction", "burst", "launch_latency")
WAVES = {
    "ampere": ("split_depth", "half_tile_loss"),
    "hopper": ("partial_wave",),
    "blackwell": ("partial_wave",),
}
#: What each lower precision has of its own.
OWN = ("fill_depth", "partial_wave", "quantise_reads", "quantise_launch")


class Device(Protocol):
    """What the data sheet says of a measured device."""

    @property
    def num_processors(self) -> float:
        """Streaming multiprocessors."""

    @property
    def memory_bandwidth(self) -> float:
        """Bytes a second, nominal."""


@dataclass(frozen=True, slots=True)
class Products:
    """Measured products of one device and precision."""

    device: str
    num_processors: float
    memory_bandwidth: float
    size: float  # bytes of one number
    rows: np.ndarray
    columns: np.ndarray
    depth: np.ndarray
    seconds: np.ndarray
    left_out: np.ndarray


def products(folder: Path, device: str, precision: str, framework: str) -> tuple[Products, Columns]:
    """Products of at least 512 on each side, and the table they come from."""
    name, size = PRECISIONS[precision]
    table = read(folder, device, "gemm", framework, "gemm_perf")
    large = np.minimum(np.minimum(table["m"], table["n"]), table["k"]) >= LEAST_SIDE
    table = where(table, (table["gemm_dtype"] == name) & large)
    data_sheet = sheet(device)
    rows, columns, depth = (table[axis].astype(float) for axis in "mnk")
    return Products(
        device=device,
        num_processors=float(data_sheet.num_processors.value),
        memory_bandwidth=float(data_sheet.memory_bandwidth.value),
        size=size,
        rows=rows,
        columns=columns,
        depth=depth,
        seconds=table["seconds"],
        left_out=left_out(columns, depth),
    ), table


def repeated(folder: Path, device: str, family: str, precision: str) -> tuple[Products, Columns]:
    """Products with the mean of their times over frameworks that call the same library, and the first one's table.

    The mean is geometric, over shapes that all tables hold; what two tables differ by as a whole is taken out, so that
    the first sets the level.
    """
    frameworks = SAME_LIBRARY.get(family, ()) if precision == "bf16" else ()
    first, table = products(folder, device, precision, TABLES[family])
    shapes = list(zip(first.rows, first.columns, first.depth, strict=True))
    logs = [np.log(first.seconds)]
    for framework in frameworks[1:]:
        other, _ = products(folder, device, precision, framework)
        times = dict(zip(zip(other.rows, other.columns, other.depth, strict=True), other.seconds, strict=True))
        logs.append(np.log([times.get(shape, np.nan) for shape in shapes]))
    level = [log - np.nanmedian(log - logs[0]) for log in logs]
    mean = np.exp(np.mean(level, axis=0))
    return _rows(replace(first, seconds=mean), np.isfinite(mean)), table


def product_time(
    shape: tuple[Numbers, Numbers, Numbers, Numbers], given: Device, size: float, rate: float, p: Mapping[str, float]
) -> np.ndarray:
    """Predicted seconds of products of rows, columns and depth, the last number of the shape in one launch."""
    m, n, k, matrices = shape
    tiling = (*TILE, given.num_processors)
    if "partial_wave" in p:
        waves = shared_waves(m, n, matrices, *tiling, p["partial_wave"])
    else:
        waves = split_waves(m, n, k, matrices, *tiling, p["split_depth"], p["half_tile_loss"])
    share = matmul_efficiency(m, n, k, matrices, waves, *tiling, p["fill_depth"], p["burst"])
    data = matrices * (size * (m * k + n * k) + 2 * m * n)
    memory = given.memory_bandwidth * p["operand_fraction"]
    return np.asarray(roofline_time(2 * matrices * m * n * k, data, rate * share, memory, p["launch_latency"]))


def time(given: Products, rate: float, p: Mapping[str, float]) -> np.ndarray:
    """Predicted seconds: the product, and at low precision the quantisation of its input that the tables include."""
    shape = given.rows, given.columns, given.depth, 1.0
    moved = p.get("quantise_reads", 0.0) * (2 + given.size) * given.rows * given.depth
    added = moved / given.memory_bandwidth + p.get("quantise_launch", 0.0)
    return np.asarray(product_time(shape, given, given.size, rate, p) + added)


def fit(
    sets: Sequence[Products], free: Sequence[str], settled: Mapping[str, float]
) -> tuple[list[float], dict[str, float]]:
    """Sustained rate of each set, and the parameters that they share: ``free`` ones fitted, ``settled`` ones kept."""
    start = [np.log(np.max(2 * s.rows * s.columns * s.depth / s.seconds)) for s in sets]
    values, least, most = (np.log([BOUNDS[name][i] for name in free]) for i in range(3))
    used = [_rows(s, ~s.left_out) for s in sets]

    def unpack(point: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        return np.exp(point[: len(sets)]), {**settled, **dict(zip(free, np.exp(point[len(sets) :]), strict=True))}

    def residuals(point: np.ndarray) -> np.ndarray:
        rates, shared = unpack(point)
        return np.concatenate([np.log(time(s, r, shared) / s.seconds) for s, r in zip(used, rates, strict=True)])

    found = least_squares(
        residuals,
        np.concatenate([start, values]),
        bounds=(np.concatenate([np.subtract(start, 1.5), least]), np.concatenate([np.add(start, 1.5), most])),
        loss="soft_l1",  # a heuristic's odd choice must not bend the model
        f_scale=0.05,
        diff_step=1e-3,  # waves are steps: a smaller one sees no slope
        x_scale=0.1,
    )
    rates, shared = unpack(found.x)
    return rates.tolist(), {name: float(f"{value:.3g}") for name, value in shared.items()}


def _rows(given: Products, mask: np.ndarray) -> Products:
    arrays = {name: getattr(given, name)[mask] for name in ("rows", "columns", "depth", "seconds", "left_out")}
    plain = {name: getattr(given, name) for name in ("device", "num_processors", "memory_bandwidth", "size")}
    return Products(**plain, **arrays)


class Rate(NamedTuple):
    """A share of the peak, its range, and the error of what it predicts."""

    value: float
    low: float
    high: float
    note: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the catalogue keeps."""

    families: dict[str, dict[str, float]]
    rates: dict[str, dict[str, Rate]]  # by device and name in the catalogue
    shapes: dict[str, dict[str, float]]  # of devices that differ from their family
    errors: list[Error]
    left_out: dict[str, list[np.ndarray]]  # errors of single products, by precision


def fit_all(folder: Path) -> Fitted:
    """Every family and precision that has a table."""
    result = Fitted({}, {}, {}, [], {})
    for family, devices in FAMILIES.items():
        shared = _fit_group(folder, family, devices, "bf16", (*COMMON, *WAVES[family]), {}, result)
        base = {name: value for name, value in shared.items() if name not in OWN}
        own = {f"{name}_bf16": value for name, value in shared.items() if name in OWN}
        result.families[family] = base | own
        for precision in ("fp8", "mxfp8", "fp4") if family != "ampere" else ():
            groups: Sequence[Sequence[str]] = (
                (devices,) if precision != "fp4" else GROUPS_FP4 if family == "blackwell" else ()
            )
            for group in groups:
                own = _fit_group(folder, family, group, precision, OWN, base, result)
                shape = {f"{name}_{precision}": own[name] for name in OWN[:2]}
                if group == groups[0]:
                    result.families[family] |= shape
                else:
                    for device in group:
                        result.shapes.setdefault(device, {}).update(shape)
    for precision, parts in result.left_out.items():
        away = np.concatenate(parts)
        median, p90 = float(np.median(away)), float(np.percentile(away, 90))
        whole = Error("matmul", "all of them", precision, "gemm", len(away), median, p90)
        result.errors.append(whole)
    return result


def _fit_group(
    folder: Path,
    family: str,
    devices: Sequence[str],
    precision: str,
    free: Sequence[str],
    settled: Mapping[str, float],
    into: Fitted,
) -> dict[str, float]:
    """Fit some devices in one precision; note rates and errors."""
    read_ = [repeated(folder, device, family, precision) for device in devices]
    _, shared = fit([given for given, _ in read_], free, settled)
    for given, table in read_:
        # How far power holds a long product back is a matter of the product sold, not of the chip: it stays per device.
        own = into.shapes.setdefault(given.device, {})
        if precision == "bf16":
            own |= {"burst": fit([given], ("burst",), {k: v for k, v in shared.items() if k != "burst"})[1]["burst"]}
        mine = shared | {"burst": own["burst"]}
        (rate,), _ = fit([given], (), mine)
        test = _rows(given, given.left_out)
        other, other_table = products(folder, given.device, precision, OTHER[family, precision])
        found = error(
            time(test, rate, mine),
            test.seconds,
            spread(table, other_table, "mnk"),
            operator="matmul",
            device=given.device,
            precision=precision,
            table=f"{TABLES[family]} gemm",
        )
        into.errors.append(found)
        into.left_out.setdefault(precision, []).append(np.abs(time(test, rate, mine) / test.seconds - 1))
        peak = float(sheet(given.device).peak(precision).value)
        # Where another table has the same library's products, its rate is as good as this one.
        alike = [rate, fit([other], (), mine)[0][0]] if precision == "bf16" else [rate]
        low, high = min(alike) * (1 - found.median), max(alike) * (1 + found.median)
        into.rates.setdefault(given.device, {})[f"matmul_{precision}"] = Rate(
            rate / peak, low / peak, high / peak, found.note
        )
    return shared
