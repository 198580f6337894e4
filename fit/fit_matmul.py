"""Matrix products: a rate per device and precision, the rest of the parameters shared by a family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from scipy.optimize import least_squares

from lindos.formats import number_format
from lindos.formulas.roofline import matmul_efficiency, roofline_time, shared_waves, split_waves
from measured import FAMILIES, Columns, Error, error, left_out, read, selected_rows, sheet, spread

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
SECOND_TABLES = {
    **{(family, precision): "sglang" for family in ("hopper", "blackwell") for precision in PRECISIONS},
    ("ampere", "bf16"): "trtllm",
}
#: Generations of one family whose 4-bit units differ are fitted separately.
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
#: Parameters that each lower precision has separately.
PER_PRECISION = ("fill_depth", "partial_wave", "quantise_reads", "quantise_launch")


class Device(Protocol):
    """Data sheet of a measured device."""

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
    """Read the products of at least 512 on each side, and their table.

    Parameters
    ----------
    folder
        Folder of the tables.
    device
        A key of `DEVICES`.
    precision
        A key of `PRECISIONS`.
    framework
        Framework of the table.
    """
    name, size = PRECISIONS[precision]
    table = read(folder, device, "gemm", framework, "gemm_perf")
    large = np.minimum(np.minimum(table["m"], table["n"]), table["k"]) >= LEAST_SIDE
    table = selected_rows(table, (table["gemm_dtype"] == name) & large)
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

    The mean is geometric, over shapes in all tables; a constant ratio between two tables is divided out, so that
    the first sets the level.

    Parameters
    ----------
    folder
        Folder of the tables.
    device
        A key of `DEVICES`.
    family
        Family of the device.
    precision
        A key of `PRECISIONS`.
    """
    frameworks = SAME_LIBRARY.get(family, ()) if precision == "bf16" else ()
    first, table = products(folder, device, precision, TABLES[family])
    shapes = list(zip(first.rows, first.columns, first.depth, strict=True))
    logs = [np.log(first.seconds)]
    for framework in frameworks[1:]:
        more_products, _ = products(folder, device, precision, framework)
        times = dict(
            zip(
                zip(more_products.rows, more_products.columns, more_products.depth, strict=True),
                more_products.seconds,
                strict=True,
            )
        )
        logs.append(np.log([times.get(shape, np.nan) for shape in shapes]))
    level = [log - np.nanmedian(log - logs[0]) for log in logs]
    mean = np.exp(np.mean(level, axis=0))
    return _rows(replace(first, seconds=mean), np.isfinite(mean)), table


def product_time(
    shape: tuple[Numbers, Numbers, Numbers, Numbers], device: Device, size: float, rate: float, p: Mapping[str, float]
) -> np.ndarray:
    """Predict the seconds of products.

    Parameters
    ----------
    shape
        Rows, columns, depth and number of products in a launch.
    device
        Processors and memory bandwidth.
    size
        Bytes of one number.
    rate
        Sustained rate, in FLOP/s.
    p
        Parameters by name, as in `BOUNDS`.
    """
    m, n, k, matrices = shape
    tiling = (*TILE, device.num_processors)
    if "partial_wave" in p:
        waves = shared_waves(m, n, matrices, *tiling, p["partial_wave"])
    else:
        waves = split_waves(m, n, k, matrices, *tiling, p["split_depth"], p["half_tile_loss"])
    share = matmul_efficiency(m, n, k, matrices, waves, *tiling, p["fill_depth"], p["burst"])
    data = matrices * (size * (m * k + n * k) + 2 * m * n)
    memory = device.memory_bandwidth * p["operand_fraction"]
    return np.asarray(roofline_time(2 * matrices * m * n * k, data, rate * share, memory, p["launch_latency"]))


def time(sample: Products, rate: float, p: Mapping[str, float]) -> np.ndarray:
    """Predict the seconds of a product, and in low precision of the quantisation of its input, as in the tables.

    Parameters
    ----------
    sample
        Measured products.
    rate
        Sustained rate, in FLOP/s.
    p
        Parameters by name, as in `BOUNDS`.
    """
    shape = sample.rows, sample.columns, sample.depth, 1.0
    moved = p.get("quantise_reads", 0.0) * (2 + sample.size) * sample.rows * sample.depth
    added = moved / sample.memory_bandwidth + p.get("quantise_launch", 0.0)
    return np.asarray(product_time(shape, sample, sample.size, rate, p) + added)


def fit(
    sets: Sequence[Products], free: Sequence[str], settled: Mapping[str, float]
) -> tuple[list[float], dict[str, float]]:
    """Fit the sustained rate of each set, and the parameters that all sets share.

    Parameters
    ----------
    sets
        Measured products of several devices.
    free
        Names of the parameters to fit.
    settled
        Values of the other parameters.

    Returns
    -------
    rates : list of float
        Sustained rate of each set, in FLOP/s.
    parameters : dict
        Values of all parameters.
    """
    start = [np.log(np.max(2 * s.rows * s.columns * s.depth / s.seconds)) for s in sets]
    values, least, most = (np.log([BOUNDS[name][i] for name in free]) for i in range(3))
    used = [_rows(s, ~s.left_out) for s in sets]

    def unpack(point: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        return np.exp(point[: len(sets)]), {**settled, **dict(zip(free, np.exp(point[len(sets) :]), strict=True))}

    def residuals(point: np.ndarray) -> np.ndarray:
        rates, shared = unpack(point)
        return np.concatenate([np.log(time(s, r, shared) / s.seconds) for s, r in zip(used, rates, strict=True)])

    solution = least_squares(
        residuals,
        np.concatenate([start, values]),
        bounds=(np.concatenate([np.subtract(start, 1.5), least]), np.concatenate([np.add(start, 1.5), most])),
        loss="soft_l1",  # a heuristic's odd choice must not bend the model
        f_scale=0.05,
        diff_step=1e-3,  # waves are steps: a smaller one sees no slope
        x_scale=0.1,
    )
    rates, shared = unpack(solution.x)
    return rates.tolist(), {name: float(f"{value:.3g}") for name, value in shared.items()}


def _rows(sample: Products, mask: np.ndarray) -> Products:
    arrays = {name: getattr(sample, name)[mask] for name in ("rows", "columns", "depth", "seconds", "left_out")}
    plain = {name: getattr(sample, name) for name in ("device", "num_processors", "memory_bandwidth", "size")}
    return Products(**plain, **arrays)


class Rate(NamedTuple):
    """A share of the peak, its range, and the error of what it predicts."""

    value: float
    low: float
    high: float
    note: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """Values for the catalogue."""

    families: dict[str, dict[str, float]]
    rates: dict[str, dict[str, Rate]]  # by device and name in the catalogue
    shapes: dict[str, dict[str, float]]  # of devices that differ from their family
    errors: list[Error]
    left_out: dict[str, list[np.ndarray]]  # errors of single products, by precision


def fit_all(folder: Path) -> Fitted:
    """Fit every family and precision that has a table.

    Parameters
    ----------
    folder
        Folder of the tables.
    """
    result = Fitted({}, {}, {}, [], {})
    for family, devices in FAMILIES.items():
        shared = _fit_group(folder, family, devices, "bf16", (*COMMON, *WAVES[family]), {}, result)
        base = {name: value for name, value in shared.items() if name not in PER_PRECISION}
        parameters = {f"{name}_bf16": value for name, value in shared.items() if name in PER_PRECISION}
        result.families[family] = base | parameters
        for precision in ("fp8", "mxfp8", "fp4") if family != "ampere" else ():
            groups: Sequence[Sequence[str]] = (
                (devices,) if precision != "fp4" else GROUPS_FP4 if family == "blackwell" else ()
            )
            for group in groups:
                parameters = _fit_group(folder, family, group, precision, PER_PRECISION, base, result)
                shape = {f"{name}_{precision}": parameters[name] for name in PER_PRECISION[:2]}
                if group == groups[0]:
                    result.families[family] |= shape
                else:
                    for device in group:
                        result.shapes.setdefault(device, {}).update(shape)
    for precision, parts in result.left_out.items():
        deviation = np.concatenate(parts)
        median, p90 = float(np.median(deviation)), float(np.percentile(deviation, 90))
        overall = Error("matmul", "all of them", precision, "gemm", len(deviation), median, p90)
        result.errors.append(overall)
    return result


def _fit_group(
    folder: Path,
    family: str,
    devices: Sequence[str],
    precision: str,
    free: Sequence[str],
    settled: Mapping[str, float],
    result: Fitted,
) -> dict[str, float]:
    """Fit some devices in one precision; note rates and errors."""
    tables = [repeated(folder, device, family, precision) for device in devices]
    _, shared = fit([sample for sample, _ in tables], free, settled)
    for sample, table in tables:
        # The limit of power depends on the product sold, not on the chip, so this parameter stays per device.
        shape = result.shapes.setdefault(sample.device, {})
        if precision == "bf16":
            shape |= {"burst": fit([sample], ("burst",), {k: v for k, v in shared.items() if k != "burst"})[1]["burst"]}
        parameters = shared | {"burst": shape["burst"]}
        (rate,), _ = fit([sample], (), parameters)
        test = _rows(sample, sample.left_out)
        second_set, second_table = products(folder, sample.device, precision, SECOND_TABLES[family, precision])
        test_error = error(
            time(test, rate, parameters),
            test.seconds,
            spread(table, second_table, "mnk"),
            operator="matmul",
            device=sample.device,
            precision=precision,
            table=f"{TABLES[family]} gemm",
        )
        result.errors.append(test_error)
        result.left_out.setdefault(precision, []).append(np.abs(time(test, rate, parameters) / test.seconds - 1))
        peak = float(sheet(sample.device).peak(precision).value)
        # Where another table has products of the same library, its rate counts as well.
        rates = [rate, fit([second_set], (), parameters)[0][0]] if precision == "bf16" else [rate]
        low, high = min(rates) * (1 - test_error.median), max(rates) * (1 + test_error.median)
        result.rates.setdefault(sample.device, {})[f"matmul_{precision}"] = Rate(
            rate / peak, low / peak, high / peak, test_error.note
        )
    return shared
