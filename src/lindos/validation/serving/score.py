"""Score predictions of serving: each condition once, by metric and slice; a row without a prediction is an error."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lindos.catalog import Catalog, load_catalog
from lindos.validation.run import OneShare
from lindos.validation.serving.condition import shape_word
from lindos.validation.serving.predict import ServingPrediction, predict_serving
from lindos.validation.serving.rows import ServingRow

#: Metrics of the document, in its order: time of a token, time to the first, tokens a second.
METRICS = ("tpot", "ttft", "throughput")
#: Error that a row without a prediction counts as.
MISSED = 1.0
HEADER = (
    "id",
    *(f"{word}_{metric}" for metric in METRICS for word in ("measured", "predicted", "low", "high")),
    "status",
    "reason",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One metric of one row: what was measured beside what was predicted, with its 80 % interval."""

    metric: str
    measured: float
    predicted: float | None
    low: float | None
    high: float | None

    @property
    def error(self) -> OneShare:
        """Predicted over measured, less one."""
        return MISSED if self.predicted is None else self.predicted / self.measured - 1

    @property
    def covered(self) -> bool:
        """Whether the measurement lies in the interval."""
        return self.low is not None and self.high is not None and self.low <= self.measured <= self.high


@dataclass(frozen=True, slots=True)
class Scored:
    """A row with its prediction, and its values by metric."""

    row: ServingRow
    prediction: ServingPrediction
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingSlice:
    """Errors of a set of conditions."""

    rows: int
    predicted: int
    median_abs_error: OneShare
    mean_abs_error: OneShare
    p90_abs_error: OneShare
    bias: OneShare
    coverage_80: OneShare


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingScore:
    """A scored file: every row, and errors by metric, and by metric and slice."""

    rows: tuple[Scored, ...]
    metrics: Mapping[str, ServingSlice]
    slices: Mapping[str, Mapping[str, Mapping[str, ServingSlice]]]  # metric, kind of slice, slice
    not_predicted: Mapping[str, int]


#: Kinds of slices, with the slice of a row.
SLICES: Mapping[str, Callable[[Scored], str]] = {
    "source": lambda scored: scored.row.run.slice,
    "accelerator": lambda scored: scored.row.run.accelerator,
    "model": lambda scored: shape_word(scored.row.run.model_name),
    "precision": lambda scored: scored.row.run.precision,
    "software": lambda scored: scored.prediction.condition.software if scored.prediction.condition else "not predicted",
    "prompts": lambda scored: "on engines of their own" if scored.row.run.apart else "on the same engines",
}


def validate_serving(rows: Sequence[ServingRow], catalog: Catalog | None = None) -> ServingScore:
    """Predict every row of measurements of serving, and score the predictions.

    Parameters
    ----------
    rows
        Rows of a file.
    catalog
        The facts; those that ship where left out.
    """
    facts = catalog or load_catalog()
    predictions = predict_serving([row.run for row in rows], facts)
    intervals = _intervals(facts)
    scored = tuple(
        Scored(row, prediction, dict(_values(row, prediction, intervals)))
        for row, prediction in zip(rows, predictions, strict=True)
    )
    return score_serving(scored)


def _intervals(catalog: Catalog) -> Mapping[str, tuple[float, float]]:
    """Ends of measured over predicted, by metric and by whether prompts have engines of their own."""

    def value(name: str) -> float:
        return float(catalog.parameter(f"serving_interval.{name}", "1").value)

    kinds = [f"{metric}_{place}" for metric in METRICS for place in ("together", "apart")]
    return {kind: (value(f"{kind}_low"), value(f"{kind}_high")) for kind in kinds}


def _values(row: ServingRow, prediction: ServingPrediction, intervals: Mapping[str, tuple[float, float]]) -> Any:
    measured = row.measured
    metric = measured.metric
    first = prediction.first_mean if measured.first_is_mean else prediction.first
    rate = prediction.throughput
    if rate is not None and prediction.loop is not None and metric.startswith(("total", "input")):
        ratio = (row.run.prompt or 0.0) / (row.run.answer or 1.0)
        rate = rate * (ratio if metric.startswith("input") else 1.0 + ratio)
    pairs = {
        "tpot": (measured.token, prediction.token),
        "ttft": (measured.first, first),
        "throughput": (measured.throughput, rate),
    }
    for name, (seen, made) in pairs.items():
        if not seen:
            continue
        low, high = intervals[f"{name}_{'apart' if row.run.apart else 'together'}"]
        ends = (None, None) if made is None else (made * low, made * high)
        yield name, Value(metric=name, measured=seen, predicted=made, low=ends[0], high=ends[1])


def condition(row: ServingRow) -> tuple[Any, ...]:
    """Get what makes two rows one condition: model, devices, plan, format, lengths, load and software.

    Parameters
    ----------
    row
        The row.
    """
    run = row.run
    return (
        shape_word(run.model_name),
        run.accelerator,
        run.num_devices,
        run.tensor_parallel and min(run.tensor_parallel, run.num_devices),
        run.pipeline_parallel,
        run.expert_parallel,
        run.attention_data_parallel and min(run.attention_data_parallel, run.num_devices),
        run.precision,
        run.prompt,
        run.answer,
        run.mode,
        run.request_rate if not run.mode.startswith("MLPerf") else None,
        run.cache_hits,
        run.backend if not run.mode.startswith("MLPerf") else None,
        run.apart,
    )


def score_serving(rows: Sequence[Scored]) -> ServingScore:
    """Compute the errors of rows, each condition once with the median of what was measured in it.

    Parameters
    ----------
    rows
        Every row with its prediction.
    """
    metrics: dict[str, ServingSlice] = {}
    slices: dict[str, dict[str, dict[str, ServingSlice]]] = {}
    for metric in METRICS:
        merged = _merged(rows, metric)
        if not merged:
            continue
        metrics[metric] = _slice([value for _, value in merged])
        slices[metric] = {}
        for kind, key in SLICES.items():
            groups: dict[str, list[Value]] = defaultdict(list)
            for scored, value in merged:
                groups[key(scored)].append(value)
            slices[metric][kind] = {name: _slice(values) for name, values in sorted(groups.items())}
    missed = Counter(scored.prediction.category for scored in rows if scored.prediction.category)
    return ServingScore(rows=tuple(rows), metrics=metrics, slices=slices, not_predicted=dict(missed.most_common()))


def _merged(rows: Sequence[Scored], metric: str) -> list[tuple[Scored, Value]]:
    """One value for each condition."""
    groups: dict[tuple[Any, ...], list[Scored]] = defaultdict(list)
    for scored in rows:
        if metric in scored.values:
            groups[(*condition(scored.row), scored.row.measured.metric if metric == "throughput" else "")].append(
                scored
            )
    merged = []
    for members in groups.values():
        middle = float(np.median([member.values[metric].measured for member in members]))
        first = members[0].values[metric]
        joined = Value(metric=metric, measured=middle, predicted=first.predicted, low=first.low, high=first.high)
        merged.append((members[0], joined))
    return merged


def _slice(values: Sequence[Value]) -> ServingSlice:
    errors = np.array([value.error for value in values])
    predicted = [value for value in values if value.predicted is not None]
    return ServingSlice(
        rows=len(values),
        predicted=len(predicted),
        median_abs_error=float(np.median(np.abs(errors))),
        mean_abs_error=float(np.mean(np.abs(errors))),
        p90_abs_error=float(np.quantile(np.abs(errors), 0.9)),
        bias=float(np.median([value.error for value in predicted])) if predicted else 0.0,
        coverage_80=float(np.mean([value.covered for value in values])),
    )


def serving_document(score: ServingScore) -> dict[str, Any]:
    """Return a score as the JSON document of ``lindos validate --json``.

    Parameters
    ----------
    score
        Score of a file; its top-level numbers are those of the time of a token, else of throughput.
    """
    main = next((metric for metric in ("tpot", "throughput", "ttft") if metric in score.metrics), None)
    top = asdict(score.metrics[main]) if main else {}
    return {
        **top,
        "rows": len(score.rows),
        "predicted": sum(not scored.prediction.category for scored in score.rows),
        "conditions": top.get("rows", 0),
        "metrics": {name: asdict(part) for name, part in score.metrics.items()},
        "by": {
            metric: {kind: {name: asdict(part) for name, part in parts.items()} for kind, parts in kinds.items()}
            for metric, kinds in score.slices.items()
        },
        "not_predicted": dict(score.not_predicted),
    }


def serving_csv(score: ServingScore) -> bytes:
    """Write every row's prediction as CSV: seconds, and tokens a second of a device.

    Parameters
    ----------
    score
        Score of a file.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for scored in score.rows:
        cells: list[str] = []
        for metric in METRICS:
            value = scored.values.get(metric)
            numbers = (None,) * 4 if value is None else (value.measured, value.predicted, value.low, value.high)
            cells += ["" if number is None else f"{number:.6g}" for number in numbers]
        status = "not_predicted" if scored.prediction.category else "predicted"
        condition_made = scored.prediction.condition
        filled = "filled in: " + "; ".join(condition_made.filled) if condition_made and condition_made.filled else ""
        reason = f"{scored.prediction.category}: {scored.prediction.detail}" if scored.prediction.category else filled
        identity = scored.row.run.id
        writer.writerow([f"'{identity}" if identity[:1] in "=+-@" else identity, *cells, status, reason.strip(": ")])
    return text.getvalue().encode()
