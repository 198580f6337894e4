"""Collectives inside a scale-up domain: latency, bandwidth, reduction in the switch, and the cost of a chunk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from fit_matmul import Rate
from lindos.step.communication import Level, all_gather_time, all_reduce_time, expert_exchange_time
from measured import FAMILIES, Columns, Error, error, left_out, read, selected_rows, sheet

#: Network of each family; links that reduce in the switch have a rate of their own for that.
FABRICS = {"ampere": "nvlink3", "hopper": "nvlink4", "blackwell": "nvlink5"}
REDUCES = ("hopper", "blackwell")
#: Pairs of devices run at rates of their own and are left out. Fitted and judged on messages that a step waits for:
#: below them protocols change in jumps that no smooth model follows.
LEAST_GROUP, LEAST_MESSAGE, LARGE = 4, 8e6, 32e6
NUMBER_BYTES = {"half": 2, "int8": 1}

#: Start, least and most of each parameter. Small messages show up to 5.6 microseconds a step, so the latency may not
#: grow far beyond that to mend large ones.
BOUNDS: Mapping[str, Sequence[float]] = {
    "base_latency": (4e-6, 5e-7, 8e-6),
    "efficiency": (0.8, 0.4, 1.0),
    "chunk_cost": (6e-6, 1e-7, 4e-5),
    "reduction_efficiency": (0.5, 0.3, 1.0),
}


@dataclass(frozen=True, slots=True)
class Collectives:
    """Measured collectives of one device."""

    device: str
    bandwidth: float  # of all links, per direction
    table: Columns


def collectives(folder: Path, device: str) -> Collectives:
    """Read NCCL's collectives; ``bytes`` is the whole buffer, after a gather or before a scatter.

    Parameters
    ----------
    folder
        Folder of the tables.
    device
        A key of `DEVICES`.
    """
    table = dict(read(folder, device, "comm", "nccl", "nccl_perf"))
    sizes = np.array([NUMBER_BYTES[name] for name in table["nccl_dtype"].tolist()])
    table["bytes"] = table["message_size"] * sizes
    return Collectives(
        device, float(sheet(device).scale_up_bandwidth.value), selected_rows(table, table["num_gpus"] >= LEAST_GROUP)
    )


def time(sample: Collectives, p: Mapping[str, float]) -> np.ndarray:
    """Predict seconds, by the functions that a step uses.

    Parameters
    ----------
    sample
        Measured collectives.
    p
        Parameters by name, as in `BOUNDS`.
    """
    table = sample.table
    message, name = table["bytes"].astype(float), table["op_name"]
    level = Level(
        inner_members=1.0,
        ratio=table["num_gpus"].astype(float),
        bandwidth=sample.bandwidth * p["efficiency"],
        latency=p["base_latency"],
        in_switch_reduction="reduction_efficiency" in p,
        reduction_bandwidth=sample.bandwidth * p.get("reduction_efficiency", p["efficiency"]),
        chunk_cost=p["chunk_cost"],
    )
    gather = all_gather_time(message, (level,))
    reduce = all_reduce_time(message, (level,))
    exchange = _exchange_time(message, level)
    return np.asarray(np.where(name == "all_reduce", reduce, np.where(name == "alltoall", exchange, gather)))


def _exchange_time(message: np.ndarray, level: Level) -> np.ndarray:
    """All-to-all of a whole buffer: each member keeps a piece of it and sends every other piece to another."""
    return np.asarray(expert_exchange_time(message / level.ratio, 10**6, (level,)))


def rows(sample: Collectives, mask: np.ndarray) -> Collectives:
    """Select rows by a mask.

    Parameters
    ----------
    sample
        Measured collectives.
    mask
        Boolean, one per row.
    """
    return Collectives(sample.device, sample.bandwidth, selected_rows(sample.table, mask))


def fit(sets: Sequence[Collectives], free: Sequence[str]) -> dict[str, float]:
    """Fit the parameters that all sets share.

    Parameters
    ----------
    sets
        Measured collectives of several devices.
    free
        Names of the parameters to fit.
    """
    start, least, most = (np.log([BOUNDS[name][i] for name in free]) for i in range(3))

    def residuals(point: np.ndarray) -> np.ndarray:
        shared = dict(zip(free, np.exp(point), strict=True))
        return np.concatenate([np.log(time(s, shared) / s.table["seconds"]) for s in sets])

    solution = least_squares(residuals, start, bounds=(least, most), loss="soft_l1", f_scale=0.1, x_scale=0.1)
    return {name: float(f"{value:.3g}") for name, value in zip(free, np.exp(solution.x), strict=True)}


@dataclass(frozen=True, slots=True)
class Fitted:
    """Values for the catalogue, by network."""

    fabrics: dict[str, dict[str, Rate]]
    errors: list[Error]


def fit_all(folder: Path) -> Fitted:
    """Fit every generation of links.

    Parameters
    ----------
    folder
        Folder of the tables.
    """
    result = Fitted({}, [])
    for family, devices in FAMILIES.items():
        sets = [collectives(folder, device) for device in devices]
        sets = [rows(s, s.table["bytes"] >= LEAST_MESSAGE) for s in sets]
        out = [left_out(s.table["bytes"]) for s in sets]
        free = tuple(BOUNDS) if family in REDUCES else tuple(BOUNDS)[:3]
        shared = fit([rows(s, ~mask) for s, mask in zip(sets, out, strict=True)], free)
        tests = [rows(s, mask & (s.table["bytes"] >= LARGE)) for s, mask in zip(sets, out, strict=True)]
        errors = [
            error(
                time(test, shared),
                test.table["seconds"],
                None,
                operator="collective",
                device=test.device,
                precision="any",
                table="nccl",
            )
            for test in tests
        ]
        result.errors.extend(errors)
        worst = max(errors, key=lambda entry: entry.median)
        note = f"NCCL on 4 and 8 devices; {worst.note} (worst of its devices)"
        # Latency and cost of a chunk can replace each other in a fit; the share of the line rate is as exact as a time.
        reach = {name: 2.0 if name in ("base_latency", "chunk_cost") else 1 + worst.median for name in shared}
        result.fabrics[FABRICS[family]] = {
            name: Rate(value, value / reach[name], value * reach[name], note if name == "efficiency" else "")
            for name, value in shared.items()
        }
    return result
