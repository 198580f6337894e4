"""Errors of predicted serving beside published measurements, with the model on the GPU left out of the fit."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lindos.validation.serving.condition import shape_word
from lindos.validation.serving.rows import ServingRow, read_serving
from lindos.validation.serving.score import MISSED, condition, validate_serving

#: What `fit/serving.py` wrote: predictions of fits without all rows of the model on the GPU.
LEFT_OUT = Path(__file__).parent / "left-out-serving.csv"
_TITLES = {"token": "time of a token", "first": "time to the first token", "throughput": "tokens a second"}
_FEWEST = 20


def serving_table() -> str:
    """Errors by metric and slice; a condition without a prediction counts as an error of 100 %."""
    rows = {row.run.id: row for row in read_serving()}
    shipped = _shipped(tuple(rows.values()))
    groups: dict[tuple[str, str], dict[Any, list[tuple[float, float | None]]]] = defaultdict(lambda: defaultdict(list))
    with LEFT_OUT.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            row = rows[line["id"]]
            metric = "first" if line["metric"].startswith("first") else line["metric"]
            predicted = float(line["predicted"]) if line["predicted"] else shipped.get((row.run.id, metric))
            key = (*condition(row), row.measured.metric if metric == "throughput" else "")
            for name in _slices(row):
                groups[metric, name][key].append((float(line["measured"]), predicted))
    head = "| what, with the model on the GPU left out | conditions | median error | 90 % are below | predicted |\n"
    lines = [
        _line(f"{_TITLES[metric]}: {name}", list(groups[metric, name].values()))
        for metric in _TITLES
        for _, name in sorted((-len(members), name) for (kind, name), members in groups.items() if kind == metric)
        if len(groups[metric, name]) >= _FEWEST
    ]
    return head + "|---|---:|---:|---:|---:|\n" + "".join(lines)


def _shipped(rows: tuple[ServingRow, ...]) -> dict[tuple[str, str], float | None]:
    """Predictions as shipped of rows that enter no fit: MLPerf's servers, whose batch a limit decides."""
    words = {"tpot": "token", "ttft": "first", "throughput": "throughput"}
    return {
        (scored.row.run.id, words[metric]): value.predicted
        for scored in validate_serving(rows).rows
        if scored.row.run.mode.startswith("MLPerf")
        for metric, value in scored.values.items()
    }


def _slices(row: ServingRow) -> Iterator[str]:
    yield "all"
    yield "prompts on engines of their own" if row.run.apart else "prompts on the same engines"
    yield f"source {row.run.slice}"
    yield f"model {shape_word(row.run.model_name)}"
    yield f"GPU {row.run.accelerator}"


def _line(name: str, conditions: list[list[tuple[float, float | None]]]) -> str:
    """One line of the table; the measurements of one condition are one, their median."""
    errors, number = [], 0
    for pairs in conditions:
        measured = float(np.median([pair[0] for pair in pairs]))
        predicted = pairs[0][1]
        number += predicted is not None
        errors.append(MISSED if predicted is None else abs(predicted / measured - 1))
    cells = f"{len(errors):,} | {np.median(errors):.1%} | {np.quantile(errors, 0.9):.1%} | {number / len(errors):.0%}"
    return f"| {name} | {cells} |\n".replace("%", " %")
