"""Collectives inside a scale-up domain: latency, bandwidth, reduction in the switch, and the cost of a chunk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from fit_matmul import Rate
from lindos.step.communication import Level, all_gather_time, all_reduce_time, expert_exchange_time
from measured import FAMILIES, Columns, Error, error, left_out, read, sheet, where

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
    """NCCL's collectives; ``bytes`` is the whole buffer, gathered or before it is scattered."""
    table = dict(read(folder, device, "comm", "nccl", "nccl_perf"))
    sizes = np.array([NUMBER_BYTES[name] for name in table["nccl_dtype"].tolist()])
    table["bytes"] = table["message_size"] * sizes
    return Collectives(
        device, float(sheet(device).scale_up_bandwidth.value), where(table, table["num_gpus"] >= LEAST_GROUP)
    )


def time(given: Collectives, p: Mapping[str, float]) -> np.ndarray:
    """Predicted seconds, by the functions that a step uses."""
    table = given.table
    message, name = table["bytes"].astype(float), table["op_name"]
    level = Level(
        below=1.0,
        ratio=table["num_gpus"].astype(float),
        bandwidth=given.bandwidth * p["efficiency"],
        latency=p["base_latency"],
        in_switch_reduction="reduction_efficiency" in p,
        reduction_bandwidth=given.bandwidth * p.get("reduction_efficiency", p["efficiency"]),
        chunk_cost=p["chunk_cost"],
    )
    gather = all_gather_time(message, (level,))
    reduce = all_reduce_time(message, (level,))
    exchange = _exchange_time(message, level)
    return np.asarray(np.where(name == "all_reduce", reduce, np.where(name == "alltoall", exchange, gather)))


def _exchange_time(message: np.ndarray, level: Level) -> np.ndarray:
    """All-to-all of a whole buffer: each member keeps a piece of it and sends every other piece to another."""
    return np.asarray(expert_exchange_time(message / level.ratio, 10**6, (level,)))


def rows(given: Collectives, mask: np.ndarray) -> Collectives:
    """Some of them."""
    return Collectives(given.device, given.bandwidth, where(given.table, mask))


def fit(sets: Sequence[Collectives], free: Sequence[str]) -> dict[str, float]:
    """Parameters that the sets share."""
    start, least, most = (np.log([BOUNDS[name][i] for name in free]) for i in range(3))

    def residuals(point: np.ndarray) -> np.ndarray:
        shared = dict(zip(free, np.exp(point), strict=True))
        return np.concatenate([np.log(time(s, shared) / s.table["seconds"]) for s in sets])

    found = least_squares(residuals, start, bounds=(least, most), loss="soft_l1", f_scale=0.1, x_scale=0.1)
    return {name: float(f"{value:.3g}") for name, value in zip(free, np.exp(found.x), strict=True)}


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the catalogue keeps, by network."""

    fabrics: dict[str, dict[str, Rate]]
    errors: list[Error]


def fit_all(folder: Path) -> Fitted:
    """Every generation of links."""
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
        worst = max(errors, key=lambda found: found.median)
        note = f"NCCL on 4 and 8 devices; {worst.note} (worst of its devices)"
        # Latency and the cost of a chunk stand in for one another; a share of the line rate is known as well as a time.
        reach = {name: 2.0 if name in ("base_latency", "chunk_cost") else 1 + worst.median for name in shared}
        result.fabrics[FABRICS[family]] = {
            name: Rate(value, value / reach[name], value * reach[name], note if name == "efficiency" else "")
            for name, value in shared.items()
        }
    return result
