"""Predicted against measured in the terminal: one sentence, one table for each slice; and one run taken apart."""

from typing import TYPE_CHECKING

from lindos.units import render
from lindos.validation import Explanation, Score, Slice

if TYPE_CHECKING:
    from rich.console import Console

#: Slices with their titles, in the order in which a person reads them.
_SLICES = (
    ("source", "Source"),
    ("accelerator", "Accelerator"),
    ("precision", "Precision"),
    ("model_kind", "Model"),
    ("size", "Active parameters"),
    ("stack", "Software"),
    ("metric", "Measured as"),
)


def validation_terminal(found: Score, console: "Console") -> None:
    """Print a score for a person: errors of the whole file, then by slice."""
    from rich.table import Table
    from rich.text import Text

    predicted = sum(result.prediction.time is not None for result in found.results)
    console.print(f"Predicted against measured: {predicted:,} of {len(found.results):,} runs", style="bold")
    whole = found.whole
    if whole is None:
        console.print("No row has both a prediction and a measured time.")
    else:
        console.print(
            f"Step time is off by {whole.median_abs_error:.1%} in the median and by more than "
            f"{whole.p90_abs_error:.1%} in one run of ten; on average it is {_side(whole.bias)}. The 80 % intervals "
            f"hold {whole.coverage_80:.0%} of {whole.rows:,} measurements."
        )
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("slice", overflow="fold")
        for name in ("runs", "median", "90 % below", "bias", "in interval"):
            table.add_column(name, justify="right", no_wrap=True)
        for name, title in _SLICES:
            groups = found.by[name]
            table.add_row(Text.assemble("\n", (title, "bold cyan"), f" ({len(groups)})"))
            for group, one in sorted(groups.items(), key=lambda item: -item[1].rows):
                table.add_row(Text(f"  {group}"), *_cells(one))
        console.print(table)
    console.print()
    if found.memory_error is not None:
        console.print(f"Peak memory of {found.memory_rows} runs is off by {found.memory_error:.1%} in the median.")
    if found.wrongly_infeasible:
        console.print(
            f"{found.wrongly_infeasible} of the runs, all of which ran, would not fit by Lindos's memory model."
        )
    for reason, count in found.not_predicted.items():
        console.print(Text(f"Not predicted: {count} ({reason})", style="yellow"))


def _side(bias: float) -> str:
    return f"{abs(bias):.1%} too {'short' if bias < 0 else 'long'}"


def _cells(one: Slice) -> tuple[str, ...]:
    errors = (f"{one.median_abs_error:.1%}", f"{one.p90_abs_error:.1%}", f"{one.bias:+.1%}", f"{one.coverage_80:.0%}")
    return (f"{one.rows:,}", *errors)


def explanation_terminal(found: Explanation, console: "Console") -> None:
    """Print one run taken apart: times beside the measurement, plan, what was filled in, memory."""
    from rich.table import Table

    console.print(found.statement, style="bold", markup=False)
    if not found.time:
        return
    result = found.result
    predicted, measured = result.prediction.time or 0.0, result.measured
    span = " to ".join(render(bound or 0.0, "s") for bound in (result.low, result.high))
    console.print(f"predicted {render(predicted, 's')} ({span})")
    if measured is None or result.error is None:
        console.print("measured: not given")
    else:
        how = " (converted from FLOPs)" if result.converted else ""
        console.print(f"measured  {render(measured, 's')}{how}: the prediction is {_side(result.error)}")
    console.print("plan: " + ", ".join(f"{name} {value}" for name, value in found.plan), markup=False)
    console.print("filled in: " + ("; ".join(found.filled) or "nothing"), markup=False)
    for title, parts, unit in (("where the time goes", found.time, "s"), ("memory", found.memory, "B")):
        table = Table(box=None, pad_edge=False, header_style="bold cyan")
        for name, justify in ((title, "left"), ("", "right"), ("share", "right")):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        total = sum(value for _, value in parts)
        for name, value in parts:
            table.add_row(name.replace("_", " "), render(value, unit), f"{value / total:.1%}")
        console.print(table)
