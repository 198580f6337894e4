"""Fit the kernel models of the catalogue to measured kernels: ``python fit/kernels.py``.

Needs the extra ``fit``. Writes ``src/lindos/catalog/data/kernels_measured.yaml`` and the table of errors in
``docs/explanation/kernels.md``; the measured tables themselves stay in their package.
"""

import sys
from pathlib import Path

import fit_matmul
from lindos.catalog import load_catalog
from measured import FAMILIES, SHEET, Error, tables_folder

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "src/lindos/catalog/data/kernels_measured.yaml"
PAGE = ROOT / "docs/explanation/kernels.md"
SOURCE = "source: aiconfigurator_core"
#: An unmeasured member of a measured family may lie this far beyond the measured ones.
UNMEASURED = 0.1


def main() -> None:
    """Fit everything, write the catalogue's data, and print the errors."""
    folder = tables_folder()
    if folder is None:
        sys.exit("The measured tables are not installed: pip install -e '.[fit]'.")
    matmul = fit_matmul.fit_all(folder)
    CATALOGUE.write_text(catalogue(matmul), encoding="utf-8")
    table = error_table(matmul.errors)
    head, marker, _ = PAGE.read_text(encoding="utf-8").partition("<!-- errors -->\n")
    PAGE.write_text(head + marker + "\n" + table, encoding="utf-8")
    print(table)


def catalogue(matmul: fit_matmul.Fitted) -> str:
    """The YAML of families and devices."""
    lines = ["# Written by fit/kernels.py from measured kernels: change the fit, not this file.", ""]
    for family, devices in FAMILIES.items():
        lines.append(f"{family}:")
        lines += [fact("tile_rows", fit_matmul.TILE[0]), fact("tile_columns", fit_matmul.TILE[1])]
        lines += [fact(name, value) for name, value in matmul.families[family].items()]
        names = dict.fromkeys(name for device in devices for name in matmul.rates[device])
        lines += [_span(name, [matmul.rates[device][name] for device in devices]) for name in names]
        lines.append("")
        for device in devices:
            title = load_catalog().accelerator(SHEET.get(device, device)).title
            lines += [f"{device}-kernels:", f"  base: {family}", f'  title: "{title}, measured kernels"']
            lines += [fact(name, *values) for name, values in matmul.rates[device].items()]
            lines += [fact(name, value) for name, value in matmul.shapes.get(device, {}).items()]
            lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def fact(name: str, value: float, low: float | None = None, high: float | None = None, note: str = "") -> str:
    """One line of YAML."""
    shown = f"{value * 1e6:.3g} us" if name == "launch_latency" else f"{value:.3g}"
    span = "" if low is None or high is None else f"low: {low:.3g}, high: {high:.3g}, "
    return f"  {name}: {{value: {shown}, {span}{SOURCE}{note and f', note: {chr(34)}{note}{chr(34)}'}}}"


def _span(name: str, members: list[tuple[float, float, float, str]]) -> str:
    low, high = min(m[1] for m in members) * (1 - UNMEASURED), max(m[2] for m in members) * (1 + UNMEASURED)
    note = "mean of the measured devices; a device that was not measured may lie a tenth beyond them"
    return fact(name, sum(m[0] for m in members) / len(members), low, high, note)


def error_table(errors: list[Error]) -> str:
    """Markdown: one row per operator, device and precision."""
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
