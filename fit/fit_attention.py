"""Attention forward over whole causal sequences: a rate per device, the rest of the parameters shared by a family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from fit_matmul import TILE, Rate
from lindos.catalog import load_catalog
from lindos.formulas.roofline import attention_efficiency, roofline_time, shared_waves
from measured import FAMILIES, Columns, Error, error, left_out, read, selected_rows, sheet, spread

#: Framework whose table is fitted, and the kernels of it that training uses as well: FlashAttention 2 and 3, and the
#: fused kernels for Blackwell. TensorRT-LLM's table includes more bookkeeping in the time.
TABLE = "sglang"
KERNELS = ("flash_attention", "fa3", "trtllm_mha")
#: Table of another framework on the same or a similar library, which shows how well measurements repeat.
SECOND_TABLE = "vllm"
SECOND_KERNELS = ("vllm_flash_attn", "vllm_flash_attn_fa3", "vllm_flashinfer_trtllmprefill")
SHAPE = ("batch_size", "isl", "num_heads", "num_key_value_heads", "head_dim")
LEAST_LENGTH = 512

#: Start, least and most of each parameter. The last two are not the kernel's: an inference engine writes keys and
#: values into its cache, by kernels of their own.
BOUNDS: Mapping[str, Sequence[float]] = {
    "attention_partial_wave": (1.0, 0.05, 8),
    "attention_fill_keys": (100, 1, 2000),
    "attention_softmax_dim": (20, 1, 400),
    "launch": (5e-6, 1e-6, 3e-5),
    "cache_passes": (1.0, 0.05, 20),
}


@dataclass(frozen=True, slots=True)
class Attention:
    """Measured attention of one device."""

    device: str
    num_processors: float
    memory: float  # attainable by element-wise kernels, bytes a second
    table: Columns

    def rows(self, mask: np.ndarray) -> "Attention":
        """Select rows by a boolean ``mask``."""
        return replace(self, table=selected_rows(self.table, mask))


def attention(folder: Path, device: str, framework: str, kernels: Sequence[str]) -> Attention:
    """Read BF16 attention without a window, of at least 512 tokens a sequence.

    Parameters
    ----------
    folder
        Folder of the tables.
    device
        A key of `DEVICES`.
    framework
        Framework of the table.
    kernels
        Names of the kernels to take.
    """
    table = read(folder, device, "attention", framework, "context_attention_perf")
    bf16 = (table["attn_dtype"] == "bfloat16") & (table["kv_cache_dtype"] == "bfloat16")
    plain = bf16 & (table["isl"] >= LEAST_LENGTH) & (table["head_dim"] <= 256)
    plain &= np.isin(table["kernel_source"], kernels) & (table.get("window_size", np.zeros(len(plain))) == 0)
    data_sheet = sheet(device)
    share = load_catalog().kernels(data_sheet.family).memory_fraction.value
    return Attention(
        device=device,
        num_processors=float(data_sheet.num_processors.value),
        memory=float(data_sheet.memory_bandwidth.value * share),
        table=selected_rows(table, plain),
    )


def time(sample: Attention, rate: float, p: Mapping[str, float]) -> np.ndarray:
    """Predict the seconds of attention.

    Parameters
    ----------
    sample
        Measured attention.
    rate
        Rate of endless sequences with heads of 128, in FLOP/s.
    p
        Parameters by name, as in `BOUNDS`.
    """
    batch, length, heads, kv_heads, dim = (sample.table[name].astype(float) for name in SHAPE)
    kv_heads = np.where(kv_heads == 0, heads, kv_heads)
    queries, keys = batch * length, (length + TILE[0]) / 2
    waves = shared_waves(queries, 1.0, heads, TILE[0], 1.0, sample.num_processors, p["attention_partial_wave"])
    share = attention_efficiency(
        queries, keys, heads, dim, waves, TILE[0], sample.num_processors,
        p["attention_fill_keys"], p["attention_softmax_dim"],
    )  # fmt: skip
    cache = 4 * queries * kv_heads * dim
    data = 4 * queries * heads * dim + cache
    kernel = roofline_time(4 * queries * heads * keys * dim, data, rate * share, sample.memory, p["launch"])
    return np.asarray(kernel + p["cache_passes"] * cache / sample.memory)


def fit(sets: Sequence[Attention], settled: Mapping[str, float]) -> tuple[list[float], dict[str, float]]:
    """Fit the rate of each set, and the parameters that all sets share.

    Parameters
    ----------
    sets
        Measured attention of several devices.
    settled
        Values of the parameters that are not fitted.
    """
    free = [name for name in BOUNDS if name not in settled]
    values, least, most = (np.log([BOUNDS[name][i] for name in free]) for i in range(3))
    start = np.log([s.num_processors * 4e12 for s in sets])

    def unpack(point: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        return np.exp(point[: len(sets)]), {**settled, **dict(zip(free, np.exp(point[len(sets) :]), strict=True))}

    def residuals(point: np.ndarray) -> np.ndarray:
        rates, shared = unpack(point)
        return np.concatenate(
            [np.log(time(s, r, shared) / s.table["seconds"]) for s, r in zip(sets, rates, strict=True)]
        )

    solution = least_squares(
        residuals,
        np.concatenate([start, values]),
        bounds=(np.concatenate([start - 2, least]), np.concatenate([start + 2, most])),
        loss="soft_l1",
        f_scale=0.07,
        diff_step=1e-3,
        x_scale=0.1,
    )
    rates, shared = unpack(solution.x)
    return rates.tolist(), {name: float(f"{value:.3g}") for name, value in shared.items()}


@dataclass(frozen=True, slots=True)
class Fitted:
    """Values for the catalogue."""

    families: dict[str, dict[str, float]]
    rates: dict[str, Rate]
    errors: list[Error]


def fit_all(folder: Path) -> Fitted:
    """Fit every family.

    Parameters
    ----------
    folder
        Folder of the tables.
    """
    result = Fitted({}, {}, [])
    for family, devices in FAMILIES.items():
        sets = [attention(folder, device, TABLE, KERNELS) for device in devices]
        out = [left_out(*(s.table[name] for name in SHAPE[2:])) for s in sets]
        rates, shared = fit([s.rows(~mask) for s, mask in zip(sets, out, strict=True)], {})
        result.families[family] = {name: shared[name] for name in tuple(BOUNDS)[:3]}
        for sample, mask, rate in zip(sets, out, rates, strict=True):
            test = sample.rows(mask)
            second_set = attention(folder, sample.device, SECOND_TABLE, SECOND_KERNELS)
            test_error = error(
                time(test, rate, shared),
                test.table["seconds"],
                spread(sample.table, second_set.table, SHAPE),
                operator="attention",
                device=sample.device,
                precision="bf16",
                table=f"{TABLE} attention",
            )
            result.errors.append(test_error)
            both_rates = [rate, fit([second_set], {name: shared[name] for name in tuple(BOUNDS)[:3]})[0][0]]
            peak = float(sheet(sample.device).peak_bf16.value)
            low, high = min(both_rates) * (1 - test_error.median), max(both_rates) * (1 + test_error.median)
            result.rates[sample.device] = Rate(rate / peak, low / peak, high / peak, test_error.note)
    return result
