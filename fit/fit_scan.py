"""Scans of recurrent layers, forward: the share of the BF16 peak that their kernels reach, one number a family.

Measured is the gated delta rule in chunks. Training runs kernels of the same library (Triton, flash-linear-attention)
as TensorRT-LLM's table; SGLang's and vLLM's tables bound the range: the latter has kernels written for the device,
which have no backward pass. The scan of Mamba-2 and lightning attention, which nobody has measured alone, take the same
share, and the range is theirs too.
"""

from pathlib import Path

import numpy as np

from lindos.formulas.recurrence import chunked_delta_flop
from measured import FAMILIES, Columns, Shares, error, left_out, read, selected_rows, share_lines, sheet, spread

TABLE = "trtllm"
OTHERS = ("sglang", "vllm")
SHAPE = ("batch_size", "seq_len", "num_v_heads")
CHUNK = 64
#: Tokens of a sequence and of a kernel, and heads, from which a kernel fills a device, as in training.
LEAST_LENGTH, LEAST_TOKENS, LEAST_HEADS = 1024, 4096, 16
_BOUNDS = "[0.001, 1]"


def scans(folder: Path, device: str, framework: str) -> Columns:
    """Read the scans of a device that are as large as those of training.

    Parameters
    ----------
    folder
        Folder of the tables.
    device
        A key of `DEVICES`.
    framework
        Framework of the table.
    """
    table = read(folder, device, "linear_attention", framework, "gdn_perf")
    chunked = np.array(["chunk" in str(name) for name in table["kernel_source"]]) & (table["phase"] == "context")
    long = (table["seq_len"] >= LEAST_LENGTH) & (table["num_tokens"] >= LEAST_TOKENS)
    return selected_rows(table, chunked & long & (table["num_v_heads"] >= LEAST_HEADS))


def shares(device: str, table: Columns) -> np.ndarray:
    """Compute the share of the BF16 peak of every kernel of a table.

    Parameters
    ----------
    device
        A key of `DEVICES`.
    table
        Scans of the device.
    """
    flop = chunked_delta_flop(CHUNK, table["head_k_dim"], table["head_v_dim"], table["num_v_heads"])
    return flop * table["num_tokens"] / table["seconds"] / sheet(device).peak_bf16.value


def fit_all(folder: Path) -> Shares:
    """Fit the share of every family that is measured.

    Parameters
    ----------
    folder
        Folder of the tables.
    """
    fitted, errors = {}, []
    for family, devices in FAMILIES.items():
        if family == "ampere":  # only single tokens of it are measured
            continue
        tables = {device: scans(folder, device, TABLE) for device in devices}
        outside = {device: left_out(*(table[name] for name in SHAPE)) for device, table in tables.items()}
        inside = [shares(device, selected_rows(tables[device], ~outside[device])) for device in devices]
        value = float(np.exp(np.median(np.log(np.concatenate(inside)))))
        others = [float(np.median(shares(d, scans(folder, d, name)))) for d in devices for name in OTHERS]
        fitted[family] = value, min(others), max(others)
        for device in devices:
            table = selected_rows(tables[device], outside[device])
            predicted = shares(device, table) / value * table["seconds"]
            noise = spread(tables[device], scans(folder, device, OTHERS[0]), SHAPE)
            labels = {"operator": "scan", "device": device, "precision": "bf16", "table": f"{TABLE} gdn"}
            errors.append(error(predicted, table["seconds"], noise, **labels))
    return Shares(fitted, errors)


def parameters(fitted: Shares) -> str:
    """Write the catalogue's data of the shares.

    Parameters
    ----------
    fitted
        Fitted shares.
    """
    lines = ["# Written by fit/kernels.py from measured kernels: change the fit, not this file.", "training:"]
    for family, share in fitted.shares.items():
        count = sum(e.kernels for e in fitted.errors if e.device in FAMILIES[family])
        median = max(e.median for e in fitted.errors if e.device in FAMILIES[family])
        note = (
            f"share of the BF16 peak of the gated delta rule in Triton kernels; error on {count:,} kernels left out: "
            f"median at most {median:.1%}. Low and high are other kernels. Scans of Mamba-2 and lightning attention, "
            "and all backward passes, are not measured and take the same share"
        )
        lines += share_lines(f"scan_share_{family}", share, _BOUNDS, note)
    note = "not measured: a wide prior around that of Hopper, whose kernels are the same"
    value, low, high = fitted.shares["hopper"]
    lines += share_lines("scan_share_other", (value, low / 2, high), _BOUNDS, note)
    return "\n".join(lines) + "\n"
