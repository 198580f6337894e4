"""Kernels of serving fitted to measured ones: products of few rows, experts, attention over caches, small sums."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from lindos.catalog import load_catalog
from lindos.fleet.machines import rates_of
from lindos.formulas.transformer import distinct_targets
from measured import Columns, Error, error, left_out, read, selected_rows, sheet

#: Devices that stand for their family.
FAMILIES = {"hopper": ("h100-sxm", "h200-sxm"), "blackwell": ("b200-sxm", "gb200")}
FRAMEWORKS = ("trtllm", "vllm", "sglang")
#: Frameworks whose tables time products and sums inside a graph, as an engine replays them.
GRAPHED = ("trtllm",)
#: Rows of a table that are fitted, drawn evenly.
SAMPLE = 1_200
MOST_ROWS = 256
Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Sample:
    """Measured kernels of one device and framework."""

    device: str
    table: Columns
    seconds: np.ndarray
    out: np.ndarray  # left out of the fit
    bandwidth: float
    rate: float  # of large products in the format
    size: float  # bytes of one number
    label: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of kernels: its parameters with start, least and most, and its time."""

    name: str
    bounds: Mapping[str, tuple[float, float, float]]
    time: Callable[[Sample, Values], np.ndarray]


def product_time(sample: Sample, p: Values) -> np.ndarray:
    """Time of products of few rows.

    Parameters
    ----------
    sample
        Measured products.
    p
        Parameters by name.
    """
    m, n, k = (sample.table[axis].astype(float) for axis in "mnk")
    read_time = (sample.size * n * k + 2 * m * (n + k)) / (sample.bandwidth * p["product_read"])
    return np.asarray(
        p["product_launch"]
        + (p["product_quantised"] if sample.size < 2 else 0.0)
        + p["product_depth"] * k
        + np.hypot(read_time, 2 * np.maximum(m, p["product_rows"]) * n * k / sample.rate)
    )


def expert_time(sample: Sample, p: Values) -> np.ndarray:
    """Time of experts of a few tokens.

    Parameters
    ----------
    sample
        Measured experts.
    p
        Parameters by name.
    """
    names = ("num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size")
    tokens, hidden, inner, chosen, number, tensor, ranks = (sample.table[name].astype(float) for name in names)
    inner, pairs = inner / tensor, tokens * chosen / ranks
    touched = distinct_targets(number, tokens * chosen) / ranks
    data = touched * 3 * hidden * inner * sample.size + pairs * 2 * (2 * hidden + 3 * inner)
    flop = 6 * hidden * inner * (pairs + touched * p["expert_rows"])
    return np.asarray(
        p["expert_launch"]
        + np.hypot(data / (sample.bandwidth * p["expert_read"]), flop / (sample.rate * p["expert_rate"]))
    )


def core_time(sample: Sample, p: Values) -> np.ndarray:
    """Time of attention over caches.

    Parameters
    ----------
    sample
        Measured attention.
    p
        Parameters by name.
    """
    names = ("batch_size", "num_heads", "num_key_value_heads", "head_dim", "step")
    batch, heads, kv_heads, dim, context = (sample.table[name].astype(float) for name in names)
    data = batch * context * kv_heads * 2 * dim * sample.size
    flop = 4 * batch * context * heads * dim
    return np.asarray(
        p["core_launch"] + np.hypot(data / (sample.bandwidth * p["core_read"]), flop / (sample.rate * p["core_rate"]))
    )


def latent_time(sample: Sample, p: Values) -> np.ndarray:
    """Time of latent attention over caches.

    Parameters
    ----------
    sample
        Measured attention.
    p
        Parameters by name.
    """
    batch, heads, context = (sample.table[name].astype(float) for name in ("batch_size", "num_heads", "step"))
    data = batch * context * 576 * sample.size
    flop = 2 * batch * context * heads * 1088
    return np.asarray(
        p["latent_launch"]
        + np.hypot(data / (sample.bandwidth * p["latent_read"]), flop / (sample.rate * p["latent_rate"]))
    )


def reduce_time(sample: Sample, p: Values) -> np.ndarray:
    """Time of sums over the devices of a domain.

    Parameters
    ----------
    sample
        Measured sums; ``bandwidth`` is that of the scale-up network.
    p
        Parameters by name.
    """
    # The tables count numbers, not bytes.
    number, message = sample.table["num_gpus"].astype(float), sample.size * sample.table["message_size"].astype(float)
    return np.asarray(
        p["reduce_latency"]
        + p["reduce_step"] * np.log2(number / 2)
        + p["reduce_ramp"] * message / (message + p["reduce_half"])
        + 2 * (number - 1) / number * message / (sample.bandwidth * p["reduce_share"])
    )


def exchange_time(sample: Sample, p: Values) -> np.ndarray:
    """Time of sending tokens to experts on the devices of a node, without waiting for full blocks.

    Parameters
    ----------
    sample
        Measured exchanges; ``bandwidth`` is that of the scale-up network.
    p
        Parameters by name.
    """
    tokens, hidden, chosen = (sample.table[name].astype(float) for name in ("num_token", "hidden_size", "num_topk"))
    sent = tokens * np.minimum(chosen, 8) * hidden * sample.size
    return np.asarray(p["exchange_latency"] + sent / (sample.bandwidth * p["exchange_share"]))


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "products",
            {
                "product_launch": (3e-6, 1e-6, 1e-5),
                "product_quantised": (1e-6, 1e-8, 1e-5),
                "product_depth": (3e-10, 1e-12, 2e-9),
                "product_read": (0.85, 0.3, 1),
                "product_rows": (16, 1, 128),
            },
            product_time,
        ),
        Kind(
            "experts",
            {
                "expert_launch": (3e-5, 3e-6, 1e-4),
                "expert_read": (0.8, 0.2, 1),
                "expert_rate": (0.4, 0.02, 1),
                "expert_rows": (20, 1, 128),
            },
            expert_time,
        ),
        Kind(
            "attention over a cache",
            {"core_launch": (1e-5, 1e-6, 5e-5), "core_read": (0.85, 0.2, 1), "core_rate": (0.25, 0.01, 1)},
            core_time,
        ),
        Kind(
            "latent attention over a cache",
            {"latent_launch": (1e-5, 1e-6, 5e-5), "latent_read": (0.8, 0.2, 1), "latent_rate": (0.7, 0.02, 1)},
            latent_time,
        ),
        Kind(
            "sums",
            {
                "reduce_latency": (4e-6, 1e-6, 3e-5),
                "reduce_step": (1e-6, 1e-8, 1e-5),
                "reduce_ramp": (5e-5, 1e-6, 3e-4),
                "reduce_half": (5e6, 1e5, 1e8),
                "reduce_share": (1.0, 0.3, 1.6),
            },
            reduce_time,
        ),
        Kind(
            "exchanges with experts",
            {"exchange_latency": (2e-5, 2e-6, 1e-4), "exchange_share": (0.4, 0.05, 1)},
            exchange_time,
        ),
    )
}


def samples(folder: Path, kind: str, device: str) -> list[Sample]:
    """Read the measured kernels of one kind on one device.

    Parameters
    ----------
    folder
        Folder of the tables.
    kind
        A key of `KINDS`.
    device
        A device of `FAMILIES`.
    """
    frameworks = GRAPHED if kind in ("products", "sums") else FRAMEWORKS
    return [sample for framework in frameworks for sample in _READERS[kind](folder, device, framework)]


def _sample(
    device: str, table: Columns, mask: np.ndarray, keys: tuple[str, ...], label: str, precision: str, size: float
) -> list[Sample]:
    if mask.sum() < 30:
        return []
    places = np.random.default_rng(0).permutation(np.flatnonzero(mask))[:SAMPLE]
    chosen = {name: values[np.sort(places)] for name, values in table.items()}
    data_sheet, kernels = sheet(device), load_catalog().kernels_of(sheet(device))
    peak, share = data_sheet.peak(precision), kernels.matmul(precision)
    return [
        Sample(
            device=device,
            table=chosen,
            seconds=chosen["seconds"],
            out=left_out(*(chosen[key] for key in keys)),
            bandwidth=float(data_sheet.memory_bandwidth.value),
            rate=float(peak.value * share.value),
            size=size,
            label=label,
        )
    ]


def _table(folder: Path, device: str, operator: str, framework: str, name: str) -> Columns | None:
    try:
        return read(folder, device, operator, framework, name)
    except (IndexError, FileNotFoundError):
        return None


_FORMATS = {"bfloat16": ("bf16", 2.0), "fp8": ("fp8", 1.0), "fp8_block": ("fp8", 1.0), "nvfp4": ("nvfp4", 0.5625)}


def _products(folder: Path, device: str, framework: str) -> list[Sample]:
    table = _table(folder, device, "gemm", framework, "gemm_perf")
    if table is None:
        return []
    small = (table["m"] <= MOST_ROWS) & (np.minimum(table["n"], table["k"]) >= 512)
    return [
        sample
        for word, (precision, size) in _FORMATS.items()
        if sheet(device).peak(precision).is_known
        for sample in _sample(
            device, table, small & (table["gemm_dtype"] == word), ("n", "k"), f"{framework} {word}", precision, size
        )
    ]


def _experts(folder: Path, device: str, framework: str) -> list[Sample]:
    table = _table(folder, device, "moe", framework, "moe_perf")
    if table is None:
        return []
    plain = (table["num_tokens"] <= 1024) & (table["num_experts"] >= table["moe_ep_size"]) & (table["moe_tp_size"] <= 8)
    gated = np.char.find(table["kernel_source"].astype(str), "nongated") < 0
    keys = ("hidden_size", "inter_size", "num_experts")
    return [
        sample
        for word, (precision, size) in _FORMATS.items()
        if sheet(device).peak(precision).is_known
        for sample in _sample(
            device, table, plain & gated & (table["moe_dtype"] == word), keys, f"{framework} {word}", precision, size
        )
    ]


def _cores(folder: Path, device: str, framework: str) -> list[Sample]:
    table = _table(folder, device, "attention", framework, "generation_attention_perf")
    if table is None:
        return []
    whole = (table["window_size"] == 0) & (table["step"] >= 127) & (table["head_dim"] == 128)
    keys = ("num_heads", "num_key_value_heads")
    return [
        sample
        for word, size in (("bfloat16", 2.0), ("fp8", 1.0))
        for sample in _sample(
            device, table, whole & (table["kv_cache_dtype"] == word), keys, f"{framework} {word}", "bf16", size
        )
    ]


def _latent(folder: Path, device: str, framework: str) -> list[Sample]:
    table = _table(folder, device, "mla", framework, "generation_mla_perf")
    if table is None:
        return []
    long = (table["step"] >= 127) & (table["num_heads"] >= 8)
    return [
        sample
        for word, size in (("bfloat16", 2.0), ("fp8", 1.0))
        for sample in _sample(
            device,
            table,
            long & (table["kv_cache_dtype"] == word),
            ("num_heads", "batch_size"),
            f"{framework} {word}",
            "bf16",
            size,
        )
    ]


def _sums(folder: Path, device: str, framework: str) -> list[Sample]:
    table = _table(folder, device, "comm", framework, "custom_allreduce_perf")
    if table is None:
        return []
    # Where a framework times a graph and single launches, the graph is what serving runs.
    graph = table["message_size"] > 0
    if "implementation" in table:
        eager = np.char.find(table["implementation"].astype(str), "eager") >= 0
        graph &= ~eager
    chosen = _sample(device, table, graph, ("message_size",), framework, "bf16", 2.0)
    bandwidth = _inner_bandwidth(device)
    return [Sample(s.device, s.table, s.seconds, s.out, bandwidth, s.rate, s.size, s.label) for s in chosen]


def _inner_bandwidth(device: str) -> float:
    """Return what the scale-up network of a device attains, of which the engine takes a share."""
    return float(rates_of(load_catalog(), sheet(device)).inner_bandwidth)


def _exchanges(folder: Path, device: str, framework: str) -> list[Sample]:
    table = _table(folder, device, "comm", framework, "wideep_deepep_ll_perf")
    if table is None:
        return []
    here = (table["node_num"] == 1) & (table["num_topk"] > 1)
    bandwidth = _inner_bandwidth(device)
    made = []
    for column, size in (("dispatch_avg_t_us", 1.0), ("combine_avg_t_us", 2.0)):
        timed = {**table, "seconds": table[column] * 1e-6}
        for s in _sample(device, timed, here, ("hidden_size", "num_experts"), framework, "bf16", size):
            made.append(Sample(s.device, s.table, s.seconds, s.out, bandwidth, s.rate, size, s.label))
    return made


_READERS: dict[str, Callable[[Path, str, str], list[Sample]]] = {
    "products": _products,
    "experts": _experts,
    "attention over a cache": _cores,
    "latent attention over a cache": _latent,
    "sums": _sums,
    "exchanges with experts": _exchanges,
}


def fit_family(folder: Path, family: str) -> tuple[dict[str, float], list[Error]]:
    """Fit all kinds of kernels of one family; errors are those on kernels left out.

    Parameters
    ----------
    folder
        Folder of the tables.
    family
        A key of `FAMILIES`.
    """
    values: dict[str, float] = {}
    errors: list[Error] = []
    for kind in KINDS.values():
        sets = [sample for device in FAMILIES[family] for sample in samples(folder, kind.name, device)]
        names = list(kind.bounds)
        start, least, most = (np.log([kind.bounds[name][place] for name in names]) for place in range(3))

        def residuals(x: np.ndarray, kind: Kind = kind, sets: list[Sample] = sets, names: list[str] = names) -> Any:
            p = dict(zip(names, np.exp(x), strict=True))
            parts = [np.log(kind.time(_rows(s, ~s.out), p) / s.seconds[~s.out]) for s in sets]
            return np.concatenate(parts)

        solution = least_squares(residuals, start, bounds=(least, most), loss="soft_l1", f_scale=0.1)
        fitted = dict(zip(names, np.exp(solution.x), strict=True))
        values |= {name: float(value) for name, value in fitted.items()}
        for device in FAMILIES[family]:
            tests = [s for s in sets if s.device == device]
            predicted = np.concatenate([kind.time(_rows(s, s.out), fitted) for s in tests])
            seconds = np.concatenate([s.seconds[s.out] for s in tests])
            table = ", ".join(dict.fromkeys(s.label.split()[0] for s in tests))
            errors.append(
                error(predicted, seconds, None, operator=kind.name, device=device, precision="all", table=table)
            )
    return values, errors


def _rows(sample: Sample, mask: np.ndarray) -> Sample:
    return Sample(
        sample.device,
        selected_rows(sample.table, mask),
        sample.seconds[mask],
        sample.out[mask],
        sample.bandwidth,
        sample.rate,
        sample.size,
        sample.label,
    )
