"""Layers of experts, a check: what was fitted to single products must predict grouped ones, with nothing of its own.

The tables time a whole layer: permuting tokens, two grouped products around an activation, adding the results up. What
is not a product is fitted away: passes over the experts' activations, passes over all tokens, and launches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

import fit_matmul
from measured import FAMILIES, Columns, Error, error, left_out, read, sheet, where

#: The last table with unquantised layers: grouped products of CUTLASS, tuned, as training libraries have them. Other
#: tables hold Triton kernels without tuning, or kernels fused for inference.
FRAMEWORK, VERSION = "trtllm", "1.3.0rc20"
KERNELS = ("moe_torch_flow", "moe_torch_flow_cutlass")
#: Fewer rows an expert occur in inference only.
LEAST_ROWS = 64


@dataclass(frozen=True, slots=True)
class Layers:
    """Measured layers of one device in BF16, experts equally loaded."""

    device: str
    num_processors: float
    memory_bandwidth: float
    table: Columns

    @property
    def rows(self) -> np.ndarray:
        """Tokens of each expert."""
        return np.asarray(self.table["num_tokens"] * self.table["topk"] / self.table["num_experts"])


def layers(folder: Path, device: str) -> Layers:
    """Layers of gated experts with as many rows as training has."""
    table = read(folder, device, "moe", FRAMEWORK, "moe_perf", VERSION)
    plain = (table["moe_dtype"] == "bfloat16") & (table["distribution"] == "balanced")
    data_sheet = sheet(device)
    found = Layers(
        device=device,
        num_processors=float(data_sheet.num_processors.value),
        memory_bandwidth=float(data_sheet.memory_bandwidth.value),
        table=where(table, plain & np.isin(table["kernel_source"], KERNELS)),
    )
    return replace(found, table=where(found.table, found.rows >= LEAST_ROWS))


def time(given: Layers, rate: float, p: Mapping[str, float], other: np.ndarray) -> np.ndarray:
    """Predicted seconds; ``other`` are logarithms of passes over activations, passes over tokens, and launches."""
    table = given.table
    experts, rows = table["num_experts"] / table["moe_ep_size"], given.rows
    hidden, inner = table["hidden_size"].astype(float), table["inter_size"] / table["moe_tp_size"]
    up = fit_matmul.product_time((rows, 2 * inner, hidden, experts), given, 2.0, rate, p)
    down = fit_matmul.product_time((rows, hidden, inner, experts), given, 2.0, rate, p)
    activations, tokens, launches = np.exp(other)
    moved = activations * 2 * experts * rows * 3 * (hidden + inner) + tokens * 2 * table["num_tokens"] * hidden
    return np.asarray(up + down + moved / given.memory_bandwidth + launches)


def fit(sets: Sequence[Layers], rates: Sequence[float], ps: Sequence[Mapping[str, float]]) -> np.ndarray:
    """What is not a product, shared by the sets; rate and parameters of products are each set's own."""

    def residuals(other: np.ndarray) -> np.ndarray:
        parts = zip(sets, rates, ps, strict=True)
        return np.concatenate([np.log(time(s, rate, p, other) / s.table["seconds"]) for s, rate, p in parts])

    found = least_squares(residuals, np.log([1.0, 1.0, 1e-5]), loss="soft_l1", f_scale=0.1)
    return np.asarray(found.x)


def check(folder: Path, matmul: fit_matmul.Fitted) -> list[Error]:
    """Errors on layers left out of what fits the passes that are not products."""
    errors = []
    for family in ("hopper", "blackwell"):
        shared = matmul.families[family]
        shared = shared | {name: shared[f"{name}_bf16"] for name in ("fill_depth", "partial_wave")}
        sets = [layers(folder, device) for device in FAMILIES[family]]
        rates = [float(sheet(s.device).peak_bf16.value) * matmul.rates[s.device]["matmul_bf16"].value for s in sets]
        out = [left_out(*(s.table[name] for name in ("hidden_size", "inter_size", "num_experts"))) for s in sets]
        ps = [shared | matmul.shapes[s.device] for s in sets]
        other = fit([replace(s, table=where(s.table, ~mask)) for s, mask in zip(sets, out, strict=True)], rates, ps)
        for s, mask, rate, p in zip(sets, out, rates, ps, strict=True):
            test = replace(s, table=where(s.table, mask))
            errors.append(
                error(
                    time(test, rate, p, other),
                    test.table["seconds"],
                    None,
                    operator="experts, checked",
                    device=s.device,
                    precision="bf16",
                    table=f"{FRAMEWORK} moe",
                )
            )
    return errors
