"""Fit the kernel models of the catalogue to measured kernels: ``python fit/kernels.py``.

Needs the extra ``fit``. Writes ``kernels_measured.yaml`` and ``fabrics_measured.yaml`` of the catalogue and the table
of errors in ``docs/explanation/kernels.md``; the measured tables themselves stay in their package.
"""

import sys
from pathlib import Path

import fit_attention
import fit_collectives
import fit_experts
import fit_matmul
import fit_scan
import fit_sparse
from fit_matmul import Rate
from measured import FAMILIES, Error, sheet, tables_folder

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "src/lindos/catalog/data"
PAGE = ROOT / "docs/explanation/kernels.md"
SOURCE = {"attention_backward": "[aiconfigurator_core, fa2_paper, fa3_paper]"}
#: An unmeasured member of a measured family may lie this far beyond the measured ones.
UNMEASURED = 0.1
WRITTEN = "# Written by fit/kernels.py from measured kernels: change the fit, not this file."
TIMES = ("launch_latency", "base_latency", "chunk_cost")
#: Rate of backward attention over forward's, and where it is from.
BACKWARD = {
    "ampere": (0.83, "0.83 of the forward rate, as FlashAttention-2 reports: up to 63 % of the peak against 73 %"),
    "hopper": (0.8, "0.8 of the forward rate, after FlashAttention-3"),
    "blackwell": (0.77, "0.77 of the forward rate: bound by shared memory, below earlier families; not measured"),
}


def main() -> None:
    """Fit everything, write the catalogue's data, and print the errors."""
    folder = tables_folder()
    if folder is None:
        sys.exit("The measured tables are not installed: pip install -e '.[fit]'.")
    matmul = fit_matmul.fit_all(folder)
    attention = fit_attention.fit_all(folder)
    collectives = fit_collectives.fit_all(folder)
    scans = fit_scan.fit_all(folder)
    (CATALOGUE / "parameters_training_scans.yaml").write_text(fit_scan.parameters(scans), encoding="utf-8")
    sparse = fit_sparse.fit_all(folder)
    (CATALOGUE / "parameters_training_sparse.yaml").write_text(fit_sparse.parameters(sparse), encoding="utf-8")
    (CATALOGUE / "kernels_measured.yaml").write_text(kernels(matmul, attention), encoding="utf-8")
    (CATALOGUE / "fabrics_measured.yaml").write_text(fabrics(collectives), encoding="utf-8")
    experts = fit_experts.check(folder, matmul)
    table = error_table(
        [*matmul.errors, *experts, *attention.errors, *scans.errors, *sparse.errors, *collectives.errors]
    )
    head, marker, _ = PAGE.read_text(encoding="utf-8").partition("<!-- errors -->\n")
    PAGE.write_text(head + marker + "\n" + table, encoding="utf-8")
    print(table)


def kernels(matmul: fit_matmul.Fitted, attention: fit_attention.Fitted) -> str:
    """The YAML of families and devices.

    Parameters
    ----------
    matmul
        Fitted products.
    attention
        Fitted attention.
    """
    lines = [WRITTEN, ""]
    for family, devices in FAMILIES.items():
        rates = {device: matmul.rates[device] | _attention(family, attention.rates[device]) for device in devices}
        shapes = matmul.families[family] | attention.families[family]
        names = dict.fromkeys(name for device in devices for name in rates[device])
        lines.append(f"{family}:")
        lines += [fact("tile_rows", fit_matmul.TILE[0]), fact("tile_columns", fit_matmul.TILE[1])]
        lines += [fact(name, value) for name, value in shapes.items()]
        lines += [fact(name, *_span([rates[device][name] for device in devices])) for name in names]
        lines.append("")
        for device in devices:
            lines += [f"{device}-kernels:", f"  base: {family}", f'  title: "{sheet(device).title}, measured kernels"']
            lines += [fact(name, *values) for name, values in rates[device].items()]
            lines += [fact(name, value) for name, value in matmul.shapes.get(device, {}).items()]
            lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def fabrics(collectives: fit_collectives.Fitted) -> str:
    """The YAML of networks.

    Parameters
    ----------
    collectives
        Fitted collectives.
    """
    lines = [WRITTEN]
    for name, values in collectives.fabrics.items():
        lines += ["", f"{name}:", *(fact(field, *value) for field, value in values.items())]
    return "\n".join(lines) + "\n"


def _attention(family: str, forward: Rate) -> dict[str, Rate]:
    """Backward is not in the tables: it runs at a known share of forward's rate."""
    share, note = BACKWARD[family]
    backward = Rate(share * forward.value, share * forward.low, share * forward.high, note)
    return {"attention_forward": forward, "attention_backward": backward}


def fact(name: str, value: float, low: float | None = None, high: float | None = None, note: str = "") -> str:
    """One line of YAML.

    Parameters
    ----------
    name
        Name of the field.
    value, low, high
        Value and range in SI.
    note
        Note of the fact.
    """
    scale, unit = (1e6, " us") if name in TIMES else (1.0, "")
    amount = f"{value * scale:.3g}{unit}"
    source = SOURCE.get(name, "aiconfigurator_core")
    span = "" if low is None or high is None else f"low: {low * scale:.3g}{unit}, high: {high * scale:.3g}{unit}, "
    return f"  {name}: {{value: {amount}, {span}source: {source}{note and f', note: {chr(34)}{note}{chr(34)}'}}}"


def _span(members: list[Rate]) -> Rate:
    return Rate(
        sum(member.value for member in members) / len(members),
        min(member.low for member in members) * (1 - UNMEASURED),
        max(member.high for member in members) * (1 + UNMEASURED),
        "mean of the measured devices; a device that was not measured may lie a tenth beyond them",
    )


def error_table(errors: list[Error]) -> str:
    """Markdown: one row per operator, device and precision.

    Parameters
    ----------
    errors
        Errors of all kinds of kernels.
    """
    rows = [
        "| operator | device | precision | table | left out | median | 90th percentile | two tables differ by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for e in errors:
        noise = "" if e.noise_median is None else f"{e.noise_median:.1%} / {e.noise_p90:.1%}"
        rows.append(
            f"| {e.operator} | {e.device} | {e.precision} | {e.table} | {e.kernels:,} "
            f"| {e.median:.1%} | {e.p90:.1%} | {noise} |"
        )
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
