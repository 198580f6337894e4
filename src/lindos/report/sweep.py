"""The summary of a sweep, in the terminal and as one JSON document."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lindos import __version__
from lindos.elements import Cell, Number, Table
from lindos.report.console import print_table
from lindos.report.document import plain
from lindos.report.documents import RangeEntry, SampleEntry, SpreadEntry, SweepDocument, SweepInputs
from lindos.report.text import number
from lindos.sweep import Finished, Spread, Summary, Sweep
from lindos.units import render

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS = ("figure", "least", "median", "most", "best")
_WHYS = {
    "ok": "scenarios that were answered",
    "infeasible": "scenarios that are not feasible",
    "wrong": "scenarios whose inputs contradict each other",
    "crashed": "scenarios that ended Lindos or its process",
}
_SPREAD = "median over the scenarios that have it; low and high are the least and the most of them"


def sweep_terminal(sweep: Sweep, finished: Finished, summary: Summary, console: "Console") -> None:
    """Print a sweep for a person: counts, the spread of headline figures, reasons of failures, an example query.

    Parameters
    ----------
    sweep
        The sweep.
    finished
        Its progress and the path of its table of results.
    summary
        Spreads and reasons over all scenarios.
    console
        Where to print.
    """
    from rich.text import Text

    for line, style in _lines(sweep, finished, summary):
        console.print(Text(line, style=style))
    for table in _tables(sweep, summary):
        console.print()
        print_table(table, console)
    constant = [
        f"{spread.label.title} {_number(spread.least, spread)}" for spread in summary.spreads if _is_same(spread)
    ]
    if constant:
        console.print(Text(f"\nThe same in all of them: {', '.join(constant)}."))
    if summary.reasons:
        console.print(Text("\nWhy scenarios failed", style="bold"))
        for reason, count in summary.reasons:
            console.print(Text(f"{count:,}: {reason}"))
    console.print(Text("\nFor example, in DuckDB", style="bold"))
    # The query is not wrapped, so that it can be copied.
    console.print(Text(query(sweep, finished, summary)), soft_wrap=True)


def sweep_document(sweep: Sweep, finished: Finished, summary: Summary) -> SweepDocument:
    """Return a sweep as data that any strict JSON writer accepts.

    Parameters
    ----------
    sweep
        The sweep.
    finished
        Its progress and the path of its table of results.
    summary
        Spreads and reasons over all scenarios.
    """
    progress = finished.progress
    counts = {"scenarios": (progress.total, "scenarios of the sweep"), **_counts(summary)}
    speed = {
        "answered": (progress.answered, "1", "scenarios answered in this run; others were kept from an earlier one"),
        "seconds": (progress.seconds, "s", "time of this run"),
        "rate": (progress.rate, "1/s", "scenarios answered per second of this run"),
    }
    results = {f"sweep.{name}": _result(value, "1", why) for name, (value, why) in counts.items()}
    results |= {f"sweep.{name}": _result(*parts) for name, parts in speed.items()}
    results |= {spread.label.name: _spread(sweep, spread) for spread in summary.spreads}
    return {
        "command": "sweep",
        "version": __version__,
        "inputs": _inputs(sweep, finished),
        "results": results,
        "failures": [{"reason": reason, "scenarios": count} for reason, count in summary.reasons],
        "files": {"results": str(finished.table)},
        "query": query(sweep, finished, summary),
        "warnings": [],
    }


def query(sweep: Sweep, finished: Finished, summary: Summary) -> str:
    """Return an SQL query for DuckDB of the table of results: the best scenarios by the first figure with a best one.

    Parameters
    ----------
    sweep
        The sweep.
    finished
        Its progress and the path of its table of results.
    summary
        Spreads and reasons over all scenarios.
    """
    columns = ", ".join(_quoted(swept.field.path, '"') for swept in sweep.swept)
    table = _quoted(str(finished.table), "'")
    first = next((spread for spread in summary.spreads if spread.best is not None), None)
    if first is None:
        return f"SELECT DISTINCT scenario, {columns}, status, reason FROM {table} ORDER BY scenario"
    order = "DESC" if first.best_is_most else "ASC"
    name = _quoted(first.label.name, "'")
    return f"SELECT scenario, {columns}, value, unit FROM {table} WHERE name = {name} ORDER BY value {order} LIMIT 5"


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, 2 * mark) + mark


def _lines(sweep: Sweep, finished: Finished, summary: Summary) -> list[tuple[str, str]]:
    progress = finished.progress
    counts = ", ".join(
        f"{count:,} {status}" for status, count in summary.statuses.items() if count or status != "crashed"
    )
    workers = f"{finished.num_workers} {finished.engine} worker{'s' if finished.num_workers != 1 else ''}"
    reused = f", {progress.reused:,} kept" if progress.reused else ""
    return [
        (f"{progress.total:,} scenarios of {sweep.base_name}", "bold"),
        (counts, ""),
        (f"{progress.answered:,} answered in {render(progress.seconds, 's')} by {workers}{reused}", ""),
        (f"{render(progress.rate, '1')} scenarios per second", ""),
        (f"Results: {finished.table}", ""),
    ]


def _tables(sweep: Sweep, summary: Summary) -> list[Table]:
    """Figures that differ between scenarios, and the scenarios that are best in one of them."""
    differ = [spread for spread in summary.spreads if not _is_same(spread)]
    best = sorted({spread.best for spread in differ if spread.best is not None})
    title = f"Over {summary.statuses['ok']:,} scenarios"
    tables = []
    if differ:
        tables.append(_table(title, _COLUMNS, [_figure(spread) for spread in differ]))
    if best:
        rows = [_scenario(sweep, index) for index in best]
        tables.append(_table("The best of them", ("scenario", *_names(sweep)), rows))
    return tables


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[Cell, ...]]) -> Table:
    return Table(name="sweep", title=title, columns=columns, units=("",) * len(columns), rows=tuple(rows))


def _is_same(spread: Spread) -> bool:
    return spread.least == spread.most


def _figure(spread: Spread) -> tuple[Cell, ...]:
    unit = "%" if spread.label.percent else spread.label.unit
    values = (Number(value=value, unit=unit) for value in (spread.least, spread.median, spread.most))
    return (spread.label.title, *values, "" if spread.best is None else _index(spread.best))


def _index(scenario: int) -> Number:
    return Number(value=float(scenario), unit="1")


def _names(sweep: Sweep) -> tuple[str, ...]:
    """Last words of the paths of swept fields, where they differ; else whole paths."""
    paths = [swept.field.path for swept in sweep.swept]
    words = [path.rpartition(".")[2] for path in paths]
    return tuple(word if words.count(word) == 1 else path for word, path in zip(words, paths, strict=True))


def _scenario(sweep: Sweep, index: int) -> tuple[Cell, ...]:
    values = sweep.cells(index)
    return (_index(index), *(_value(values, swept) for swept in sweep.swept))


def _number(value: float, spread: Spread) -> str:
    return number(value, "%" if spread.label.percent else spread.label.unit)


def _value(values: Mapping[str, float | str | None], swept: Any) -> Cell:
    value = values[swept.field.path]
    return Number(value=value, unit=swept.field.unit) if isinstance(value, float) else str(value or "left out")


def _counts(summary: Summary) -> dict[str, tuple[int, str]]:
    return {status: (count, _WHYS[status]) for status, count in summary.statuses.items()}


def _result(value: float, unit: str, why: str) -> SpreadEntry:
    return {"value": value, "unit": unit, "low": None, "high": None, "why": why, "sources": []}


def _spread(sweep: Sweep, spread: Spread) -> SpreadEntry:
    entry = _result(spread.median, spread.label.unit, _SPREAD)
    entry["low"], entry["high"], entry["scenarios"] = spread.least, spread.most, spread.number
    entry["best"] = None if spread.best is None else {"scenario": spread.best, "values": sweep.cells(spread.best)}
    return entry


def _inputs(sweep: Sweep, finished: Finished) -> SweepInputs:
    grid = {swept.field.path: [swept.cell(index) for index in range(len(swept.values))] for swept in sweep.grid}
    spans: dict[str, RangeEntry] = {
        swept.field.path: {"low": swept.low, "high": swept.high, "scale": "log" if swept.log else "linear"}
        for swept in sweep.sample
    }
    sample: SampleEntry | None = {"count": sweep.count, "seed": sweep.seed, "fields": spans} if sweep.sample else None
    return {
        "sweep": sweep.name,
        "scenario": sweep.base_name,
        "base": plain(sweep.base),
        "ask": list(sweep.sections),
        "grid": grid,
        "sample": sample,
        "engine": finished.engine,
        "workers": finished.num_workers,
    }
