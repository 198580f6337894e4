"""Sparse attention with an indexer, forward: rates of its kernels over those of the model of full attention.

Measured are the kernels of GLM-5 alone, of 64 heads: the main attention over the chosen keys, and the indexer's scores
in FP8. Full attention of the same FLOP is predicted by the model of :mod:`lindos.step.compute`; the ratio is one number
a family for the main attention, and one number for the indexer.
"""

from pathlib import Path

import numpy as np

from lindos.catalog import load_catalog
from lindos.problem.cluster import Pool
from lindos.scenario.resolve import pool_from_system
from lindos.step.compute import Rates, operator_times, rates
from lindos.step.layout import Layout
from lindos.transformer import operators
from measured import FAMILIES, Columns, Shares, error, left_out, read, selected_rows, share_lines

TABLE, MODEL = "sglang", "glm-5"
#: Table of a row of the operator table.
KERNELS = {"attention.sparse": "glm5_dsa_attn_module_perf", "attention.index": "glm5_mqa_logits_module_perf"}
#: System of the catalogue with a device.
SYSTEMS = {
    "h100-sxm": "hgx-h100",
    "h200-sxm": "hgx-h200",
    "b200-sxm": "hgx-b200",
    "gb200": "gb200-nvl72",
    "b300-sxm": "hgx-b300",
    "gb300": "gb300-nvl72",
}
LEAST_LENGTH = 2048
LABELS = {"precision": "bf16", "table": TABLE}


def whole_sequences(folder: Path, device: str, row: str) -> Columns:
    """Read the kernels that compute whole sequences.

    Parameters
    ----------
    folder
        Folder of the tables.
    device
        A key of `SYSTEMS`.
    row
        A key of `KERNELS`.
    """
    table = read(folder, device, "sparse_attention", TABLE, KERNELS[row])
    return selected_rows(table, (table["step"] == 0) & (table["isl"] >= LEAST_LENGTH))


def predicted(device: str, row: str, table: Columns) -> np.ndarray:
    """Predict the kernels of a table as if they were full attention.

    Parameters
    ----------
    device
        A key of `SYSTEMS`.
    row
        Row of the operator table.
    table
        Kernels of the device.
    """
    catalog = load_catalog()
    pool: Pool = pool_from_system(catalog, SYSTEMS[device], 8)
    rate: Rates = rates(pool, "bf16", share=1.0, memory_share=1.0)
    times = []
    for batch, length in zip(table["batch_size"].tolist(), table["isl"].tolist(), strict=True):
        tokens = float(batch * length)
        ones = dict.fromkeys(Layout.__dataclass_fields__, 1.0)
        layout = Layout(**ones | {"tokens": tokens, "sequence_tokens": tokens, "rank_tokens": tokens})
        operator = next(o for o in operators(catalog.model(MODEL), sequence_length=int(length)) if o.name == row)
        times.append(float(operator_times((operator,), layout, rate, 1.0)[0].forward / operator.count))
    return np.array(times)


def fit_all(folder: Path) -> Shares:
    """Fit the shares.

    Parameters
    ----------
    folder
        Folder of the tables.
    """
    ratios: dict[str, list[np.ndarray]] = {}
    outside: list[tuple[str, str, str, np.ndarray, np.ndarray]] = []
    for family, devices in FAMILIES.items():
        for device in devices if family != "ampere" else ():
            for row in KERNELS:
                name = f"sparse_attention_share_{family}" if row == "attention.sparse" else "index_share"
                table = whole_sequences(folder, device, row)
                ratio = predicted(device, row, table) / table["seconds"]
                chosen = left_out(table["batch_size"], table["isl"])
                ratios.setdefault(name, []).append(ratio[~chosen])
                outside.append((name, device, row, ratio[chosen], table["seconds"][chosen]))
    joined = {name: np.concatenate(parts) for name, parts in ratios.items()}
    shares = {name: tuple(float(q) for q in np.percentile(part, (50, 10, 90))) for name, part in joined.items()}
    errors = [
        error(
            ratio / shares[name][0] * seconds, seconds, None, operator=row, device=device, precision="bf16", table=TABLE
        )
        for name, device, row, ratio, seconds in outside
    ]
    return Shares(shares, errors)


def parameters(fitted: Shares) -> str:
    """Write the catalogue's data of the shares.

    Parameters
    ----------
    fitted
        Fitted shares.
    """
    lines = ["# Written by fit/kernels.py from measured kernels: change the fit, not this file.", "training:"]
    hopper, other = "sparse_attention_share_hopper", "sparse_attention_share_other"
    values = dict(fitted.shares) | {other: (fitted.shares[hopper][0], 0.2, 1.0)}
    for name, share in values.items():
        note = "rate over that of full attention, of the kernels of GLM-5, forward; backward passes are not measured"
        if name == other:
            note = "not measured: a wide prior around that of Hopper"
        lines += share_lines(name, share, "[0.01, 10]", note)
    return "\n".join(lines) + "\n"
