"""Predicted against measured serving in the terminal: one table for each metric, or one row taken apart."""

from typing import TYPE_CHECKING, Any

from lindos.units import render
from lindos.validation.serving.explain import ServingExplanation
from lindos.validation.serving.score import ServingScore, ServingSlice, Value

if TYPE_CHECKING:
    from rich.console import Console

#: Metrics with their titles.
TITLES = {"tpot": "Time of a token", "ttft": "Time to the first token", "throughput": "Tokens a second of a device"}
#: Kinds of slices that are shown, with their titles, and the fewest conditions of one.
_SLICES = {"source": "Source", "prompts": "Prompts", "accelerator": "Accelerator", "model": "Model"}
_FEWEST = 10


def serving_terminal(score: ServingScore, console: "Console") -> None:
    """Print a score for a person: one table for each metric.

    Parameters
    ----------
    score
        Score of a file.
    console
        Where to print.
    """
    from rich.table import Table
    from rich.text import Text

    predicted = sum(not scored.prediction.category for scored in score.rows)
    console.print(f"Predicted against measured serving: {predicted:,} of {len(score.rows):,} rows", style="bold")
    for metric, part in score.metrics.items():
        console.print(
            f"\n{TITLES[metric]}: off by {part.median_abs_error:.1%} in the median and by more than "
            f"{part.p90_abs_error:.1%} in one condition of ten; {part.predicted:,} of {part.rows:,} conditions are "
            f"predicted, the others count as {1:.0%}. The 80 % intervals contain {part.coverage_80:.0%}."
        )
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("slice", overflow="fold")
        for name in ("conditions", "median", "90 % below", "bias", "in interval"):
            table.add_column(name, justify="right", no_wrap=True)
        for kind, title in _SLICES.items():
            shown = {name: p for name, p in score.slices[metric][kind].items() if p.rows >= _FEWEST}
            table.add_row(Text.assemble("\n", (title, "bold cyan")))
            for name, p in sorted(shown.items(), key=lambda item: -item[1].rows):
                table.add_row(Text(f"  {name}"), *_cells(p))
        console.print(table)
    console.print()
    for reason, count in score.not_predicted.items():
        console.print(Text(f"Not predicted: {count} ({reason})", style="yellow"))


def _cells(part: ServingSlice) -> tuple[str, ...]:
    return (
        f"{part.rows:,}",
        f"{part.median_abs_error:.1%}",
        f"{part.p90_abs_error:.1%}",
        f"{part.bias:+.1%}",
        f"{part.coverage_80:.0%}",
    )


def serving_explanation_terminal(explanation: ServingExplanation, console: "Console") -> None:
    """Print the explanation of one row.

    Parameters
    ----------
    explanation
        What runs, and where the time of a step goes.
    console
        Where to print.
    """
    from rich.table import Table

    console.print(explanation.statement, style="bold", markup=False)
    if not explanation.step:
        return
    for metric, value in explanation.scored.values.items():
        unit = "token/s" if metric == "throughput" else "s"
        console.print(f"{TITLES[metric]}: {_value(value, unit)}", markup=False)
    console.print("plan: " + ", ".join(f"{name} {text}" for name, text in explanation.plan), markup=False)
    console.print("filled in: " + ("; ".join(explanation.filled) or "nothing"), markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold cyan")
    for name, justify in (("one step", "left"), ("", "right"), ("share", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    total = sum(seconds for _, seconds in explanation.step)
    for name, seconds in explanation.step:
        table.add_row(name, render(seconds, "s"), f"{seconds / total:.1%}")
    console.print(table)


def _value(value: Value, unit: str) -> str:
    if value.predicted is None or value.low is None or value.high is None:
        return f"measured {render(value.measured, unit)}"
    span = f"{render(value.low, unit)} to {render(value.high, unit)}"
    predicted = f"predicted {render(value.predicted, unit)} ({span})"
    return f"{predicted}, measured {render(value.measured, unit)}: {value.error:+.1%}"


def serving_explanation_document(explanation: ServingExplanation) -> dict[str, Any]:
    """Return an explanation as plain data, in seconds and tokens a second.

    Parameters
    ----------
    explanation
        What runs, and where the time of a step goes.
    """
    return {
        "id": explanation.scored.row.run.id,
        "statement": explanation.statement,
        "plan": dict(explanation.plan),
        "filled": list(explanation.filled),
        "step": dict(explanation.step),
        "metrics": {
            metric: {
                "measured": value.measured,
                "predicted": value.predicted,
                "low": value.low,
                "high": value.high,
                "error": None if value.predicted is None else value.error,
            }
            for metric, value in explanation.scored.values.items()
        },
    }
