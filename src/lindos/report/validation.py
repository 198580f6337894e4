"""Predicted against measured in the terminal: one sentence, one table for each slice; or the explanation of one run."""

from typing import TYPE_CHECKING

from lindos.units import render
from lindos.validation import Explanation, Fits, Score, SiteScore, Slice

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


def validation_terminal(score: Score, console: "Console") -> None:
    """Print a score for a person: errors of the whole file, then by slice.

    Parameters
    ----------
    score
        The score of a file.
    console
        Where to print.
    """
    from rich.table import Table
    from rich.text import Text

    predicted = sum(result.prediction.time is not None for result in score.results)
    console.print(f"Predicted against measured: {predicted:,} of {len(score.results):,} runs", style="bold")
    overall = score.overall
    if overall is None:
        console.print("No row has both a prediction and a measured time.")
    else:
        console.print(
            f"Step time is off by {overall.median_abs_error:.1%} in the median and by more than "
            f"{overall.p90_abs_error:.1%} in one run of ten; on average it is {_side(overall.bias)}. "
            f"The 80 % intervals contain {overall.coverage_80:.0%} of {overall.rows:,} measurements."
        )
        if score.left_out is not None:
            unseen = score.left_out
            console.print(
                f"On {unseen.runs:,} published runs whose source no fit had seen it is off by "
                f"{unseen.median_abs_error:.1%} in the median and by more than {unseen.p90_abs_error:.1%} in one of "
                f"ten; the median of a source is {unseen.source_median_error:.1%} on average, and the intervals "
                f"contained {unseen.coverage_80:.0%}. With other runs of the source at hand it is "
                f"{unseen.pair_median_abs_error:.1%} and {unseen.pair_p90_abs_error:.1%}."
            )
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("slice", overflow="fold")
        for name in ("runs", "median", "90 % below", "bias", "in interval"):
            table.add_column(name, justify="right", no_wrap=True)
        for name, title in _SLICES:
            groups = score.slices[name]
            table.add_row(Text.assemble("\n", (title, "bold cyan"), f" ({len(groups)})"))
            for group, part in sorted(groups.items(), key=lambda item: -item[1].rows):
                table.add_row(Text(f"  {group}"), *_cells(part))
        console.print(table)
    console.print()
    if score.memory_error is not None:
        console.print(f"Peak memory of {score.memory_rows} runs is off by {score.memory_error:.1%} in the median.")
    _fits_terminal(score.fits, console)
    for reason, count in score.not_predicted.items():
        console.print(Text(f"Not predicted: {count} ({reason})", style="yellow"))


def _fits_terminal(fits: Fits, console: "Console") -> None:
    """Print what fits in memory by the model, beside what ran."""
    if fits.failed:
        console.print(
            f"Of {fits.failed:,} configurations that ran out of memory Lindos refuses {fits.failed_caught:,} "
            f"({fits.failed_caught / fits.failed:.0%})."
        )
    if fits.ran_refused:
        console.print(
            f"{fits.ran_refused:,} of {fits.ran:,} runs would not fit by Lindos's model of memory, although they ran."
        )


def _side(bias: float) -> str:
    return f"{abs(bias):.1%} too {'short' if bias < 0 else 'long'}"


def _cells(part: Slice) -> tuple[str, ...]:
    errors = (
        f"{part.median_abs_error:.1%}",
        f"{part.p90_abs_error:.1%}",
        f"{part.bias:+.1%}",
        f"{part.coverage_80:.0%}",
    )
    return (f"{part.rows:,}", *errors)


def explanation_terminal(explanation: Explanation, console: "Console") -> None:
    """Print the explanation of one run: times beside the measurement, plan, filled-in values, memory.

    Parameters
    ----------
    explanation
        The explanation of a run.
    console
        Where to print.
    """
    from rich.table import Table

    console.print(explanation.statement, style="bold", markup=False)
    if not explanation.time:
        return
    result = explanation.result
    predicted, measured = result.prediction.time or 0.0, result.measured
    span = " to ".join(render(bound or 0.0, "s") for bound in (result.low, result.high))
    console.print(f"predicted {render(predicted, 's')} ({span})")
    if measured is None or result.error is None:
        console.print("measured: not given")
    else:
        suffix = " (converted from FLOPs)" if result.converted else ""
        console.print(f"measured  {render(measured, 's')}{suffix}: the prediction is {_side(result.error)}")
    console.print("plan: " + ", ".join(f"{name} {value}" for name, value in explanation.plan), markup=False)
    console.print("filled in: " + ("; ".join(explanation.filled) or "nothing"), markup=False)
    for title, parts, unit in (("where the time goes", explanation.time, "s"), ("memory", explanation.memory, "B")):
        table = Table(box=None, pad_edge=False, header_style="bold cyan")
        for name, justify in ((title, "left"), ("", "right"), ("share", "right")):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        total = sum(value for _, value in parts)
        for name, value in parts:
            table.add_row(name.replace("_", " "), render(value, unit), f"{value / total:.1%}")
        console.print(table)


def sites_terminal(score: SiteScore, console: "Console") -> None:
    """Print the power of published sites and machines for a person: one line each, then errors by slice.

    Parameters
    ----------
    score
        Score of a file.
    console
        Where to print.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (("site or machine", "left"), ("IT power", "right"), ("80 % range", "right")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    table.add_column("published", justify="right")
    table.add_column("count", justify="left")
    for prediction in score.predictions:
        row = prediction.row
        span = (
            f"{render(prediction.low, 'W')} to {render(prediction.high, 'W')}"
            if prediction.low is not None and prediction.high is not None
            else ""
        )
        predicted = "unknown" if prediction.it_power is None else render(prediction.it_power, "W")
        published = "unknown" if row.it_power is None else render(row.it_power, "W")
        basis = "doubtful" if prediction.is_count_doubtful else row.basis
        table.add_row(Text(f"{row.name} {row.date}".strip()), predicted, span, published, basis)
    console.print(table)
    console.print()
    summary = Table(box=None, pad_edge=False, header_style="bold")
    summary.add_column("slice", overflow="fold")
    for name in ("rows", "refused", "median", "90 % below", "bias", "within 15 %", "in range"):
        summary.add_column(name, justify="right", no_wrap=True)
    for name, part in score.slices.items():
        shares = (part.median_abs_error, part.p90_abs_error, part.bias, part.close, part.coverage_80)
        cells = ("" if share is None else f"{share:.0%}" for share in shares)
        summary.add_row(Text(name), str(part.rows), str(part.refused), *cells)
    console.print(summary)
