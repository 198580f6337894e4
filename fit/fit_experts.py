"""Check on layers of experts: parameters fitted to single products must predict grouped products.

The tables time a whole layer: permuting tokens, two grouped products around an activation, adding the results up. The
parts that are no products are fitted and subtracted: passes over the experts' activations, passes over all tokens, and
launches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

import fit_matmul
from measured import FAMILIES, Columns, Error, error, left_out, read, selected_rows, sheet

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
    """Read layers of gated experts with as many rows as in training.

    Parameters
    ----------
    folder
        Folder of the tables.
    device
        A key of `DEVICES`.
    """
    table = read(folder, device, "moe", FRAMEWORK, "moe_perf", VERSION)
    plain = (table["moe_dtype"] == "bfloat16") & (table["distribution"] == "balanced")
    data_sheet = sheet(device)
    sample = Layers(
        device=device,
        num_processors=float(data_sheet.num_processors.value),
        memory_bandwidth=float(data_sheet.memory_bandwidth.value),
        table=selected_rows(table, plain & np.isin(table["kernel_source"], KERNELS)),
    )
    return replace(sample, table=selected_rows(sample.table, sample.rows >= LEAST_ROWS))


def time(sample: Layers, rate: float, p: Mapping[str, float], remainder: np.ndarray) -> np.ndarray:
    """Predict the seconds of layers.

    Parameters
    ----------
    sample
        Measured layers.
    rate
        Sustained rate of products, in FLOP/s.
    p
        Parameters of products by name.
    remainder
        Logarithms of passes over activations, passes over tokens, and launches in seconds.
    """
    table = sample.table
    experts, rows = table["num_experts"] / table["moe_ep_size"], sample.rows
    hidden, inner = table["hidden_size"].astype(float), table["inter_size"] / table["moe_tp_size"]
    up = fit_matmul.product_time((rows, 2 * inner, hidden, experts), sample, 2.0, rate, p)
    down = fit_matmul.product_time((rows, hidden, inner, experts), sample, 2.0, rate, p)
    activations, tokens, launches = np.exp(remainder)
    moved = activations * 2 * experts * rows * 3 * (hidden + inner) + tokens * 2 * table["num_tokens"] * hidden
    return np.asarray(up + down + moved / sample.memory_bandwidth + launches)


def fit(sets: Sequence[Layers], rates: Sequence[float], ps: Sequence[Mapping[str, float]]) -> np.ndarray:
    """Fit the parts of a layer that are no products, which all sets share.

    Parameters
    ----------
    sets
        Measured layers of several devices.
    rates
        Sustained rate of products of each set, in FLOP/s.
    ps
        Parameters of products of each set.
    """

    def residuals(remainder: np.ndarray) -> np.ndarray:
        parts = zip(sets, rates, ps, strict=True)
        return np.concatenate([np.log(time(s, rate, p, remainder) / s.table["seconds"]) for s, rate, p in parts])

    solution = least_squares(residuals, np.log([1.0, 1.0, 1e-5]), loss="soft_l1", f_scale=0.1)
    return np.asarray(solution.x)


def check(folder: Path, matmul: fit_matmul.Fitted) -> list[Error]:
    """Compute errors on layers that were left out of the fit of those parts.

    Parameters
    ----------
    folder
        Folder of the tables.
    matmul
        Fitted products.
    """
    errors = []
    for family in ("hopper", "blackwell"):
        shared = matmul.families[family]
        shared = shared | {name: shared[f"{name}_bf16"] for name in ("fill_depth", "partial_wave")}
        sets = [layers(folder, device) for device in FAMILIES[family]]
        rates = [float(sheet(s.device).peak_bf16.value) * matmul.rates[s.device]["matmul_bf16"].value for s in sets]
        out = [left_out(*(s.table[name] for name in ("hidden_size", "inter_size", "num_experts"))) for s in sets]
        ps = [shared | matmul.shapes[s.device] for s in sets]
        remainder = fit(
            [replace(s, table=selected_rows(s.table, ~mask)) for s, mask in zip(sets, out, strict=True)], rates, ps
        )
        for s, mask, rate, p in zip(sets, out, rates, ps, strict=True):
            test = replace(s, table=selected_rows(s.table, mask))
            errors.append(
                error(
                    time(test, rate, p, remainder),
                    test.table["seconds"],
                    None,
                    operator="experts, checked",
                    device=s.device,
                    precision="bf16",
                    table=f"{FRAMEWORK} moe",
                )
            )
    return errors
